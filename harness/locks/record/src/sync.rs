//! What threads share in [`crate::block`]: the atomics and the mutex of std, or those of loom in its models.

#[cfg(not(all(test, pivot_loom)))]
pub(crate) use ::std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};

#[cfg(all(test, pivot_loom))]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};

/// Locks a mutex of the recorder. Nothing panics while it is held, so it cannot be poisoned; if it were, the
/// figures would still be figures.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(::std::sync::PoisonError::into_inner)
}

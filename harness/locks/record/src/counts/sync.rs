//! What threads share in [`crate::block`]: the atomics and the mutex of std, or those of loom in its models; and whether this
//! process may use them.

use ::std::sync::atomic::AtomicBool;

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

/// Whether this is a forked child, where nothing is recorded: other threads may have held the recorder's mutexes.
///
/// Relaxed: set by the only thread of a new process.
static IS_CHILD: AtomicBool = AtomicBool::new(false);

/// Whether this process records.
#[inline]
pub(crate) fn is_recording() -> bool {
    !IS_CHILD.load(::std::sync::atomic::Ordering::Relaxed)
}

/// Says that this process is a forked child. A handler of `pthread_atfork`.
pub(crate) extern "C" fn stop_recording() {
    IS_CHILD.store(true, ::std::sync::atomic::Ordering::Relaxed);
}

//! The primitives under the reader-biased lock: those of std and parking_lot, or loom's when it is
//! model-checked (`--cfg pivot_loom`).

#[cfg(not(pivot_loom))]
pub(crate) use real::*;

#[cfg(pivot_loom)]
pub(crate) use model::*;

#[cfg(not(pivot_loom))]
mod real {
    pub(crate) use std::sync::atomic::{AtomicBool, Ordering, fence};
    use std::time::Instant;

    pub(crate) use crossbeam_utils::Backoff;
    pub(crate) use parking_lot::RwLock;

    /// [`std::cell::UnsafeCell`] with loom's interface: the pointer is lent to a closure, so that
    /// the model knows when an access begins and ends.
    #[derive(Debug)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        #[inline]
        pub(crate) fn with<U>(&self, access: impl FnOnce(*const T) -> U) -> U {
            access(self.0.get())
        }

        #[inline]
        pub(crate) fn with_mut<U>(&self, access: impl FnOnce(*mut T) -> U) -> U {
            access(self.0.get())
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the lock times its own revocations; never on a fast path"
    )]
    pub(crate) fn now() -> Instant {
        Instant::now()
    }
}

#[cfg(pivot_loom)]
mod model {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering, fence};
    use std::sync::OnceLock;
    use std::time::Instant;

    /// Gives way to another thread of the model.
    #[derive(Debug)]
    pub(crate) struct Backoff;

    impl Backoff {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn snooze(&self) {
            loom::thread::yield_now();
        }
    }

    /// Loom's lock without the poisoning.
    #[derive(Debug)]
    pub(crate) struct RwLock<T>(loom::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::RwLock::new(value))
        }

        pub(crate) fn read(&self) -> loom::sync::RwLockReadGuard<'_, T> {
            self.0.read().unwrap()
        }

        pub(crate) fn write(&self) -> loom::sync::RwLockWriteGuard<'_, T> {
            self.0.write().unwrap()
        }
    }

    /// A clock that stands still: the model repeats executions exactly, and without inhibition a
    /// reader switches the bias on again as early as it ever could.
    pub(crate) fn now() -> Instant {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        #[expect(clippy::disallowed_methods, reason = "an arbitrary fixed instant")]
        *ORIGIN.get_or_init(Instant::now)
    }
}

//! What threads share in our own lock-free code: primitives of std and of two libraries, or with `--cfg pivot_loom` what loom
//! explores in their place.

// Atomics and fences.
#[cfg(not(pivot_loom))]
pub use std::sync::atomic::{AtomicBool, Ordering, fence};

#[cfg(pivot_loom)]
pub use loom::sync::atomic::{AtomicBool, Ordering, fence};

// A reader-writer lock without poisoning, the cell that it guards, and a clock for both.
#[cfg(not(pivot_loom))]
pub use parking_lot::RwLock;

#[cfg(not(pivot_loom))]
pub use cell::{UnsafeCell, now};

#[cfg(pivot_loom)]
pub use loom::cell::UnsafeCell;

#[cfg(pivot_loom)]
pub use model::{RwLock, now};

// Waiting for another thread to finish a few stores: spin for a microsecond, then give the processor away.
#[cfg(not(pivot_loom))]
pub use crossbeam_utils::Backoff;

#[cfg(pivot_loom)]
pub use yielding::Backoff;

#[cfg(not(pivot_loom))]
mod cell {
    use std::time::Instant;

    /// [`std::cell::UnsafeCell`] with loom's interface: the pointer is lent to a closure, so that
    /// the model knows when an access begins and ends.
    #[derive(Debug)]
    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// A cell that holds `value`.
        pub fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Lends a pointer to read through.
        #[inline]
        pub fn with<U>(&self, access: impl FnOnce(*const T) -> U) -> U {
            access(self.0.get())
        }

        /// Lends a pointer to write through.
        #[inline]
        pub fn with_mut<U>(&self, access: impl FnOnce(*mut T) -> U) -> U {
            access(self.0.get())
        }
    }

    /// The time.
    #[expect(
        clippy::disallowed_methods,
        reason = "a lock times its own revocations; never on a fast path"
    )]
    pub fn now() -> Instant {
        Instant::now()
    }
}

#[cfg(pivot_loom)]
mod model {
    use std::time::Instant;

    use loom::sync::{RwLockReadGuard, RwLockWriteGuard};

    /// Loom's lock without the poisoning.
    #[derive(Debug)]
    pub struct RwLock<T>(loom::sync::RwLock<T>);

    impl<T> RwLock<T> {
        /// An unlocked lock.
        pub fn new(value: T) -> Self {
            Self(loom::sync::RwLock::new(value))
        }

        /// Locks together with other readers.
        pub fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().expect("no model panics with the lock held")
        }

        /// Locks alone.
        pub fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().expect("no model panics with the lock held")
        }
    }

    /// A clock that stands still: the model repeats executions exactly, and without inhibition a
    /// reader switches the bias on again as early as it ever could.
    pub fn now() -> Instant {
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        #[expect(clippy::disallowed_methods, reason = "an arbitrary fixed instant")]
        *ORIGIN.get_or_init(Instant::now)
    }
}

#[cfg(pivot_loom)]
mod yielding {
    /// Lets loom run another thread.
    #[derive(Debug)]
    pub struct Backoff;

    impl Backoff {
        /// Nothing waited yet.
        #[expect(clippy::new_without_default, reason = "as the library's is used here")]
        pub fn new() -> Self {
            Self
        }

        /// Waits a little.
        pub fn snooze(&self) {
            loom::thread::yield_now();
        }
    }
}

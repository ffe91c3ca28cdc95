//! What threads share in our own lock-free code: primitives of std and of two libraries, or what a checker
//! explores in their place.
//!
//! | built with | atomics, fences | `Mutex`, `OnceLock` | `RwLock`, `UnsafeCell` |
//! |---|---|---|---|
//! | nothing | std | std | parking_lot, std |
//! | `--cfg pivot_loom` | loom | loom | loom |
//! | `--cfg pivot_shuttle` | shuttle | shuttle | parking_lot, std |
//! | `--cfg pivot_tsan` | std | parking_lot | parking_lot, std |
//!
//! The thread sanitizer does not see into std, which is built without it, so it is given locks that are built
//! with it.

// Atomics and fences.
#[cfg(not(any(pivot_loom, pivot_shuttle)))]
pub use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering, fence};

#[cfg(pivot_loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering, fence};

#[cfg(pivot_shuttle)]
pub use shuttle::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering, fence};

// The lock of std.
#[cfg(not(any(pivot_loom, pivot_shuttle, pivot_tsan)))]
pub use std::sync::{Mutex, MutexGuard};

#[cfg(pivot_loom)]
pub use loom::sync::{Mutex, MutexGuard};

#[cfg(pivot_shuttle)]
pub use shuttle::sync::{Mutex, MutexGuard};

#[cfg(pivot_tsan)]
pub use visible::{Mutex, MutexGuard};

// A cell that is set once.
#[cfg(not(any(pivot_loom, pivot_shuttle, pivot_tsan)))]
pub use std::sync::OnceLock;

#[cfg(any(pivot_loom, pivot_shuttle, pivot_tsan))]
pub use once::OnceLock;

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
#[cfg(not(any(pivot_loom, pivot_shuttle)))]
pub use crossbeam_utils::Backoff;

#[cfg(any(pivot_loom, pivot_shuttle))]
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

#[cfg(any(pivot_loom, pivot_shuttle, pivot_tsan))]
mod once {
    use super::{AtomicU64, Ordering};

    /// A cell that is set once, ordered by an atomic that the checker sees.
    #[derive(Debug)]
    pub struct OnceLock<T> {
        is_set: AtomicU64,
        value: std::sync::OnceLock<T>,
    }

    impl<T> OnceLock<T> {
        /// An empty cell.
        #[expect(clippy::new_without_default, reason = "as std's is used here")]
        pub fn new() -> Self {
            Self {
                is_set: AtomicU64::new(0),
                value: std::sync::OnceLock::new(),
            }
        }

        /// The value, once it is set.
        pub fn get(&self) -> Option<&T> {
            // Acquire: partner is the release store in `get_or_init`.
            (self.is_set.load(Ordering::Acquire) != 0)
                .then(|| self.value.get().expect("it was set before"))
        }

        /// The value, which `make` makes if there is none.
        pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            let value = self.value.get_or_init(make);
            // Release: partner is the acquire load in `get`.
            self.is_set.store(1, Ordering::Release);
            value
        }
    }
}

#[cfg(pivot_tsan)]
mod visible {
    use std::sync::LockResult;

    pub use parking_lot::MutexGuard;

    /// The lock of a library that is built here.
    #[derive(Debug)]
    pub struct Mutex<T>(parking_lot::Mutex<T>);

    impl<T> Mutex<T> {
        /// An unlocked lock.
        pub const fn new(value: T) -> Self {
            Self(parking_lot::Mutex::new(value))
        }

        /// Locks.
        ///
        /// # Errors
        ///
        /// None: std's would be poisoned.
        #[expect(clippy::unnecessary_wraps, reason = "std's may be poisoned")]
        pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            Ok(self.0.lock())
        }
    }
}

#[cfg(any(pivot_loom, pivot_shuttle))]
mod yielding {
    /// Lets the checker run another thread.
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
            #[cfg(pivot_loom)]
            loom::thread::yield_now();
            #[cfg(pivot_shuttle)]
            shuttle::thread::yield_now();
        }
    }
}

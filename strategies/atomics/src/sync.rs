//! What threads share in this crate: the atomics, the lock and the cell of std, or what stands for them
//! under a checker. Loom and shuttle explore their own (`--cfg pivot_loom`, `--cfg pivot_shuttle`). The thread sanitizer does not see into
//! std, which is built without it, so it is given locks that are built with it (`--cfg pivot_tsan`).

#[cfg(not(any(pivot_loom, pivot_shuttle)))]
pub(crate) use std::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

#[cfg(pivot_loom)]
pub(crate) use loom::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

#[cfg(pivot_shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

#[cfg(not(any(pivot_loom, pivot_shuttle, pivot_tsan)))]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};

#[cfg(pivot_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};

#[cfg(pivot_shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};

#[cfg(any(pivot_loom, pivot_shuttle, pivot_tsan))]
pub(crate) use checked::*;

#[cfg(any(pivot_loom, pivot_shuttle, pivot_tsan))]
mod checked {
    #[cfg(pivot_tsan)]
    pub(crate) use visible::{Mutex, MutexGuard};

    use super::{AtomicU64, Ordering};

    /// A cell that is set once, ordered by an atomic that the checker sees.
    #[derive(Debug)]
    pub(crate) struct OnceLock<T> {
        is_set: AtomicU64,
        value: std::sync::OnceLock<T>,
    }

    impl<T> OnceLock<T> {
        pub(crate) fn new() -> Self {
            Self {
                is_set: AtomicU64::new(0),
                value: std::sync::OnceLock::new(),
            }
        }

        pub(crate) fn get(&self) -> Option<&T> {
            // Acquire: partner is the release store in `get_or_init`.
            (self.is_set.load(Ordering::Acquire) != 0)
                .then(|| self.value.get().expect("it was set before"))
        }

        pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            let value = self.value.get_or_init(make);
            self.is_set.store(1, Ordering::Release);
            value
        }
    }

    #[cfg(pivot_tsan)]
    mod visible {
        use std::sync::LockResult;

        pub(crate) use parking_lot::MutexGuard;

        /// The lock of a library that is built here.
        #[derive(Debug)]
        pub(crate) struct Mutex<T>(parking_lot::Mutex<T>);

        impl<T> Mutex<T> {
            pub(crate) const fn new(value: T) -> Self {
                Self(parking_lot::Mutex::new(value))
            }

            #[expect(clippy::unnecessary_wraps, reason = "std's may be poisoned")]
            pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
                Ok(self.0.lock())
            }
        }
    }
}

/// How long a thread has waited for another one to finish a few stores.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// Rounds of spinning before the processor is given away. The awaited thread needs some ten
    /// nanoseconds; if it has not finished after a microsecond, it is not running.
    const SPINNING_ROUNDS: u32 = 6;

    /// Waits a little, a little longer than the last time.
    #[cfg(not(any(pivot_loom, pivot_shuttle)))]
    #[cold]
    pub(crate) fn wait(&mut self) {
        if self.rounds < Self::SPINNING_ROUNDS {
            for _ in 0..1 << self.rounds {
                std::hint::spin_loop();
            }
            self.rounds += 1;
        } else {
            std::thread::yield_now();
        }
    }

    /// Lets the model run another thread.
    #[cfg(pivot_loom)]
    pub(crate) fn wait(&mut self) {
        self.rounds += Self::SPINNING_ROUNDS;
        loom::thread::yield_now();
    }

    /// Lets the scheduler run another thread.
    #[cfg(pivot_shuttle)]
    pub(crate) fn wait(&mut self) {
        self.rounds += Self::SPINNING_ROUNDS;
        shuttle::thread::yield_now();
    }
}

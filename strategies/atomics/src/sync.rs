//! The atomics of this crate: those of std, or loom's when it is model-checked (`--cfg pivot_loom`).

#[cfg(not(pivot_loom))]
pub(crate) use std::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

#[cfg(pivot_loom)]
pub(crate) use loom::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

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
    #[cfg(not(pivot_loom))]
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
}

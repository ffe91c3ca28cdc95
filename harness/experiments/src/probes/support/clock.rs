//! Time, as the probes' loops see it: the wall clock, or a test's.

use std::time::Instant;

use model::clock;

/// Nanoseconds since some beginning that all threads of a probe share.
pub(crate) trait Timeline {
    /// The present.
    fn now_ns(&self) -> u64;

    /// Waits until `at_ns`, and does nothing else.
    fn spin_until(&self, at_ns: u64);
}

/// The monotonic clock of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    began: Instant,
}

/// Closer to its time than this, a waiting thread spins: giving up the processor takes about as long.
const SPIN_NS: u64 = 2_000;

impl WallClock {
    pub(crate) fn start() -> Self {
        Self {
            began: clock::now(),
        }
    }

    /// Waits until `at_ns`, and lets others work meanwhile. Never sleeps, since a timer of the system comes some fifty
    /// microseconds late, but gives way: with an actor's thread beside reader and writer there are more threads than
    /// processors, and one that has nothing to do must not keep another from its work.
    #[inline]
    pub(crate) fn wait_until(&self, at_ns: u64) {
        while at_ns.saturating_sub(self.now_ns()) > SPIN_NS {
            std::thread::yield_now();
        }
        self.spin_until(at_ns);
    }
}

impl Timeline for WallClock {
    #[inline]
    fn now_ns(&self) -> u64 {
        clock::now().duration_since(self.began).as_nanos() as u64
    }

    #[inline]
    fn spin_until(&self, at_ns: u64) {
        while self.now_ns() < at_ns {
            std::hint::spin_loop();
        }
    }
}

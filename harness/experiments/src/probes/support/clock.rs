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

/// The monotonic clock of the machine, from an instant on.
impl Timeline for Instant {
    #[inline]
    fn now_ns(&self) -> u64 {
        clock::now().duration_since(*self).as_nanos() as u64
    }

    #[inline]
    fn spin_until(&self, at_ns: u64) {
        while self.now_ns() < at_ns {
            std::hint::spin_loop();
        }
    }
}

/// Closer to its time than this, a waiting thread spins: giving up the processor takes about as long.
const SPIN_NS: u64 = 2_000;

/// Waits until `at_ns`, and lets others work meanwhile. Never sleeps, since a timer of the system comes some fifty
/// microseconds late, but gives way: with an actor's thread beside reader and writer there are more threads than
/// processors, and one that has nothing to do must not keep another from its work.
#[inline]
pub(crate) fn wait_until(time: Instant, at_ns: u64) {
    while at_ns.saturating_sub(time.now_ns()) > SPIN_NS {
        std::thread::yield_now();
    }
    time.spin_until(at_ns);
}

//! Waiting for the time of the next operation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::clock;

/// Waits for the next beat of a schedule. Missed beats are not made up for.
#[derive(Debug)]
pub(crate) struct Pacer {
    period: Duration,
    next: Instant,
}

impl Pacer {
    pub(crate) fn every_us(period_us: f64) -> Self {
        let period = Duration::from_secs_f64(period_us * 1e-6);
        Self {
            period,
            next: clock::now() + period,
        }
    }

    pub(crate) fn wait(&mut self, stop: &AtomicBool) {
        let now = wait_until(self.next, stop);
        self.next = (self.next + self.period).max(now);
    }
}

/// A longer wait is slept through, but for its end: who waits for milliseconds does not keep a processor
/// from the others. A timer of the system comes late, but seldom by half of this.
const SLEPT_THROUGH: Duration = Duration::from_millis(2);

/// Waits until `due` or until stopped; says when that was. Spins, where a timer of the system would come
/// late.
pub(crate) fn wait_until(due: Instant, stop: &AtomicBool) -> Instant {
    let mut now = clock::now();
    while now < due && !stop.load(Ordering::Relaxed) {
        if due - now > SLEPT_THROUGH {
            // In pieces, so as not to miss the stop.
            thread::sleep(SLEPT_THROUGH / 2);
        } else {
            std::hint::spin_loop();
        }
        now = clock::now();
    }
    now
}

//! Whether the processors are as far apart as usual. A hypervisor moves them for seconds; what threads share costs something
//! else then, and a part that was measured meanwhile is kept apart ([`analysis::usual_hand_off`]).

use std::thread;
use std::time::Duration;

use measure::calibration::hand_off_briefly;
use model::clock;
use model::environment;

use super::child::Interrupt;

/// The time between two looks while they are not.
const PAUSE: Duration = Duration::from_millis(100);
/// One part in so many of the time for measuring is spent waiting, at most: a machine may stay as it is now.
const WAITING_PART: u32 = 4;

/// Looks at the processors in the course of a run.
#[derive(Debug)]
pub(super) struct Distance {
    looks: Vec<f64>,
    left: Duration,
}

impl Distance {
    /// Of a run that measures for so long.
    pub(super) fn of(budget: Duration) -> Self {
        Self {
            looks: Vec::new(),
            left: budget / WAITING_PART,
        }
    }

    /// Whether the processors are as far apart as they usually were so far.
    pub(super) fn is_usual(&mut self) -> bool {
        if environment::cpus() < 2 {
            return true;
        }
        let now = hand_off_briefly();
        self.looks.push(now);
        let usual = analysis::usual_hand_off(&self.looks);
        usual.is_none_or(|usual| !analysis::is_apart(now, usual))
    }

    /// Waits until they are, until that has taken too much of the run, or until it is interrupted. Returns how long.
    pub(super) fn wait(&mut self, interrupt: &Interrupt) -> Duration {
        let began = clock::now();
        let mut waited = Duration::ZERO;
        while waited < self.left && !interrupt.is_set() && !self.is_usual() {
            thread::sleep(PAUSE);
            waited = began.elapsed();
        }
        self.left = self.left.saturating_sub(waited);
        waited
    }
}

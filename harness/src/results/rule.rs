//! The adoption rule: what one ratio says for a strategy or against it. The decisions of a report and those of
//! an advice are made of these answers, and so is every sign in a table.

use super::{Ratio, Verdict};

/// What gets worse by less than this factor speaks against nobody. With enough samples any difference is
/// certain, so a rule without a tolerance turns on differences that no one would notice; this one is what
/// `control/slower-5` shows to be found.
pub const TOLERATED: f64 = 1.05;

/// Measuring processes without which a ratio says nothing: whatever a process does to all its operations at
/// once cannot be told from the strategy by one, and two have no middle. A verdict takes more of them.
pub const PROCESSES_LEAST: usize = 3;

/// Whether something that is so many times better, and at best at that, is worse by more than is tolerated.
pub fn is_worse(times_better: f64) -> bool {
    times_better < 1.0 / TOLERATED
}

impl Ratio {
    /// Whether it rests on enough processes to say anything.
    pub const fn is_known(&self) -> bool {
        self.processes >= PROCESSES_LEAST
    }

    /// Whether it improves by more than the margin for certain.
    pub fn gains(&self) -> bool {
        self.verdict == Verdict::Holds
    }

    /// Whether it is worse by more than is tolerated for certain.
    pub fn loses(&self) -> bool {
        self.is_known() && is_worse(self.judged_high)
    }

    /// Whether it does not tell if it improves by more than the margin. An interval that lies below the margin
    /// altogether leaves nothing to hope for, even where it is not certain enough for a verdict among so many.
    pub fn is_open(&self, margin: f64) -> bool {
        let is_decided = matches!(self.verdict, Verdict::Holds | Verdict::Rejected);
        !self.is_known() || !is_decided && self.judged_high > margin
    }
}

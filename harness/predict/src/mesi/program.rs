//! What a processor does, as far as lines are concerned.

/// One step of an operation. Lines go by numbers from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Something of its own.
    Work {
        /// How long it takes.
        ns: f64,
    },
    /// Reads a line.
    Load {
        /// Which.
        line: usize,
    },
    /// Reads it, and remembers what it saw.
    Remember {
        /// Which.
        line: usize,
    },
    /// Writes it, whatever is there.
    Store {
        /// Which.
        line: usize,
    },
    /// Writes it if it is as it was remembered, or goes back.
    Swap {
        /// Which.
        line: usize,
        /// The step to go back to.
        again: usize,
    },
    /// Reads it and goes back if it is not as it was remembered.
    Check {
        /// Which.
        line: usize,
        /// The step to go back to.
        again: usize,
    },
    /// Takes the lock that is in it; waits while another has it.
    Acquire {
        /// Which.
        line: usize,
    },
    /// Gives the lock back.
    Release {
        /// Which.
        line: usize,
    },
}

impl Step {
    /// Whether it needs a line.
    pub const fn is_access(self) -> bool {
        self.access().is_some()
    }

    /// The line that it needs, and whether to write it.
    pub(super) const fn access(self) -> Option<(usize, bool)> {
        match self {
            Step::Work { .. } => None,
            Step::Load { line } | Step::Remember { line } | Step::Check { line, .. } => {
                Some((line, false))
            }
            Step::Store { line }
            | Step::Swap { line, .. }
            | Step::Acquire { line }
            | Step::Release { line } => Some((line, true)),
        }
    }
}

/// The steps of an operation, which is done over and over.
#[derive(Clone, Debug, PartialEq)]
pub struct Program(Vec<Step>);

impl Program {
    /// From its steps.
    ///
    /// # Panics
    ///
    /// When a step goes forward instead of back, or when nothing takes any time: nothing would end.
    pub fn new(steps: Vec<Step>) -> Self {
        for (number, step) in steps.iter().enumerate() {
            if let Step::Swap { again, .. } | Step::Check { again, .. } = step {
                assert!(*again <= number, "step {number} goes forward to {again}");
            }
        }
        let takes_time = |step: &Step| matches!(step, Step::Work { ns } if *ns > 0.0);
        assert!(
            steps.iter().any(takes_time),
            "an operation takes some time of its own"
        );
        Self(steps)
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether others can make it go back.
    pub fn retries(&self) -> bool {
        let goes_back = |step: &Step| matches!(step, Step::Swap { .. } | Step::Check { .. });
        self.0.iter().any(goes_back)
    }

    /// One more than the highest number of a line.
    pub(super) fn lines(&self) -> usize {
        let numbers = self.0.iter().filter_map(|step| step.access());
        numbers.map(|(line, _)| line + 1).max().unwrap_or(0)
    }
}

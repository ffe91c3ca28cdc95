//! What a processor does, as far as lines are concerned.

/// One step of an operation. Lines go by numbers from 0; `again` is the number of the step to go back to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Something of its own, which takes so many ns.
    Work(f64),
    /// Reads a line.
    Load(usize),
    /// Reads a line, and remembers its version.
    Remember(usize),
    /// Writes a line, whatever is there.
    Store(usize),
    /// Writes a line if it is as it was remembered, or goes back.
    Swap { line: usize, again: usize },
    /// Reads a line, and goes back if it is not as it was remembered.
    Check { line: usize, again: usize },
    /// Takes the lock that is in a line; waits while another has it.
    Acquire(usize),
    /// Gives the lock back.
    Release(usize),
}

impl Step {
    /// The line that it needs, and whether to write it.
    pub(crate) const fn access(self) -> Option<(usize, bool)> {
        match self {
            Step::Work(_) => None,
            Step::Load(line) | Step::Remember(line) | Step::Check { line, .. } => {
                Some((line, false))
            }
            Step::Store(line)
            | Step::Swap { line, .. }
            | Step::Acquire(line)
            | Step::Release(line) => Some((line, true)),
        }
    }
}

/// The steps of an operation, which is done over and over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program(Vec<Step>);

impl Program {
    /// From its steps.
    ///
    /// # Panics
    ///
    /// When a step goes forward instead of back, or when nothing takes any time: nothing would end.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        for (number, step) in steps.iter().enumerate() {
            if let Step::Swap { again, .. } | Step::Check { again, .. } = step {
                assert!(*again <= number, "step {number} goes forward to {again}");
            }
        }
        let takes_time = |step: &Step| matches!(step, Step::Work(ns) if *ns > 0.0);
        assert!(
            steps.iter().any(takes_time),
            "an operation takes some time of its own"
        );
        Self(steps)
    }

    /// Its steps.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether others can make it go back.
    pub(crate) fn retries(&self) -> bool {
        let goes_back = |step: &Step| matches!(step, Step::Swap { .. } | Step::Check { .. });
        self.0.iter().any(goes_back)
    }

    /// One more than the highest number of a line; 0 if it accesses none.
    pub(crate) fn lines(&self) -> usize {
        let numbers = self.0.iter().filter_map(|step| step.access());
        numbers.map(|(line, _)| line + 1).max().unwrap_or(0)
    }
}

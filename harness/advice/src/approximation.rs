//! What of a workload is measured as something else, and how far off that is at most.
//!
//! The bound is measured beside the workload: the same operations without any lock take so long. Whatever the tables
//! here do that the user's program does not, and the other way round, is a part of that.

use model::controls::UNSYNCHRONISED;
use results::Machine;
use serde::Serialize;

use super::questions::Subject;
use super::workload::{RunAs, Shape, Side, Workload, only};

/// Something that is measured as something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Approximation {
    /// What it is.
    pub what: Approximated,
    /// How far off the times are, part by part, where that was measured.
    pub bounds: Vec<Bound>,
}

/// What is measured as something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approximated {
    /// A cell is a table of one record: each operation hashes an identifier and finds the record.
    Cell,
    /// Keys are hashed and compared inside a read, but before a write.
    Keys,
    /// Tasks are the threads that run them.
    Tasks,
}

/// By how much the time of a part may be off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The part.
    pub side: Side,
    /// What one of its operations takes without any lock, in nanoseconds.
    pub at_most_ns: f64,
    /// What it takes with the baseline, in nanoseconds.
    pub baseline_ns: f64,
}

impl Workload {
    /// What of it is measured as something else.
    fn approximated(&self) -> Vec<Approximated> {
        let writes_with_keys = self.table.hashed().is_some() && self.writes();
        only([
            (Approximated::Cell, self.table.shape == Shape::Cell),
            (Approximated::Keys, writes_with_keys),
            (Approximated::Tasks, self.run_as == RunAs::Tasks),
        ])
    }

    /// Whether the times without any lock say how far off its measurement is.
    pub fn is_bounded_without_lock(&self) -> bool {
        let all = self.approximated();
        all.iter().any(|&what| what != Approximated::Tasks)
    }
}

/// What of a workload is measured as something else, and what was measured of that.
pub(super) fn approximations(
    workload: &Workload,
    subjects: &[Subject],
    results: &Machine,
) -> Vec<Approximation> {
    let bound = |subject: &Subject| {
        let median = |strategy: &str| Some(subject.cell(results, strategy)?.median);
        Some(Bound {
            side: subject.side,
            at_most_ns: median(UNSYNCHRONISED)?,
            baseline_ns: median(&results.baseline)?,
        })
    };
    let approximation = |what| {
        // What an executor adds is not in any table.
        let bounded = subjects.iter().filter(|_| what != Approximated::Tasks);
        let reads_only = |subject: &&Subject| subject.side == Side::Readers;
        let bounded = bounded.filter(|subject| what != Approximated::Keys || !reads_only(subject));
        Approximation {
            what,
            bounds: bounded.filter_map(bound).collect(),
        }
    };
    let approximated = workload.approximated().into_iter();
    approximated.map(approximation).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{READERS, WRITERS, workload};
    use super::*;

    #[test]
    fn what_is_measured_as_something_else_is_named() {
        let approximated = |text: &str| workload(text).approximated();
        assert_eq!(approximated(READERS), []);
        let keys = "keys = \"strings\"\nkey_bytes = 16\n";
        assert_eq!(approximated(&format!("{keys}{READERS}")), []);
        let written = approximated(&format!("{keys}{READERS}{WRITERS}"));
        assert_eq!(written, [Approximated::Keys]);
        let tasks = Workload::parse(
            "name = \"w\"\nrun_as = \"tasks\"\n[table]\nshape = \"cell\"\n[readers]\nthreads = 1\n",
            "w.toml",
        );
        let tasks = tasks.unwrap();
        assert_eq!(
            tasks.approximated(),
            [Approximated::Cell, Approximated::Tasks]
        );
        assert!(tasks.is_bounded_without_lock());
    }
}

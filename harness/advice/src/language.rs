//! The words of a workload file: what is guarded, what its keys and values are, how long operations take and when they
//! come. Each is measured as it says, or refused by name.

use model::scenario::{Arrivals, Section};
use serde::{Deserialize, Serialize};

/// What the lock guards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A map from keys to records.
    #[default]
    Table,
    /// One value: a configuration, a snapshot. Measured as a table of one record.
    Cell,
    /// A number that is counted up.
    Counter,
    /// A cache that throws out what was not used for long: its lookups change it.
    BoundedCache,
    /// What one thread puts in and another takes out, in order.
    Queue,
}

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Integers of 64 bits.
    #[default]
    Integers,
    /// Strings on the heap.
    Strings,
}

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Plain data.
    Plain,
    /// They own memory: strings, vectors. A lookup reads them in place.
    Heap,
    /// An `Arc` that a lookup clones, to read what is behind it when nothing is held any more.
    Arc,
}

/// Who uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunAs {
    /// Threads.
    #[default]
    Threads,
    /// Tasks of an executor that hold nothing while they wait: measured as the threads that run them.
    Tasks,
    /// Tasks that hold it while they wait for something else.
    TasksAcrossAwait,
}

/// How the operations of a part with a rate lie in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// At equal distances.
    #[default]
    Steady,
    /// At random times, independent of each other.
    Poisson,
    /// `burst` at once, at random times.
    Bursts,
}

/// The times that operations of a kind take inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Times {
    /// All take the same, in nanoseconds.
    Always(f64),
    /// In given shares.
    Shares(Vec<Section>),
}

impl Times {
    /// Their mean, in nanoseconds.
    pub fn mean(&self) -> f64 {
        let sections = self.sections();
        sections.iter().map(|one| one.ns * one.share).sum()
    }

    /// The longest of them, in nanoseconds.
    pub fn longest(&self) -> f64 {
        let sections = self.sections();
        sections.iter().map(|one| one.ns).fold(0.0, f64::max)
    }

    /// As a scenario gives them.
    pub(super) fn sections(&self) -> Vec<Section> {
        match self {
            Times::Always(ns) if *ns == 0.0 => Vec::new(),
            Times::Always(ns) => vec![Section {
                ns: *ns,
                share: 1.0,
            }],
            Times::Shares(all) => all.clone(),
        }
    }
}

impl Pattern {
    /// As a scenario gives it; `burst` are the operations at once.
    pub(super) const fn arrivals(self, burst: Option<u32>) -> Arrivals {
        match (self, burst) {
            (Pattern::Steady, _) => Arrivals::Steady,
            (Pattern::Bursts, Some(size)) => Arrivals::Bursts(size),
            (Pattern::Poisson | Pattern::Bursts, _) => Arrivals::Bursts(1),
        }
    }
}

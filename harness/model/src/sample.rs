//! The wire format of what was measured: one JSON object a line, appended as it happens.
//!
//! This is the only thing that measuring hands to reporting. Every line is complete by itself, so
//! that a killed run loses at most the line in flight; [`read`] keeps whatever is whole, and [`pool`]
//! makes one run of several.

mod card;
mod line;
mod packing;
mod pool;
mod reading;
mod writer;

use std::ops::Add;

use serde::{Deserialize, Serialize};

pub use card::Card;
pub use line::Line;
pub use packing::{Damage, MERGED, PACKED, PLAIN, are_same, locate, name_of, pack};
pub use pool::{asks_the_same, pool};
pub use reading::{Reading, Warning, may_overwrite, parse, parse_any, read};
pub use writer::{Writer, amended, text};

use crate::assumption::Assumption;
use crate::controls;
use crate::environment::Environment;
use crate::scenario::{Activity, RecordKind, Scenario};

/// The version of this format: `pivot-samples/MAJOR`, or `pivot-samples/MAJOR.MINOR` once there are
/// minor versions. A minor version adds kinds of lines and optional fields; readers of the same major
/// version skip what they do not know, and say so.
pub const SCHEMA: &str = "pivot-samples/3";

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// The strategy that the controls with something planted in them ([`controls::PLANTED`]) are tables
    /// of: the baseline. They once were mutexes whatever the baseline was.
    #[serde(default = "controls_of_old")]
    pub controls_of: String,
    /// Where it ran.
    pub environment: Environment,
    /// The scenarios, in the order of the report.
    pub scenarios: Vec<Scenario>,
    /// The strategies, in the order of the registry, with their claims.
    pub strategies: Vec<Card>,
    /// Strategies that cannot take part in a scenario.
    pub exclusions: Vec<Exclusion>,
    /// The counted window of a slice where every thread has a processor, in nanoseconds.
    pub window_ns: u64,
    /// What is assumed, and judged.
    #[serde(default)]
    pub assumptions: Vec<Assumption>,
    /// How often the run looks which verdicts are settled, the end included.
    #[serde(default = "one")]
    pub looks: u32,
    /// Of several runs that were pooled: the first measuring process of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<u32>,
}

const fn one() -> u32 {
    1
}

fn controls_of_old() -> String {
    controls::BASELINE.into()
}

impl Header {
    /// Whether a strategy has to be left out of the comparison: a control with something planted in it
    /// that is not made of the baseline, and so says nothing of it.
    pub fn is_beside_the_point(&self, strategy: &str) -> bool {
        self.controls_of != self.baseline && controls::planted(strategy).is_some()
    }
}

/// A strategy that cannot take part in a scenario, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The scenario.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// For example `plain data only`.
    pub reason: String,
}

/// Which slice of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SliceKey {
    /// The scenario.
    pub scenario: String,
    /// The measuring process, counted from 0.
    pub process: u32,
    /// The block within the process, counted from 0.
    pub block: u32,
    /// The position within the block. The first and the last are the baseline's, and some between them.
    pub position: u32,
    /// The strategy.
    pub strategy: String,
}

/// One strategy's counted window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Which one.
    #[serde(flatten)]
    pub key: SliceKey,
    /// How long the window was, in nanoseconds. With a given number of operations: how long they
    /// took.
    pub window_ns: u64,
    /// What each group did in the window, in the scenario's order.
    pub groups: Vec<GroupCount>,
    /// How often the measuring process had been started anew by then, after a kill.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub restarts: u32,
}

/// What a group of threads did in a window.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupCount {
    /// What it does.
    pub does: Activity,
    /// Whether it was paced, so that its rate says nothing.
    pub paced: bool,
    /// Operations of each thread.
    pub operations: Vec<u64>,
    /// How long exactly these took, in nanoseconds, thread by thread: from one completion to another.
    /// Empty where they are so short that they were counted over the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans_ns: Vec<u64>,
    /// Operations, over all threads and the whole slice, that found no record or were rejected; those
    /// that asked for a process that never was do not count.
    pub misses: u64,
    /// The natural logarithm of the rate in the window's last third over that in its first, where
    /// they were looked at.
    pub drift: Option<f64>,
    /// What the operations were, where `does` alone does not say it.
    pub kinds: Option<Kinds>,
}

/// Operations by kind, over all threads of a group and the whole slice, the ramp included. Counted by
/// where the threads stood on their tapes, so it costs the timed loops nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kinds {
    /// Lookups.
    pub reads: u64,
    /// Heartbeats.
    pub writes: u64,
    /// Lookups with a heartbeat after them, each pair counted once.
    pub read_modify_writes: u64,
    /// Insertions.
    pub inserts: u64,
    /// Removals.
    pub removes: u64,
    /// Visits to every record.
    pub scans: u64,
    /// Of the lookups and heartbeats: those that asked for a process that never was, as the
    /// scenario's hit rate wants it.
    pub absent: u64,
}

impl Add for Kinds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            writes: self.writes + other.writes,
            read_modify_writes: self.read_modify_writes + other.read_modify_writes,
            inserts: self.inserts + other.inserts,
            removes: self.removes + other.removes,
            scans: self.scans + other.scans,
            absent: self.absent + other.absent,
        }
    }
}

/// What one measuring process was told to do. A part without its [`PartDone`] was cut short; a run
/// that goes on ends it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The scenario.
    pub scenario: String,
    /// The measuring process, counted from 0 in each scenario.
    pub process: u32,
    /// Who takes part, the baseline included.
    pub strategies: Vec<String>,
    /// How many blocks to measure.
    pub blocks: u32,
}

/// A measuring process has done its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDone {
    /// The scenario.
    pub scenario: String,
    /// The measuring process.
    pub process: u32,
    /// How long it took, its start included, in milliseconds.
    pub took_ms: u64,
}

/// What disturbed a block, seen from outside of its slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interference {
    /// The scenario.
    pub scenario: String,
    /// The measuring process.
    pub process: u32,
    /// The block.
    pub block: u32,
    /// Slices in it.
    pub slices: u32,
    /// How long the block took, in nanoseconds.
    pub took_ns: u64,
    /// Time that the hypervisor gave to others, over all processors, in nanoseconds; 0 where the
    /// system does not say.
    pub stolen_ns: u64,
    /// What handing a cache line from one processor to another cost before and after the block, in nanoseconds. Nothing where
    /// only one processor was busy, and in older samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_off_ns: Option<[f64; 2]>,
}

/// What the heap saw during `operations` operations on one thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The scenario whose table it was.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// What was done.
    pub does: Activity,
    /// How often.
    pub operations: u64,
    /// Calls that allocated, on any thread.
    pub allocations: u64,
    /// Bytes they allocated.
    pub bytes: u64,
}

/// What a table filled with a scenario's processes keeps alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The scenario whose table it was.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// Records in the table.
    pub records: u64,
    /// Bytes allocated and not freed, records included.
    pub live_bytes: i64,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// The strategy.
    pub strategy: String,
    /// The record it held.
    pub record: RecordKind,
    /// The check.
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was observed.
    pub evidence: String,
}

/// A slice that could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which one.
    #[serde(flatten)]
    pub key: SliceKey,
    /// Why.
    pub reason: String,
}

impl Slice {
    /// Nanoseconds of wall time per operation of `does`, over all threads of the groups that do it
    /// unpaced. Infinite if none was finished within the window: that is a censored value, the worst
    /// there is, and not a missing one. `None` if no thread was there to do it, or there was no window.
    pub fn ns_per_operation(&self, does: Activity) -> Option<f64> {
        let (mut operations, mut threads, mut thread_ns) = (0_u64, 0, 0.0);
        for (done, ns) in self.threads_doing(does) {
            operations = operations.saturating_add(done);
            threads += 1;
            thread_ns += ns as f64;
        }
        // Anything divided by nothing is infinite.
        (threads > 0 && thread_ns > 0.0).then(|| thread_ns / f64::from(threads) / operations as f64)
    }

    /// Operations of `does` that a thread did, on average; `None` if no group does it unpaced.
    pub fn operations_of_a_thread(&self, does: Activity) -> Option<f64> {
        let done = self.threads_doing(does).map(|(done, _)| done as f64);
        let done: Vec<f64> = done.collect();
        (!done.is_empty()).then(|| done.iter().sum::<f64>() / done.len() as f64)
    }

    /// Whether there was but one thread, and it finished nothing: no other one can have kept it from that, but the machine.
    pub fn is_lost(&self) -> bool {
        let mut threads = self.groups.iter().flat_map(|group| &group.operations);
        threads.next() == Some(&0) && threads.next().is_none()
    }

    /// What each thread of the groups that do it unpaced has done, and in how many nanoseconds.
    fn threads_doing(&self, does: Activity) -> impl Iterator<Item = (u64, u64)> {
        let groups = self.groups.iter();
        let groups = groups.filter(move |group| group.does == does && !group.paced);
        groups.flat_map(|group| {
            let spans = group.spans_ns.iter().copied();
            let spans = spans.chain(std::iter::repeat(self.window_ns));
            group.operations.iter().copied().zip(spans)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_may_say_any_number() {
        let slice = Slice {
            key: SliceKey {
                scenario: "x".into(),
                process: 0,
                block: 0,
                position: 0,
                strategy: "mutex/std".into(),
            },
            window_ns: 1_000,
            groups: vec![GroupCount {
                does: Activity::Read,
                paced: false,
                operations: vec![u64::MAX, 2],
                spans_ns: Vec::new(),
                misses: 0,
                drift: None,
                kinds: None,
            }],
            restarts: 0,
        };
        let most = u64::MAX as f64;
        assert_eq!(slice.ns_per_operation(Activity::Read), Some(1_000.0 / most));
        assert_eq!(
            slice.operations_of_a_thread(Activity::Read),
            Some(most / 2.0)
        );
    }
}

//! A process trace: what became of the processes of a real machine, to be replayed as a workload.
//!
//! Not to be confused with [`trace`](crate::trace), which is about instructions. `pivot record` writes one
//! from `/proc`; anybody else's is as good. As JSON lines, the header first:
//!
//! ```text
//! {"schema":"pivot-process-trace/1","command":"cargo check","every_ms":20}
//! {"at_ns":0,"pid":412,"start":8231,"event":"born","name":"cargo"}
//! {"at_ns":20113000,"pid":412,"start":8231,"event":"resources","cpu_ns":10000000,"rss_bytes":4194304}
//! {"at_ns":20113000,"pid":412,"start":8231,"event":"state","state":"sleeping"}
//! {"at_ns":90250000,"pid":412,"start":8231,"event":"exit","code":0}
//! ```
//!
//! Or the same as CSV, its columns in any order, fields quoted where they have to be:
//!
//! ```text
//! # pivot-process-trace/1
//! at_ns,event,pid,start,name,state,cpu_ns,rss_bytes,code
//! 0,born,412,8231,cargo,,,,
//! 20113000,resources,412,8231,,,10000000,4194304,
//! ```
//!
//! | field | of | says |
//! |---|---|---|
//! | `at_ns` | all | nanoseconds since the trace began; never less than in the line before |
//! | `event` | all | `born`, `state`, `resources` or `exit` |
//! | `pid`, `start` | all | which process: its pid, and any number that tells it from later ones of that pid, such as its start time |
//! | `name` | `born` | what it is called; optional. Shown escaped, wherever it is shown |
//! | `state` | `state` | `running`, `sleeping`, `blocked`, `stopped` or `idle` |
//! | `cpu_ns`, `rss_bytes` | `resources` | processor time so far in nanoseconds, resident memory in bytes |
//! | `code` | `exit` | its exit code, the negated signal that ended it; optional, as not everybody gets to see it |
//!
//! A process is born once and before anything else happens to it, exits at most once, and two of the
//! same pid do not live at the same time: a trace that says otherwise is refused, with the line.

mod format;
#[cfg(test)]
mod tests;

pub use format::{Form, Writer};

use contract::{Change, Event, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The format of process traces that this program reads and writes.
pub const SCHEMA: &str = "pivot-process-trace/1";

/// Numbers in a trace are below this: what a double holds exactly, and so what every reader of JSON
/// does. Nanoseconds get to a hundred days.
const NUMBER_MAX: u64 = 1 << 53;

/// A process trace. Whoever has one can rely on its events being in order and about processes that
/// were born and have not exited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    header: Header,
    /// Its events, in order; at least one.
    pub entries: Vec<Entry>,
    /// What it holds.
    pub summary: Summary,
}

/// What a trace holds so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its events.
    pub events: usize,
    /// How many processes it has.
    pub births: usize,
    /// How many of them lived at the same time at most.
    pub peak: usize,
    /// When its last event is, in nanoseconds since it began.
    pub duration_ns: u64,
}

/// Where a process trace comes from.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The command that ran meanwhile.
    pub command: Option<String>,
    /// How often the processes were looked at, in milliseconds.
    pub every_ms: Option<u64>,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            schema: SCHEMA.into(),
            command: None,
            every_ms: None,
        }
    }
}

/// An event of a process trace, and its line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// To which process.
    #[serde(flatten)]
    pub process: Process,
    /// What. It comes last, and so refuses all fields that are nobody's.
    #[serde(flatten)]
    pub what: What,
}

/// A process of the recorded machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its pid, at least 1. Clusters number their jobs far beyond a machine's pids.
    pub pid: u64,
    /// What tells it from later processes of the same pid.
    pub start: u64,
}

/// What happened to a process.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
pub enum What {
    /// It was there for the first time.
    Born {
        /// What it is called.
        name: Option<String>,
    },
    /// The scheduler sees it otherwise.
    State {
        /// How.
        state: ProcessState,
    },
    /// It used something.
    Resources {
        /// Processor time so far, in nanoseconds.
        cpu_ns: u64,
        /// Resident memory, in bytes.
        rss_bytes: u64,
    },
    /// It ended.
    Exit {
        /// Its exit code, or the negated signal that ended it.
        code: Option<i32>,
    },
}

/// How the scheduler sees a process that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// On a processor, or waiting for one.
    Running,
    /// Waiting for something that may be a signal.
    Sleeping,
    /// Waiting for a device, deaf to signals.
    Blocked,
    /// Stopped by a signal or by a tracer.
    Stopped,
    /// A kernel thread without work.
    Idle,
}

/// What replaying does to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Puts a new record into the table, pending.
    Insert,
    /// Applies an event to a record.
    Apply(Event),
    /// Takes the record out.
    Remove,
}

/// A step, with when and to which record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// The record: its process's pid, which nobody else has meanwhile.
    pub id: ProcessId,
    /// What is done to it.
    pub step: Step,
}

impl Workload {
    /// What replaying it does to a table, in order.
    ///
    /// A birth is an insertion and a start, an exit is an exit and a removal; an unknown exit code
    /// counts as 0. How the scheduler sees a process is nothing that the lifecycle has a word for (its
    /// `stop` is an end): like the use of resources it is a heartbeat.
    pub fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::with_capacity(self.entries.len());
        let mut used: HashMap<u64, (u64, u64)> = HashMap::new();
        let heartbeat = |&mut (cpu_ns, rss_bytes): &mut _| Change::Heartbeat { cpu_ns, rss_bytes };
        for entry in &self.entries {
            let (at_ns, id) = (entry.at_ns, ProcessId(entry.process.pid));
            let used = used.entry(entry.process.pid).or_default();
            let event = |change| Some(Step::Apply(Event::at(at_ns, change)));
            let steps = match entry.what {
                What::Born { .. } => {
                    *used = (0, 0);
                    [Some(Step::Insert), event(Change::Start)]
                }
                What::State { .. } => [event(heartbeat(used)), None],
                What::Resources { cpu_ns, rss_bytes } => {
                    *used = (cpu_ns, rss_bytes);
                    [event(heartbeat(used)), None]
                }
                What::Exit { code } => {
                    let code = code.unwrap_or(0);
                    [event(Change::Exit { code }), Some(Step::Remove)]
                }
            };
            let steps = steps.into_iter().flatten();
            operations.extend(steps.map(|step| Operation { at_ns, id, step }));
        }
        operations
    }
}

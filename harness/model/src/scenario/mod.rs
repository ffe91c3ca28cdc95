//! A question, as a file: who does what to a table of which size.
//!
//! ```toml
//! name = "paced-contention"
//! title = "Writer-reader contention (paced writer)"
//! question = "What does a read cost while a supervisor writes every 10 us?"
//! origin = "report"
//! processes = 64
//! record = "status-64B"
//!
//! [[groups]]
//! does = "read"
//! threads = 1
//!
//! [[groups]]
//! does = "update"
//! threads = 1
//! every_us = 10
//! ```
//!
//! A file with one or two `[[sweep]]` entries asks the same question along axes: loading expands it
//! into points, each a scenario of its own that remembers where it lies.

mod effort;
mod folder;
mod group;
mod sweep;
#[cfg(test)]
mod tests;
mod validation;

use std::fmt;
use std::path::PathBuf;

use contract::{Padded, ProcessSnapshot, ProcessStatus, SharedStatus, Specimen};
use serde::{Deserialize, Serialize};

pub use effort::{BETWEEN, affordable, least, slices_in_block};
pub use folder::load_folder;
pub use group::{Activity, Arrivals, Group, Section, Shares};

pub use sweep::{Axis, Coordinate, POINTS_MAX, Point, Sweep, Value};

/// A scenario: a table, and groups of threads that work on it at the same time.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name in tables, options and results: lower case, digits and hyphens. A point of a sweep
    /// has its coordinates appended: `sweep-writes@writes=0.05`.
    pub name: String,
    /// Its title in the report.
    pub title: String,
    /// The question it answers, in one sentence.
    pub question: String,
    /// Where the question comes from.
    #[serde(default)]
    pub origin: Origin,
    /// Whether a run leaves it out unless it is asked for by name or measures all there is.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub optional: bool,
    /// How many processes the table holds.
    pub processes: usize,
    /// The record the table holds.
    #[serde(default)]
    pub record: RecordKind,
    /// What the processes are called.
    #[serde(default)]
    pub ids: Identifiers,
    /// Which processes are looked up and written how often.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub keys: Keys,
    /// With [`Keys::Hot`]: the share of operations that goes to the one hot process. Without it,
    /// [`HOT_SHARE`].
    pub hot_share: Option<f64>,
    /// The share of lookups and updates that finds its process; the others ask for one that never
    /// was. Without it, all.
    pub hit_rate: Option<f64>,
    /// The keys of the user's table, whose cost the threads spend beside that of a table's identifiers; without them the
    /// identifiers are the keys.
    pub hashed: Option<HashedKeys>,
    /// The [process trace](crate::workload) that a group replays. The processes are the trace's then, and
    /// `processes` is what the table is made for: at least as many as live at once.
    pub replay: Option<TraceFile>,
    /// What each group of threads does.
    pub groups: Vec<Group>,
    /// How many operations, in total, end the scenario. Without it, it runs for the time of a slice
    /// and the cost per operation is measured; with it, the time until all are done is.
    pub operations: Option<u64>,
    /// What the report measured in this situation, in Go.
    pub published: Option<Published>,
    /// The axes that a file varies. Always empty in a scenario that is loaded: it is expanded into
    /// its points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<Sweep>,
    /// Where on a sweep it lies; never given in a file.
    pub point: Option<Point>,
}

/// The share of operations that goes to the hot process, unless a scenario says otherwise.
pub const HOT_SHARE: f64 = 0.9;

/// Where a scenario's question comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A row of the report that every run reproduces.
    Report,
    /// What a registry of processes is used for.
    #[default]
    Registry,
}

/// What the processes of a scenario are called. Tables must take any identifiers; how well a hash
/// spreads them is part of what a lookup costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Identifiers {
    /// As a kernel names processes: ascending, with gaps where others have ended.
    #[default]
    Pids,
    /// Random 64-bit numbers.
    Random,
}

/// The records that tables can hold. Each is another copy of every strategy in the program, so they are few, and all
/// but two have one timed loop instead of one for each activity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RecordKind {
    /// [`contract::ProcessStatus`].
    #[default]
    #[serde(rename = "status-64B")]
    Status,
    /// [`contract::ProcessSnapshot`].
    #[serde(rename = "snapshot-heap")]
    Snapshot,
    /// [`contract::SharedStatus`].
    #[serde(rename = "status-arc")]
    Shared,
    /// [`contract::Padded`] of 16 bytes.
    #[serde(rename = "padded-16B")]
    Padded16,
    /// [`contract::Padded`] of 1 KiB.
    #[serde(rename = "padded-1KiB")]
    Padded1Ki,
    /// [`contract::Padded`] of 4 KiB.
    #[serde(rename = "padded-4KiB")]
    Padded4Ki,
}

/// Which of the processes the operations of a scenario go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// To all of them alike.
    #[default]
    Uniform,
    /// To few of them often and to most rarely: Zipf's law with exponent 0.99, the popular ones
    /// scattered over the table as YCSB does it.
    Zipf,
    /// To one of them mostly, to the others alike.
    Hot,
    /// Lookups mostly to those that came last (YCSB's `latest`: Zipf's law over how long ago they
    /// came), updates to all alike.
    Latest,
}

/// Keys that cost more than the identifiers of a table here, whose hash takes about a nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashedKeys {
    /// How long each is: a string on the heap, that is hashed and then compared. Without it, an integer, that is hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_bytes: Option<usize>,
    /// What hashes them.
    #[serde(default)]
    pub hasher: Hasher,
}

/// What hashes keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Hasher {
    /// A multiplication and a rotation, as rustc-hash does it; what every table here uses.
    #[default]
    Fx,
    /// `SipHash`, which the standard library uses unless it is told otherwise.
    Sip,
}

/// The file of a process trace, by the name that a scenario gives it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceFile {
    /// From the scenario's folder on.
    pub name: String,
    /// Where it is on this machine, once the scenario is loaded. Samples do not keep it.
    #[serde(skip)]
    pub place: PathBuf,
}

/// Where the file lies is not what a scenario asks.
impl PartialEq for TraceFile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What the report published, in nanoseconds an operation or milliseconds in total.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The mutex's figure.
    pub mutex: f64,
    /// The channel's figure.
    pub channel: f64,
}

impl RecordKind {
    /// Whether a record has memory of its own, so that a copy of it has, too.
    pub const fn owns_memory(self) -> bool {
        matches!(self, Self::Snapshot | Self::Shared)
    }

    /// Its name in files, tables and results.
    pub const fn name(self) -> &'static str {
        self.specimen().0
    }

    const fn specimen(self) -> (&'static str, usize) {
        const fn specimen<R: Specimen>() -> (&'static str, usize) {
            (R::NAME, size_of::<R>())
        }
        match self {
            RecordKind::Status => specimen::<ProcessStatus>(),
            RecordKind::Snapshot => specimen::<ProcessSnapshot>(),
            RecordKind::Shared => specimen::<SharedStatus>(),
            RecordKind::Padded16 => specimen::<Padded<2>>(),
            RecordKind::Padded1Ki => specimen::<Padded<128>>(),
            RecordKind::Padded4Ki => specimen::<Padded<512>>(),
        }
    }

    /// Whether it has the one timed loop that follows a tape of operations, and no loop of each activity: those that are
    /// there for their size or for how they are read only.
    pub const fn is_scripted(self) -> bool {
        !matches!(self, RecordKind::Status | RecordKind::Snapshot)
    }

    /// The bytes of a record in the table, what it owns on the heap not counted.
    pub const fn size(self) -> usize {
        self.specimen().1
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Scenario {
    /// All threads of all groups.
    pub fn threads(&self) -> usize {
        let threads = self.groups.iter().map(|group| group.threads);
        // Before it is validated, a file may say anything.
        threads.fold(0, usize::saturating_add)
    }

    /// What the scenario is about: what its first group does.
    ///
    /// # Panics
    ///
    /// When it has no group, which [`load`](Scenario::load) rules out.
    pub fn subject(&self) -> Activity {
        self.groups[0].does
    }

    /// The name that it shares with the other points of its sweep; without a sweep, its own.
    pub fn family(&self) -> &str {
        self.point.as_ref().map_or(&self.name, |point| &point.sweep)
    }

    /// The share of operations that its hot process gets, if it has one.
    pub fn hot_share(&self) -> Option<f64> {
        (self.keys == Keys::Hot).then(|| self.hot_share.unwrap_or(HOT_SHARE))
    }

    /// Which processes are asked for, and how many of them are there: `zipf, 0.9 hit`.
    pub fn asked(&self) -> String {
        let share = self.hot_share().map(|share| format!(" ({share})"));
        let rate = self.hit_rate.map(|rate| format!(", {rate} hit"));
        let [share, rate] = [share, rate].map(Option::unwrap_or_default);
        format!("{}{share}{rate}", self.keys)
    }

    /// Whether its threads get into each other's way: several of them work as fast as they can, or there are more than
    /// processors.
    pub fn is_contended(&self, cpus: usize) -> bool {
        let unpaced = self.groups.iter().filter(|group| !group.is_paced());
        let busy: usize = unpaced.map(|group| group.threads).sum();
        self.threads() > cpus || busy > 1
    }
}

//! What a strategy claims about itself, as data.
//!
//! Nothing here is believed: the checks observe each property and grade claim against observation. Claims of a kind
//! are ordered, the better the greater, whatever their words; the words are for readers.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use strum::Display;

/// The claims of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// `crate/variant`, for example `mutex/std`.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// The library that does the work, or `own` for a data structure written here.
    pub library: &'static str,
    /// One sentence: in which situation it is the wrong choice.
    pub avoid_when: &'static str,
    /// Contender or control.
    pub role: Role,
    /// Whether it takes part only where it is asked for by name: a contender that changes no answer.
    pub optional: bool,
    /// Progress of reads while others write.
    pub reads: Progress,
    /// Progress of [`apply`](crate::Handle::apply) while others read and write.
    pub updates: Progress,
    /// Progress of inserting and removing while others read and write.
    pub resizes: Progress,
    /// What a read may return.
    pub read_consistency: ReadConsistency,
    /// What a scan may see while others write.
    pub scan_consistency: ScanConsistency,
    /// What a panic inside [`Record::apply`](crate::Record::apply) leaves behind.
    pub after_panic: AfterPanic,
    /// What the others can still do when a thread disappears in the middle of a read.
    pub after_dead_thread: AfterDeadThread,
    /// What a thread can do with the table inside the closure of a read.
    pub inside_read: Reentrancy,
    /// What a thread can do with the table inside the closure of a scan.
    pub inside_scan: Reentrancy,
    /// What happens when the table is full.
    pub capacity: Capacity,
    /// When replaced and removed records are freed.
    pub reclamation: Reclamation,
    /// What a write copies.
    pub write_cost: WriteCost,
    /// Whether reading allocates, if only now and then.
    pub read_allocates: bool,
    /// Whether it holds plain data only ([`PlainRecord`](crate::PlainRecord)).
    pub plain_data_only: bool,
    /// How many threads may hold a handle.
    pub concurrency: Concurrency,
}

impl Profile {
    /// Why a variant is [excluded](crate::Visitor::exclude) that stores records word by word.
    pub const PLAIN_DATA_ONLY: &'static str = "plain data only";

    /// The profile of a table behind a lock that readers take, too: what most strategies here state
    /// their differences from.
    ///
    /// ```
    /// use contract::{Profile, ScanConsistency};
    /// const SHARDED: Profile = Profile {
    ///     scan_consistency: ScanConsistency::PerShard,
    ///     ..Profile::locked("example/sharded", "sixteen maps, each behind its own lock")
    /// };
    /// ```
    pub const fn locked(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            library: "std",
            avoid_when: "",
            role: Role::Contender,
            optional: false,
            reads: Progress::Blocking,
            updates: Progress::Blocking,
            resizes: Progress::Blocking,
            read_consistency: ReadConsistency::Linearizable,
            scan_consistency: ScanConsistency::Snapshot,
            after_panic: AfterPanic::Exposed,
            after_dead_thread: AfterDeadThread::BlocksEveryone,
            inside_read: Reentrancy::Deadlocks,
            inside_scan: Reentrancy::Deadlocks,
            capacity: Capacity::Grows,
            reclamation: Reclamation::Immediate,
            write_cost: WriteCost::InPlace,
            read_allocates: false,
            plain_data_only: false,
            concurrency: Concurrency::Any,
        }
    }
}

/// Whether a variant competes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Role {
    /// A choice that a user could make.
    Contender,
    /// A yardstick for the measurement itself; never recommended.
    Control,
}

/// The progress guarantee of an operation (Herlihy and Shavit's terms), memory allocation apart. From the worst to
/// the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Progress {
    /// Another thread, stopped at the wrong place, can hold it up for ever.
    Blocking,
    /// Some operation always completes, this one may have to retry.
    LockFree,
    /// It completes in a bounded number of its own steps.
    WaitFree,
}

/// What a read may return. The fresher, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadConsistency {
    /// The value at one instant between the call and its return.
    #[strum(to_string = "linearizable")]
    Linearizable,
    /// A value that was current at some publish; at most `every` writes older than the latest.
    /// Monotonic: a reader never sees a record go back.
    #[strum(to_string = "stale by up to {every} writes")]
    Published {
        /// Writes between two publishes.
        every: u32,
    },
}

impl ReadConsistency {
    /// Writes that a read may lag behind; none where it is linearizable.
    const fn lag(self) -> Option<u32> {
        match self {
            ReadConsistency::Linearizable => None,
            ReadConsistency::Published { every } => Some(every),
        }
    }
}

impl Ord for ReadConsistency {
    fn cmp(&self, other: &Self) -> Ordering {
        other.lag().cmp(&self.lag())
    }
}

impl PartialOrd for ReadConsistency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a scan may see while others write. From the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanConsistency {
    /// Each record on its own: whole, but from different instants; records that are inserted or
    /// removed meanwhile may or may not appear.
    #[strum(to_string = "weak")]
    Weak,
    /// The records of one shard from one instant, the shards from different ones.
    #[strum(to_string = "per shard")]
    PerShard,
    /// All records from one instant.
    #[strum(to_string = "atomic snapshot")]
    Snapshot,
}

/// What a panic inside [`Record::apply`](crate::Record::apply) leaves behind. From the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterPanic {
    /// The table no longer works for some threads.
    #[strum(to_string = "table unusable")]
    Unusable,
    /// The table works, and would show a record that was half changed when the panic came.
    #[strum(to_string = "half-done change exposed")]
    Exposed,
    /// The record as it was; the table works.
    #[strum(to_string = "intact")]
    Intact,
}

/// What the others can do when a thread disappears in the middle of a read: it is stopped for ever
/// with its guard held. From the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterDeadThread {
    /// Nothing.
    #[strum(to_string = "everyone blocked")]
    BlocksEveryone,
    /// Read, but not write.
    #[strum(to_string = "writers blocked")]
    BlocksWriters,
    /// Everything, but nothing that is retired from then on is ever freed.
    #[strum(to_string = "all garbage kept")]
    KeepsAllGarbage,
    /// Everything, but memory that the thread may still look at is kept: one version of a record or
    /// of the table.
    #[strum(to_string = "one version kept")]
    KeepsOneVersion,
    /// Everything; nothing is kept.
    #[strum(to_string = "unaffected")]
    Unaffected,
}

/// What a thread can do with the table inside the closure of a read or a scan, through a second
/// handle: the first one is borrowed by the operation around.
///
/// From the worst to the best, by what a program can rely on. A guard that a library lends, such as
/// dashmap's `Ref`, is the same as such a closure: it is held until the closure returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reentrancy {
    /// Nothing: a read waits for the operation around it, for ever.
    #[strum(to_string = "deadlocks")]
    Deadlocks,
    /// Nothing: a read or a write panics.
    #[strum(to_string = "panics")]
    Panics,
    /// Read, unless another thread waits to write: then the read waits for that thread, and that
    /// thread for the operation around the read. A write waits for ever.
    #[strum(to_string = "reads unless a writer waits")]
    ReadsUnlessWriterWaits,
    /// Read. A write waits for the operation around it, for ever; where writes are published, one of
    /// the first few does.
    #[strum(to_string = "reads, no writes")]
    Reads,
    /// Read and write, but a read may not see what was written inside.
    #[strum(to_string = "writes, reads old state")]
    ReadsOldState,
    /// Read and write. A read sees what was written inside; the record that is lent stays as it is.
    #[strum(to_string = "reads and writes")]
    ReadsAndWrites,
}

/// What happens when the table is full. From the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// It grows, and keeps the memory of its smaller past until it is dropped: in total less than
    /// the present size once more.
    #[strum(to_string = "grows, keeps smaller tables")]
    GrowsAndKeeps,
    /// It grows; memory is the limit.
    #[strum(to_string = "grows")]
    Grows,
}

/// When replaced and removed records are freed. From the latest to the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reclamation {
    /// Some time after no reader can see them any more.
    #[strum(to_string = "deferred")]
    Deferred,
    /// At the next publish but one.
    #[strum(to_string = "at the next publish but one")]
    NextPublish,
    /// By whoever drops the last reference, which may be a reader.
    #[strum(to_string = "with the last reference")]
    LastReference,
    /// Nothing is retired: records are overwritten in place, or freed by the write that replaces
    /// them.
    #[strum(to_string = "immediate")]
    Immediate,
}

/// What a write copies. From the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteCost {
    /// The whole table.
    #[strum(to_string = "copies the table")]
    CopiesTable,
    /// The record, and the path to it in a tree.
    #[strum(to_string = "copies a tree path")]
    CopiesPath,
    /// The record, for each of two copies of the table: every write is carried out twice.
    #[strum(to_string = "carried out twice")]
    Twice,
    /// The record.
    #[strum(to_string = "copies the record")]
    CopiesRecord,
    /// Nothing: the record changes in place.
    #[strum(to_string = "in place")]
    InPlace,
}

/// How many threads may hold a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Concurrency {
    /// Any number.
    Any,
    /// One at a time; what one thread writes, another need not see. Controls only.
    OneThread,
}

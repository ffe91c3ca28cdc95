//! What a strategy claims about itself, as data.
//!
//! Nothing here is believed: the checks observe each property and grade claim against observation.

use std::fmt;

/// The claims of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Whether reading allocates.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A choice that a user could make.
    Contender,
    /// A yardstick for the measurement itself; never recommended.
    Control,
}

/// The progress guarantee of an operation (Herlihy and Shavit's terms), memory allocation apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Another thread, stopped at the wrong place, can hold it up for ever.
    Blocking,
    /// Some operation always completes, this one may have to retry.
    LockFree,
    /// It completes in a bounded number of its own steps.
    WaitFree,
}

/// What a read may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadConsistency {
    /// The value at one instant between the call and its return.
    Linearizable,
    /// A value that was current at some publish; at most `every` writes older than the latest.
    /// Monotonic: a reader never sees a record go back.
    Published {
        /// Writes between two publishes.
        every: u32,
    },
}

/// What a scan may see while others write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanConsistency {
    /// Each record on its own: whole, but from different instants; records that are inserted or
    /// removed meanwhile may or may not appear.
    Weak,
    /// The records of one shard from one instant, the shards from different ones.
    PerShard,
    /// All records from one instant.
    Snapshot,
}

/// What a panic inside [`Record::apply`](crate::Record::apply) leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterPanic {
    /// The record as it was; the table works.
    Intact,
    /// The table works, and would show a record that was half changed when the panic came.
    Exposed,
    /// The table no longer works for some threads.
    Unusable,
}

/// What the others can do when a thread disappears in the middle of a read: it is stopped for ever
/// with its guard held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDeadThread {
    /// Everything; nothing is kept.
    Unaffected,
    /// Everything, but memory that the thread may still look at is kept: one version of a record or
    /// of the table.
    KeepsOneVersion,
    /// Everything, but nothing that is retired from then on is ever freed.
    KeepsAllGarbage,
    /// Read, but not write.
    BlocksWriters,
    /// Nothing.
    BlocksEveryone,
}

/// What a thread can do with the table inside the closure of a read or a scan, through a second
/// handle: the first one is borrowed by the operation around.
///
/// From the worst to the best, by what a program can rely on. A guard that a library lends, such as
/// dashmap's `Ref`, is the same as such a closure: it is held until the closure returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reentrancy {
    /// Nothing: a read waits for the operation around it, for ever.
    Deadlocks,
    /// Nothing: a read or a write panics.
    Panics,
    /// Read, unless another thread waits to write: then the read waits for that thread, and that
    /// thread for the operation around the read. A write waits for ever.
    ReadsUnlessWriterWaits,
    /// Read. A write waits for the operation around it, for ever; where writes are published, one of
    /// the first few does.
    Reads,
    /// Read and write, but a read may not see what was written inside.
    ReadsOldState,
    /// Read and write. A read sees what was written inside; the record that is lent stays as it is.
    ReadsAndWrites,
}

impl Reentrancy {
    /// All, from the worst to the best.
    pub const ALL: [Reentrancy; 6] = [
        Reentrancy::Deadlocks,
        Reentrancy::Panics,
        Reentrancy::ReadsUnlessWriterWaits,
        Reentrancy::Reads,
        Reentrancy::ReadsOldState,
        Reentrancy::ReadsAndWrites,
    ];
}

/// What happens when the table is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// It grows; memory is the limit.
    Grows,
    /// It grows, and keeps the memory of its smaller past until it is dropped: in total less than
    /// the present size once more.
    GrowsAndKeeps,
}

/// When replaced and removed records are freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reclamation {
    /// Nothing is retired: records are overwritten in place, or freed by the write that replaces
    /// them.
    Immediate,
    /// By whoever drops the last reference, which may be a reader.
    LastReference,
    /// Some time after no reader can see them any more.
    Deferred,
    /// At the next publish but one.
    NextPublish,
}

/// What a write copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteCost {
    /// Nothing: the record changes in place.
    InPlace,
    /// The record.
    CopiesRecord,
    /// The record, and the path to it in a tree.
    CopiesPath,
    /// The whole table.
    CopiesTable,
    /// The record, for each of two copies of the table: every write is carried out twice.
    Twice,
}

/// How many threads may hold a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// Any number.
    Any,
    /// One at a time. Controls only.
    OneThread,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Progress::Blocking => "blocking",
            Progress::LockFree => "lock-free",
            Progress::WaitFree => "wait-free",
        })
    }
}

impl fmt::Display for ReadConsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadConsistency::Linearizable => f.write_str("linearizable"),
            ReadConsistency::Published { every } => write!(f, "stale by up to {every} writes"),
        }
    }
}

impl fmt::Display for ScanConsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScanConsistency::Snapshot => "atomic snapshot",
            ScanConsistency::PerShard => "per shard",
            ScanConsistency::Weak => "weak",
        })
    }
}

impl fmt::Display for AfterPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AfterPanic::Intact => "intact",
            AfterPanic::Exposed => "half-done change exposed",
            AfterPanic::Unusable => "table unusable",
        })
    }
}

impl fmt::Display for AfterDeadThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AfterDeadThread::Unaffected => "unaffected",
            AfterDeadThread::KeepsOneVersion => "one version kept",
            AfterDeadThread::KeepsAllGarbage => "all garbage kept",
            AfterDeadThread::BlocksWriters => "writers blocked",
            AfterDeadThread::BlocksEveryone => "everyone blocked",
        })
    }
}

impl fmt::Display for Reentrancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reentrancy::Deadlocks => "deadlocks",
            Reentrancy::Panics => "panics",
            Reentrancy::ReadsUnlessWriterWaits => "reads unless a writer waits",
            Reentrancy::Reads => "reads, no writes",
            Reentrancy::ReadsOldState => "writes, reads old state",
            Reentrancy::ReadsAndWrites => "reads and writes",
        })
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Capacity::Grows => "grows",
            Capacity::GrowsAndKeeps => "grows, keeps smaller tables",
        })
    }
}

impl fmt::Display for Reclamation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reclamation::Immediate => "immediate",
            Reclamation::LastReference => "with the last reference",
            Reclamation::Deferred => "deferred",
            Reclamation::NextPublish => "at the next publish but one",
        })
    }
}

impl fmt::Display for WriteCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WriteCost::InPlace => "in place",
            WriteCost::CopiesRecord => "copies the record",
            WriteCost::CopiesPath => "copies a tree path",
            WriteCost::CopiesTable => "copies the table",
            WriteCost::Twice => "carried out twice",
        })
    }
}

//! The faults that strategies are put through, and what is seen then: who could go on, what was
//! lost, what was kept.
//!
//! The crate `faults` injects them, each in a process of its own; what follows for a strategy's claims
//! is the harness's `analysis::guarantees`.

mod seen;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use seen::{Consequence, FaultSeen};

/// Something that goes wrong while others use the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A thread stops for good in the middle of a read, its guard held.
    ReaderGone,
    /// A thread stops for good in the middle of an update.
    WriterGone,
    /// A thread that reads and scans is stopped wherever it happens to be, again and again.
    ReaderStalls,
    /// A thread that updates is.
    UpdaterStalls,
    /// A thread that inserts and removes is.
    ResizerStalls,
    /// A thread dies of a panic in the middle of an update.
    PanicInUpdate,
    /// A thread dies of a panic in the middle of a read.
    PanicInRead,
    /// A thread dies of a panic in the middle of a scan.
    PanicInScan,
    /// A thread uses the table while it is inside a read.
    InsideRead,
    /// A thread uses the table while it is inside a scan.
    InsideScan,
    /// There is always a reader in the table: each lets go only once the next has come.
    OverlappingReaders,
    /// No memory is left, and somebody reads.
    NoMemoryToRead,
    /// No memory is left, and somebody updates.
    NoMemoryToUpdate,
    /// No memory is left, and somebody inserts.
    NoMemoryToInsert,
}

impl Fault {
    /// All, in the order of the report.
    pub const ALL: [Fault; 14] = [
        Fault::ReaderStalls,
        Fault::UpdaterStalls,
        Fault::ResizerStalls,
        Fault::ReaderGone,
        Fault::WriterGone,
        Fault::OverlappingReaders,
        Fault::InsideRead,
        Fault::InsideScan,
        Fault::PanicInUpdate,
        Fault::PanicInRead,
        Fault::PanicInScan,
        Fault::NoMemoryToRead,
        Fault::NoMemoryToUpdate,
        Fault::NoMemoryToInsert,
    ];

    /// Whether a thread works without a pause to be stopped at any moment of it.
    pub const fn is_busy(self) -> bool {
        matches!(
            self,
            Fault::ReaderStalls | Fault::UpdaterStalls | Fault::ResizerStalls
        )
    }

    /// In a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Fault::ReaderGone => "reader gone",
            Fault::WriterGone => "writer gone",
            Fault::ReaderStalls => "reader stalls",
            Fault::UpdaterStalls => "updater stalls",
            Fault::ResizerStalls => "inserter stalls",
            Fault::PanicInUpdate => "panic in update",
            Fault::PanicInRead => "panic in read",
            Fault::PanicInScan => "panic in scan",
            Fault::InsideRead => "operation inside a read",
            Fault::InsideScan => "operation inside a scan",
            Fault::OverlappingReaders => "overlapping readers",
            Fault::NoMemoryToRead => "no memory to read",
            Fault::NoMemoryToUpdate => "no memory to update",
            Fault::NoMemoryToInsert => "no memory to insert",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// What another thread tries to do; of an operation inside another one, what the same thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Read the record that the fault is about.
    Read,
    /// Read the other records.
    ReadOthers,
    /// Visit all records.
    Scan,
    /// Update the record that the fault is about.
    Update,
    /// Update another record.
    UpdateOther,
    /// Insert a record.
    Insert,
    /// Remove a record.
    Remove,
    /// Read again, once writers wait.
    ReadAgain,
}

impl Deed {
    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Deed::Read => "read",
            Deed::ReadOthers => "read others",
            Deed::Scan => "scan",
            Deed::Update => "update",
            Deed::UpdateOther => "update another",
            Deed::Insert => "insert",
            Deed::Remove => "remove",
            Deed::ReadAgain => "read behind a waiting writer",
        }
    }

    /// Whether it only looks.
    pub const fn is_read(self) -> bool {
        matches!(self, Deed::Read | Deed::ReadOthers | Deed::ReadAgain)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It was done.
    Done,
    /// It did not see what the same thread had written before.
    Stale,
    /// It found a record that is not whole.
    Torn,
    /// It did not find a record that should be there.
    Missing,
    /// It panicked.
    Panicked,
    /// It did not come to an end, until the fault was over if it ever was.
    HeldUp,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Fate::Done => "done",
            Fate::Stale => "reads old state",
            Fate::Torn => "finds a torn record",
            Fate::Missing => "misses a record",
            Fate::Panicked => "panics",
            Fate::HeldUp => "held up",
        })
    }
}

/// What another thread tried, and how it went at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// How it went. Once held up, it is not tried again.
    pub fate: Fate,
    /// How often it was tried.
    pub tries: u32,
}

/// What is counted besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// How often the thread was stopped.
    Stops,
    /// How often not, because it was inside the system's allocator, whose lock is not the strategy's.
    SparedInAllocator,
    /// By how many bytes the table grew during [`OVERWRITES`] writes while the thread was gone.
    GarbageBytes,
    /// Bytes that were freed when the thread came back and let go.
    KeptBytes,
    /// How often readers took turns while the writer waited.
    Handovers,
}

/// Writes between the two looks of [`Tally::GarbageBytes`]: half of them updates, the others inserts
/// and removes.
pub const OVERWRITES: u32 = 2_000;

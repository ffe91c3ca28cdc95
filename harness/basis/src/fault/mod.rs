//! The faults that strategies are put through, and what is seen then: who could go on, what was
//! lost, what was kept.
//!
//! The crate `faults` injects them, each in a process of its own; what follows for a strategy's claims
//! is the harness's `analysis::guarantees`.

mod seen;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

pub use seen::{Consequence, FaultSeen};

/// Something that goes wrong while others use the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(Display, IntoStaticStr, VariantArray)]
pub enum Fault {
    /// A thread that reads and scans is stopped wherever it happens to be, again and again.
    #[strum(serialize = "reader stalls")]
    ReaderStalls,
    /// A thread that updates is.
    #[strum(serialize = "updater stalls")]
    UpdaterStalls,
    /// A thread that inserts and removes is.
    #[strum(serialize = "inserter stalls")]
    ResizerStalls,
    /// A thread stops for good in the middle of a read, its guard held.
    #[strum(serialize = "reader gone")]
    ReaderGone,
    /// A thread stops for good in the middle of an update.
    #[strum(serialize = "writer gone")]
    WriterGone,
    /// There is always a reader in the table: each lets go only once the next has come.
    #[strum(serialize = "overlapping readers")]
    OverlappingReaders,
    /// A thread uses the table while it is inside a read.
    #[strum(serialize = "operation inside a read")]
    InsideRead,
    /// A thread uses the table while it is inside a scan.
    #[strum(serialize = "operation inside a scan")]
    InsideScan,
    /// A thread dies of a panic in the middle of an update.
    #[strum(serialize = "panic in update")]
    PanicInUpdate,
    /// A thread dies of a panic in the middle of a read.
    #[strum(serialize = "panic in read")]
    PanicInRead,
    /// A thread dies of a panic in the middle of a scan.
    #[strum(serialize = "panic in scan")]
    PanicInScan,
    /// No memory is left, and somebody reads.
    #[strum(serialize = "no memory to read")]
    NoMemoryToRead,
    /// No memory is left, and somebody updates.
    #[strum(serialize = "no memory to update")]
    NoMemoryToUpdate,
    /// No memory is left, and somebody inserts.
    #[strum(serialize = "no memory to insert")]
    NoMemoryToInsert,
}

impl Fault {
    /// All, in the order of the report.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Whether a thread works without a pause to be stopped at any moment of it.
    pub const fn is_busy(self) -> bool {
        matches!(
            self,
            Fault::ReaderStalls | Fault::UpdaterStalls | Fault::ResizerStalls
        )
    }

    /// In a few words.
    pub fn title(self) -> &'static str {
        self.into()
    }
}

/// What another thread tries to do; of an operation inside another one, what the same thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(Display, IntoStaticStr)]
pub enum Deed {
    /// Read the record that the fault is about.
    #[strum(serialize = "read")]
    Read,
    /// Read the other records.
    #[strum(serialize = "read others")]
    ReadOthers,
    /// Visit all records.
    #[strum(serialize = "scan")]
    Scan,
    /// Update the record that the fault is about.
    #[strum(serialize = "update")]
    Update,
    /// Update another record.
    #[strum(serialize = "update another")]
    UpdateOther,
    /// Insert a record.
    #[strum(serialize = "insert")]
    Insert,
    /// Remove a record.
    #[strum(serialize = "remove")]
    Remove,
    /// Read again, once writers wait.
    #[strum(serialize = "read behind a waiting writer")]
    ReadAgain,
}

impl Deed {
    /// What it is called.
    pub fn title(self) -> &'static str {
        self.into()
    }

    /// Whether it only looks.
    pub const fn is_read(self) -> bool {
        matches!(self, Deed::Read | Deed::ReadOthers | Deed::ReadAgain)
    }
}

/// How it went.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Display,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It was done.
    #[strum(serialize = "done")]
    Done,
    /// It did not see what the same thread had written before.
    #[strum(serialize = "reads old state")]
    Stale,
    /// It found a record that is not whole.
    #[strum(serialize = "finds a torn record")]
    Torn,
    /// It did not find a record that should be there.
    #[strum(serialize = "misses a record")]
    Missing,
    /// It panicked.
    #[strum(serialize = "panics")]
    Panicked,
    /// It did not come to an end, until the fault was over if it ever was.
    #[strum(serialize = "held up")]
    HeldUp,
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

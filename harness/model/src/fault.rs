//! The faults that strategies are put through, and what is seen then: who could go on, what was
//! lost, what was kept.
//!
//! `experiments::faults` injects them, each in a process of its own; what follows for a strategy's claims
//! is the harness's `analysis::guarantees`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

/// Something that goes wrong while others use the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(Display, VariantArray)]
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
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Whether a thread works without a pause to be stopped at any moment of it.
    pub fn is_busy(self) -> bool {
        self <= Self::ResizerStalls
    }

    /// Whether a thread stands still or is gone while the others go on.
    pub fn is_standstill(self) -> bool {
        self <= Self::OverlappingReaders
    }
}

/// What another thread tries to do; of an operation inside another one, what the same thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "lowercase")]
pub enum Action {
    /// Read the record that the fault is about.
    Read,
    /// Read the other records.
    #[strum(serialize = "read others")]
    ReadOthers,
    /// Visit all records.
    Scan,
    /// Update the record that the fault is about.
    Update,
    /// Update another record.
    #[strum(serialize = "update another")]
    UpdateOther,
    /// Insert a record.
    Insert,
    /// Remove a record.
    Remove,
    /// Read again, once writers wait.
    #[strum(serialize = "read behind a waiting writer")]
    ReadAgain,
}

impl Action {
    /// Whether it only looks.
    pub const fn is_read(self) -> bool {
        use Action::{Read, ReadAgain, ReadOthers, Scan};
        matches!(self, Read | ReadOthers | ReadAgain | Scan)
    }
}

/// How it went: the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
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

/// What was seen of one strategy under one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSeen {
    /// `crate/variant`.
    pub strategy: String,
    /// The fault.
    pub fault: Fault,
    /// What the others tried meanwhile; after a panic: from then on.
    pub meanwhile: BTreeMap<Action, Attempt>,
    /// What had been held up and was not done either once the fault was over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<Action>,
    /// What was counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tallies: BTreeMap<Tally, i64>,
    /// Why the process ended, if it did not survive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
}

impl FaultSeen {
    /// Nothing yet.
    pub fn new(strategy: &str, fault: Fault) -> Self {
        Self {
            strategy: strategy.to_owned(),
            fault,
            meanwhile: BTreeMap::new(),
            never: Vec::new(),
            tallies: BTreeMap::new(),
            died: None,
        }
    }

    /// Adds an attempt; the worst counts.
    pub fn add(&mut self, action: Action, fate: Fate) {
        self.join_attempt(action, Attempt { fate, tries: 1 });
    }

    fn join_attempt(&mut self, action: Action, Attempt { fate, tries }: Attempt) {
        let fresh = Attempt { fate, tries: 0 };
        let joined = self.meanwhile.entry(action).or_insert(fresh);
        joined.fate = joined.fate.max(fate);
        joined.tries = joined.tries.saturating_add(tries);
    }

    /// Adds what was seen of the same another time; the worst counts.
    pub fn join(&mut self, other: &Self) {
        for (&action, &attempt) in &other.meanwhile {
            self.join_attempt(action, attempt);
        }
        for (&tally, &number) in &other.tallies {
            let joined = self.tallies.entry(tally).or_insert(number);
            *joined = number.max(*joined);
        }
        self.never.extend(&other.never);
        self.never.sort_unstable();
        self.never.dedup();
        self.died = self.died.take().or_else(|| other.died.clone());
    }

    /// What was tried and went so.
    pub fn with_fate(&self, fate: Fate) -> impl Iterator<Item = Action> {
        let attempts = self.meanwhile.iter();
        attempts.filter_map(move |(&action, attempt)| (attempt.fate == fate).then_some(action))
    }

    /// The worst of what it comes to.
    pub fn consequence(&self) -> Consequence {
        let tally = |what| self.tallies.get(&what).copied().unwrap_or(0);
        match self.meanwhile.values().map(|attempt| attempt.fate).max() {
            _ if self.died.is_some() => Consequence::ProcessEnds,
            Some(Fate::HeldUp) => self.who_waits(),
            Some(Fate::Panicked) => Consequence::OthersPanic,
            Some(Fate::Missing) => Consequence::RecordLost,
            Some(Fate::Torn) => Consequence::TornRecord,
            Some(Fate::Stale) => Consequence::OldState,
            _ if tally(Tally::GarbageBytes) >= GARBAGE_MIN => Consequence::GarbageKept,
            _ if tally(Tally::KeptBytes) >= KEPT_MIN => Consequence::VersionKept,
            _ => Consequence::Harmless,
        }
    }

    fn who_waits(&self) -> Consequence {
        let held_up = || self.with_fate(Fate::HeldUp);
        match (
            held_up().any(Action::is_read),
            held_up().all(Action::is_read),
        ) {
            (false, _) => Consequence::WritersWait,
            (true, true) => Consequence::ReadersWait,
            (true, false) => Consequence::EveryoneWaits,
        }
    }
}

/// What may remain of a write without being garbage of that write: less than a word of it.
const GARBAGE_MIN: i64 = OVERWRITES as i64 * 8;
/// The smallest record that a gone reader can keep.
const KEPT_MIN: i64 = 64;

/// What a fault comes to, at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// The process ends.
    #[strum(serialize = "process ends")]
    ProcessEnds,
    /// Readers and writers wait until the fault is over.
    #[strum(serialize = "everyone waits")]
    EveryoneWaits,
    /// Readers do.
    #[strum(serialize = "readers wait")]
    ReadersWait,
    /// Writers do.
    #[strum(serialize = "writers wait")]
    WritersWait,
    /// Others panic as well.
    #[strum(serialize = "others panic")]
    OthersPanic,
    /// A record is not found any more.
    #[strum(serialize = "record lost")]
    RecordLost,
    /// A record is found that is not whole.
    #[strum(serialize = "torn record")]
    TornRecord,
    /// A thread does not see what it wrote itself.
    #[strum(serialize = "old state seen")]
    OldState,
    /// Nothing that is written meanwhile is freed until the fault is over.
    #[strum(serialize = "all garbage kept")]
    GarbageKept,
    /// One record, or one version of the table, is kept until then.
    #[strum(serialize = "one version kept")]
    VersionKept,
    /// Nothing.
    #[strum(serialize = "harmless")]
    Harmless,
}

/// What was seen, in one line.
impl fmt::Display for FaultSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(died) = &self.died {
            return write!(f, "the process ends: {died}");
        }
        let list = |actions: Vec<Action>| {
            let actions: Vec<String> = actions.iter().map(ToString::to_string).collect();
            actions.join(", ")
        };
        let attempts = self.meanwhile.values();
        let fates: BTreeSet<Fate> = attempts.map(|attempt| attempt.fate).collect();
        let of_fate = |fate: Fate| format!("{fate}: {}", list(self.with_fate(fate).collect()));
        let mut parts: Vec<String> = fates.into_iter().rev().map(of_fate).collect();
        if !self.never.is_empty() {
            parts.push(format!("not even afterwards: {}", list(self.never.clone())));
        }
        for (&tally, &number) in &self.tallies {
            parts.push(match tally {
                Tally::Stops => counted(number, "stop"),
                Tally::SparedInAllocator if number == 0 => continue,
                Tally::SparedInAllocator => format!("{number} more inside the allocator"),
                Tally::GarbageBytes => format!("{number} B more after {OVERWRITES} writes"),
                Tally::KeptBytes => format!("{number} B kept until it let go"),
                Tally::Handovers => format!("{} later", counted(number, "reader")),
            });
        }
        f.write_str(&parts.join("; "))
    }
}

fn counted(number: i64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

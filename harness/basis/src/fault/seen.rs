//! What was seen of a strategy under a fault, and what it comes to.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Attempt, Deed, Fate, Fault, OVERWRITES, Tally};

/// What was seen of one strategy under one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSeen {
    /// `crate/variant`.
    pub strategy: String,
    /// The fault.
    pub fault: Fault,
    /// What the others tried meanwhile; after a panic: from then on.
    pub meanwhile: BTreeMap<Deed, Attempt>,
    /// What had been held up and was not done either once the fault was over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<Deed>,
    /// What was counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tallies: BTreeMap<Tally, i64>,
    /// Why the process ended, if it did not survive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
}

impl FaultSeen {
    /// What was tried and went so.
    pub fn with_fate(&self, fate: Fate) -> impl Iterator<Item = Deed> {
        let meanwhile = self.meanwhile.iter();
        meanwhile
            .filter(move |(_, attempt)| attempt.fate == fate)
            .map(|(&deed, _)| deed)
    }

    /// The worst of what it comes to.
    pub fn consequence(&self) -> Consequence {
        let any = |fate| self.with_fate(fate).next().is_some();
        let tally = |what| self.tallies.get(&what).copied().unwrap_or(0);
        if self.died.is_some() {
            Consequence::ProcessEnds
        } else if any(Fate::HeldUp) {
            self.who_waits()
        } else if any(Fate::Panicked) {
            Consequence::OthersPanic
        } else if any(Fate::Missing) {
            Consequence::RecordLost
        } else if any(Fate::Torn) {
            Consequence::TornRecord
        } else if any(Fate::Stale) {
            Consequence::OldState
        } else if tally(Tally::GarbageBytes) >= GARBAGE_MIN {
            Consequence::GarbageKept
        } else if tally(Tally::KeptBytes) >= KEPT_MIN {
            Consequence::VersionKept
        } else {
            Consequence::Harmless
        }
    }

    fn who_waits(&self) -> Consequence {
        let looks = |deed: &Deed| deed.is_read() || *deed == Deed::Scan;
        let (readers, writers): (Vec<Deed>, Vec<Deed>) =
            self.with_fate(Fate::HeldUp).partition(looks);
        match (readers.is_empty(), writers.is_empty()) {
            (true, _) => Consequence::WritersWait,
            (false, true) => Consequence::ReadersWait,
            (false, false) => Consequence::EveryoneWaits,
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
        let mut parts = Vec::new();
        for fate in [
            Fate::HeldUp,
            Fate::Panicked,
            Fate::Missing,
            Fate::Torn,
            Fate::Stale,
            Fate::Done,
        ] {
            let deeds: Vec<&str> = self.with_fate(fate).map(Deed::title).collect();
            if !deeds.is_empty() {
                parts.push(format!("{fate}: {}", deeds.join(", ")));
            }
        }
        if !self.never.is_empty() {
            let deeds: Vec<&str> = self.never.iter().map(|deed| deed.title()).collect();
            parts.push(format!("not even afterwards: {}", deeds.join(", ")));
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

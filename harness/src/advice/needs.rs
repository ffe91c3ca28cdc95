//! What a replacement must never do, who was seen doing it, and who is only said not to.
//!
//! A strategy is left out for what was observed of it: an outcome of a check, what it did under a
//! fault, or who had to wait while one of its threads was stopped. What its own profile does not
//! promise is left out, too, even where nobody saw it happen: nothing holds it to that.

use basis::sample::{Card, Line};
use basis::trace::Operation;
use serde::{Deserialize, Serialize};

use super::screening::Screen;
use super::workload::Workload;

/// The `[needs]` of a workload file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a file of needs, each asked for or not"
)]
pub struct Needs {
    /// A read returns the latest value.
    pub linearizable: bool,
    /// A scan shows all records from one instant.
    pub snapshot_scans: bool,
    /// No writer, stopped wherever it is, holds a reader up.
    pub readers_never_wait: bool,
    /// No reader, stopped wherever it is, holds a writer up; with several writers, no writer either.
    pub writers_never_wait: bool,
    /// Who may allocate.
    pub allocates: Allocation,
    /// Memory that readers hold back stays below one version of the table.
    pub bounded_memory: bool,
    /// A thread that disappears while it uses the table holds nobody up.
    pub survives_dead_thread: bool,
    /// A thread that panics while it uses the table leaves it whole and working.
    pub survives_panic: bool,
    /// A thread may use the table while it is inside a lookup or a scan, or holds a guard of a record.
    pub reentrant: bool,
    /// Records own memory: strings, vectors.
    pub heap_records: bool,
}

/// Who may allocate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// Everybody.
    #[default]
    Anywhere,
    /// Writers only.
    NotInReads,
    /// Nobody.
    Never,
}

/// One of the needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Need {
    /// That checks pass: nobody has to ask for it.
    Correct,
    /// That it can take part at all.
    #[strum(to_string = "possible here")]
    Possible,
    /// [`Needs::heap_records`]
    HeapRecords,
    /// [`Needs::linearizable`]
    Linearizable,
    /// [`Needs::snapshot_scans`]
    SnapshotScans,
    /// [`Needs::readers_never_wait`]
    ReadersNeverWait,
    /// [`Needs::writers_never_wait`]
    WritersNeverWait,
    /// [`Needs::allocates`]
    Allocates,
    /// [`Needs::bounded_memory`]
    BoundedMemory,
    /// [`Needs::survives_dead_thread`]
    SurvivesDeadThread,
    /// [`Needs::survives_panic`]
    SurvivesPanic,
    /// [`Needs::reentrant`]
    Reentrant,
}

impl Need {
    /// Whether stopping threads shows if it is met.
    pub const fn is_about_waiting(self) -> bool {
        matches!(self, Need::ReadersNeverWait | Need::WritersNeverWait)
    }
}

/// What is known of a strategy and a need rests on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Basis {
    /// It was seen.
    Observed,
    /// Its profile says so, and nobody looked or could have seen it.
    Claimed,
}

/// A strategy that is left out, by which need, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// `crate/variant`.
    pub strategy: String,
    /// What it does not offer.
    pub need: Need,
    /// What that rests on.
    pub basis: Basis,
    /// What was seen of it, or what it says of itself.
    pub reason: String,
}

/// A strategy that meets a need, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// `crate/variant`.
    pub strategy: String,
    /// What it offers.
    pub need: Need,
    /// What that rests on.
    pub basis: Basis,
    /// What was seen of it, or what it says of itself.
    pub evidence: String,
}

/// Who met the needs of a workload, and who did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screening {
    /// Those that are left out, each by the first need that it does not meet.
    pub excluded: Vec<Excluded>,
    /// What is known of the others: all needs of each.
    pub kept: Vec<Kept>,
}

/// Operations in which a thread is stopped, and those that another one tries meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encounter {
    /// What a thread is in the middle of.
    pub stalled: Vec<Operation>,
    /// What its peer tries.
    pub peers: Vec<Operation>,
}

impl Needs {
    /// What a workload's needs hold against a strategy, given the lines of the checks, faults and
    /// stalls; in the order of the needs.
    pub fn against(workload: &Workload, card: &Card, lines: &[Line]) -> Vec<Excluded> {
        let seen = Screen::new(workload, card, lines);
        let asked = workload.needs.asked(workload).into_iter();
        let found = asked.map(|need| (need, seen.of(need)));
        found
            .filter(|(_, finding)| !finding.is_met)
            .map(|(need, finding)| Excluded {
                strategy: card.name.clone(),
                need,
                basis: finding.basis,
                reason: finding.evidence,
            })
            .collect()
    }

    /// What speaks for a strategy that nothing is held against, need by need.
    pub fn kept(workload: &Workload, card: &Card, lines: &[Line]) -> Vec<Kept> {
        let seen = Screen::new(workload, card, lines);
        let asked = workload.needs.asked(workload).into_iter();
        let kept = asked.map(|need| {
            let finding = seen.of(need);
            Kept {
                strategy: card.name.clone(),
                need,
                basis: finding.basis,
                evidence: finding.evidence,
            }
        });
        kept.collect()
    }

    /// Those that are asked for; a file that says nothing asks for correctness only.
    pub fn asked(&self, workload: &Workload) -> Vec<Need> {
        let is_held_up_by_writers = self.writers_never_wait && workload.writes();
        [
            (Need::Correct, true),
            (Need::Linearizable, self.linearizable),
            (Need::SnapshotScans, self.snapshot_scans),
            (Need::ReadersNeverWait, self.readers_never_wait),
            (Need::WritersNeverWait, is_held_up_by_writers),
            (Need::Allocates, self.allocates != Allocation::Anywhere),
            (Need::BoundedMemory, self.bounded_memory),
            (Need::SurvivesDeadThread, self.survives_dead_thread),
            (Need::SurvivesPanic, self.survives_panic),
            (Need::Reentrant, self.reentrant),
        ]
        .into_iter()
        .filter_map(|(need, is_asked)| is_asked.then_some(need))
        .collect()
    }

    /// Whom to stop in what, so that it shows whether anybody waits who must not: only what the
    /// workload does.
    pub fn encounters(workload: &Workload) -> Vec<Encounter> {
        let asked = workload.needs.asked(workload).into_iter();
        let mut all: Vec<Encounter> = Vec::new();
        for encounter in asked.flat_map(|need| encounters_of(need, workload)) {
            if !all.contains(&encounter) {
                all.push(encounter);
            }
        }
        all
    }
}

/// Those that show whether a need is met; none if stopping threads does not tell.
pub(super) fn encounters_of(need: Need, workload: &Workload) -> Vec<Encounter> {
    let (looks, writes) = (workload.looks(), workload.changes());
    let between = |stalled: &[Operation], peers: &[Operation]| Encounter {
        stalled: stalled.to_vec(),
        peers: peers.to_vec(),
    };
    match need {
        Need::ReadersNeverWait => {
            let lookups = looks.iter().filter(|look| **look != Operation::Scan);
            let lookups: Vec<Operation> = lookups.copied().collect();
            vec![between(&writes, &lookups)]
        }
        Need::WritersNeverWait => {
            let has_several = workload.writing_threads() > 1;
            let by_readers = (!looks.is_empty()).then(|| between(&looks, &writes));
            let by_writers = has_several.then(|| between(&writes, &writes));
            by_readers.into_iter().chain(by_writers).collect()
        }
        _ => Vec::new(),
    }
}

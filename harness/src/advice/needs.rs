//! What a replacement must never do, and who was seen doing it.
//!
//! A strategy is left out for what was observed of it: an outcome of a check, or what it did under a
//! fault. What its own profile does not promise is left out, too, even where nobody saw it happen:
//! nothing holds it to that.

use std::fmt;

use basis::fault::{Consequence, Deed, Fate, Fault, FaultSeen};
use basis::sample::{CheckOutcome, Line};
use contract::{AfterDeadThread, AfterPanic, Profile, Progress, ReadConsistency, ScanConsistency};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// That checks pass: nobody has to ask for it.
    Correct,
    /// That it can take part at all.
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
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Need::Correct => "correct",
            Need::Possible => "possible here",
            Need::HeapRecords => "heap_records",
            Need::Linearizable => "linearizable",
            Need::SnapshotScans => "snapshot_scans",
            Need::ReadersNeverWait => "readers_never_wait",
            Need::WritersNeverWait => "writers_never_wait",
            Need::Allocates => "allocates",
            Need::BoundedMemory => "bounded_memory",
            Need::SurvivesDeadThread => "survives_dead_thread",
            Need::SurvivesPanic => "survives_panic",
        })
    }
}

/// A strategy that is left out, by which need, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// `crate/variant`.
    pub strategy: String,
    /// What it does not offer.
    pub need: Need,
    /// What was seen of it.
    pub reason: String,
}

impl Needs {
    /// What a workload's needs hold against a strategy, given the lines of the checks and faults; in
    /// the order of the needs.
    pub fn against(workload: &Workload, profile: &Profile, lines: &[Line]) -> Vec<Excluded> {
        let seen = Sightings { profile, lines };
        let found = workload.needs.asked(workload).into_iter();
        found
            .filter_map(|need| Some((need, seen.objection(need, workload)?)))
            .map(|(need, reason)| Excluded {
                strategy: profile.name.into(),
                need,
                reason,
            })
            .collect()
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
        ]
        .into_iter()
        .filter_map(|(need, is_asked)| is_asked.then_some(need))
        .collect()
    }
}

/// Faults in which a writer stands still.
const STANDING_WRITERS: [Fault; 3] = [
    Fault::WriterGone,
    Fault::UpdaterStalls,
    Fault::ResizerStalls,
];
/// Faults in which a reader does, or there is always one.
const STANDING_READERS: [Fault; 3] = [
    Fault::ReaderGone,
    Fault::ReaderStalls,
    Fault::OverlappingReaders,
];
const GONE: [Fault; 2] = [Fault::ReaderGone, Fault::WriterGone];
const PANICS: [Fault; 3] = [Fault::PanicInUpdate, Fault::PanicInRead, Fault::PanicInScan];

/// All that is known of one strategy.
struct Sightings<'s> {
    profile: &'s Profile,
    lines: &'s [Line],
}

impl Sightings<'_> {
    fn objection(&self, need: Need, workload: &Workload) -> Option<String> {
        let profile = self.profile;
        match need {
            Need::Correct => self.broken(),
            Need::Possible | Need::HeapRecords => None,
            Need::Linearizable => {
                let is_kept = profile.read_consistency == ReadConsistency::Linearizable;
                (!is_kept).then(|| {
                    let claim = format!("reads are {}", profile.read_consistency);
                    self.with_check(&claim, "histories")
                })
            }
            Need::SnapshotScans => {
                let is_kept = profile.scan_consistency == ScanConsistency::Snapshot;
                (!is_kept).then(|| {
                    let claim = format!("scans are {}", profile.scan_consistency);
                    self.with_check(&claim, "scans")
                })
            }
            Need::ReadersNeverWait => self
                .held_up(&STANDING_WRITERS, Deed::is_read)
                .or_else(|| unpromised("reads", profile.reads)),
            Need::WritersNeverWait => {
                let is_write = |deed: Deed| !deed.is_read() && deed != Deed::Scan;
                let by_readers = self.held_up(&STANDING_READERS, is_write);
                let has_several = workload.writing_threads() > 1;
                let by_writers = has_several
                    .then(|| {
                        self.held_up(&STANDING_WRITERS, is_write)
                            .or_else(|| unpromised("updates", profile.updates))
                    })
                    .flatten();
                by_readers.or(by_writers)
            }
            Need::Allocates => self.allocation(workload),
            Need::BoundedMemory => {
                let is_kept = |seen: &FaultSeen| seen.consequence() == Consequence::GarbageKept;
                self.under(&[Fault::ReaderGone], is_kept).or_else(|| {
                    (profile.after_dead_thread == AfterDeadThread::KeepsAllGarbage)
                        .then(|| format!("says of itself: {}", profile.after_dead_thread))
                })
            }
            Need::SurvivesDeadThread => self.held_up(&GONE, |_| true).or_else(|| {
                let blocks = [
                    AfterDeadThread::BlocksWriters,
                    AfterDeadThread::BlocksEveryone,
                ];
                blocks
                    .contains(&profile.after_dead_thread)
                    .then(|| format!("says of itself: {}", profile.after_dead_thread))
            }),
            Need::SurvivesPanic => self
                .under(&PANICS, |seen| !leaves_whole(seen.consequence()))
                .or_else(|| {
                    (profile.after_panic != AfterPanic::Intact)
                        .then(|| format!("says of itself: {}", profile.after_panic))
                }),
        }
    }

    /// The first check that it failed.
    fn broken(&self) -> Option<String> {
        let failed = self.checks().find(|check| !check.passed)?;
        Some(format!(
            "fails the {} check: {}",
            failed.check, failed.evidence
        ))
    }

    /// A claim with what the check that looks at it counted.
    fn with_check(&self, claim: &str, name: &str) -> String {
        match self.checks().find(|check| check.check == name) {
            Some(check) => format!("{claim}; {name}: {}", check.evidence),
            None => format!("{claim}, as its profile says"),
        }
    }

    fn allocation(&self, workload: &Workload) -> Option<String> {
        let never = workload.needs.allocates == Allocation::Never;
        let faults = [
            (Fault::NoMemoryToRead, workload.reads()),
            (Fault::NoMemoryToUpdate, never && workload.writes()),
            (Fault::NoMemoryToInsert, never && workload.inserts()),
        ];
        let faults: Vec<Fault> = faults
            .into_iter()
            .filter_map(|(fault, matters)| matters.then_some(fault))
            .collect();
        let needs_memory = |seen: &FaultSeen| seen.consequence() != Consequence::Harmless;
        self.under(&faults, needs_memory).or_else(|| {
            (self.profile.read_allocates && workload.reads())
                .then(|| "says of itself: reads allocate".into())
        })
    }

    /// Who was held up by one of the faults, of those that matter.
    fn held_up(&self, faults: &[Fault], matters: impl Fn(Deed) -> bool) -> Option<String> {
        let held_up = |seen: &FaultSeen| seen.with_fate(Fate::HeldUp).any(&matters);
        self.under(faults, held_up)
    }

    /// What was seen under the first of the faults that it does not stand.
    fn under(&self, faults: &[Fault], fails: impl Fn(&FaultSeen) -> bool) -> Option<String> {
        let seen = faults.iter().find_map(|&fault| {
            self.faults()
                .find(|seen| seen.fault == fault && fails(seen))
        })?;
        Some(format!("{}: {seen}", seen.fault))
    }

    fn checks(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.lines.iter().filter_map(|line| match line {
            Line::Check(check) if check.strategy == self.profile.name => Some(check),
            _ => None,
        })
    }

    fn faults(&self) -> impl Iterator<Item = &FaultSeen> {
        self.lines.iter().filter_map(|line| match line {
            Line::Fault(seen) if seen.strategy == self.profile.name => Some(seen),
            _ => None,
        })
    }
}

/// What is not claimed is not promised, even where nobody had to wait.
fn unpromised(what: &str, claim: Progress) -> Option<String> {
    (claim == Progress::Blocking)
        .then(|| format!("nobody was seen waiting, but it promises nothing: {what} are {claim}"))
}

const fn leaves_whole(consequence: Consequence) -> bool {
    matches!(
        consequence,
        Consequence::Harmless | Consequence::VersionKept | Consequence::GarbageKept
    )
}

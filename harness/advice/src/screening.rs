//! Whether a strategy meets the needs of a workload: by what it claims, and by what was observed of it in checks,
//! under faults, and while one of its threads was stopped.
//!
//! A strategy is excluded if it was observed to violate a need, or if its own profile does not promise it: nothing
//! holds it to what was not observed.

use std::fmt::Display;

use contract::{
    AfterDeadThread, AfterPanic, Progress, ReadConsistency, Reentrancy, ScanConsistency,
};
use model::claims::Claims;
use model::controls;
use model::fault::{Action, Consequence, Fate, Fault, FaultSeen};
use model::sample::{Card, Line};
use model::stall::StallPair;
use model::trace::Operation;
use serde::Serialize;

use super::questions::Subject;
use super::workload::{Allocation, Workload, only};
use analysis::{Evidence, held_up_at};
use results::{Flag, Machine};

/// One of the needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// That checks pass: always asked for.
    Correct,
    /// That it can take part at all.
    Possible,
    /// That it does something in each part of the workload, and never hangs: always asked for.
    Progress,
    /// Records own memory: strings, vectors.
    HeapRecords,
    /// A read returns the latest value.
    Linearizable,
    /// A scan shows all records from one instant.
    SnapshotScans,
    /// No writer, stopped wherever it is, holds a reader up.
    ReadersNeverWait,
    /// No reader, stopped wherever it is, holds a writer up.
    WritersNeverWait,
    /// Who may allocate.
    Allocates,
    /// Memory that readers hold back stays below one version of the table.
    BoundedMemory,
    /// A thread that disappears blocks no other thread.
    SurvivesDeadThread,
    /// A thread that panics leaves the table whole and working.
    SurvivesPanic,
    /// A thread may use the table inside a lookup or a scan.
    Reentrant,
}

/// What a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// It was observed.
    Observed,
    /// Its profile says so, and it was not tried or cannot be observed.
    Claimed,
}

/// What is known of a strategy and a need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `crate/variant`.
    pub strategy: String,
    /// What the workload asks for.
    pub need: Need,
    /// Whether the strategy offers it, as far as is known.
    #[serde(skip)]
    pub is_met: bool,
    /// What that rests on.
    pub basis: Basis,
    /// What was observed, or what the strategy claims; one line.
    pub evidence: String,
}

/// Which strategies meet the needs of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Screening {
    /// Those that do not, each by the first need that it does not meet.
    pub excluded: Vec<Finding>,
    /// All needs that the baseline does not meet: they are what would have to be given up for it to stay.
    pub baseline_lacks: Vec<Finding>,
    /// What is known of those that were not excluded, need by need: observed, or only claimed.
    pub kept: Vec<Finding>,
}

impl Finding {
    fn new(strategy: &str, need: Need, (is_met, basis, evidence): Known) -> Self {
        Self {
            strategy: strategy.to_owned(),
            need,
            is_met,
            basis,
            // Of evidence that draws a history below its first line, that line.
            evidence: evidence.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// That a strategy cannot take part at all, or not with records that own memory.
    pub fn unable(workload: &Workload, strategy: &str, why: String) -> Self {
        let need = if workload.needs.heap_records {
            Need::HeapRecords
        } else {
            Need::Possible
        };
        Self::new(strategy, need, claimed(false, why))
    }
}

impl Screening {
    /// Excludes strategies that were found out later.
    pub(super) fn exclude(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.kept.retain(|kept| kept.strategy != finding.strategy);
            let is_out = |excluded: &Finding| excluded.strategy == finding.strategy;
            if !self.excluded.iter().any(is_out) {
                self.excluded.push(finding);
            }
        }
    }
}

/// What happens in one of so many slices at most. Where the baseline starves more often, the scheduler may be why.
const RARELY: usize = 10;

/// The strategies that hung or ended while they were measured, and those that did nothing in a part of the workload in
/// which the baseline rarely did nothing.
pub(super) fn stuck(subjects: &[Subject], results: &Machine, lines: &[Line]) -> Vec<Finding> {
    let finding = |strategy: &str, evidence| {
        Finding::new(strategy, Need::Progress, observed(false, evidence))
    };
    let failures = lines.iter().filter_map(Line::try_as_failure_ref);
    let failed = failures.map(|failure| {
        let evidence = format!("{}: {}", failure.key.scenario, failure.reason);
        finding(&failure.key.strategy, evidence)
    });
    let starved = subjects.iter().flat_map(|subject| {
        let baseline = subject.cell(results, &results.baseline);
        let counts = baseline.is_some_and(|cell| cell.starved * RARELY <= cell.n);
        let cards = results.contenders().filter(move |_| counts);
        let cells = cards.filter_map(|card| subject.cell(results, &card.name));
        let starved = cells.filter(|cell| cell.flags.contains(&Flag::Starved));
        starved.map(|cell| {
            let slices = format!("{} of {} slices", cell.starved, cell.n);
            let evidence = format!("{} starved: 0 operations in {slices}", subject.side);
            finding(&cell.strategy, evidence)
        })
    });
    let is_other = |finding: &Finding| {
        !controls::is_control(&finding.strategy) && finding.strategy != results.baseline
    };
    failed.chain(starved).filter(is_other).collect()
}

/// What is known of a strategy and each need of a workload, given the lines of the checks, faults and stalls; in the
/// order of the needs.
pub fn findings(workload: &Workload, card: &Card, lines: &[Line]) -> Vec<Finding> {
    let screen = Screen {
        workload,
        claims: &card.claims,
        evidence: Evidence::collect(&card.name, lines),
        is_untraced: lines.iter().any(|line| matches!(line, Line::Untraced(_))),
    };
    let finding = |need| Finding::new(&card.name, need, screen.known(need));
    asked(workload).into_iter().map(finding).collect()
}

/// The needs that a workload asks for; one that asks for nothing needs correctness only.
pub fn asked(workload: &Workload) -> Vec<Need> {
    let needs = &workload.needs;
    only([
        (Need::Correct, true),
        (Need::Linearizable, needs.linearizable),
        (Need::SnapshotScans, needs.snapshot_scans),
        (Need::ReadersNeverWait, needs.readers_never_wait),
        (Need::WritersNeverWait, needs.writers_never_wait),
        (Need::Allocates, needs.allocates != Allocation::Anywhere),
        (Need::BoundedMemory, needs.bounded_memory),
        (Need::SurvivesDeadThread, needs.survives_dead_thread),
        (Need::SurvivesPanic, needs.survives_panic),
        (Need::Reentrant, needs.reentrant),
    ])
}

/// In which operations to stop a thread and what another one then tries, so that it shows whether a thread waits that
/// must not: only in what the workload does.
pub fn encounters(workload: &Workload) -> Vec<Encounter> {
    let encounters = |need| encounters_of(need, workload);
    asked(workload).into_iter().flat_map(encounters).collect()
}

/// Operations in which a thread is stopped, and those that another one tries meanwhile.
type Encounter = (Vec<Operation>, Vec<Operation>);

/// Those that show whether a need is met; none if stopping threads does not tell.
fn encounters_of(need: Need, workload: &Workload) -> Vec<Encounter> {
    let operations = workload.operations().into_iter();
    let (writes, mut looks): (Vec<_>, Vec<_>) =
        operations.partition(|operation| operation.is_write());
    match need {
        Need::ReadersNeverWait => {
            looks.retain(|look| *look != Operation::Scan);
            vec![(writes, looks)]
        }
        Need::WritersNeverWait => {
            let has_looks = !looks.is_empty();
            only([
                ((looks, writes.clone()), has_looks),
                ((writes.clone(), writes), workload.writing_threads() > 1),
            ])
        }
        _ => Vec::new(),
    }
}

/// Whether a need is met, what that rests on, and the evidence.
type Known = (bool, Basis, String);

fn observed(is_met: bool, evidence: impl Into<String>) -> Known {
    (is_met, Basis::Observed, evidence.into())
}

fn claimed(is_met: bool, evidence: impl Into<String>) -> Known {
    (is_met, Basis::Claimed, evidence.into())
}

/// One strategy, before the needs of a workload.
struct Screen<'s> {
    workload: &'s Workload,
    claims: &'s Claims,
    evidence: Evidence<'s>,
    /// Whether threads could not be stopped at single instructions.
    is_untraced: bool,
}

impl Screen<'_> {
    /// What is known of a need: what refutes it before what speaks for it, and what was observed before what is
    /// claimed.
    fn known(&self, need: Need) -> Known {
        let claims = self.claims;
        let dead = claims.after_dead_thread;
        match need {
            Need::Correct => self.correct(),
            // The types say what can hold which records: what cannot does not come here. Progress shows later.
            Need::Possible | Need::HeapRecords | Need::Progress => claimed(true, "it takes part"),
            Need::Linearizable => self.wrong().unwrap_or_else(|| {
                let claim = claims.read_consistency;
                let is_claimed = claim == ReadConsistency::Linearizable;
                self.consistency("reads", claim, is_claimed, "histories")
            }),
            Need::SnapshotScans => {
                let claim = claims.scan_consistency;
                let is_claimed = claim == ScanConsistency::Snapshot;
                self.consistency("scans", claim, is_claimed, "scans")
            }
            Need::ReadersNeverWait => {
                let faults = self.faults_of_writers();
                let is_lookup = |deed: Action| deed.is_read() && deed != Action::Scan;
                self.waiting(need, &faults, is_lookup, Some(claims.reads))
            }
            Need::WritersNeverWait => {
                // Writers may wait for readers and, where there are several, for each other. Of the latter a
                // profile claims something, of the former none does.
                let has_several = self.workload.writing_threads() > 1;
                let mut faults = self.faults_of_readers();
                if has_several {
                    faults.extend(self.faults_of_writers());
                }
                let is_write = |deed| !Action::is_read(deed);
                let claim = has_several.then_some(claims.updates);
                self.waiting(need, &faults, is_write, claim)
            }
            Need::Allocates => self.allocation(),
            Need::BoundedMemory => {
                let keeps_all =
                    |outcome: &FaultSeen| outcome.consequence() == Consequence::GarbageKept;
                let is_claimed = dead != AfterDeadThread::KeepsAllGarbage;
                self.under_faults(&[Fault::ReaderGone], keeps_all, is_claimed, dead)
            }
            Need::SurvivesDeadThread => {
                let holds_up =
                    |outcome: &FaultSeen| outcome.with_fate(Fate::HeldUp).next().is_some();
                let is_claimed = dead > AfterDeadThread::BlocksWriters;
                let gone = only([
                    (Fault::ReaderGone, self.looks()),
                    (Fault::WriterGone, self.workload.writes()),
                ]);
                self.under_faults(&gone, holds_up, is_claimed, dead)
            }
            Need::SurvivesPanic => {
                use Consequence::{GarbageKept, Harmless, VersionKept};
                let kept = [Harmless, VersionKept, GarbageKept];
                let breaks = |outcome: &FaultSeen| !kept.contains(&outcome.consequence());
                let claim = claims.after_panic;
                let panics = only([
                    (Fault::PanicInUpdate, self.workload.writes()),
                    (Fault::PanicInRead, self.does(Action::Read)),
                    (Fault::PanicInScan, self.does(Action::Scan)),
                ]);
                self.under_faults(&panics, breaks, claim == AfterPanic::Intact, claim)
            }
            Need::Reentrant => self.reentrancy(),
        }
    }

    fn correct(&self) -> Known {
        let checks = &self.evidence.checks;
        if let Some(failed) = checks.iter().find(|check| !check.passed) {
            let what = format!("fails the {} check: {}", failed.check, failed.evidence);
            return observed(false, what);
        }
        match checks.len() {
            0 => claimed(true, "not checked"),
            passed => observed(true, format!("checks passed: {passed}")),
        }
    }

    /// A claim of consistency with what the check of it counted. A check holds a strategy to what it claims, so one
    /// that claims less is not observed to give less.
    fn consistency(&self, what: &str, claim: impl Display, is_claimed: bool, check: &str) -> Known {
        let claim = format!("{what} are {claim}");
        let mut checks = self.evidence.checks.iter();
        match checks.find(|outcome| outcome.check == check) {
            Some(outcome) if is_claimed => observed(true, &outcome.evidence),
            Some(outcome) => claimed(false, format!("{claim}; {check}: {}", outcome.evidence)),
            None => claimed(is_claimed, claim),
        }
    }

    /// What a peer read while an operation was stopped, that no order of operations explains.
    fn wrong(&self) -> Option<Known> {
        let pair = self.evidence.stalls().find(|pair| pair.wrong > 0)?;
        let why = pair.evidence.as_deref().unwrap_or("no order explains it");
        let what = format!("{} while {} is stopped: {why}", pair.peer, pair.stalled);
        Some(observed(false, what))
    }

    /// Whether the workload does what was tried under a fault.
    fn does(&self, deed: Action) -> bool {
        let reads = self.workload.does(Operation::ReadHit);
        match deed {
            Action::Read | Action::ReadOthers => reads,
            Action::ReadAgain => reads && self.workload.writes(),
            Action::Scan => self.workload.does(Operation::Scan),
            Action::Update | Action::UpdateOther => self.workload.does(Operation::Apply),
            Action::Insert | Action::Remove => self.workload.does(Operation::Insert),
        }
    }

    /// Whether some thread reads or scans.
    fn looks(&self) -> bool {
        self.does(Action::Read) || self.does(Action::Scan)
    }

    /// Faults in which one of the workload's writers stands still.
    fn faults_of_writers(&self) -> Vec<Fault> {
        only([
            (Fault::WriterGone, self.does(Action::Update)),
            (Fault::UpdaterStalls, self.does(Action::Update)),
            (Fault::ResizerStalls, self.does(Action::Insert)),
        ])
    }

    /// Faults in which one of its readers does, or there is always one. One that is stopped anywhere may be in a
    /// scan: where there are no scans, threads are stopped in a lookup instead, if they can be.
    fn faults_of_readers(&self) -> Vec<Fault> {
        let (looks, scans) = (self.looks(), self.does(Action::Scan));
        only([
            (Fault::ReaderGone, looks),
            (Fault::ReaderStalls, looks && (scans || self.is_untraced)),
            (Fault::OverlappingReaders, looks),
        ])
    }

    /// Whether a thread waited that must not: under the faults, for what `matters`, or for a stopped thread.
    fn waiting(
        &self,
        need: Need,
        faults: &[Fault],
        matters: impl Fn(Action) -> bool,
        claim: Option<Progress>,
    ) -> Known {
        let holds_up = |outcome: &FaultSeen| outcome.with_fate(Fate::HeldUp).any(&matters);
        if let Some(refuted) = self.refuted(faults, holds_up) {
            return refuted;
        }
        let asked = encounters_of(need, self.workload);
        let mut pairs: Vec<&StallPair> = self.evidence.stalls().collect();
        pairs.retain(|pair| {
            let mut asked = asked.iter();
            asked.any(|(stalled, peers)| {
                stalled.contains(&pair.stalled) && peers.contains(&pair.peer)
            })
        });
        if let Some(pair) = pairs.iter().find(|pair| pair.blocked_by_strategy() > 0) {
            return observed(false, format!("waits: {}", held_up_at(pair)));
        }
        if claim == Some(Progress::Blocking) {
            let why = "it promises nothing: blocking, though it was not observed to wait";
            return claimed(false, why);
        }
        let points: u64 = pairs.iter().map(|pair| pair.points - pair.untried).sum();
        let outcomes = self.outcomes(faults);
        let attempts = outcomes.iter().flat_map(|outcome| &outcome.meanwhile);
        let attempts = attempts.filter(|(deed, _)| matters(**deed));
        let tries: u32 = attempts.map(|(_, attempt)| attempt.tries).sum();
        if points == 0 && tries == 0 {
            let claim = claim.map_or("nothing".to_owned(), |claim| claim.to_string());
            return claimed(true, format!("not tried; it claims: {claim}"));
        }
        let stops = format!("not blocked at {points} points where another thread was stopped");
        observed(true, format!("{stops}, nor in {tries} tries under faults"))
    }

    /// What the workload does must work inside its lookups, and inside its scans.
    fn reentrancy(&self) -> Known {
        let (reads, scans) = (self.does(Action::Read), self.does(Action::Scan));
        let fails = |outcome: &FaultSeen| {
            let mut tried = outcome.meanwhile.values();
            outcome.died.is_some() || tried.any(|attempt| attempt.fate != Fate::Done)
        };
        let faults = only([(Fault::InsideRead, reads), (Fault::InsideScan, scans)]);
        let (read, scan) = (self.claims.inside_read, self.claims.inside_scan);
        let enough = if self.workload.writes() {
            Reentrancy::ReadsAndWrites
        } else {
            Reentrancy::ReadsUnlessWriterWaits
        };
        // Where there are no reads and scans, none is needed.
        let least = only([(read, reads), (scan, scans)]).into_iter().min();
        let least = least.unwrap_or(Reentrancy::ReadsAndWrites);
        self.under_faults(&faults, fails, least >= enough, least.to_string())
    }

    fn allocation(&self) -> Known {
        let never = self.workload.needs.allocates == Allocation::Never;
        let reads = self.does(Action::Read);
        let faults = only([
            (Fault::NoMemoryToRead, reads),
            (Fault::NoMemoryToUpdate, never && self.does(Action::Update)),
            (Fault::NoMemoryToInsert, never && self.does(Action::Insert)),
        ]);
        let needs_memory = |outcome: &FaultSeen| outcome.consequence() != Consequence::Harmless;
        let allocates = self.claims.read_allocates && reads;
        let not = if allocates { "" } else { "do not " };
        let claim = format!("reads {not}allocate");
        self.under_faults(&faults, needs_memory, !allocates, claim)
    }

    /// A claim about faults: refuted by the first one under which it fails, and otherwise observed if all of them
    /// were injected.
    fn under_faults(
        &self,
        faults: &[Fault],
        fails: impl Fn(&FaultSeen) -> bool,
        is_claimed: bool,
        claim: impl Display,
    ) -> Known {
        if let Some(refuted) = self.refuted(faults, fails) {
            return refuted;
        }
        let outcomes = self.outcomes(faults).into_iter();
        let outcomes = outcomes.map(|it| format!("{}: {}", it.fault, it.consequence()));
        let outcomes: Vec<String> = outcomes.collect();
        if !is_claimed || outcomes.is_empty() || outcomes.len() < faults.len() {
            return claimed(is_claimed, format!("it claims: {claim}"));
        }
        observed(true, outcomes.join(", "))
    }

    /// What was observed under the first of the faults under which it fails.
    fn refuted(&self, faults: &[Fault], fails: impl Fn(&FaultSeen) -> bool) -> Option<Known> {
        let outcomes = self.outcomes(faults);
        let outcome = outcomes.iter().find(|outcome| fails(outcome))?;
        Some(observed(false, format!("{}: {outcome}", outcome.fault)))
    }

    /// What was observed under each of the faults that was injected, of what the workload does.
    fn outcomes(&self, faults: &[Fault]) -> Vec<FaultSeen> {
        let outcomes = faults.iter().filter_map(|fault| {
            let mut outcome = self.evidence.under(*fault)?.clone();
            outcome.meanwhile.retain(|deed, _| self.does(*deed));
            outcome.never.retain(|deed| self.does(*deed));
            Some(outcome)
        });
        outcomes.collect()
    }
}

#[cfg(test)]
mod tests;

//! Whether a strategy meets a need, by what it claims and by what was seen of it: by checks, under faults, and while
//! one of its threads was stopped.

use basis::claims::Claims;
use basis::fault::{Consequence, Deed, Fate, Fault, FaultSeen};
use basis::sample::{Card, Line};
use basis::stall::StallPair;
use contract::{
    AfterDeadThread, AfterPanic, Progress, ReadConsistency, Reentrancy, ScanConsistency,
};

use super::needs::{Allocation, Basis, Encounter, Need, encounters_of};
use super::workload::Workload;
use crate::analysis::{Evidence, held_up_at};

/// Whether a strategy meets a need, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) is_met: bool,
    pub(super) basis: Basis,
    pub(super) evidence: String,
}

impl Finding {
    fn observed(is_met: bool, evidence: impl AsRef<str>) -> Self {
        Self::new(is_met, Basis::Observed, evidence.as_ref())
    }

    fn claimed(is_met: bool, evidence: impl AsRef<str>) -> Self {
        Self::new(is_met, Basis::Claimed, evidence.as_ref())
    }

    /// Of evidence that draws a history below its first line, that line.
    fn new(is_met: bool, basis: Basis, evidence: &str) -> Self {
        Self {
            is_met,
            basis,
            evidence: evidence.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

const GONE: [Fault; 2] = [Fault::ReaderGone, Fault::WriterGone];
const PANICS: [Fault; 3] = [Fault::PanicInUpdate, Fault::PanicInRead, Fault::PanicInScan];

/// One strategy, before the needs of a workload.
pub(super) struct Screen<'s> {
    workload: &'s Workload,
    claims: &'s Claims,
    evidence: Evidence<'s>,
    /// Whether threads could not be stopped at single instructions.
    is_untraced: bool,
}

impl<'s> Screen<'s> {
    pub(super) fn new(workload: &'s Workload, card: &'s Card, lines: &'s [Line]) -> Self {
        Self {
            workload,
            claims: &card.claims,
            evidence: Evidence::collect(&card.name, lines),
            is_untraced: lines.iter().any(|line| matches!(line, Line::Untraced(_))),
        }
    }

    /// What is known of a need: what refutes it before what speaks for it, and what was seen before
    /// what is claimed.
    pub(super) fn of(&self, need: Need) -> Finding {
        let claims = self.claims;
        match need {
            Need::Correct => self.correct(),
            // The types say who can hold what: nobody is here who cannot.
            Need::Possible | Need::HeapRecords => Finding::claimed(true, "it takes part"),
            Need::Linearizable => {
                let claim = format!("reads are {}", claims.read_consistency);
                let is_kept = claims.read_consistency == ReadConsistency::Linearizable;
                self.wrong()
                    .unwrap_or_else(|| self.consistency(is_kept, claim, "histories"))
            }
            Need::SnapshotScans => {
                let claim = format!("scans are {}", claims.scan_consistency);
                let is_kept = claims.scan_consistency == ScanConsistency::Snapshot;
                self.consistency(is_kept, claim, "scans")
            }
            Need::ReadersNeverWait => {
                let faults = self.standing_writers();
                self.waiting(need, &faults, Deed::is_read, Some(claims.reads))
            }
            Need::WritersNeverWait => self.waiting_writers(),
            Need::Allocates => self.allocation(),
            Need::BoundedMemory => {
                let keeps_all = |seen: &FaultSeen| seen.consequence() == Consequence::GarbageKept;
                let claim = claims.after_dead_thread;
                let is_kept = claim != AfterDeadThread::KeepsAllGarbage;
                self.stood(&[Fault::ReaderGone], keeps_all, is_kept, claim)
            }
            Need::SurvivesDeadThread => {
                let holds_up = |seen: &FaultSeen| seen.with_fate(Fate::HeldUp).next().is_some();
                let claim = claims.after_dead_thread;
                let is_kept = claim > AfterDeadThread::BlocksWriters;
                self.stood(&GONE, holds_up, is_kept, claim)
            }
            Need::SurvivesPanic => {
                let breaks = |seen: &FaultSeen| !leaves_whole(seen.consequence());
                let claim = claims.after_panic;
                self.stood(&PANICS, breaks, claim == AfterPanic::Intact, claim)
            }
            Need::Reentrant => self.reentrancy(),
        }
    }

    fn correct(&self) -> Finding {
        let checks = &self.evidence.checks;
        if let Some(failed) = checks.iter().find(|check| !check.passed) {
            let what = format!("fails the {} check: {}", failed.check, failed.evidence);
            return Finding::observed(false, what);
        }
        match checks.len() {
            0 => Finding::claimed(true, "nobody checked it"),
            1 => Finding::observed(true, "1 check passed"),
            passed => Finding::observed(true, format!("{passed} checks passed")),
        }
    }

    /// A claim of consistency with what the check that looks at it counted. A check holds a strategy to
    /// what it claims, so one that claims less is not seen to give less.
    fn consistency(&self, is_kept: bool, claim: String, check: &str) -> Finding {
        let mut checks = self.evidence.checks.iter();
        let seen = checks.find(|one| one.check == check);
        match (is_kept, seen) {
            (true, Some(seen)) => Finding::observed(true, &seen.evidence),
            (true, None) => Finding::claimed(true, claim),
            (false, Some(seen)) => {
                Finding::claimed(false, format!("{claim}; {check}: {}", seen.evidence))
            }
            (false, None) => Finding::claimed(false, claim),
        }
    }

    /// What a peer saw, or what a stopped operation answered, that no order of operations explains.
    fn wrong(&self) -> Option<Finding> {
        let what = |evidence: &Option<String>| {
            let evidence = evidence.as_deref();
            evidence.unwrap_or("no order explains it").to_owned()
        };
        let pair = self.evidence.stalls().find(|pair| pair.wrong > 0);
        let of_peer = pair.map(|pair| {
            let what = what(&pair.evidence);
            format!("{} while {} is stopped: {what}", pair.peer, pair.stalled)
        });
        let two_stops = || {
            let wrong = self.evidence.two_stops().find(|two| two.wrong > 0)?;
            let what = what(&wrong.evidence);
            Some(format!("{} beside {}: {what}", wrong.stalled, wrong.writes))
        };
        Some(Finding::observed(false, of_peer.or_else(two_stops)?))
    }

    /// Writers have readers to wait for and, where there are several, each other. Of the latter a
    /// profile says something, of the former none does.
    fn waiting_writers(&self) -> Finding {
        let workload = self.workload;
        let matters = |deed: Deed| match deed {
            Deed::Update | Deed::UpdateOther => workload.updates(),
            Deed::Insert | Deed::Remove => workload.inserts(),
            _ => false,
        };
        let has_several = workload.writing_threads() > 1;
        let mut faults = self.standing_readers();
        if has_several {
            faults.extend(self.standing_writers());
        }
        let claim = has_several.then_some(self.claims.updates);
        self.waiting(Need::WritersNeverWait, &faults, matters, claim)
    }

    /// Faults in which one of the workload's writers stands still.
    fn standing_writers(&self) -> Vec<Fault> {
        let (updates, inserts) = (self.workload.updates(), self.workload.inserts());
        these([
            (Fault::WriterGone, updates),
            (Fault::UpdaterStalls, updates),
            (Fault::ResizerStalls, inserts),
        ])
    }

    /// Faults in which one of its readers does, or there is always one. One that is stopped anywhere may
    /// be in a scan: where nobody scans, threads are stopped in a lookup instead, if they can be.
    fn standing_readers(&self) -> Vec<Fault> {
        let looks = !self.workload.looks().is_empty();
        let anywhere = self.workload.scans() || self.is_untraced;
        these([
            (Fault::ReaderGone, looks),
            (Fault::ReaderStalls, looks && anywhere),
            (Fault::OverlappingReaders, looks),
        ])
    }

    /// Who had to wait of those that must not.
    fn waiting(
        &self,
        need: Need,
        faults: &[Fault],
        matters: impl Fn(Deed) -> bool,
        claim: Option<Progress>,
    ) -> Finding {
        let holds_up = |seen: &FaultSeen| seen.with_fate(Fate::HeldUp).any(&matters);
        if let Some(seen) = self.under(faults, holds_up) {
            return seen;
        }
        let encounters = encounters_of(need, self.workload);
        let pairs: Vec<&StallPair> = self
            .evidence
            .stalls()
            .filter(|pair| encounters.iter().any(|one| is_of(pair, one)))
            .collect();
        if let Some(pair) = pairs.iter().find(|pair| pair.blocked_by_strategy() > 0) {
            return Finding::observed(false, format!("waits: {}", held_up_at(pair)));
        }
        if claim == Some(Progress::Blocking) {
            let told = "nobody was seen waiting, but it promises nothing: blocking";
            return Finding::claimed(false, told);
        }
        let points: u64 = pairs.iter().map(|pair| pair.points - pair.untried).sum();
        let tries: u32 = self.tries(faults, &matters);
        let promise = claim.map_or_else(
            || "it says nothing of it".to_owned(),
            |claim| format!("it says: {claim}"),
        );
        let at = format!("nobody waited at {points} points that another thread was stopped at");
        match (points, tries) {
            (0, 0) => Finding::claimed(true, format!("nobody looked; {promise}")),
            (0, _) => {
                let told = "tries under faults; threads were not stopped at each instruction";
                Finding::observed(true, format!("nobody waited in {tries} {told}"))
            }
            (_, 0) => Finding::observed(true, at),
            _ => Finding::observed(true, format!("{at}, nor in {tries} tries under faults")),
        }
    }

    /// How often what matters was tried under faults.
    fn tries(&self, faults: &[Fault], matters: &impl Fn(Deed) -> bool) -> u32 {
        let seen = self.evidence.faults.iter();
        let seen = seen.filter(|seen| faults.contains(&seen.fault));
        let tried = seen.flat_map(|seen| &seen.meanwhile);
        tried
            .filter(|(deed, _)| matters(**deed))
            .map(|(_, attempt)| attempt.tries)
            .sum()
    }

    /// What the workload does must work inside its lookups, and inside its scans.
    fn reentrancy(&self) -> Finding {
        let workload = self.workload;
        let matters = |deed: Deed| match deed {
            Deed::Read | Deed::ReadOthers => workload.reads(),
            Deed::ReadAgain => workload.reads() && workload.writes(),
            Deed::Scan => workload.scans(),
            Deed::Update | Deed::UpdateOther => workload.updates(),
            Deed::Insert | Deed::Remove => workload.inserts(),
        };
        let fails = |seen: &FaultSeen| {
            let mut tried = seen.meanwhile.iter();
            seen.died.is_some()
                || tried.any(|(deed, attempt)| matters(*deed) && attempt.fate != Fate::Done)
        };
        let claims = [
            (Fault::InsideRead, self.claims.inside_read, workload.reads()),
            (Fault::InsideScan, self.claims.inside_scan, workload.scans()),
        ];
        let claims = claims.into_iter().filter(|(.., does)| *does);
        let (faults, claims): (Vec<Fault>, Vec<Option<Reentrancy>>) =
            claims.map(|(fault, claim, _)| (fault, claim)).unzip();
        let enough = if workload.writes() {
            Reentrancy::ReadsAndWrites
        } else {
            Reentrancy::ReadsUnlessWriterWaits
        };
        // Nothing at all is less than the least claim; nobody is asked where nobody reads or scans.
        let least = claims.into_iter().min();
        let is_kept = least.is_none_or(|claim| claim >= Some(enough));
        let told = match least {
            Some(Some(claim)) => claim.to_string(),
            Some(None) => "nothing".to_owned(),
            None => Reentrancy::ReadsAndWrites.to_string(),
        };
        self.stood(&faults, fails, is_kept, told)
    }

    fn allocation(&self) -> Finding {
        let workload = self.workload;
        let never = workload.needs.allocates == Allocation::Never;
        let faults = these([
            (Fault::NoMemoryToRead, workload.reads()),
            (Fault::NoMemoryToUpdate, never && workload.updates()),
            (Fault::NoMemoryToInsert, never && workload.inserts()),
        ]);
        let needs_memory = |seen: &FaultSeen| seen.consequence() != Consequence::Harmless;
        let is_kept = !(self.claims.read_allocates && workload.reads());
        let claim = if is_kept {
            "reads do not allocate"
        } else {
            "reads allocate"
        };
        self.stood(&faults, needs_memory, is_kept, claim)
    }

    /// A claim about faults: refuted by the first one that it does not stand, and otherwise seen if all
    /// of them were injected.
    fn stood(
        &self,
        faults: &[Fault],
        fails: impl Fn(&FaultSeen) -> bool,
        is_claimed: bool,
        claim: impl std::fmt::Display,
    ) -> Finding {
        if let Some(seen) = self.under(faults, fails) {
            return seen;
        }
        if !is_claimed {
            return Finding::claimed(false, format!("says of itself: {claim}"));
        }
        let under = faults
            .iter()
            .filter_map(|fault| self.evidence.under(*fault));
        let seen: Vec<&FaultSeen> = under.collect();
        if seen.is_empty() || seen.len() < faults.len() {
            return Finding::claimed(true, format!("says of itself: {claim}"));
        }
        let told = seen
            .iter()
            .map(|seen| format!("{}: {}", seen.fault, seen.consequence()));
        Finding::observed(true, told.collect::<Vec<_>>().join(", "))
    }

    /// What was seen under the first of the faults that it does not stand.
    fn under(&self, faults: &[Fault], fails: impl Fn(&FaultSeen) -> bool) -> Option<Finding> {
        let mut under = faults
            .iter()
            .filter_map(|fault| self.evidence.under(*fault));
        let seen = under.find(|seen| fails(seen))?;
        Some(Finding::observed(false, format!("{}: {seen}", seen.fault)))
    }
}

/// Those that matter.
fn these(all: [(Fault, bool); 3]) -> Vec<Fault> {
    let matters = all.into_iter().filter(|(_, matters)| *matters);
    matters.map(|(fault, _)| fault).collect()
}

fn is_of(pair: &StallPair, encounter: &Encounter) -> bool {
    encounter.stalled.contains(&pair.stalled) && encounter.peers.contains(&pair.peer)
}

const fn leaves_whole(consequence: Consequence) -> bool {
    matches!(
        consequence,
        Consequence::Harmless | Consequence::VersionKept | Consequence::GarbageKept
    )
}

#[cfg(test)]
mod tests;

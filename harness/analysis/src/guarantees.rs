//! What the strategies claim, beside what the checks, the faults and the stalls showed.

#[cfg(test)]
mod tests;

use contract::{AfterDeadThread, AfterPanic, Progress, Reentrancy};
use model::claims::{Claim, Property};
use model::fault::{Consequence, Deed, Fate, Fault, FaultSeen};
use model::sample::{Card, CheckOutcome, Line};
use model::stall::StallPair;
use model::trace::Operation;

use super::evidence::Evidence;
use results::{Faulted, Grade, Guarantee, Guaranteed};

/// What was seen of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Observation {
    observed: String,
    grade: Grade,
    evidence: String,
}

impl Observation {
    fn new(observed: &str, grade: Grade, evidence: String) -> Self {
        Self {
            observed: observed.into(),
            grade,
            evidence,
        }
    }

    fn as_claimed(evidence: String) -> Self {
        Self::new("as claimed", Grade::Acceptable, evidence)
    }

    fn less_than_claimed(evidence: String) -> Self {
        Self::new("less than claimed", Grade::Forbidden, evidence)
    }
}

/// The outcomes of the checks, and the claims with what was seen of them.
pub fn guarantees(cards: &[Card], lines: &[Line]) -> Vec<Guarantee> {
    let checks = lines.iter().filter_map(Line::try_as_check_ref);
    let checked = checks.map(kept_by_all);
    let claimed = cards
        .iter()
        .flat_map(|card| graded(card, Evidence::collect(&card.name, lines)));
    checked.chain(claimed).collect()
}

/// Whether what was seen under a fault is less than the strategy claims.
pub fn contradicts(card: &Card, seen: &FaultSeen) -> bool {
    let evidence = Evidence {
        faults: vec![seen],
        ..Evidence::default()
    };
    graded(card, evidence).any(|one| one.grade == Grade::Forbidden)
}

/// What faults did, as it was seen.
pub fn faulted(lines: &[Line]) -> Vec<Faulted> {
    let faults = lines.iter().filter_map(Line::try_as_fault_ref);
    faults
        .map(|seen| Faulted {
            strategy: seen.strategy.clone(),
            fault: seen.fault,
            consequence: seen.consequence(),
            evidence: seen.to_string(),
        })
        .collect()
}

fn kept_by_all(outcome: &CheckOutcome) -> Guarantee {
    let (observed, grade) = if outcome.passed {
        ("kept", Grade::Acceptable)
    } else {
        ("broken", Grade::Forbidden)
    };
    Guarantee {
        strategy: outcome.strategy.clone(),
        property: Guaranteed::ByAll(format!("{} ({})", outcome.check, outcome.record)),
        claimed: "kept, as by every strategy".into(),
        observed: observed.into(),
        grade,
        evidence: outcome.evidence.clone(),
    }
}

/// The claims of a card, with what was seen of each: what refutes it, if anything does.
fn graded(card: &Card, evidence: Evidence<'_>) -> impl Iterator<Item = Guarantee> {
    // The types say what records it holds.
    let claims = card.claims.all();
    let claims = claims.filter(|(property, _)| *property != Property::Records);
    claims.map(move |(property, claim)| {
        let all = observations(property, claim, &evidence)
            .into_iter()
            .flatten();
        // The first that refutes it, or the first.
        let seen = all.min_by_key(|seen| seen.grade != Grade::Forbidden);
        let seen = seen.unwrap_or_else(|| {
            Observation::new("", Grade::Unchecked, "stated by its profile".into())
        });
        Guarantee {
            strategy: card.name.clone(),
            property: Guaranteed::Claim(property),
            claimed: claim.to_string(),
            observed: seen.observed,
            grade: seen.grade,
            evidence: seen.evidence,
        }
    })
}

/// Which checks, faults and stalls look at a property, and what they show of a claim about it.
fn observations(
    property: Property,
    claim: Claim,
    evidence: &Evidence<'_>,
) -> Vec<Option<Observation>> {
    use Property as P;
    let checked = |names: &[&str]| checked(names, evidence);
    let under = |fault, observe: fn(&FaultSeen) -> Claim| {
        let seen = evidence.under(fault)?;
        Some(compared(observe(seen), claim, seen.to_string()))
    };
    match property {
        P::Reads => vec![progress(
            claim,
            evidence,
            &[Deed::Read, Deed::ReadOthers, Deed::ReadAgain],
            // What is claimed of reads is claimed for while others write.
            |pair| {
                matches!(pair.peer, Operation::ReadHit | Operation::ReadMiss)
                    && pair.stalled.is_write()
            },
        )],
        P::Updates => vec![progress(
            claim,
            evidence,
            &[Deed::Update, Deed::UpdateOther],
            |pair| pair.peer == Operation::Apply,
        )],
        P::Resizes => vec![progress(
            claim,
            evidence,
            &[Deed::Insert, Deed::Remove],
            |pair| matches!(pair.peer, Operation::Insert | Operation::Remove),
        )],
        P::ReadConsistency => vec![
            checked(&["histories", "updates"]),
            consistency_beside_peers(evidence),
            consistency_when_stopped_twice(evidence, |operation| operation != Operation::Scan),
        ],
        P::ScanConsistency => vec![
            checked(&["scans"]),
            consistency_when_stopped_twice(evidence, |operation| operation == Operation::Scan),
        ],
        P::AfterPanic => vec![under(Fault::PanicInUpdate, after_panic)],
        P::AfterDeadThread => vec![under(Fault::ReaderGone, after_dead_thread)],
        P::InsideRead => vec![under(Fault::InsideRead, reentrancy)],
        P::InsideScan => vec![under(Fault::InsideScan, reentrancy)],
        P::Capacity => vec![checked(&["growth", "churn"])],
        P::Reclamation => vec![checked(&["churn", "costs", "shutdown"])],
        P::WriteCost => vec![checked(&["costs"])],
        P::ReadAllocates => vec![under(Fault::NoMemoryToRead, read_allocates)],
        P::Records => Vec::new(),
    }
}

/// Grades an observation against a claim.
fn compared(observed: Claim, claim: Claim, evidence: String) -> Observation {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let grade = match observed.cmp(&claim) {
        Less => Grade::Forbidden,
        Equal => Grade::Acceptable,
        Greater => Grade::Interesting,
    };
    Observation::new(&observed.to_string(), grade, evidence)
}

/// A claim, as the checks left it that would fail if it were wrong.
fn checked(names: &[&str], evidence: &Evidence<'_>) -> Option<Observation> {
    let checks = evidence.checks.iter();
    let checks = checks.filter(|outcome| names.contains(&outcome.check.as_str()));
    // The first that failed, or the first.
    let outcome = checks.min_by_key(|outcome| outcome.passed)?;
    let evidence = format!("{}: {}", outcome.check, outcome.evidence);
    Some(if outcome.passed {
        Observation::as_claimed(evidence)
    } else {
        Observation::less_than_claimed(evidence)
    })
}

/// The faults in which somebody who is not there any more could be waited for.
const STANDSTILLS: [Fault; 6] = [
    Fault::ReaderStalls,
    Fault::UpdaterStalls,
    Fault::ResizerStalls,
    Fault::ReaderGone,
    Fault::WriterGone,
    Fault::OverlappingReaders,
];

/// What was seen of those whom a claim of progress is about: by what they do under faults, and in which pairs of
/// operations. Nothing if none of them tried. The system's allocator is apart from all claims.
fn progress(
    claim: Claim,
    evidence: &Evidence<'_>,
    deeds: &[Deed],
    is_meant: fn(&StallPair) -> bool,
) -> Option<Observation> {
    let (mut tried, mut held_up) = (Vec::new(), Vec::new());
    let mut attempts = 0;
    let standstills = STANDSTILLS.iter();
    for seen in standstills.filter_map(|fault| evidence.under(*fault)) {
        let meanwhile = deeds.iter();
        let meanwhile = meanwhile.filter_map(|deed| seen.meanwhile.get_key_value(deed));
        for (deed, attempt) in meanwhile {
            attempts += attempt.tries;
            if attempt.fate == Fate::HeldUp {
                held_up.push(format!("{deed} by {}", seen.fault));
            }
        }
    }
    if attempts > 0 {
        tried.push(format!("{attempts} times while another thread stood still"));
    }
    let pairs = || evidence.stalls().filter(|pair| is_meant(pair));
    let points: u64 = pairs().map(|pair| pair.points).sum();
    if points > 0 {
        tried.push(format!(
            "at {points} points that another thread was stopped at"
        ));
        let blocked = pairs().filter(|pair| pair.blocked_by_strategy() > 0);
        held_up.extend(blocked.map(held_up_at));
    }
    if tried.is_empty() {
        return None;
    }
    let blocks = claim == Claim::Progress(Progress::Blocking);
    let (observed, grade, evidence) = match (held_up.is_empty(), blocks) {
        (true, false) => ("never held up", Grade::Acceptable, tried.join("; ")),
        (true, true) => ("never held up", Grade::Interesting, tried.join("; ")),
        (false, true) => ("held up", Grade::Acceptable, held_up.join(", ")),
        (false, false) => ("held up", Grade::Forbidden, held_up.join(", ")),
    };
    Some(Observation::new(observed, grade, evidence))
}

/// `read hit at 43 of 50 points of apply to the same process`.
pub fn held_up_at(pair: &StallPair) -> String {
    let process = if pair.same_process {
        "the same"
    } else {
        "another"
    };
    format!(
        "{} at {} of {} points of {}, {process} process",
        pair.peer,
        pair.blocked_by_strategy(),
        pair.points,
        pair.stalled
    )
}

/// Whether anybody saw what no order of the two operations explains; nothing if nobody looked.
fn consistency_beside_peers(evidence: &Evidence<'_>) -> Option<Observation> {
    let points: u64 = evidence.stalls().map(|pair| pair.points).sum();
    let mut wrong = evidence.stalls().filter(|pair| pair.wrong > 0);
    let Some(first) = wrong.next() else {
        let evidence = format!("at {points} points that another thread was stopped at");
        return (points > 0).then(|| Observation::as_claimed(evidence));
    };
    let what = first.evidence.as_deref().unwrap_or("no order explains it");
    let more = match wrong.count() {
        0 => String::new(),
        more => format!("; and in {more} more pairs of operations"),
    };
    Some(Observation::less_than_claimed(format!(
        "{} at {} of {} points of {}: {what}{more}",
        first.peer, first.wrong, first.points, first.stalled
    )))
}

/// What operations answered that were stopped twice while another thread wrote; nothing if none were.
fn consistency_when_stopped_twice(
    evidence: &Evidence<'_>,
    is_meant: fn(Operation) -> bool,
) -> Option<Observation> {
    let all = || evidence.two_stops().filter(|two| is_meant(two.stalled));
    if let Some(wrong) = all().find(|two| two.wrong > 0) {
        let what = wrong.evidence.as_deref().unwrap_or("no order explains it");
        let evidence = format!("{} beside {}: {what}", wrong.stalled, wrong.writes);
        return Some(Observation::less_than_claimed(evidence));
    }
    let tried: u64 = all().map(|two| two.tried).sum();
    let evidence = format!("at {tried} pairs of stops with another thread's writes at each");
    (tried > 0).then(|| Observation::as_claimed(evidence))
}

/// What a panic in an update left behind.
fn after_panic(seen: &FaultSeen) -> Claim {
    Claim::AfterPanic(match seen.consequence() {
        Consequence::TornRecord => AfterPanic::Exposed,
        Consequence::Harmless | Consequence::GarbageKept | Consequence::VersionKept => {
            AfterPanic::Intact
        }
        _ => AfterPanic::Unusable,
    })
}

/// What the others could do when a reader was gone.
fn after_dead_thread(seen: &FaultSeen) -> Claim {
    Claim::AfterDeadThread(match seen.consequence() {
        Consequence::Harmless => AfterDeadThread::Unaffected,
        Consequence::VersionKept => AfterDeadThread::KeepsOneVersion,
        Consequence::GarbageKept => AfterDeadThread::KeepsAllGarbage,
        Consequence::WritersWait => AfterDeadThread::BlocksWriters,
        // A reader changes nothing, so that others panic or miss a record is no better than waiting.
        _ => AfterDeadThread::BlocksEveryone,
    })
}

/// Whether reads needed memory when there was none.
fn read_allocates(seen: &FaultSeen) -> Claim {
    match seen.consequence() {
        Consequence::Harmless => Claim::AllocatesNothing,
        _ => Claim::Allocates,
    }
}

/// What a thread could do inside a read or a scan; the worst counts.
fn reentrancy(seen: &FaultSeen) -> Claim {
    let any = |fate| seen.with_fate(fate).next().is_some();
    let held_up: Vec<Deed> = seen.with_fate(Fate::HeldUp).collect();
    let looks = [Deed::Read, Deed::ReadOthers, Deed::Scan];
    Claim::Reentrancy(if held_up.iter().any(|deed| looks.contains(deed)) {
        Reentrancy::Deadlocks
    } else if seen.died.is_some() || any(Fate::Panicked) {
        Reentrancy::Panics
    } else if any(Fate::Missing) || any(Fate::Torn) {
        // What is wrong is no better than what never comes.
        Reentrancy::Deadlocks
    } else if held_up.contains(&Deed::ReadAgain) {
        Reentrancy::ReadsUnlessWriterWaits
    } else if !held_up.is_empty() {
        Reentrancy::Reads
    } else if any(Fate::Stale) {
        Reentrancy::ReadsOldState
    } else {
        Reentrancy::ReadsAndWrites
    })
}

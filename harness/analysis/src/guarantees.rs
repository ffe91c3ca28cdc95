//! What the strategies claim, beside what the checks, the faults and the stalls showed.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use contract::{AfterDeadThread, AfterPanic, Progress, Reentrancy};
use model::claims::{Claim, Property};
use model::fault::{Action, Consequence, Fate, Fault, FaultSeen};
use model::sample::{Allocation, Card, CheckOutcome, Line};
use model::scenario::{Activity, Scenario};
use model::stall::StallPair;
use model::trace::Operation;

use super::evidence::{Evidence, worst_of_each};
use results::{Faulted, Grade, Guarantee, Guaranteed};

/// What was seen of a claim: in a few words, how that compares with it, and what it rests on.
type Observation = (String, Grade, String);

/// What was seen where a check could have refuted a claim: the first that did, or how much was tried without; nothing if
/// nothing was.
fn unless(wrong: Option<String>, tried: Option<String>) -> Option<Observation> {
    let as_claimed = |tried| ("as claimed".into(), Grade::Acceptable, tried);
    let less = |wrong| ("less than claimed".into(), Grade::Forbidden, wrong);
    wrong.map(less).or(tried.map(as_claimed))
}

/// The outcomes of the checks, and the claims with what was seen of them.
pub fn guarantees(cards: &[Card], scenarios: &[Scenario], lines: &[Line]) -> Vec<Guarantee> {
    // Cards are about records without memory of their own: a copy of another one allocates.
    let is_claimed = |counts: &&Allocation| {
        let mut scenarios = scenarios.iter();
        scenarios.any(|asked| asked.name == counts.scenario && !asked.record.owns_memory())
    };
    let checks = lines.iter().filter_map(Line::try_as_check_ref);
    let checked = checks.map(kept_by_all);
    let claimed = cards.iter().flat_map(|card| {
        let mut evidence = Evidence::collect(&card.name, lines);
        evidence.allocations.retain(is_claimed);
        graded(card, evidence)
    });
    checked.chain(claimed).collect()
}

/// Whether what was seen under a fault is less than the strategy claims.
pub fn contradicts(card: &Card, outcome: &FaultSeen) -> bool {
    let evidence = Evidence {
        faults: vec![outcome.clone()],
        ..Evidence::default()
    };
    graded(card, evidence).any(|guarantee| guarantee.grade == Grade::Forbidden)
}

/// What faults did, as it was seen at worst.
pub fn faulted(lines: &[Line]) -> Vec<Faulted> {
    let faults = worst_of_each(lines.iter().filter_map(Line::try_as_fault_ref));
    let faulted = faults.iter().map(|outcome| Faulted {
        strategy: outcome.strategy.clone(),
        fault: outcome.fault,
        consequence: outcome.consequence(),
        evidence: outcome.to_string(),
    });
    faulted.collect()
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
        let all = observed(property, claim, &evidence).into_iter();
        // The first that refutes it, or the first.
        let is_weak = |(_, grade, _): &Observation| *grade != Grade::Forbidden;
        let strongest = all.flatten().min_by_key(is_weak);
        let stated = "stated by its profile".into();
        let unchecked = (String::new(), Grade::Unchecked, stated);
        let (observed, grade, evidence) = strongest.unwrap_or(unchecked);
        Guarantee {
            strategy: card.name.clone(),
            property: Guaranteed::Claim(property),
            claimed: claim.to_string(),
            observed,
            grade,
            evidence,
        }
    })
}

/// Which checks, faults and stalls look at a property, and what they show of a claim about it.
fn observed(property: Property, claim: Claim, evidence: &Evidence<'_>) -> Vec<Option<Observation>> {
    use Property as P;
    let checked = |names: &[&str]| checked(names, evidence);
    let under = |fault, observe: fn(&FaultSeen) -> Claim| {
        let outcome = evidence.under(fault)?;
        Some(compared(observe(outcome), claim, outcome.to_string()))
    };
    let progress = |deeds: &[Action], peers: &[Operation]| {
        // What is claimed of reads is claimed for while others write.
        let is_meant = |pair: &&StallPair| {
            peers.contains(&pair.peer) && (property != P::Reads || pair.stalled.is_write())
        };
        vec![progress(claim, evidence, deeds, is_meant)]
    };
    match property {
        P::Reads => progress(
            &[Action::Read, Action::ReadOthers, Action::ReadAgain],
            &[Operation::ReadHit, Operation::ReadMiss],
        ),
        P::Updates => progress(&[Action::Update, Action::UpdateOther], &[Operation::Apply]),
        P::Resizes => progress(
            &[Action::Insert, Action::Remove],
            &[Operation::Insert, Operation::Remove],
        ),
        P::ReadConsistency => vec![
            checked(&["histories", "updates"]),
            beside_peers(evidence),
            stopped_twice(evidence, |operation| operation != Operation::Scan),
        ],
        P::ScanConsistency => vec![
            checked(&["scans"]),
            stopped_twice(evidence, |operation| operation == Operation::Scan),
        ],
        P::AfterPanic => vec![under(Fault::PanicInUpdate, after_panic)],
        P::AfterDeadThread => vec![under(Fault::ReaderGone, after_dead_thread)],
        P::InsideRead => vec![under(Fault::InsideRead, reentrancy)],
        P::InsideScan => vec![under(Fault::InsideScan, reentrancy)],
        P::Capacity => vec![checked(&["growth", "churn"])],
        P::Reclamation => vec![checked(&["churn", "costs", "shutdown"])],
        P::WriteCost => vec![checked(&["costs"])],
        P::ReadAllocates => vec![
            under(Fault::NoMemoryToRead, read_allocates),
            reads_counted(claim, evidence),
            checked(&["costs"]),
        ],
        P::Records => Vec::new(),
    }
}

/// What was observed, held against the claim.
fn compared(observed: Claim, claim: Claim, evidence: String) -> Observation {
    let grade = match observed.cmp(&claim) {
        Ordering::Less => Grade::Forbidden,
        Ordering::Equal => Grade::Acceptable,
        Ordering::Greater => Grade::Interesting,
    };
    (observed.to_string(), grade, evidence)
}

/// A claim, as the checks left it that would fail if it were wrong.
fn checked(names: &[&str], evidence: &Evidence<'_>) -> Option<Observation> {
    let checks = evidence.checks.iter();
    let checks = checks.filter(|outcome| names.contains(&outcome.check.as_str()));
    // The first that failed, or the first.
    let outcome = checks.min_by_key(|outcome| outcome.passed)?;
    let evidence = format!("{}: {}", outcome.check, outcome.evidence);
    let wrong = (!outcome.passed).then(|| evidence.clone());
    unless(wrong, Some(evidence))
}

/// What was seen of those whom a claim of progress is about: by what they do under faults, and in which pairs of
/// operations. Nothing if none of them tried. The system's allocator is apart from all claims.
fn progress(
    claim: Claim,
    evidence: &Evidence<'_>,
    deeds: &[Action],
    is_meant: impl Fn(&&StallPair) -> bool,
) -> Option<Observation> {
    let (mut count, mut points, mut held_up) = (0, 0, Vec::new());
    let standstills = Fault::ALL.iter().filter(|fault| fault.is_standstill());
    for outcome in standstills.filter_map(|fault| evidence.under(*fault)) {
        let attempts = deeds
            .iter()
            .filter_map(|deed| outcome.meanwhile.get_key_value(deed));
        for (deed, attempt) in attempts {
            count += attempt.tries;
            let is_held_up = attempt.fate == Fate::HeldUp;
            held_up.extend(is_held_up.then(|| format!("{deed} by {}", outcome.fault)));
        }
    }
    for pair in evidence.stalls().filter(is_meant) {
        points += pair.points;
        held_up.extend((pair.blocked_by_strategy() > 0).then(|| held_up_at(pair)));
    }
    let while_stopped = format!("{count} times while another thread stood still");
    let mut tried = Vec::from_iter((count > 0).then_some(while_stopped));
    tried.extend((points > 0).then(|| stopped_at(points)));
    let blocks = claim == Claim::Progress(Progress::Blocking);
    let (observed, grade, evidence) = match (held_up.is_empty(), blocks) {
        (true, false) => ("never held up", Grade::Acceptable, tried.join("; ")),
        (true, true) => ("never held up", Grade::Interesting, tried.join("; ")),
        (false, true) => ("held up", Grade::Acceptable, held_up.join(", ")),
        (false, false) => ("held up", Grade::Forbidden, held_up.join(", ")),
    };
    (!tried.is_empty()).then(|| (observed.into(), grade, evidence))
}

fn stopped_at(points: u64) -> String {
    format!("at {points} points that another thread was stopped at")
}

/// `read hit at 43 of 50 points of apply to the same process`.
pub fn held_up_at(pair: &StallPair) -> String {
    let (peer, stalled, points) = (pair.peer, pair.stalled, pair.points);
    let (blocked, same) = (pair.blocked_by_strategy(), pair.same_process);
    let process = if same { "the same" } else { "another" };
    format!("{peer} at {blocked} of {points} points of {stalled}, {process} process")
}

/// What there is to say of an answer without more evidence.
const UNEXPLAINED: &str = "no order explains it";

/// Whether anybody saw what no order of the two operations explains; nothing if nobody looked.
fn beside_peers(evidence: &Evidence<'_>) -> Option<Observation> {
    let points: u64 = evidence.stalls().map(|pair| pair.points).sum();
    let mut wrong = evidence.stalls().filter(|pair| pair.wrong > 0);
    let wrong = wrong.next().map(|first| {
        let more = match wrong.count() {
            0 => String::new(),
            more => format!("; and in {more} more pairs of operations"),
        };
        let what = first.evidence.as_deref().unwrap_or(UNEXPLAINED);
        format!(
            "{} at {} of {} points of {}: {what}{more}",
            first.peer, first.wrong, first.points, first.stalled
        )
    });
    unless(wrong, (points > 0).then(|| stopped_at(points)))
}

/// What operations answered that were stopped twice while another thread wrote; nothing if none were.
fn stopped_twice(evidence: &Evidence<'_>, is_meant: fn(Operation) -> bool) -> Option<Observation> {
    let all = || evidence.two_stops().filter(|two| is_meant(two.stalled));
    let wrong = all().find(|two| two.wrong > 0);
    let wrong = wrong.map(|two| {
        let what = two.evidence.as_deref().unwrap_or(UNEXPLAINED);
        format!("{} beside {}: {what}", two.stalled, two.writes)
    });
    let tried: u64 = all().map(|two| two.tried).sum();
    let words = || format!("at {tried} pairs of stops with another thread's writes at each");
    unless(wrong, (tried > 0).then(words))
}

/// What a panic in an update left behind.
fn after_panic(outcome: &FaultSeen) -> Claim {
    Claim::AfterPanic(match outcome.consequence() {
        Consequence::TornRecord => AfterPanic::Exposed,
        Consequence::Harmless | Consequence::GarbageKept | Consequence::VersionKept => {
            AfterPanic::Intact
        }
        _ => AfterPanic::Unusable,
    })
}

/// What the others could do when a reader was gone.
fn after_dead_thread(outcome: &FaultSeen) -> Claim {
    Claim::AfterDeadThread(match outcome.consequence() {
        Consequence::Harmless => AfterDeadThread::Unaffected,
        Consequence::VersionKept => AfterDeadThread::KeepsOneVersion,
        Consequence::GarbageKept => AfterDeadThread::KeepsAllGarbage,
        Consequence::WritersWait => AfterDeadThread::BlocksWriters,
        // A reader changes nothing, so that others panic or miss a record is no better than waiting.
        _ => AfterDeadThread::BlocksEveryone,
    })
}

/// What reads were counted to allocate: by those that allocated most, if any did.
fn reads_counted(claim: Claim, evidence: &Evidence<'_>) -> Option<Observation> {
    let reads = evidence.allocations.iter();
    let reads = reads.filter(|counts| counts.does == Activity::Read && counts.operations > 0);
    let each = |counts: &Allocation| counts.bytes as f64 / counts.operations as f64;
    let most = reads.max_by(|a, b| each(a).total_cmp(&each(b)))?;
    let observed = match most.allocations {
        0 => Claim::AllocatesNothing,
        _ => Claim::Allocates,
    };
    let (calls, bytes) = (most.allocations, most.bytes);
    let of = format!("{} reads of {}", most.operations, most.scenario);
    let evidence = format!("{calls} allocations of {bytes} B in {of}");
    Some(compared(observed, claim, evidence))
}

/// Whether reads needed memory when there was none.
fn read_allocates(outcome: &FaultSeen) -> Claim {
    match outcome.consequence() {
        Consequence::Harmless => Claim::AllocatesNothing,
        _ => Claim::Allocates,
    }
}

/// What a thread could do inside a read or a scan; the worst counts.
fn reentrancy(outcome: &FaultSeen) -> Claim {
    let any = |fate| outcome.with_fate(fate).next().is_some();
    let held_up: Vec<Action> = outcome.with_fate(Fate::HeldUp).collect();
    let looks = [Action::Read, Action::ReadOthers, Action::Scan];
    Claim::Reentrancy(match &held_up[..] {
        held_up if held_up.iter().any(|deed| looks.contains(deed)) => Reentrancy::Deadlocks,
        _ if outcome.died.is_some() || any(Fate::Panicked) => Reentrancy::Panics,
        // What is wrong is no better than what never comes.
        _ if any(Fate::Missing) || any(Fate::Torn) => Reentrancy::Deadlocks,
        held_up if held_up.contains(&Action::ReadAgain) => Reentrancy::ReadsUnlessWriterWaits,
        [_, ..] => Reentrancy::Reads,
        [] if any(Fate::Stale) => Reentrancy::ReadsOldState,
        [] => Reentrancy::ReadsAndWrites,
    })
}

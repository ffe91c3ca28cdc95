//! What the strategies claim, beside what the checks, the faults and the stalls showed.

mod faults;
mod progress;
mod stalls;
#[cfg(test)]
mod tests;

use basis::claims::{Claim, Property};
use basis::fault::{Deed, Fault, FaultSeen};
use basis::sample::{Card, CheckOutcome, Line};
use basis::stall::StallSeen;
use basis::trace::Operation;

pub(crate) use progress::held_up_at;

use super::evidence::Evidence;
use crate::results::{Faulted, Grade, Guarantee, Guaranteed};

/// What was seen of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    observed: String,
    grade: Grade,
    evidence: String,
}

impl Seen {
    fn as_claimed(evidence: String) -> Self {
        Self {
            observed: "as claimed".into(),
            grade: Grade::Acceptable,
            evidence,
        }
    }

    fn less_than_claimed(evidence: String) -> Self {
        Self {
            observed: "less than claimed".into(),
            grade: Grade::Forbidden,
            evidence,
        }
    }
}

/// The outcomes of the checks, and the claims with what was seen of them.
pub fn guarantees(cards: &[Card], lines: &[Line]) -> Vec<Guarantee> {
    let checked = lines.iter().filter_map(|line| match line {
        Line::Check(outcome) => Some(kept_by_all(outcome)),
        _ => None,
    });
    let claimed = cards
        .iter()
        .flat_map(|card| graded(card, Evidence::collect(&card.name, lines)));
    checked.chain(claimed).collect()
}

/// The claims of a card that stalls can refute, graded by them alone.
pub fn graded_by_stalls(card: &Card, seen: &StallSeen) -> Vec<Guarantee> {
    let evidence = Evidence {
        stall: Some(seen.clone()),
        ..Evidence::default()
    };
    let all = graded(card, evidence);
    all.filter(|one| one.grade != Grade::Unchecked).collect()
}

/// Whether what was seen under a fault is less than the strategy claims.
pub(crate) fn contradicts(card: &Card, seen: &FaultSeen) -> bool {
    let evidence = Evidence {
        faults: vec![seen],
        ..Evidence::default()
    };
    graded(card, evidence).any(|one| one.grade == Grade::Forbidden)
}

/// What faults did, as it was seen.
pub fn faulted(lines: &[Line]) -> Vec<Faulted> {
    let faults = lines.iter().filter_map(|line| match line {
        Line::Fault(seen) => Some(seen),
        _ => None,
    });
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
        let all = seen(property, claim, &evidence);
        let mut all: Vec<Seen> = all.into_iter().flatten().collect();
        let refuted = all.iter().position(|seen| seen.grade == Grade::Forbidden);
        let seen = (!all.is_empty()).then(|| all.swap_remove(refuted.unwrap_or(0)));
        let seen = seen.unwrap_or_else(|| Seen {
            observed: String::new(),
            grade: Grade::Unchecked,
            evidence: "stated by its profile".into(),
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
fn seen(property: Property, claim: Claim, evidence: &Evidence<'_>) -> Vec<Option<Seen>> {
    use Property as P;
    let checked = |names: &[&str]| checked(names, evidence);
    let under = |fault, observe: fn(&FaultSeen) -> Claim| {
        let seen = evidence.under(fault)?;
        Some(compared(observe(seen), claim, seen.to_string()))
    };
    match property {
        P::Reads => vec![progress::seen(
            claim,
            evidence,
            &[Deed::Read, Deed::ReadOthers, Deed::ReadAgain],
            // What is claimed of reads is claimed for while others write.
            |pair| {
                matches!(pair.peer, Operation::ReadHit | Operation::ReadMiss)
                    && pair.stalled.is_write()
            },
        )],
        P::Updates => vec![progress::seen(
            claim,
            evidence,
            &[Deed::Update, Deed::UpdateOther],
            |pair| pair.peer == Operation::Apply,
        )],
        P::Resizes => vec![progress::seen(
            claim,
            evidence,
            &[Deed::Insert, Deed::Remove],
            |pair| matches!(pair.peer, Operation::Insert | Operation::Remove),
        )],
        P::ReadConsistency => vec![
            checked(&["histories", "updates"]),
            stalls::by_peers(evidence),
            stalls::answered(evidence, |operation| operation != Operation::Scan),
        ],
        P::ScanConsistency => vec![
            checked(&["scans"]),
            stalls::answered(evidence, |operation| operation == Operation::Scan),
        ],
        P::AfterPanic => vec![under(Fault::PanicInUpdate, faults::after_panic)],
        P::AfterDeadThread => vec![under(Fault::ReaderGone, faults::after_dead_thread)],
        P::InsideRead => vec![under(Fault::InsideRead, faults::reentrancy)],
        P::InsideScan => vec![under(Fault::InsideScan, faults::reentrancy)],
        P::Capacity => vec![checked(&["growth", "churn"])],
        P::Reclamation => vec![checked(&["churn", "costs", "shutdown"])],
        P::WriteCost => vec![checked(&["costs"])],
        P::ReadAllocates => vec![under(Fault::NoMemoryToRead, faults::read_allocates)],
        P::Records => Vec::new(),
    }
}

/// Grades an observation against a claim.
fn compared(observed: Claim, claim: Claim, evidence: String) -> Seen {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Seen {
        observed: observed.to_string(),
        grade: match observed.cmp(&claim) {
            Less => Grade::Forbidden,
            Equal => Grade::Acceptable,
            Greater => Grade::Interesting,
        },
        evidence,
    }
}

/// A claim, as the checks left it that would fail if it were wrong.
fn checked(names: &[&str], evidence: &Evidence<'_>) -> Option<Seen> {
    let looks = |outcome: &&&CheckOutcome| names.contains(&outcome.check.as_str());
    let checks = || evidence.checks.iter().filter(looks);
    let says = |outcome: &CheckOutcome| format!("{}: {}", outcome.check, outcome.evidence);
    let broken = checks().find(|outcome| !outcome.passed);
    broken.map_or_else(
        || Some(Seen::as_claimed(says(checks().next()?))),
        |broken| Some(Seen::less_than_claimed(says(broken))),
    )
}

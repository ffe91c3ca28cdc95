//! What the strategies claim, beside what the checks, the faults and the stalls showed.

mod faults;
mod stalls;
#[cfg(test)]
mod tests;
mod waits;

use basis::fault::FaultSeen;
use basis::sample::{Card, CheckOutcome, Line};
use basis::stall::{StallPair, StallSeen, TwoStops};

pub(crate) use stalls::held_up_at;

use super::evidence;
use crate::results::{Faulted, Grade, Guarantee};

/// What was seen of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    observed: String,
    grade: Grade,
    evidence: String,
}

/// The outcomes of the checks, and the claims with what was seen of them.
pub fn guarantees(cards: &[Card], lines: &[Line]) -> Vec<Guarantee> {
    let all_checks = || {
        lines.iter().filter_map(|line| match line {
            Line::Check(outcome) => Some(outcome),
            _ => None,
        })
    };
    let checked = all_checks().map(|outcome| Guarantee {
        strategy: outcome.strategy.clone(),
        property: format!("{} ({})", outcome.check, outcome.record),
        claimed: Guarantee::EVERYONES.into(),
        observed: if outcome.passed {
            "kept".into()
        } else {
            "broken".into()
        },
        grade: if outcome.passed {
            Grade::Acceptable
        } else {
            Grade::Forbidden
        },
        evidence: outcome.evidence.clone(),
    });
    let stalled = evidence::stalls(cards, lines);
    let claimed = cards.iter().flat_map(|card| {
        let checks: Vec<&CheckOutcome> = all_checks()
            .filter(|outcome| outcome.strategy == card.name)
            .collect();
        let faults: Vec<&FaultSeen> = faults_in(lines)
            .filter(|seen| seen.strategy == card.name)
            .collect();
        let stalls: Vec<&StallPair> = stalled
            .iter()
            .filter(|seen| seen.strategy == card.name)
            .flat_map(|seen| &seen.pairs)
            .collect();
        let two_stops: Vec<&TwoStops> = stalled
            .iter()
            .filter(|seen| seen.strategy == card.name)
            .flat_map(|seen| &seen.two_stops)
            .collect();
        let sightings = Sightings {
            checks: &checks,
            faults: &faults,
            stalls: &stalls,
            two_stops: &two_stops,
        };
        claims(card)
            .map(|(property, claim)| {
                let seen = sightings.of(&property, &claim);
                guarantee(card, property, claim, seen)
            })
            .collect::<Vec<_>>()
    });
    checked.chain(claimed).collect()
}

/// The claims of a card that stalls can refute, graded by them alone.
pub fn graded_by_stalls(card: &Card, seen: &StallSeen) -> Vec<Guarantee> {
    let stalls: Vec<&StallPair> = seen.pairs.iter().collect();
    let two_stops: Vec<&TwoStops> = seen.two_stops.iter().collect();
    let sightings = Sightings {
        checks: &[],
        faults: &[],
        stalls: &stalls,
        two_stops: &two_stops,
    };
    claims(card)
        .filter_map(|(property, claim)| {
            let seen = sightings.of(&property, &claim)?;
            Some(guarantee(card, property, claim, Some(seen)))
        })
        .collect()
}

/// What faults did, as it was seen.
pub fn faulted(lines: &[Line]) -> Vec<Faulted> {
    faults_in(lines)
        .map(|seen| Faulted {
            strategy: seen.strategy.clone(),
            fault: seen.fault,
            consequence: seen.consequence(),
            evidence: seen.to_string(),
        })
        .collect()
}

fn faults_in(lines: &[Line]) -> impl Iterator<Item = &FaultSeen> {
    lines.iter().filter_map(|line| match line {
        Line::Fault(seen) => Some(seen),
        _ => None,
    })
}

/// Whether what was seen under a fault is less than the strategy claims.
pub(crate) fn contradicts(card: &Card, seen: &FaultSeen) -> bool {
    claims(card).any(|(property, claim)| {
        let sightings = Sightings {
            checks: &[],
            faults: &[seen],
            stalls: &[],
            two_stops: &[],
        };
        let seen = sightings.of(&property, &claim);
        seen.is_some_and(|seen| seen.grade == Grade::Forbidden)
    })
}

/// All claims of a card, as property and claim.
pub(crate) fn claims(card: &Card) -> impl Iterator<Item = (String, String)> {
    let allocates = if card.read_allocates { "yes" } else { "no" };
    card.claims
        .iter()
        .cloned()
        .chain([(faults::READ_ALLOCATES.to_owned(), allocates.to_owned())])
}

/// All that was seen of one strategy.
struct Sightings<'s> {
    checks: &'s [&'s CheckOutcome],
    faults: &'s [&'s FaultSeen],
    stalls: &'s [&'s StallPair],
    two_stops: &'s [&'s TwoStops],
}

impl Sightings<'_> {
    /// What was seen of a claim: what refutes it, if anything does.
    fn of(&self, property: &str, claim: &str) -> Option<Seen> {
        let waits = [
            faults::waits(property, self.faults),
            stalls::waits(property, self.stalls),
        ];
        let seen = [
            waits::graded(claim, waits),
            faults::seen(property, claim, self.faults),
            checked(property, self.checks),
            stalls::seen(property, self.stalls),
            stalls::answered(property, self.two_stops),
        ];
        let mut seen: Vec<Seen> = seen.into_iter().flatten().collect();
        let refuted = seen.iter().position(|seen| seen.grade == Grade::Forbidden);
        (!seen.is_empty()).then(|| seen.swap_remove(refuted.unwrap_or(0)))
    }
}

fn guarantee(card: &Card, property: String, claimed: String, seen: Option<Seen>) -> Guarantee {
    let seen = seen.unwrap_or_else(|| Seen {
        observed: String::new(),
        grade: Grade::Unchecked,
        evidence: "stated by its profile".into(),
    });
    Guarantee {
        strategy: card.name.clone(),
        property,
        claimed,
        observed: seen.observed,
        grade: seen.grade,
        evidence: seen.evidence,
    }
}

/// The checks that would fail if a claim were wrong.
fn checks_of(property: &str) -> &'static [&'static str] {
    match property {
        "read consistency" => &["histories", "updates"],
        "scan consistency" => &["scans"],
        "capacity" => &["growth", "churn"],
        "reclamation" => &["churn", "costs", "shutdown"],
        "a write" => &["costs"],
        _ => &[],
    }
}

/// A claim, as the checks that look at it left it.
fn checked(property: &str, checks: &[&CheckOutcome]) -> Option<Seen> {
    let looked = || {
        checks
            .iter()
            .filter(|outcome| checks_of(property).contains(&outcome.check.as_str()))
    };
    let broken = looked().find(|outcome| !outcome.passed);
    let told = broken.or_else(|| looked().next())?;
    let (observed, grade) = match broken {
        None => ("as claimed", Grade::Acceptable),
        Some(_) => ("less than claimed", Grade::Forbidden),
    };
    Some(Seen {
        observed: observed.into(),
        grade,
        evidence: format!("{}: {}", told.check, told.evidence),
    })
}

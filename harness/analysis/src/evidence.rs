//! What was seen of a strategy: by checks, under faults, and instruction by instruction.

use model::fault::{Fault, FaultSeen};
use model::sample::{Allocation, Card, CheckOutcome, Line};
use model::stall::{StallPair, StallSeen, TwoStops};
use model::trace::TraceSeen;

use results::Machine;

/// All that was seen of one strategy, in the order of the lines.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'l> {
    /// The outcomes of the checks.
    pub checks: Vec<&'l CheckOutcome>,
    /// What its operations allocated.
    pub(super) allocations: Vec<&'l Allocation>,
    /// What faults did to it, each once: the worst of what was seen.
    pub(super) faults: Vec<FaultSeen>,
    /// Its stalls. Where a pair was tried more than once, the worst is kept: a peer that was blocked once has been
    /// blocked.
    pub(super) stall: Option<StallSeen>,
}

impl<'l> Evidence<'l> {
    /// Collects it.
    pub fn collect(strategy: &str, lines: &'l [Line]) -> Self {
        let mut evidence = Self::default();
        for line in lines {
            match line {
                Line::Check(check) if check.strategy == strategy => evidence.checks.push(check),
                Line::Allocation(counts) if counts.strategy == strategy => {
                    evidence.allocations.push(counts);
                }
                Line::Stall(stalls) if stalls.strategy == strategy => match &mut evidence.stall {
                    None => evidence.stall = Some(stalls.clone()),
                    Some(joined) => join(joined, stalls),
                },
                _ => {}
            }
        }
        let faults = lines.iter().filter_map(Line::try_as_fault_ref);
        evidence.faults = worst_of_each(faults.filter(|outcome| outcome.strategy == strategy));
        evidence
    }

    /// What was seen under a fault.
    pub fn under(&self, fault: Fault) -> Option<&FaultSeen> {
        self.faults.iter().find(|outcome| outcome.fault == fault)
    }

    /// Whom a stopped thread held up, pair by pair of operations.
    pub fn stalls(&self) -> impl Iterator<Item = &StallPair> {
        self.stall.iter().flat_map(|stalls| &stalls.pairs)
    }

    /// What operations answered that were stopped twice.
    pub fn two_stops(&self) -> impl Iterator<Item = &TwoStops> {
        self.stall.iter().flat_map(|stalls| &stalls.two_stops)
    }
}

/// Adds others to those that are known: joined with the one that is about the same thing, if there is one.
fn join_all<'o, T: Clone + 'o>(
    known: &mut Vec<T>,
    others: impl IntoIterator<Item = &'o T>,
    are_same: impl Fn(&T, &T) -> bool,
    join: impl Fn(&mut T, &T),
) {
    for other in others {
        match known.iter_mut().find(|known| are_same(known, other)) {
            None => known.push(other.clone()),
            Some(known) => join(known, other),
        }
    }
}

/// What was seen of each strategy under each fault, in the order in which that was first seen; of several times the worst.
pub(super) fn worst_of_each<'l>(outcomes: impl Iterator<Item = &'l FaultSeen>) -> Vec<FaultSeen> {
    let mut all = Vec::new();
    let key = |outcome: &FaultSeen| (outcome.fault, outcome.strategy.clone());
    join_all(&mut all, outcomes, |a, b| key(a) == key(b), FaultSeen::join);
    all
}

/// The last trace of each strategy that went through, or else the last, in the order of the registry: counts are exact, once
/// is enough.
pub(super) fn traces<'l>(cards: &[Card], lines: &'l [Line]) -> impl Iterator<Item = &'l TraceSeen> {
    cards.iter().filter_map(|card| {
        let traces = lines.iter().filter_map(Line::try_as_trace_ref);
        let traces = traces.filter(|trace| trace.strategy == card.name);
        traces.max_by_key(|trace| trace.died.is_none())
    })
}

/// The stalls, in the order of the registry.
pub(super) fn stalls(cards: &[Card], lines: &[Line]) -> Vec<StallSeen> {
    let of = |card: &Card| Evidence::collect(&card.name, lines).stall;
    cards.iter().filter_map(of).collect()
}

/// Why nothing was traced; nothing if something was.
pub(super) fn untraced(lines: &[Line]) -> Option<String> {
    let traced = lines.iter().find_map(Line::try_as_trace_ref);
    let untraced = lines.iter().find_map(Line::try_as_untraced_ref);
    let untraced = untraced.filter(|_| traced.is_none())?;
    Some(untraced.why.clone())
}

fn join(joined: &mut StallSeen, stalls: &StallSeen) {
    joined.died = joined.died.take().or_else(|| stalls.died.clone());
    let key = |pair: &StallPair| (pair.stalled, pair.peer, pair.same_process);
    let are_same = |a: &StallPair, b: &StallPair| key(a) == key(b);
    join_all(&mut joined.pairs, &stalls.pairs, are_same, |kept, pair| {
        if (pair.wrong, pair.share()) > (kept.wrong, kept.share()) {
            *kept = pair.clone();
        }
    });
    let are_same = |a: &TwoStops, b: &TwoStops| (a.stalled, a.writes) == (b.stalled, b.writes);
    let stops = &mut joined.two_stops;
    join_all(stops, &stalls.two_stops, are_same, |kept, two| {
        if (two.wrong, two.tried) > (kept.wrong, kept.tried) {
            *kept = two.clone();
        }
    });
}

/// Whose process did not survive being looked at.
pub(super) fn warnings(results: &Machine) -> Vec<String> {
    let traces = results.traces.iter();
    let traces = traces.map(|trace| (&trace.strategy, "traced to the end", &trace.died));
    let stalls = results.stalls.iter();
    let stalls = stalls.map(|stalls| (&stalls.strategy, "stalled everywhere", &stalls.died));
    let ended = traces.chain(stalls).filter_map(|(strategy, what, died)| {
        Some(format!("{strategy} was not {what}: {}", died.as_ref()?))
    });
    ended.collect()
}

#[cfg(test)]
mod tests {
    use contract::Profile;
    use model::trace::{Operation, Untraced};

    use super::*;

    fn card(name: &'static str) -> Card {
        Card::from(&Profile::locked(name, ""))
    }

    fn stall(blocked: u64, wrong: u64) -> Line {
        Line::Stall(StallSeen {
            strategy: "a/b".into(),
            pairs: vec![StallPair {
                stalled: Operation::Apply,
                peer: Operation::ReadHit,
                same_process: true,
                points: 10,
                blocked,
                in_allocator: 0,
                untried: 0,
                first: None,
                last: None,
                held_by: None,
                wrong,
                evidence: None,
            }],
            ..StallSeen::default()
        })
    }

    #[test]
    fn of_two_looks_at_a_pair_the_worse_is_kept_in_either_order() {
        let cards = [card("a/b")];
        for (first, second) in [((3, 0), (5, 0)), ((5, 0), (3, 0)), ((0, 1), (5, 0))] {
            let lines = [stall(first.0, first.1), stall(second.0, second.1)];
            let joined = stalls(&cards, &lines);
            assert_eq!((joined.len(), joined[0].pairs.len()), (1, 1));
            let kept = &joined[0].pairs[0];
            let worst = first.max(second);
            let expected = if first.1 > 0 { first } else { worst };
            assert_eq!((kept.blocked, kept.wrong), expected);
        }
    }

    #[test]
    fn traces_stand_in_the_order_of_the_registry_and_once() {
        let traced = |strategy: &str, records| {
            Line::Trace(TraceSeen {
                strategy: strategy.into(),
                records,
                ..TraceSeen::default()
            })
        };
        let mut died = traced("c/d", 4);
        if let Line::Trace(trace) = &mut died {
            trace.died = Some("signal: 11".into());
        }
        let lines = [traced("c/d", 1), traced("a/b", 2), traced("c/d", 3), died];
        let cards = [card("a/b"), card("c/d")];
        let in_order = traces(&cards, &lines);
        let in_order: Vec<_> = in_order
            .map(|trace| (trace.strategy.as_str(), trace.records))
            .collect();
        assert_eq!(in_order, [("a/b", 2), ("c/d", 3)]);
    }

    #[test]
    fn a_run_that_went_on_elsewhere_is_traced() {
        let why = Line::Untraced(Untraced {
            why: "no flag".into(),
        });
        assert_eq!(
            untraced(std::slice::from_ref(&why)).as_deref(),
            Some("no flag")
        );
        assert_eq!(untraced(&[why, Line::Trace(TraceSeen::default())]), None);
        assert_eq!(untraced(&[]), None);
    }
}

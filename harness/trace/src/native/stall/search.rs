//! All points of one operation, and what is tried at each.

use basis::stall::StallPair;
use basis::trace::Operation;
use trap::Place;

use super::lab::{Lab, Outcome, PEERS, Patience, Try, tries};
use super::points::Points;
use crate::native::symbols::Symbols;

/// How often an operation may take another way than the first time before a point counts as one that
/// it does not come by again: deferred work and growth come every now and then.
const DETOURS_MAX: u32 = 4;

/// The allocator goes another way with nearly every call, and few of its points come again.
fn detours_max(points: &Points, point: usize) -> u32 {
    if points.is_in_allocator(point) {
        1
    } else {
        DETOURS_MAX
    }
}

/// What came of the tries in each state of an operation; nothing of those that it did not come by.
struct Found {
    tried: Vec<Try>,
    /// By state, and within it by try.
    outcomes: Vec<Option<Vec<Outcome>>>,
}

/// Stops an operation at all its points, and has the peers try theirs at each.
pub(crate) fn search(
    lab: &Lab,
    stalled: Operation,
    peers: &[Operation],
    every: bool,
    symbols: &mut Symbols,
) -> Vec<StallPair> {
    let all = tries(stalled, peers);
    let (writes, reads): (Vec<Try>, Vec<Try>) =
        all.iter().partition(|tried| tried.operation.is_write());
    let mut groups: Vec<Vec<Try>> = reads.chunks(PEERS).map(<[Try]>::to_vec).collect();
    // What changes the table changes what the stalled operation finds: one at a time.
    groups.extend(writes.into_iter().map(|tried| vec![tried]));
    let mut pairs = Vec::new();
    for tried in groups {
        let [id, _] = lab.processes(stalled, tried[0]);
        let points = Points::of(&lab.record(stalled, id), every);
        let found = Found::of(lab, stalled, tried, &points);
        pairs.extend(found.pairs(stalled, &points, symbols));
    }
    let place = |pair: &StallPair| {
        let is_it =
            |tried: &Try| (tried.operation, tried.same_process) == (pair.peer, pair.same_process);
        all.iter().position(is_it)
    };
    pairs.sort_by_key(place);
    pairs
}

impl Found {
    fn of(lab: &Lab, stalled: Operation, tried: Vec<Try>, points: &Points) -> Self {
        let is_one_go = tried.iter().all(|tried| !tried.operation.is_write());
        let states = points.states();
        let mut outcomes: Vec<Option<Vec<Outcome>>> = Vec::with_capacity(states.len());
        let mut detours = 0;
        while outcomes.len() < states.len() {
            let from = outcomes.len();
            let to = if is_one_go { states.len() } else { from + 1 };
            let places: Vec<Place> = states[from..to]
                .iter()
                .map(|&at| points.place(at))
                .collect();
            let walk = lab.walk(stalled, &tried, &places, Patience::SHORT);
            let way = points.in_common(&walk.recording);
            let came_by = states[from..to]
                .iter()
                .take_while(|&&point| points.way_to(point) <= way);
            let reached = walk.outcomes.into_iter().take(came_by.count());
            outcomes.extend(reached.map(Some));
            if outcomes.len() > from {
                detours = 0;
            } else if detours < detours_max(points, states[from]) {
                detours += 1;
            } else {
                outcomes.push(None);
                detours = 0;
            }
        }
        let mut found = Self { tried, outcomes };
        found.confirm(lab, stalled, points);
        found
    }

    /// Tries what seemed to be blocked once more, alone and with more patience.
    fn confirm(&mut self, lab: &Lab, stalled: Operation, points: &Points) {
        for (state, outcomes) in self.outcomes.iter_mut().enumerate() {
            let at = points.of_state(state).start;
            for (&tried, outcome) in self.tried.iter().zip(outcomes.iter_mut().flatten()) {
                if !outcome.is_blocked() {
                    continue;
                }
                for _ in 0..DETOURS_MAX {
                    let mut again =
                        lab.walk(stalled, &[tried], &[points.place(at)], Patience::LONG);
                    if points.in_common(&again.recording) >= points.way_to(at)
                        && let Some(mut only) = again.outcomes.pop()
                    {
                        *outcome = only.remove(0);
                        break;
                    }
                }
            }
        }
    }

    fn pairs(&self, stalled: Operation, points: &Points, symbols: &mut Symbols) -> Vec<StallPair> {
        let number_of = 0..self.tried.len();
        number_of
            .map(|number| self.pair(number, stalled, points, symbols))
            .collect()
    }

    fn pair(
        &self,
        number: usize,
        stalled: Operation,
        points: &Points,
        symbols: &mut Symbols,
    ) -> StallPair {
        let outcome = |state: usize| self.outcomes[state].as_ref().map(|all| &all[number]);
        let count = |states: &[usize]| -> u64 {
            states
                .iter()
                .map(|&state| points.of_state(state).len() as u64)
                .sum()
        };
        let states = || 0..self.outcomes.len();
        let blocked: Vec<usize> = states()
            .filter(|&state| outcome(state).is_some_and(Outcome::is_blocked))
            .collect();
        let flawed: Vec<usize> = states()
            .filter(|&state| outcome(state).is_some_and(|one| one.flaw().is_some()))
            .collect();
        let untried: Vec<usize> = states().filter(|&state| outcome(state).is_none()).collect();
        let first = blocked.first().map(|&state| points.of_state(state).start);
        let last = blocked.last().map(|&state| points.of_state(state).end - 1);
        let evidence = flawed.first().and_then(|&state| {
            let flaw = outcome(state)?.flaw()?;
            Some(format!("at {}: {flaw}", points.of_state(state).start))
        });
        let Try {
            operation: peer,
            same_process,
        } = self.tried[number];
        StallPair {
            stalled,
            peer,
            same_process,
            points: points.len() as u64,
            blocked: count(&blocked),
            in_allocator: count(&in_allocator(&blocked, points)),
            untried: count(&untried),
            first: first.map(|point| point as u64),
            last: last.map(|point| point as u64),
            held_by: first.and_then(|point| symbols.owner(points.calls_at(point))),
            wrong: count(&flawed),
            evidence,
        }
    }
}

/// The blocked states that are the allocator's doing: whole stretches of them inside its calls. A
/// stretch that reaches out of a call is a lock that was taken outside.
fn in_allocator(blocked: &[usize], points: &Points) -> Vec<usize> {
    let is_inside = |&state: &usize| {
        points
            .of_state(state)
            .all(|point| points.is_in_allocator(point))
    };
    let stretches = blocked.chunk_by(|one, next| one + 1 == *next);
    stretches
        .filter(|stretch| stretch.iter().all(is_inside))
        .flatten()
        .copied()
        .collect()
}

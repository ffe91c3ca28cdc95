//! All points of one operation, and what is tried at each.

use basis::stall::StallPair;
use basis::trace::Operation;
use trap::Place;

use super::points::Points;
use super::stall_experiment::{Manner, Outcome, PEERS, StallExperiment, Try, tries};
use crate::native::symbols::Symbols;

/// How often an operation may take another way than the first time before a point counts as one that
/// it does not come by again: deferred work and growth come every now and then.
const DETOURS_MAX: u32 = 2;

/// The allocator goes another way with nearly every call, and few of its points come again.
fn detours_max(points: &Points, point: usize) -> u32 {
    if points.is_in_allocator(point) {
        0
    } else {
        DETOURS_MAX
    }
}

/// What came of the tries in each state of an operation.
struct PairSearch {
    tried: Vec<Try>,
    /// By state, and within it by try.
    outcomes: Vec<Vec<Outcome>>,
}

/// Stops an operation at all its points, and has the peers try theirs at each; `begin` is told whenever
/// others are tried.
pub(crate) fn search(
    experiment: &StallExperiment,
    stalled: Operation,
    peers: &[Operation],
    every: bool,
    symbols: &mut Symbols,
    mut begin: impl FnMut(),
) -> Vec<StallPair> {
    let all = tries(stalled, peers);
    let (writes, reads): (Vec<Try>, Vec<Try>) =
        all.iter().partition(|tried| tried.operation.is_write());
    let mut groups: Vec<Vec<Try>> = reads.chunks(PEERS).map(<[Try]>::to_vec).collect();
    // What changes the table changes what the stalled operation finds: one at a time.
    groups.extend(writes.into_iter().map(|tried| vec![tried]));
    let manner = if every {
        Manner::ONE_BY_ONE
    } else {
        Manner::QUICK
    };
    let mut pairs = Vec::new();
    for tried in groups {
        begin();
        let [id, _] = experiment.processes(stalled, tried[0]);
        let points = Points::of(&experiment.record(stalled, id), every);
        let found = PairSearch::of(experiment, stalled, tried, &points, manner);
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

impl PairSearch {
    fn of(
        experiment: &StallExperiment,
        stalled: Operation,
        tried: Vec<Try>,
        points: &Points,
        manner: Manner,
    ) -> Self {
        let all: Vec<usize> = (0..points.states().len()).collect();
        let outcomes = at_states(experiment, stalled, &tried, points, &all, manner);
        let mut found = Self { tried, outcomes };
        for number in 0..found.tried.len() {
            found.confirm(number, experiment, stalled, points);
        }
        found
    }

    /// Tries what seemed to be blocked once more, alone and with more patience; what does not come again
    /// is not believed.
    ///
    /// Who has waited for a lock from one state to the next sleeps on when it is given up, until it is
    /// woken: at the end of each stretch of states somebody has to try who comes fresh.
    fn confirm(
        &mut self,
        number: usize,
        experiment: &StallExperiment,
        stalled: Operation,
        points: &Points,
    ) {
        let is_blocked = |&state: &usize| self.outcomes[state][number].is_blocked();
        let blocked: Vec<usize> = (0..self.outcomes.len()).filter(is_blocked).collect();
        let tried = [self.tried[number]];
        let try_at = |states: &[usize]| {
            at_states(experiment, stalled, &tried, points, states, Manner::PATIENT)
        };
        for stretch in blocked.chunk_by(|one, next| one + 1 == *next) {
            let mut left = stretch;
            while let Some((&last, before)) = left.split_last() {
                let outcome = try_at(&[last]).remove(0).remove(0);
                let is_blocked = outcome.is_blocked();
                self.outcomes[last][number] = outcome;
                left = before;
                if is_blocked {
                    break;
                }
            }
            for (&state, mut again) in left.iter().zip(try_at(left)) {
                self.outcomes[state][number] = again.remove(0);
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
        let outcome = |state: usize| &self.outcomes[state][number];
        let count = |states: &[usize]| -> u64 {
            states
                .iter()
                .map(|&state| points.of_state(state).len() as u64)
                .sum()
        };
        let states = || 0..self.outcomes.len();
        let blocked: Vec<usize> = states()
            .filter(|&state| outcome(state).is_blocked())
            .collect();
        let flawed: Vec<usize> = states()
            .filter(|&state| outcome(state).flaw().is_some())
            .collect();
        let untried: Vec<usize> = states()
            .filter(|&state| *outcome(state) == Outcome::Untried)
            .collect();
        let first = blocked.first().map(|&state| points.of_state(state).start);
        let last = blocked.last().map(|&state| points.of_state(state).end - 1);
        let evidence = flawed.first().and_then(|&state| {
            let flaw = outcome(state).flaw()?;
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

/// What comes of the tries in some states of an operation, in order.
fn at_states(
    experiment: &StallExperiment,
    stalled: Operation,
    tries: &[Try],
    points: &Points,
    states: &[usize],
    manner: Manner,
) -> Vec<Vec<Outcome>> {
    let point = |state: usize| points.states()[state];
    let mut outcomes: Vec<Vec<Outcome>> = Vec::with_capacity(states.len());
    let mut detours = 0;
    while outcomes.len() < states.len() {
        let left = &states[outcomes.len()..];
        let places: Vec<Place> = left
            .iter()
            .map(|&state| points.place(point(state)))
            .collect();
        let walk = experiment.walk(stalled, tries, &places, manner);
        let access_path = points.in_common(&walk.recording);
        let came_by = left
            .iter()
            .take_while(|&&state| points.way_to(point(state)) <= access_path);
        let reached: Vec<_> = walk.outcomes.into_iter().take(came_by.count()).collect();
        if !reached.is_empty() {
            detours = 0;
        } else if detours < detours_max(points, point(left[0])) {
            detours += 1;
        } else {
            outcomes.push(vec![Outcome::Untried; tries.len()]);
            detours = 0;
        }
        outcomes.extend(reached);
    }
    outcomes
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

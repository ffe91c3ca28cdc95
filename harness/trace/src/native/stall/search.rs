//! All points of one operation, and what is tried at each.

use model::stall::StallPair;
use model::trace::Operation;
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

/// What came of a try at a point; none where the thread did not come by again.
type Tried = Option<Outcome>;

fn is_blocked(outcome: &Tried) -> bool {
    outcome.as_ref().is_some_and(|outcome| outcome.is_blocked)
}

/// An operation that is to be stopped at all its points.
pub(crate) struct Search<'s> {
    pub(crate) experiment: &'s StallExperiment,
    pub(crate) stalled: Operation,
    /// Whether each point is a state of its own.
    pub(crate) every: bool,
}

impl Search<'_> {
    /// Has the peers try theirs in each state; `begin` is told whenever others are tried.
    pub(crate) fn pairs(
        &self,
        peers: &[Operation],
        symbols: &mut Symbols,
        mut begin: impl FnMut(),
    ) -> Vec<StallPair> {
        let all = tries(self.stalled, peers);
        let (writes, reads): (Vec<Try>, Vec<Try>) =
            all.iter().partition(|tried| tried.operation.is_write());
        // What changes the table changes what the stalled operation finds: one at a time.
        let groups = reads.chunks(PEERS).chain(writes.chunks(1));
        let manner = if self.every {
            Manner::ONE_BY_ONE
        } else {
            Manner::QUICK
        };
        let mut pairs = Vec::new();
        for tried in groups {
            begin();
            let [id, _] = self.experiment.processes(self.stalled, tried[0]);
            let points = Points::of(&self.experiment.record(self.stalled, id), self.every);
            let states: Vec<usize> = (0..points.states().len()).collect();
            let mut outcomes = self.at_states(&points, &states, tried, manner);
            for (number, &tried) in tried.iter().enumerate() {
                self.confirm(&points, tried, number, &mut outcomes);
                let outcomes: Vec<&Tried> = outcomes.iter().map(|all| &all[number]).collect();
                pairs.push(self.pair(&points, tried, &outcomes, symbols));
            }
        }
        pairs.sort_by_key(|pair| {
            let tried = Try {
                operation: pair.peer,
                same_process: pair.same_process,
            };
            all.iter().position(|one| *one == tried)
        });
        pairs
    }

    /// What comes of the tries in some states of the operation, in order.
    fn at_states(
        &self,
        points: &Points,
        states: &[usize],
        tries: &[Try],
        manner: Manner,
    ) -> Vec<Vec<Tried>> {
        let point = |state: usize| points.states()[state];
        let mut outcomes: Vec<Vec<Tried>> = Vec::with_capacity(states.len());
        let mut detours = 0;
        while outcomes.len() < states.len() {
            let left = &states[outcomes.len()..];
            let place = |&state: &usize| points.place(point(state));
            let places: Vec<Place> = left.iter().map(place).collect();
            let walk = self.experiment.walk(self.stalled, tries, &places, manner);
            let access_path = points.in_common(&walk.recording);
            let comes_by = |state: &&usize| points.way_to(point(**state)) <= access_path;
            let came_by = left.iter().take_while(comes_by).count();
            let reached: Vec<_> = walk.outcomes.into_iter().take(came_by).collect();
            if !reached.is_empty() {
                detours = 0;
            } else if detours < detours_max(points, point(left[0])) {
                detours += 1;
            } else {
                outcomes.push(vec![None; tries.len()]);
                detours = 0;
            }
            outcomes.extend(reached);
        }
        outcomes
    }

    /// Tries what seemed to be blocked once more, alone and with more patience; what does not come again
    /// is not believed. `outcomes` are by state, and within it by `number`.
    ///
    /// Who has waited for a lock from one state to the next sleeps on when it is given up, until it is
    /// woken: at the end of each stretch of states somebody has to try who comes fresh.
    fn confirm(&self, points: &Points, tried: Try, number: usize, outcomes: &mut [Vec<Tried>]) {
        let blocks = |&state: &usize| is_blocked(&outcomes[state][number]);
        let blocked: Vec<usize> = (0..outcomes.len()).filter(blocks).collect();
        let try_at = |states: &[usize]| self.at_states(points, states, &[tried], Manner::PATIENT);
        for stretch in blocked.chunk_by(|one, next| one + 1 == *next) {
            let mut left = stretch;
            while let Some((&last, before)) = left.split_last() {
                let outcome = try_at(&[last]).remove(0).remove(0);
                let is_blocked = is_blocked(&outcome);
                outcomes[last][number] = outcome;
                left = before;
                if is_blocked {
                    break;
                }
            }
            for (&state, mut again) in left.iter().zip(try_at(left)) {
                outcomes[state][number] = again.remove(0);
            }
        }
    }

    /// What came of a try, by state.
    fn pair(
        &self,
        points: &Points,
        tried: Try,
        outcomes: &[&Tried],
        symbols: &mut Symbols,
    ) -> StallPair {
        let count = |states: &[usize]| -> u64 {
            let lengths = states.iter().map(|&state| points.of_state(state).len());
            lengths.sum::<usize>() as u64
        };
        let flaw_of = |outcome: &Tried| outcome.as_ref()?.flaw.clone();
        let states = |is_it: &dyn Fn(&Tried) -> bool| -> Vec<usize> {
            let states = 0..outcomes.len();
            states.filter(|&state| is_it(outcomes[state])).collect()
        };
        let blocked = states(&is_blocked);
        let flawed = states(&|outcome| flaw_of(outcome).is_some());
        let untried = states(&|outcome| outcome.is_none());
        let first = blocked.first().map(|&state| points.of_state(state).start);
        let last = blocked.last().map(|&state| points.of_state(state).end - 1);
        let evidence = flawed.first().and_then(|&state| {
            let flaw = flaw_of(outcomes[state])?;
            Some(format!("at {}: {flaw}", points.of_state(state).start))
        });
        StallPair {
            stalled: self.stalled,
            peer: tried.operation,
            same_process: tried.same_process,
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

//! All points of one operation, and what is tried at each.

use model::stall::StallPair;
use model::trace::Operation;
use trap::Place;

use super::points::Points;
use super::stall_experiment::{Manner, Outcome, StallExperiment, Try, tries};
use crate::native::symbols::Symbols;

/// How often an operation may take another way than the first time before a point counts as one that
/// it does not come by again: deferred work and growth come every now and then.
const DETOURS_MAX: u32 = 2;

/// What came of a try at a point; none where the thread did not come by again.
type Tried = Option<Outcome>;

fn is_blocked(outcome: &Tried) -> bool {
    outcome.as_ref().is_some_and(|outcome| outcome.is_blocked)
}

fn flaw(outcome: &Tried) -> Option<&str> {
    outcome.as_ref()?.flaw.as_deref()
}

/// An operation that is to be stopped at all its points.
pub(crate) struct Search<'s> {
    pub(crate) experiment: &'s StallExperiment,
    pub(crate) stalled: Operation,
    /// Whether each point is a state of its own.
    pub(crate) every: bool,
}

impl Search<'_> {
    /// Has a peer try each operation in each state; `begin` is told whenever it is another one.
    pub(crate) fn pairs(
        &self,
        peers: &[Operation],
        symbols: &mut Symbols,
        mut begin: impl FnMut(),
    ) -> Vec<StallPair> {
        let mut pairs = Vec::new();
        for tried in tries(self.stalled, peers) {
            begin();
            let [id, _] = self.experiment.processes(self.stalled, tried);
            let points = Points::of(&self.experiment.record(self.stalled, id), self.every);
            let mut outcomes = self.at_points(&points, &points.states, tried, Manner::QUICK);
            for (outcome, point) in outcomes.iter_mut().zip(points.states.chunks(1)) {
                if is_blocked(outcome) {
                    // What does not come again, with more patience, is not believed.
                    *outcome = self
                        .at_points(&points, point, tried, Manner::PATIENT)
                        .remove(0);
                }
            }
            pairs.push(self.pair(&points, tried, &outcomes, symbols));
        }
        pairs
    }

    /// What comes of tries at some points of the operation, in order: in one execution as far as it comes by them and
    /// the peer changes nothing, or each in one of its own if every point is to be tried.
    fn at_points(
        &self,
        points: &Points,
        wanted: &[usize],
        tried: Try,
        manner: Manner,
    ) -> Vec<Tried> {
        let at_once = if self.every { 1 } else { wanted.len() };
        let mut outcomes: Vec<Tried> = Vec::with_capacity(wanted.len());
        let mut detours = 0;
        while let rest @ [next, ..] = &wanted[outcomes.len()..] {
            let places = rest.iter().take(at_once);
            let places: Vec<Place> = places.map(|&point| points.place(point)).collect();
            let (met, recording) = self.experiment.meet(self.stalled, tried, &places, manner);
            let in_common = points.in_common(&recording);
            let came_by = rest.iter().zip(met);
            let came_by = came_by.take_while(|(point, _)| points.way_to(**point) <= in_common);
            let known = outcomes.len();
            outcomes.extend(came_by.map(|(_, outcome)| Some(outcome)));
            // The allocator goes another way with nearly every call, and few of its points come again.
            let is_given_up = points.is_in_allocator(*next) || detours == DETOURS_MAX;
            if outcomes.len() > known {
                detours = 0;
            } else if is_given_up {
                outcomes.push(None);
                detours = 0;
            } else {
                detours += 1;
            }
        }
        outcomes
    }

    /// What came of a try, by state.
    fn pair(
        &self,
        points: &Points,
        tried: Try,
        outcomes: &[Tried],
        symbols: &mut Symbols,
    ) -> StallPair {
        let count = |states: &[usize]| -> u64 {
            let lengths = states.iter().map(|&state| points.of_state(state).len());
            lengths.sum::<usize>() as u64
        };
        let blocked = states(outcomes, is_blocked);
        let flawed = states(outcomes, |outcome| flaw(outcome).is_some());
        let first = blocked.first().map(|&state| points.of_state(state).start);
        let last = blocked.last().map(|&state| points.of_state(state).end - 1);
        let evidence = flawed.first().and_then(|&state| {
            let flaw = flaw(&outcomes[state])?;
            Some(format!("at {}: {flaw}", points.of_state(state).start))
        });
        StallPair {
            stalled: self.stalled,
            peer: tried.operation,
            same_process: tried.same_process,
            points: points.len() as u64,
            blocked: count(&blocked),
            in_allocator: count(&in_allocator(&blocked, points)),
            untried: count(&states(outcomes, Option::is_none)),
            first: first.map(|point| point as u64),
            last: last.map(|point| point as u64),
            held_by: first.and_then(|point| symbols.owner(points.calls_at(point))),
            wrong: count(&flawed),
            evidence,
        }
    }
}

/// The states in which a try came to that.
fn states(outcomes: &[Tried], is_it: impl Fn(&Tried) -> bool) -> Vec<usize> {
    let states = 0..outcomes.len();
    states.filter(|&state| is_it(&outcomes[state])).collect()
}

/// The blocked states that are the allocator's doing: whole stretches of them inside its calls. A
/// stretch that reaches out of a call is a lock that was taken outside.
fn in_allocator(blocked: &[usize], points: &Points) -> Vec<usize> {
    let is_inside = |&state: &usize| {
        points
            .of_state(state)
            .all(|point| points.is_in_allocator(point))
    };
    blocked
        .chunk_by(|one, next| one + 1 == *next)
        .filter(|stretch| stretch.iter().all(is_inside))
        .flatten()
        .copied()
        .collect()
}

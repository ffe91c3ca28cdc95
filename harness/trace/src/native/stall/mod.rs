//! Who can go on while somebody is stopped in the middle of an operation: a progress guarantee,
//! observed at every instruction instead of claimed.
//!
//! # Method
//!
//! One thread is stopped before an instruction of its operation, for as long as need be; a peer tries
//! an operation of its own meanwhile. Lock-free reads, say, are reads that no stopped thread keeps
//! from being done, wherever it stopped (Herlihy and Shavit, "On the nature of progress", OPODIS
//! 2011). What the peer sees has to be what some order of the two operations explains.
//!
//! - Every instruction is a point. Those between two writes that others could see are one state, as
//!   [`points`] argues, and tried once, unless all are asked for.
//! - A peer is blocked when nobody is left to wake it, or when it has spun for a thousand times what
//!   an operation takes; and that is tried again with more patience before it is believed.
//! - Beside an operation that only reads, a peer that has written undoes that and tries again at the
//!   next point of the same execution; what seems to be blocked then has to be so afresh, too.
//! - What the allocator's own lock blocks is told apart.
//! - [`two_stops`] is about the stopped operation's own answer.

mod observation;
mod points;
mod stall_experiment;
mod two_stops;

use model::stall::{StallPair, StallSeen};
use model::trace::Operation;
use points::Points;
use stall_experiment::{Manner, PEERS, StallExperiment, Tried, tries};
use trap::{Place, Result, Trap};
use two_stops::Script;

use crate::StallTask;
use crate::native::fixture::Fixture;
use crate::native::processes::Which;
use crate::native::step_handle::TracedStrategy;
use crate::native::symbols::Symbols;

pub(crate) use observation::{Observation, Scan};

/// What is seen of a strategy; `begin` is told of each operation that a thread is stopped in.
pub(crate) fn see(
    trap: Trap,
    strategy: TracedStrategy,
    task: &StallTask,
    mut begin: impl FnMut(Operation),
) -> Result<StallSeen> {
    let mut observed = StallSeen {
        strategy: strategy.profile.name.into(),
        ..StallSeen::default()
    };
    if !strategy.is_shared() {
        return Ok(observed);
    }
    let experiment = StallExperiment::new(Fixture::set(trap, strategy, 0)?, strategy)?;
    let mut symbols = Symbols::load();
    for &stalled in &task.stalled {
        let search = Search {
            experiment: &experiment,
            stalled,
            every: task.every,
        };
        let pairs = search.pairs(&task.peers, &mut symbols, || begin(stalled));
        observed.pairs.extend(pairs);
        let scripts = Script::all(stalled, &task.peers);
        for script in scripts.into_iter().filter(|_| task.two_stops > 0) {
            begin(stalled);
            observed
                .two_stops
                .push(two_stops::search(&experiment, &script, task.two_stops));
        }
    }
    Ok(observed)
}

/// How often an operation may take another way than the first time before a point counts as one that
/// it does not come by again: deferred work and growth come every now and then. Not at points of the allocator, which
/// goes another way with nearly every call: few of them come again.
const DETOURS_MAX: u32 = 2;

fn is_blocked(outcome: &Tried) -> bool {
    outcome.as_ref().is_some_and(|outcome| outcome.is_blocked)
}

/// An operation that is to be stopped at all its points.
struct Search<'s> {
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
        let (writes, reads): (Vec<Which>, Vec<Which>) =
            all.iter().partition(|(_, peer, _)| peer.is_write());
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
            let [id, _] = self.experiment.fixture.processes(tried[0]);
            let points =
                Points::from_recording(&self.experiment.record(self.stalled, id), self.every);
            let states: Vec<usize> = (0..points.states.len()).collect();
            let mut outcomes = self.at_states(&points, &states, tried, manner);
            for (number, &tried) in tried.iter().enumerate() {
                self.confirm(&points, tried, number, &mut outcomes);
                let outcomes: Vec<&Tried> = outcomes.iter().map(|all| &all[number]).collect();
                pairs.push(pair(&points, tried, &outcomes, symbols));
            }
        }
        pairs.sort_by_key(|pair| {
            let which = (pair.stalled, pair.peer, pair.same_process);
            all.iter().position(|tried| *tried == which)
        });
        pairs
    }

    /// What comes of the tries in some states of the operation, in order.
    fn at_states(
        &self,
        points: &Points,
        states: &[usize],
        tries: &[Which],
        manner: Manner,
    ) -> Vec<Vec<Tried>> {
        let point = |state: usize| points.states[state];
        let mut outcomes: Vec<Vec<Tried>> = Vec::with_capacity(states.len());
        let mut detours = 0;
        while outcomes.len() < states.len() {
            let left = &states[outcomes.len()..];
            let place = |&state: &usize| points.all[point(state)].place;
            let places: Vec<Place> = left.iter().map(place).collect();
            let (outcomes_by_stop, recording) = self.experiment.walk(tries, &places, manner);
            let access_path = points.in_common(&recording);
            let comes_by = |state: &&usize| points.way_to(point(**state)) <= access_path;
            let came_by = left.iter().take_while(comes_by).count();
            let reached: Vec<_> = outcomes_by_stop.into_iter().take(came_by).collect();
            if !reached.is_empty() {
                detours = 0;
            } else if detours < DETOURS_MAX && !points.all[point(left[0])].in_allocator {
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
    fn confirm(&self, points: &Points, tried: Which, number: usize, outcomes: &mut [Vec<Tried>]) {
        let blocks = |&state: &usize| is_blocked(&outcomes[state][number]);
        let blocked: Vec<usize> = (0..outcomes.len()).filter(blocks).collect();
        let try_at = |states: &[usize]| self.at_states(points, states, &[tried], Manner::PATIENT);
        for stretch in blocked.chunk_by(|state, next| state + 1 == *next) {
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
}

/// What came of a try, by state.
fn pair(
    points: &Points,
    (stalled, peer, same_process): Which,
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
        stalled,
        peer,
        same_process,
        points: points.all.len() as u64,
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

/// The blocked states that are the allocator's doing: whole stretches of them inside its calls. A
/// stretch that reaches out of a call is a lock that was taken outside.
fn in_allocator(blocked: &[usize], points: &Points) -> Vec<usize> {
    let is_inside = |&state: &usize| {
        points
            .of_state(state)
            .all(|point| points.all[point].in_allocator)
    };
    let stretches = blocked.chunk_by(|state, next| state + 1 == *next);
    let inside = stretches.filter(|stretch| stretch.iter().all(is_inside));
    inside.flatten().copied().collect()
}

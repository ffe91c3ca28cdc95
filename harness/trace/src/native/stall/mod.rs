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
use stall_experiment::{Manner, StallExperiment, Tried, tries};
use trap::{Place, Result, Trap};
use two_stops::Script;

use crate::StallTask;
use crate::native::fixture::Fixture;
use crate::native::processes::Which;
use crate::native::symbols::Symbols;
use crate::native::threads::TracedStrategy;

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
        let pairs = pairs(&experiment, stalled, task, &mut symbols, || begin(stalled));
        observed.pairs.extend(pairs);
        let scripts = Script::all(stalled, &task.peers).into_iter();
        for script in scripts.filter(|_| task.two_stops > 0) {
            begin(stalled);
            let result = two_stops::search(&experiment, &script, task.two_stops);
            observed.two_stops.push(result);
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

/// Has the peers of a task try theirs in each state of an operation; `begin` is told whenever others are tried.
fn pairs(
    experiment: &StallExperiment,
    stalled: Operation,
    task: &StallTask,
    symbols: &mut Symbols,
    mut begin: impl FnMut(),
) -> Vec<StallPair> {
    let manner = Manner {
        afresh: task.every,
        ..Manner::QUICK
    };
    let pairs = tries(stalled, &task.peers).into_iter().map(|which| {
        begin();
        let [request, _] = experiment.fixture.requests(which);
        let points = Points::from_recording(&experiment.record(request), task.every);
        let states: Vec<usize> = (0..points.states.len()).collect();
        let mut outcomes = at_states(experiment, &points, &states, which, manner);
        confirm(experiment, &points, which, &mut outcomes);
        pair(&points, which, &outcomes, symbols)
    });
    pairs.collect()
}

/// What comes of a pair in some states of its first operation, in order.
fn at_states(
    experiment: &StallExperiment,
    points: &Points,
    states: &[usize],
    which: Which,
    manner: Manner,
) -> Vec<Tried> {
    let point = |&state: &usize| points.states[state];
    let mut outcomes = Vec::with_capacity(states.len());
    let mut detours = 0;
    while outcomes.len() < states.len() {
        let left = &states[outcomes.len()..];
        let places = left.iter().map(|state| points.all[point(state)].place);
        let places: Vec<Place> = places.collect();
        let (outcomes_by_stop, recording) = experiment.walk(which, &places, manner);
        let access_path = points.in_common(&recording);
        let comes_by = |state: &&usize| points.way_to(point(state)) <= access_path;
        let came_by = left.iter().take_while(comes_by).count();
        let before = outcomes.len();
        outcomes.extend(outcomes_by_stop.into_iter().take(came_by));
        if outcomes.len() > before {
            detours = 0;
        } else if detours < DETOURS_MAX && !points.all[point(&left[0])].in_allocator {
            detours += 1;
        } else {
            outcomes.push(None);
            detours = 0;
        }
    }
    outcomes
}

/// Tries what seemed to be blocked once more, with more patience; what does not come again is not believed.
/// `outcomes` are by state.
///
/// Who has waited for a lock from one state to the next sleeps on when it is given up, until it is
/// woken: at the end of each stretch of states somebody has to try who comes fresh.
fn confirm(experiment: &StallExperiment, points: &Points, which: Which, outcomes: &mut [Tried]) {
    let blocked = 0..outcomes.len();
    let blocked: Vec<usize> = blocked
        .filter(|&state| is_blocked(&outcomes[state]))
        .collect();
    let try_at = |states: &[usize]| at_states(experiment, points, states, which, Manner::PATIENT);
    for stretch in blocked.chunk_by(|state, next| state + 1 == *next) {
        let mut left = stretch;
        while let Some((&last, before)) = left.split_last() {
            left = before;
            outcomes[last] = try_at(&[last]).remove(0);
            if is_blocked(&outcomes[last]) {
                break;
            }
        }
        for (&state, again) in left.iter().zip(try_at(left)) {
            outcomes[state] = again;
        }
    }
}

/// What came of a try, by state.
fn pair(
    points: &Points,
    (stalled, peer, same_process): Which,
    outcomes: &[Tried],
    symbols: &mut Symbols,
) -> StallPair {
    let count = |states: &[usize]| -> u64 {
        let lengths = states.iter().map(|&state| points.of_state(state).len());
        lengths.sum::<usize>() as u64
    };
    let states = |is_it: &dyn Fn(&Tried) -> bool| -> Vec<usize> {
        let states = 0..outcomes.len();
        states.filter(|&state| is_it(&outcomes[state])).collect()
    };
    let flaw_of = |outcome: &Tried| outcome.as_ref()?.flaw.clone();
    let blocked = states(&is_blocked);
    let flawed = states(&|outcome| flaw_of(outcome).is_some());
    let first = blocked.first().map(|&state| points.of_state(state).start);
    let last = blocked.last().map(|&state| points.of_state(state).end - 1);
    let evidence = flawed.first().and_then(|&state| {
        let flaw = flaw_of(&outcomes[state])?;
        Some(format!("at {}: {flaw}", points.of_state(state).start))
    });
    // Whole stretches of blocked states inside the allocator's calls are its doing. A stretch that reaches out of a call
    // is a lock that was taken outside.
    let is_inside = |&state: &usize| {
        let mut numbers = points.of_state(state);
        numbers.all(|point| points.all[point].in_allocator)
    };
    let stretches = blocked.chunk_by(|state, next| state + 1 == *next);
    let in_allocator = stretches.filter(|stretch| stretch.iter().all(is_inside));
    StallPair {
        stalled,
        peer,
        same_process,
        points: points.all.len() as u64,
        blocked: count(&blocked),
        in_allocator: in_allocator.map(count).sum(),
        untried: count(&states(&Option::is_none)),
        first: first.map(|point| point as u64),
        last: last.map(|point| point as u64),
        held_by: first.and_then(|point| symbols.owner(points.calls_at(point))),
        wrong: count(&flawed),
        evidence,
    }
}

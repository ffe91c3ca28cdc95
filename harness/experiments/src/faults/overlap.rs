//! Readers that relieve each other, so that there is always one, and a writer that wants to get in.
//!
//! Nothing here takes a given time. Each reader lets go as soon as the next one has come, so a writer
//! that waits for a moment without readers waits for ever. Where a waiting writer keeps new readers
//! out, the next one does not come; the one that is in leaves after a while, and the writer gets in.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::subject::heartbeat;
use contract::Handle;
use model::fault::{Deed, Fate, FaultSeen, Tally};

use crate::faults::scene::{CATCHING, Scene, resident};

const READERS: u64 = 4;
/// A writer that has waited while so many readers came and went waits for ever.
const HANDOVERS_MAX: u64 = 2_000;

static STATE: Mutex<State> = Mutex::new(State {
    arrived: 0,
    is_written: false,
    is_over: false,
});
static CHANGED: Condvar = Condvar::new();

struct State {
    /// How many readers have come.
    arrived: u64,
    is_written: bool,
    is_over: bool,
}

pub(crate) fn observe(scene: Scene, seen: &mut FaultSeen) {
    for reader in 0..READERS {
        scene.spawn(move |handle| {
            let mut turn = reader;
            while !state().is_over {
                await_turn(turn, CATCHING);
                handle.read(resident(0), |_| {
                    change(|state| state.arrived = turn + 1);
                    await_turn(turn + 2, scene.patience);
                });
                turn += READERS;
            }
        });
    }
    // All have been in once, so their handles are made.
    drop(wait(CATCHING, |state| state.arrived >= READERS));
    let began_at = state().arrived;
    scene.spawn(|handle| {
        let _ = handle.apply(resident(0), heartbeat(1));
        change(|state| state.is_written = true);
    });
    let end = wait(CATCHING, |state| {
        state.is_written || state.arrived - began_at >= HANDOVERS_MAX
    });
    let (is_written, handovers) = (end.is_written, end.arrived - began_at);
    drop(end);
    let fate = if is_written { Fate::Done } else { Fate::HeldUp };
    seen.add(Deed::Update, fate);
    let handovers = handovers.cast_signed();
    seen.tallies.insert(Tally::Handovers, handovers);
    change(|state| state.is_over = true);
    if !wait(CATCHING, |state| state.is_written).is_written {
        seen.never.push(Deed::Update);
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn change(how: impl FnOnce(&mut State)) {
    how(&mut state());
    CHANGED.notify_all();
}

/// Waits until so many readers have come, or all is over.
fn await_turn(turn: u64, patience: Duration) {
    drop(wait(patience, |state| {
        state.is_over || state.arrived >= turn
    }));
}

/// Waits until that is so, but not longer than `patience`.
fn wait(patience: Duration, is_so: impl Fn(&State) -> bool) -> MutexGuard<'static, State> {
    let waited = CHANGED.wait_timeout_while(state(), patience, |state| !is_so(state));
    waited.unwrap_or_else(PoisonError::into_inner).0
}

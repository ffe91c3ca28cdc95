//! Whether a task has been polled again since it got a guard, as far as that can be seen.
//!
//! A guard is not told of polls. It can see that it is dropped on another thread, or that another task has used
//! a recorded lock on its thread meanwhile. Both mean that its task has given way in between. A task that runs
//! alone on its thread is not seen, so the count is a lower bound.

use std::cell::Cell;
use std::sync::atomic::Ordering;

use crate::threads;

thread_local! {
    /// The task that used a recorded lock last, and how often that changed.
    static TURN: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
}

/// This task's turn on this thread: a number that no other turn has soon. `task` names the task.
pub(crate) fn turn(task: u64) -> u64 {
    let (last, changes) = TURN.get();
    let changes = changes.wrapping_add(u32::from(last != task));
    TURN.set((task, changes));
    number(changes)
}

/// Whether a turn is over. Always false of 0, which is none.
pub(crate) fn has_passed(turn: u64) -> bool {
    turn != 0 && turn != number(TURN.get().1)
}

fn number(changes: u32) -> u64 {
    let place = threads::place();
    let thread = place.map_or(0, |place| place.number.load(Ordering::Relaxed) + 1);
    thread << 32 | u64::from(changes)
}

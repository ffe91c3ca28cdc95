//! A place where a thread can be held up, for as long as somebody else wants.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Open at first. A thread that passes while it is shut waits inside until it is opened.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_shut: bool,
    waiting: usize,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                is_shut: false,
                waiting: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Who comes from now on has to wait.
    pub(super) fn shut(&self) {
        self.state().is_shut = true;
    }

    /// Lets everyone go on.
    pub(super) fn open(&self) {
        self.state().is_shut = false;
        self.changed.notify_all();
    }

    /// Waits while it is shut.
    pub(super) fn pass(&self) {
        let mut state = self.state();
        state.waiting += 1;
        self.changed.notify_all();
        while state.is_shut {
            state = self.wait(state);
        }
        state.waiting -= 1;
        self.changed.notify_all();
    }

    /// Waits until somebody waits in it; whether somebody did within `patience`.
    pub(super) fn catches(&self, patience: Duration) -> bool {
        self.until(patience, |state| state.waiting > 0)
    }

    fn until(&self, patience: Duration, reached: impl Fn(&State) -> bool) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.state(), patience, |state| !reached(state))
            .unwrap_or_else(PoisonError::into_inner);
        reached(&state)
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State>) -> MutexGuard<'g, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a gate when it goes out of scope, however that comes: nobody waits for a thread that is
/// gone.
#[derive(Debug)]
pub(super) struct OpenOnExit<'g>(pub(super) &'g Gate);

impl Drop for OpenOnExit<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

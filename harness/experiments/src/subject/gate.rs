//! A place where a thread can be held up, for as long as somebody else wants.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Open at first. A thread that passes while it is shut waits inside until it is opened.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_shut: bool,
    /// How often it was opened: who waits for one opening must not miss it, however soon it is shut
    /// again.
    opened: u64,
    waiting: usize,
}

impl Gate {
    /// Open.
    pub const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                is_shut: false,
                opened: 0,
                waiting: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Who comes from now on has to wait.
    pub fn shut(&self) {
        self.state().is_shut = true;
    }

    /// Lets everyone go on.
    pub fn open(&self) {
        let mut state = self.state();
        state.is_shut = false;
        state.opened += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Waits while it is shut.
    pub fn pass(&self) {
        let mut state = self.state();
        let opened = state.opened;
        state.waiting += 1;
        self.changed.notify_all();
        let is_held = |state: &mut State| state.is_shut && state.opened == opened;
        let state = self.changed.wait_while(state, is_held);
        state.unwrap_or_else(PoisonError::into_inner).waiting -= 1;
    }

    /// Waits until somebody waits in it; whether somebody did within `patience`.
    pub fn catches(&self, patience: Duration) -> bool {
        let is_empty = |state: &mut State| state.waiting == 0;
        let waited = self
            .changed
            .wait_timeout_while(self.state(), patience, is_empty);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a gate when it goes out of scope, however that comes: nobody waits for a thread that is
/// gone.
#[derive(Debug)]
pub struct OpenOnExit<'g>(pub &'g Gate);

impl Drop for OpenOnExit<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test: whoever is waited for comes.
    const PATIENCE: Duration = Duration::from_mins(10);

    #[test]
    fn an_opening_is_not_missed_however_short_it_is() {
        let gate = Gate::new();
        std::thread::scope(|scope| {
            gate.shut();
            let passer = scope.spawn(|| gate.pass());
            assert!(gate.catches(PATIENCE));
            // The passer has no chance to look in between.
            let mut state = gate.state();
            state.is_shut = true;
            state.opened += 1;
            drop(state);
            gate.changed.notify_all();
            passer.join().unwrap();
        });
    }

    #[test]
    fn nobody_is_caught_where_nobody_comes() {
        let gate = Gate::new();
        gate.shut();
        assert!(!gate.catches(Duration::from_millis(1)));
        gate.open();
        gate.pass();
    }
}

//! What is experimented on: every strategy, holding a record on which threads can be held up or made
//! to fail where an experiment wants it.
//!
//! Compiled once for all strategies, and behind a dynamic call: that costs some 2 ns, and every
//! experiment looks at the clock between two operations or compares a strategy with itself.
//!
//! # The record
//!
//! It is a process status, with one event that takes as long as somebody wants, and one that fails. A thread
//! cannot be suspended in the middle of an update from outside. But every strategy calls the
//! record there, to apply the event: under its lock, between load and compare-and-swap, in the actor,
//! while it replays a write on its second copy. An event that does not return there holds up exactly
//! what the strategy holds; one that panics leaves behind exactly what the strategy lets go of.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{
    ErasedHandle, ErasedTable, Event, Flaw, Handle, PlainRecord, ProcessId, ProcessStatus, Profile,
    Record, Rejected, Specimen, Strategy, Visitor,
};

/// Makes a table with room for so many records.
pub type MakeTable = fn(usize) -> ErasedTable<InstrumentedRecord>;

/// A thread's access to a table.
pub type TableHandle<'t> = ErasedHandle<'t, InstrumentedRecord>;

/// A strategy of the registry; `None` if there is none of that name.
pub fn strategy(name: &str) -> Option<MakeTable> {
    struct Find(Option<MakeTable>);
    impl Visitor<InstrumentedRecord> for Find {
        fn visit<S: Strategy<InstrumentedRecord>>(&mut self) {
            self.0 = Some(ErasedTable::new::<S>);
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut find = Find(None);
    registry::visit_plain::<InstrumentedRecord>(&mut registry::Only(name, &mut find));
    find.0
}

/// Inserts processes, running, and publishes them.
pub(crate) fn insert_running(
    handle: &mut TableHandle<'_>,
    processes: impl IntoIterator<Item = ProcessId>,
) {
    for id in processes {
        handle.insert(id, InstrumentedRecord::running(id));
    }
    handle.publish();
}

/// [`ProcessStatus`], 64 bytes as well, at the price of one comparison per update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstrumentedRecord(ProcessStatus);

/// Where the application of [`held_up`] waits.
pub static IN_UPDATE: Gate = Gate::new();

/// No clock that counts from the start of an experiment gets there.
const HELD_UP_AT_NS: u64 = u64::MAX;
const FAILING_AT_NS: u64 = u64::MAX - 1;

/// A heartbeat whose application waits at [`IN_UPDATE`].
pub fn held_up() -> Event {
    Event::at(HELD_UP_AT_NS, Event::heartbeat(0).change)
}

/// A heartbeat whose application panics; where the record is changed in place, half changed.
pub fn failing() -> Event {
    Event::at(FAILING_AT_NS, Event::heartbeat(0).change)
}

/// Holds up, or fails.
#[cold]
fn act_up(at_ns: u64) {
    if at_ns == HELD_UP_AT_NS {
        IN_UPDATE.pass();
    } else {
        panic!("as the experiment wants it");
    }
}

impl InstrumentedRecord {
    /// A pending process, revision 0.
    pub fn pending(id: ProcessId) -> Self {
        Self(ProcessStatus::pending(id))
    }

    /// A running process, revision 1.
    pub fn running(id: ProcessId) -> Self {
        Self(ProcessStatus::running(id))
    }

    /// See [`Specimen::touch`].
    #[inline]
    pub fn touch(&self) -> u64 {
        self.0.touch()
    }

    /// See [`Specimen::examine`].
    ///
    /// # Errors
    ///
    /// The flaw that was found.
    pub fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        self.0.examine(id)
    }

    /// What a change that is cut short leaves: some fields new, some old.
    #[cold]
    fn change_half(&mut self) {
        let mut words = self.0.to_words();
        words[3] ^= 1;
        self.0 = ProcessStatus::from_words(words);
    }
}

impl Record for InstrumentedRecord {
    type Event = Event;
    type Rejected = Rejected;

    #[inline]
    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        if event.at_ns >= FAILING_AT_NS {
            act_up(event.at_ns);
        }
        self.0.apply(event).map(Self)
    }

    #[inline]
    fn apply_in_place(&mut self, event: &Event) -> Result<u64, Rejected> {
        if event.at_ns == FAILING_AT_NS {
            self.change_half();
        }
        *self = self.apply(event)?;
        Ok(self.revision())
    }

    #[inline]
    fn revision(&self) -> u64 {
        self.0.revision()
    }
}

impl PlainRecord for InstrumentedRecord {
    type Words = [u64; 8];

    #[inline]
    fn to_words(&self) -> [u64; 8] {
        self.0.to_words()
    }

    #[inline]
    fn from_words(words: [u64; 8]) -> Self {
        Self(ProcessStatus::from_words(words))
    }
}

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

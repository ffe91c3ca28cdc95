//! The record: a process status, with one event that takes as long as somebody wants, and one that
//! fails.
//!
//! A thread cannot be suspended in the middle of an update from outside. But every strategy calls the
//! record there, to apply the event: under its lock, between load and compare-and-swap, in the actor,
//! while it replays a write on its second copy. An event that does not return there holds up exactly
//! what the strategy holds; one that panics leaves behind exactly what the strategy lets go of.

use contract::{Event, Flaw, PlainRecord, ProcessId, ProcessStatus, Record, Rejected, Specimen};

use crate::subject::gate::Gate;

/// [`ProcessStatus`], 64 bytes as well, at the price of one comparison per update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject(ProcessStatus);

/// Where the application of [`held_up`] waits.
pub static IN_UPDATE: Gate = Gate::new();

/// No clock that counts from the start of an experiment gets there.
const HELD_UP_AT_NS: u64 = u64::MAX;
const FAILING_AT_NS: u64 = u64::MAX - 1;

/// A heartbeat; no two in a row are equal.
#[inline]
pub fn heartbeat(step: usize) -> Event {
    Event::heartbeat(step as u64)
}

/// A heartbeat whose application waits at [`IN_UPDATE`].
pub fn held_up() -> Event {
    Event {
        at_ns: HELD_UP_AT_NS,
        ..heartbeat(0)
    }
}

/// A heartbeat whose application panics; where the record is changed in place, half changed.
pub fn failing() -> Event {
    Event {
        at_ns: FAILING_AT_NS,
        ..heartbeat(0)
    }
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

impl Subject {
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

impl Record for Subject {
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

impl PlainRecord for Subject {
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

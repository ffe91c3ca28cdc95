//! The record that probes use: a process status, and one event that takes as long as somebody wants.
//!
//! A thread cannot be suspended in the middle of an update from outside. But every strategy calls the
//! record there, to apply the event: under its lock, between load and compare-and-swap, in the actor,
//! while it replays a write on its second copy. An event that does not return there holds up exactly
//! what the strategy holds.

use contract::{Change, Event, PlainRecord, ProcessId, ProcessStatus, Record, Rejected};

use crate::gate::Gate;

/// [`ProcessStatus`], 64 bytes as well, at the price of one comparison per update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Subject(ProcessStatus);

/// Where the application of [`held_up`] waits.
pub(crate) static IN_UPDATE: Gate = Gate::new();

/// No clock that counts from the start of a probe gets there.
const HELD_UP_AT_NS: u64 = u64::MAX;

/// A heartbeat; no two in a row are equal.
#[inline]
pub(crate) fn heartbeat(step: usize) -> Event {
    let step = step as u64;
    let change = Change::Heartbeat {
        cpu_ns: step,
        rss_bytes: step << 12,
    };
    Event::at(step, change)
}

/// A heartbeat whose application waits at [`IN_UPDATE`].
pub(crate) fn held_up() -> Event {
    Event {
        at_ns: HELD_UP_AT_NS,
        ..heartbeat(0)
    }
}

#[cold]
fn hold_up() {
    IN_UPDATE.pass();
}

impl Subject {
    /// A running process, revision 1.
    pub(crate) fn running(id: ProcessId) -> Self {
        let started = ProcessStatus::pending(id).apply(&Event::at(0, Change::Start));
        Self(started.expect("a pending process can be started"))
    }

    /// See [`contract::Specimen::touch`].
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        contract::Specimen::touch(&self.0)
    }
}

impl Record for Subject {
    type Event = Event;
    type Rejected = Rejected;

    #[inline]
    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        if event.at_ns == HELD_UP_AT_NS {
            hold_up();
        }
        self.0.apply(event).map(Self)
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

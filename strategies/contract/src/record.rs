//! What the table holds: a value, the events that change it, and how a check tells it is whole.

use std::fmt::{self, Debug};

use crate::ProcessId;
use crate::lifecycle::{Change, Event, Rejected, State};

/// A value that a [`Strategy`](crate::Strategy) stores, with its changes as data.
///
/// Nothing but an event changes it: it has no interior mutability, except behind a pointer. A strategy may hold one
/// record in two places, bit for bit, and so a `Mutex` or a `Cell` inside of it would be two.
pub trait Record: Clone + PartialEq + Debug + Send + Sync + 'static {
    /// What can happen to a record. Data and not a closure, so that it can be queued, sent to
    /// another thread, replayed on a second copy, or retried.
    type Event: Clone + Debug + Send + Sync + 'static;

    /// Why an event does not apply to a record in its present state.
    type Rejected: Clone + PartialEq + Debug + Send + 'static;

    /// The record after `event`: the sequential specification.
    ///
    /// Pure. Strategies that publish a new copy per write (compare-and-swap, copy-on-write) call
    /// this one.
    ///
    /// # Errors
    ///
    /// When `event` is not legal in the present state; the record is then unchanged.
    fn apply(&self, event: &Self::Event) -> Result<Self, Self::Rejected>;

    /// [`apply`](Record::apply) for whoever owns the record exclusively; returns the new revision.
    ///
    /// Exists so that a lock-based strategy is not charged for a copy that it does not need: the
    /// default copies, records with heap parts override it.
    ///
    /// # Errors
    ///
    /// As [`apply`](Record::apply).
    fn apply_in_place(&mut self, event: &Self::Event) -> Result<u64, Self::Rejected> {
        *self = self.apply(event)?;
        Ok(self.revision())
    }

    /// How many events have been applied since the record was made: 0 for a new one, and exactly
    /// one more after each accepted event. A lost update shows as a gap.
    fn revision(&self) -> u64;
}

/// A [`Record`] that the checks and the harness can make, drive through the process lifecycle, and
/// recognise as whole.
///
/// The fields of a specimen are bound to each other and to the identifier, so that a record mixed
/// from two versions (torn) or returned for the wrong identifier (foreign) is always detected.
pub trait Specimen: Record<Event = Event, Rejected = Rejected> {
    /// What a table calls this kind of record, for example `status-64B`.
    const NAME: &'static str;

    /// A new record of process `id`: [`State::Pending`], revision 0.
    fn pending(id: ProcessId) -> Self;

    /// A record of a process that runs, revision 1.
    fn running(id: ProcessId) -> Self {
        let record = Self::pending(id);
        let start = Event::at(0, Change::Start);
        record.apply(&start).unwrap_or(record)
    }

    /// The lifecycle state.
    fn state(&self) -> State;

    /// Whether the record is whole and belongs to `id`.
    ///
    /// # Errors
    ///
    /// The flaw that was found.
    fn examine(&self, id: ProcessId) -> Result<(), Flaw>;

    /// Reads every field and folds them into one word: what a benchmark's reader does with a
    /// record, so that no strategy is credited for a record that it never loads.
    fn touch(&self) -> u64;
}

/// What is wrong with a record that a read returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The fields do not belong together or to this identifier: torn, or another process's record.
    TornOrForeign,
    /// The fields name another process.
    Foreign,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::TornOrForeign => {
                f.write_str("its fields do not belong together (torn or foreign)")
            }
            Flaw::Foreign => f.write_str("it belongs to another process"),
        }
    }
}

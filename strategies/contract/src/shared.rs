//! The shared record: a status that readers take with them.

use std::sync::Arc;

use crate::lifecycle::{Event, Rejected, State};
use crate::record::{Flaw, Record, Specimen};
use crate::{ProcessId, ProcessStatus};

/// A [`ProcessStatus`] behind an [`Arc`], as a map of `Arc<T>` holds it.
///
/// A reader clones the `Arc` while the strategy lends it, and reads the status afterwards, when the strategy holds
/// nothing any more ([`taken`](SharedStatus::taken)). A write never changes a status that a reader may have: it puts a
/// new `Arc` in its place, which allocates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedStatus(Arc<ProcessStatus>);

impl SharedStatus {
    /// What a reader takes with it: one more reference, counted in the memory of the record.
    #[inline]
    #[must_use]
    pub fn taken(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Record for SharedStatus {
    type Event = Event;
    type Rejected = Rejected;

    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        self.0.apply(event).map(|next| Self(Arc::new(next)))
    }

    #[inline]
    fn revision(&self) -> u64 {
        self.0.revision()
    }
}

impl Specimen for SharedStatus {
    const NAME: &'static str = "status-arc";

    fn pending(id: ProcessId) -> Self {
        Self(Arc::new(ProcessStatus::pending(id)))
    }

    #[inline]
    fn state(&self) -> State {
        self.0.state()
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        self.0.examine(id)
    }

    #[inline]
    fn touch(&self) -> u64 {
        self.0.touch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_has_taken_is_never_changed() {
        let id = ProcessId(7);
        let mut record = SharedStatus::running(id);
        let taken = record.taken();
        assert!(Arc::ptr_eq(&record.0, &taken.0));
        let revision = record.apply_in_place(&Event::heartbeat(3));
        assert_eq!(revision, Ok(2));
        assert_eq!((taken.revision(), record.revision()), (1, 2));
        assert_eq!((taken.examine(id), record.examine(id)), (Ok(()), Ok(())));
    }
}

//! A record that changes while a reader looks at it.
//!
//! In safe Rust that takes a record with a lock inside; in a strategy with `unsafe` it takes one
//! missing guard.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use contract::{
    Event, Flaw, Handle, IdMap, ProcessId, ProcessStatus, Profile, Record, Rejected, Specimen,
    State, Strategy,
};

use crate::meeting::{Act, Joined, Meeting};

/// A status that can be changed through a shared reference.
#[derive(Debug)]
pub(crate) struct Shifting(Mutex<ProcessStatus>);

impl Shifting {
    fn status(&self) -> ProcessStatus {
        *self.0.lock().unwrap()
    }
}

thread_local! {
    /// What this thread was lent, and where.
    static LENT: RefCell<Option<(Arc<Meeting>, ProcessId)>> = const { RefCell::new(None) };
}

impl Clone for Shifting {
    /// A reader copies what it was lent to compare it with what it is later.
    fn clone(&self) -> Self {
        let status = self.status();
        let lent = LENT.with_borrow(Clone::clone);
        if let Some((meeting, id)) = lent {
            meeting.wait(Act::Write, id, 1);
        }
        Self(Mutex::new(status))
    }
}

impl PartialEq for Shifting {
    fn eq(&self, other: &Self) -> bool {
        self.status() == other.status()
    }
}

impl Record for Shifting {
    type Event = Event;
    type Rejected = Rejected;

    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        self.status()
            .apply(event)
            .map(|next| Self(Mutex::new(next)))
    }

    fn revision(&self) -> u64 {
        self.status().revision()
    }
}

impl Specimen for Shifting {
    const NAME: &'static str = "shifting";

    fn pending(id: ProcessId) -> Self {
        Self(Mutex::new(ProcessStatus::pending(id)))
    }

    fn state(&self) -> State {
        self.status().state()
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        self.status().examine(id)
    }

    fn touch(&self) -> u64 {
        self.status().touch()
    }
}

/// Readers take a reference and let go of the lock; writers change the record in place.
#[derive(Debug)]
pub(crate) struct LendsWithoutGuard {
    records: Mutex<IdMap<Arc<Shifting>>>,
    meeting: Arc<Meeting>,
}

impl LendsWithoutGuard {
    fn find(&self, id: ProcessId) -> Option<Arc<Shifting>> {
        let map = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(&id).cloned()
    }
}

impl Strategy<Shifting> for LendsWithoutGuard {
    const PROFILE: Profile = Profile::locked("planted/lends-without-guard", "wrong in one way");
    type Handle<'s> = Joined<'s, Self>;

    fn with_capacity(_: usize) -> Self {
        Self {
            records: Mutex::default(),
            meeting: Arc::new(Meeting::new(true)),
        }
    }

    fn handle(&self) -> Joined<'_, Self> {
        Joined::new(self, &self.meeting)
    }
}

impl Handle<Shifting> for Joined<'_, LendsWithoutGuard> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&Shifting) -> T) -> Option<T> {
        let meeting = &self.table.meeting;
        meeting.begin();
        let record = self.table.find(id)?;
        LENT.set(Some((Arc::clone(meeting), id)));
        let read = f(&record);
        LENT.set(None);
        Some(read)
    }

    fn insert(&mut self, id: ProcessId, record: Shifting) -> Option<Shifting> {
        let displaced = self
            .table
            .records
            .lock()
            .unwrap()
            .insert(id, Arc::new(record));
        displaced.map(|record| Shifting::clone(&record))
    }

    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let meeting = &self.table.meeting;
        meeting.begin();
        meeting.expect();
        let record = self.table.find(id)?;
        let outcome = record.0.lock().unwrap().apply_in_place(&event);
        if outcome.is_ok() {
            meeting.did(Act::Write, id);
        }
        Some(outcome)
    }

    fn remove(&mut self, id: ProcessId) -> Option<Shifting> {
        let removed = self.table.records.lock().unwrap().remove(&id);
        removed.map(|record| Shifting::clone(&record))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &Shifting)) {
        for (&id, record) in &*self.table.records.lock().unwrap() {
            visit(id, record);
        }
    }
}

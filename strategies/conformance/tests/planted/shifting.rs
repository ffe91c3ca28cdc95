//! A record that changes while a reader looks at it.
//!
//! In safe Rust that takes a record with a lock inside; in a strategy with `unsafe` it takes one
//! missing guard.

use std::sync::{Arc, Mutex, PoisonError};

use contract::{
    Event, Flaw, Handle, IdMap, ProcessId, ProcessStatus, Profile, Record, Rejected, Specimen,
    State, Strategy,
};

/// A status that can be changed through a shared reference.
#[derive(Debug)]
pub(crate) struct Shifting(Mutex<ProcessStatus>);

impl Shifting {
    fn status(&self) -> ProcessStatus {
        *self.0.lock().unwrap()
    }
}

impl Clone for Shifting {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.status()))
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
pub(crate) struct LendsWithoutGuard(Mutex<IdMap<Arc<Shifting>>>);

impl LendsWithoutGuard {
    fn find(&self, id: ProcessId) -> Option<Arc<Shifting>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(&id).cloned()
    }
}

impl Strategy<Shifting> for LendsWithoutGuard {
    const PROFILE: Profile = Profile::locked("planted/lends-without-guard", "wrong in one way");
    type Handle<'s> = &'s Self;

    fn with_capacity(_: usize) -> Self {
        Self(Mutex::default())
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl Handle<Shifting> for &LendsWithoutGuard {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&Shifting) -> T) -> Option<T> {
        self.find(id).map(|record| f(&record))
    }

    fn insert(&mut self, id: ProcessId, record: Shifting) -> Option<Shifting> {
        let displaced = self.0.lock().unwrap().insert(id, Arc::new(record));
        displaced.map(|record| Shifting::clone(&record))
    }

    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let record = self.find(id)?;
        let mut status = record.0.lock().unwrap();
        Some(status.apply_in_place(&event))
    }

    fn remove(&mut self, id: ProcessId) -> Option<Shifting> {
        let removed = self.0.lock().unwrap().remove(&id);
        removed.map(|record| Shifting::clone(&record))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &Shifting)) {
        for (&id, record) in &*self.0.lock().unwrap() {
            visit(id, record);
        }
    }
}

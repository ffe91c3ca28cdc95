//! Concurrent maps with a mutex for writers, as users have them who need an update to be one step: what
//! readers see is the map's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{
    Event, Handle, IdHasher, ProcessId, ProcessStatus, Profile, Record as _, Rejected, Strategy,
};

/// A map that may be read while it is written.
pub(crate) trait Map: Send + Sync + 'static {
    const NAME: &'static str;

    fn new(room: usize) -> Self;
    fn get(&self, id: ProcessId) -> Option<ProcessStatus>;
    fn put(&self, id: ProcessId, record: ProcessStatus);
    fn take(&self, id: ProcessId);
    fn each(&self, visit: impl FnMut(ProcessId, &ProcessStatus));
}

/// Such a map, and the mutex that its writers queue at.
pub(crate) struct Queued<M> {
    map: M,
    writers: Mutex<()>,
}

impl<M: Map> Queued<M> {
    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Map> Strategy<ProcessStatus> for Queued<M> {
    const PROFILE: Profile = Profile::locked(M::NAME, "a released map with a known fault");
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self {
            map: M::new(processes),
            writers: Mutex::default(),
        }
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<M: Map> Handle<ProcessStatus> for &Queued<M> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&ProcessStatus) -> T) -> Option<T> {
        self.map.get(id).as_ref().map(f)
    }

    fn insert(&mut self, id: ProcessId, record: ProcessStatus) -> Option<ProcessStatus> {
        let _writing = self.writing();
        let old = self.map.get(id);
        self.map.put(id, record);
        old
    }

    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let _writing = self.writing();
        let next = self.map.get(id)?.apply(&event);
        Some(next.map(|next| {
            self.map.put(id, next);
            next.revision()
        }))
    }

    fn remove(&mut self, id: ProcessId) -> Option<ProcessStatus> {
        let _writing = self.writing();
        let old = self.map.get(id)?;
        self.map.take(id);
        Some(old)
    }

    fn scan(&mut self, visit: impl FnMut(ProcessId, &ProcessStatus)) {
        self.map.each(visit);
    }
}

pub(crate) type SkipMap = crossbeam_skiplist::SkipMap<ProcessId, ProcessStatus>;

impl Map for SkipMap {
    const NAME: &'static str = "old/crossbeam-skiplist";

    fn new(_: usize) -> Self {
        Self::new()
    }

    fn get(&self, id: ProcessId) -> Option<ProcessStatus> {
        self.get(&id).map(|entry| *entry.value())
    }

    fn put(&self, id: ProcessId, record: ProcessStatus) {
        self.insert(id, record);
    }

    fn take(&self, id: ProcessId) {
        self.remove(&id);
    }

    fn each(&self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        for entry in self {
            visit(*entry.key(), entry.value());
        }
    }
}

pub(crate) type DashMap = dashmap_old::DashMap<ProcessId, ProcessStatus, IdHasher>;

impl Map for DashMap {
    const NAME: &'static str = "old/dashmap";

    fn new(room: usize) -> Self {
        Self::with_capacity_and_hasher(room, IdHasher::default())
    }

    fn get(&self, id: ProcessId) -> Option<ProcessStatus> {
        self.get(&id).map(|element| *element.value())
    }

    fn put(&self, id: ProcessId, record: ProcessStatus) {
        self.insert(id, record);
    }

    fn take(&self, id: ProcessId) {
        self.remove(&id);
    }

    fn each(&self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        for element in self {
            visit(*element.key(), element.value());
        }
    }
}

/// A record, or one of the two values that the map wants for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slot {
    Null,
    Redirect,
    Record(ProcessStatus),
}

impl leapfrog::Value for Slot {
    fn is_redirect(&self) -> bool {
        *self == Slot::Redirect
    }
    fn is_null(&self) -> bool {
        *self == Slot::Null
    }
    fn redirect() -> Self {
        Slot::Redirect
    }
    fn null() -> Self {
        Slot::Null
    }
}

/// With its own hasher, which it wants to be a good one.
pub(crate) type LeapMap = leapfrog::LeapMap<u64, Slot>;

impl Map for LeapMap {
    const NAME: &'static str = "old/leapfrog";

    fn new(room: usize) -> Self {
        leapfrog::LeapMap::with_capacity(room)
    }

    fn get(&self, id: ProcessId) -> Option<ProcessStatus> {
        match self.get(&id.0)?.value()? {
            Slot::Record(record) => Some(record),
            _ => None,
        }
    }

    fn put(&self, id: ProcessId, record: ProcessStatus) {
        self.insert(id.0, Slot::Record(record));
    }

    fn take(&self, id: ProcessId) {
        self.remove(&id.0);
    }

    fn each(&self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        for mut entry in self.iter() {
            if let Some((key, Slot::Record(record))) = entry.key_value() {
                visit(ProcessId(key), &record);
            }
        }
    }
}

//! `strategy-template/one-lock`: a map behind one lock, to start from.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{Handle, IdHasher, IdMap, ProcessId, Profile, Record, Strategy};

/// A map behind one lock, to start from.
#[derive(Debug)]
pub struct OneLockTable<R>(Mutex<IdMap<R>>);

impl<R: Record> Strategy<R> for OneLockTable<R> {
    /// What it claims; every claim is checked. What is not said here is as of a lock that readers take, too.
    const PROFILE: Profile = Profile {
        avoid_when: "several cores read the table all the time",
        ..Profile::locked(
            "strategy-template/one-lock",
            "a map behind one lock, from which a new strategy starts",
        )
    };
    /// A thread's access. One that needs something of its own, such as a slot or a cache, is a type of its own.
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        let hasher = IdHasher::default();
        Self(Mutex::new(IdMap::with_capacity_and_hasher(
            processes, hasher,
        )))
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R> OneLockTable<R> {
    /// The map, until the guard is dropped; as a thread left it that panicked under the lock.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, IdMap<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Record> Handle<R> for &OneLockTable<R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.lock().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.lock().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut map = self.lock();
        Some(map.get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.lock().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, record) in &*self.lock() {
            visit(id, record);
        }
    }
}

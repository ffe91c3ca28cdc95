//! Strategies and handles without their type, for code in which a dynamic call does not matter.
//!
//! Checks, set-up and accounting want to be compiled once and not once for every strategy. Only the
//! timed loops are generic over the strategy.

use std::fmt;

use crate::{Handle, ProcessId, Record, Strategy};

/// A [`Strategy`] whose type is forgotten.
///
/// ```
/// # use contract::*;
/// # fn example<S: Strategy<ProcessStatus>>() {
/// let make: fn(usize) -> ErasedTable<ProcessStatus> = ErasedTable::new::<S>;
/// let table = make(16);
/// table.handle().insert(ProcessId(7), ProcessStatus::pending(ProcessId(7)));
/// # }
/// ```
pub struct ErasedTable<R>(Box<dyn AnyTable<R>>);

/// A [`Handle`] whose type is forgotten.
pub struct ErasedHandle<'s, R>(Box<dyn AnyHandle<R> + 's>);

impl<R: Record> ErasedTable<R> {
    /// A table of strategy `S`; see [`Strategy::with_capacity`].
    pub fn new<S: Strategy<R>>(processes: usize) -> Self {
        Self(Box::new(Owned(S::with_capacity(processes))))
    }

    /// A handle; see [`Strategy::handle`].
    pub fn handle(&self) -> ErasedHandle<'_, R> {
        self.0.handle()
    }
}

impl<'s, R: Record> ErasedHandle<'s, R> {
    /// Forgets the type of `handle`.
    pub fn new(handle: impl Handle<R> + 's) -> Self {
        Self(Box::new(handle))
    }
}

struct Owned<S>(S);

trait AnyTable<R>: Send + Sync {
    fn handle(&self) -> ErasedHandle<'_, R>;
}

impl<R: Record, S: Strategy<R>> AnyTable<R> for Owned<S> {
    fn handle(&self) -> ErasedHandle<'_, R> {
        ErasedHandle::new(self.0.handle())
    }
}

/// [`Handle`] with closures that are called through a pointer.
trait AnyHandle<R: Record> {
    fn read(&mut self, id: ProcessId, f: &mut dyn FnMut(&R)) -> bool;
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R>;
    fn fill(&mut self, records: &[(ProcessId, R)]);
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>>;
    fn remove(&mut self, id: ProcessId) -> Option<R>;
    fn scan(&mut self, visit: &mut dyn FnMut(ProcessId, &R));
    fn publish(&mut self);
}

impl<R: Record, H: Handle<R>> AnyHandle<R> for H {
    fn read(&mut self, id: ProcessId, f: &mut dyn FnMut(&R)) -> bool {
        Handle::read(self, id, f).is_some()
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        Handle::insert(self, id, record)
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        Handle::fill(self, records);
    }

    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        Handle::apply(self, id, event)
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        Handle::remove(self, id)
    }

    fn scan(&mut self, visit: &mut dyn FnMut(ProcessId, &R)) {
        Handle::scan(self, visit);
    }

    fn publish(&mut self) {
        Handle::publish(self);
    }
}

impl<R: Record> Handle<R> for ErasedHandle<'_, R> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let (mut f, mut result) = (Some(f), None);
        let is_present = self.0.read(id, &mut |record| {
            // Taken by the first call, and the contract allows no second.
            result = f.take().map(|f| f(record));
        });
        // What the strategy said counts, even if it called the closure all the same.
        result.filter(|_| is_present)
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.insert(id, record)
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        self.0.fill(records);
    }

    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0.apply(id, event)
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.remove(id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.0.scan(&mut visit);
    }

    fn publish(&mut self) {
        self.0.publish();
    }
}

impl<R> fmt::Debug for ErasedTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedTable").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ErasedHandle<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedHandle").finish_non_exhaustive()
    }
}

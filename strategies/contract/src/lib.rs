//! The contract between a synchronization strategy and everything that checks or measures it.
//!
//! A team keeps the status of many processes in memory: many threads read it all the time, a few
//! change it. Today the table sits behind a mutex. Each crate beside this one is one answer to
//! "what should replace the mutex?", and this crate is what makes the answers comparable.
//!
//! # The four traits
//!
//! - [`Record`] is what the table holds: a value, the events that can happen to it, and a *pure*
//!   [`apply`](Record::apply). Writes are events and not closures because every strategy must be
//!   able to carry one out in its own way: an actor is sent the event, left-right replays it on two
//!   copies, a compare-and-swap loop retries it. The same pure function is the sequential
//!   specification that every check compares with.
//! - [`Strategy`] is the shared table; [`Handle`] is one thread's access to it, made outside the hot
//!   loop. A strategy that needs per-thread state (a reader slot, a cached snapshot, a reply
//!   channel) keeps it in the handle; to the others it costs nothing.
//! - [`Family`] is a strategy crate: the list of its variants, offered to a [`Visitor`]. Whoever
//!   wants to run something for every strategy writes a visitor; nobody writes a macro.
//!
//! # Implementing a strategy
//!
//! This is the whole of a strategy crate's `lib.rs`:
//!
//! ```
//! //! A map behind one mutex.
//!
//! use contract::{Family, Handle, IdMap, ProcessId, Profile, Record, Strategy, Visitor, id_map};
//! use std::sync::{Mutex, MutexGuard, PoisonError};
//!
//! /// The whole table behind one lock.
//! #[derive(Debug)]
//! pub struct OneLock<R>(Mutex<IdMap<R>>);
//!
//! impl<R: Record> Strategy<R> for OneLock<R> {
//!     const PROFILE: Profile = Profile::locked("example/one-lock", "a map behind one mutex");
//!     type Handle<'s> = &'s Self;
//!
//!     fn with_capacity(processes: usize) -> Self {
//!         Self(Mutex::new(id_map(processes)))
//!     }
//!
//!     fn handle(&self) -> &Self {
//!         self
//!     }
//! }
//!
//! impl<R> OneLock<R> {
//!     fn lock(&self) -> MutexGuard<'_, IdMap<R>> {
//!         self.0.lock().unwrap_or_else(PoisonError::into_inner)
//!     }
//! }
//!
//! impl<R: Record> Handle<R> for &OneLock<R> {
//!     fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
//!         self.lock().get(&id).map(f)
//!     }
//!     fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
//!         self.lock().insert(id, record)
//!     }
//!     fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
//!         self.lock()
//!             .get_mut(&id)
//!             .map(|record| record.apply_in_place(&event))
//!     }
//!     fn remove(&mut self, id: ProcessId) -> Option<R> {
//!         self.lock().remove(&id)
//!     }
//!     fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
//!         self.lock()
//!             .iter()
//!             .for_each(|(&id, record)| visit(id, record));
//!     }
//! }
//!
//! /// The crate, as the registry sees it.
//! #[derive(Debug)]
//! pub struct Variants;
//!
//! impl Family for Variants {
//!     fn any<R: Record>(visitor: &mut impl Visitor<R>) {
//!         visitor.visit::<OneLock<R>>();
//!     }
//! }
//!
//! #[cfg(test)]
//! mod tests {
//!     use super::*;
//!     use contract::ProcessStatus;
//!
//!     #[test]
//!     fn what_was_inserted_is_read() {
//!         let table = OneLock::<ProcessStatus>::with_capacity(16);
//!         let mut handle = table.handle();
//!         handle.insert(ProcessId(7), ProcessStatus::pending(ProcessId(7)));
//!         assert_eq!(handle.read(ProcessId(7), ProcessStatus::revision), Some(0));
//!     }
//! }
//! ```
//!
//! # Invariants
//!
//! - Nothing here measures, checks or prints; nothing here knows a strategy or the harness.
//! - [`Record::apply`] is pure: equal inputs, equal outputs, no clock, no allocation that is not
//!   part of the result.

#![expect(
    clippy::test_attr_in_doctest,
    reason = "the example is a whole crate, its test included, and is run as one when it is copied"
)]

mod erased;
mod family;
mod id;
mod lifecycle;
mod padded;
mod plain;
mod profile;
mod record;
mod seal;
mod shared;
mod snapshot;
mod status;
mod strategy;
mod work;

pub use erased::{ErasedHandle, ErasedTable};
pub use family::{Family, Visitor};
pub use id::{IdHasher, IdMap, ProcessId, id_map};
pub use lifecycle::{Change, Event, Rejected, State};
pub use padded::Padded;
pub use plain::{PlainRecord, Words};
pub use profile::{
    AfterDeadThread, AfterPanic, Capacity, Concurrency, Profile, Progress, ReadConsistency,
    Reclamation, Reentrancy, Role, ScanConsistency, WriteCost,
};
pub use record::{Flaw, Record, Specimen};
pub use shared::SharedStatus;
pub use snapshot::ProcessSnapshot;
pub use status::ProcessStatus;
pub use strategy::{Handle, Strategy};
pub use work::work;

//! The shared table and one thread's access to it.

use crate::{ProcessId, Profile, Record};

/// A table of records, shared by many threads: one answer to "what should replace the mutex?".
///
/// Dropping a strategy joins every thread it started and frees every byte it allocated, at the
/// latest when all its handles are gone too (handles borrow it, so they are gone before).
pub trait Strategy<R: Record>: Sized + Send + Sync + 'static {
    /// What this strategy claims about itself. Every claim is checked.
    const PROFILE: Profile;

    /// One thread's access. May hold what the thread needs privately: a reader slot, a cached
    /// snapshot, a reply channel.
    ///
    /// Not required to be [`Send`]: a handle is made by the thread that uses it, and some are bound
    /// to it, such as a participant of an epoch scheme.
    type Handle<'s>: Handle<R>
    where
        Self: 's;

    /// An empty table with room for `processes` records.
    ///
    /// A table that grows ([`Capacity::Grows`](crate::Capacity::Grows)) takes the number as a hint.
    fn with_capacity(processes: usize) -> Self;

    /// A handle for the calling thread. May lock or allocate: it is made outside the hot loop.
    fn handle(&self) -> Self::Handle<'_>;
}

/// One thread's access to a [`Strategy`].
///
/// Identifiers are arbitrary and chosen by the caller. Unless the profile claims less, every
/// operation is linearizable: it takes effect at one instant between its call and its return. Some libraries keep
/// that for several identifiers together on x86-64 only; the documentation of their strategies says so.
///
/// The closures given to [`read`](Handle::read) and [`scan`](Handle::scan) may run while the
/// strategy holds a lock or a guard. The handle is borrowed meanwhile; whether the thread may use the
/// same table through a second handle there is what the profile claims:
/// [`inside_read`](Profile::inside_read) and [`inside_scan`](Profile::inside_scan). A second handle is
/// made before and dropped after, since making and dropping one may lock.
/// [`Record::apply`] and `clone` must not use the table.
///
/// Strategies mark [`read`](Handle::read) and [`apply`](Handle::apply) `#[inline(always)]`: they are called in loops of some
/// nanoseconds, and whether a compiler puts a larger function there of its own accord is a matter of luck.
pub trait Handle<R: Record> {
    /// Calls `f` once with the record of `id` and returns its result, or `None` if there is no such
    /// record (`f` is then not called).
    ///
    /// A closure and not a copy, so that strategies that can lend the record are not charged for a
    /// copy, and so that the length of the read-side section can be varied.
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T>;

    /// Stores `record` under `id` and returns the record it displaced.
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R>;

    /// Stores many records, each as [`insert`](Handle::insert) does. Meanwhile others may see some of them and not the
    /// rest. A table that each write copies is to be copied once.
    fn fill(&mut self, records: &[(ProcessId, R)]) {
        for (id, record) in records {
            self.insert(*id, record.clone());
        }
    }

    /// Replaces the record of `id` by [`Record::apply`] of it and `event`, as one atomic
    /// read-modify-write, and returns the new revision; the reason, if the event was rejected (the
    /// record is then unchanged); `None` if there is no such record.
    ///
    /// The revision and not the record is returned: it tells concurrent updates apart, and no
    /// strategy has to clone strings that nobody asked for.
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>>;

    /// Removes the record of `id` and returns it.
    fn remove(&mut self, id: ProcessId) -> Option<R>;

    /// Visits the records, in any order. What a scan sees while others write is the profile's
    /// [`ScanConsistency`](crate::ScanConsistency); without writers it sees each record once.
    fn scan(&mut self, visit: impl FnMut(ProcessId, &R));

    /// Makes every write of this table that has returned visible to all readers.
    ///
    /// Does nothing, except for strategies that batch ([`ReadConsistency::Published`]).
    ///
    /// [`ReadConsistency::Published`]: crate::ReadConsistency::Published
    fn publish(&mut self) {}
}

//! Two maps that share their records, by evmap, publishing every write.
//!
//! evmap maps a key to a *bag* of values. Here each bag holds exactly one version: a write replaces
//! the bag's content, a removal drops the bag. The two maps hold the same record bit for bit and
//! only the second to let go of it drops it, so a record is stored twice but never cloned by the
//! library.

use std::hash::{Hash, Hasher};

use contract::{
    AfterDeadThread, AfterPanic, IdHasher, ProcessId, Profile, Progress, Reclamation, Record,
    Reentrancy, Strategy, WriteCost,
};

use crate::table::{Access, Copies, Reader, Table};

/// [`evmap`](::evmap), publishing every write.
pub type Evmap<R> = Table<R, Bags<R>, 1>;

impl<R: Record> Strategy<R> for Evmap<R> {
    const PROFILE: Profile = PROFILE;
    type Handle<'s> = Access<'s, R, Bags<R>, 1>;

    fn with_capacity(processes: usize) -> Self {
        Self::new(processes)
    }

    fn handle(&self) -> Self::Handle<'_> {
        self.access()
    }
}

/// The claims of evmap when it publishes every write.
pub(crate) const PROFILE: Profile = Profile {
    library: "evmap",
    avoid_when: "writes are frequent, or a reader may keep a record for long: every write waits for all readers",
    reads: Progress::WaitFree,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::BlocksWriters,
    inside_read: Reentrancy::Reads,
    inside_scan: Reentrancy::Reads,
    reclamation: Reclamation::NextPublish,
    write_cost: WriteCost::Twice,
    ..Profile::locked(
        "left-right/evmap",
        "two maps that share their records, swapped after every write",
    )
};

/// The writer's end of an evmap of records.
#[derive(Debug)]
pub struct Bags<R: Record>(::evmap::handles::WriteHandle<ProcessId, Version<R>, (), IdHasher>);

/// A reader's end of an evmap of records.
#[derive(Debug)]
pub struct BagReader<R: Record>(::evmap::handles::ReadHandle<ProcessId, Version<R>, (), IdHasher>);

/// A record as the content of a bag.
///
/// evmap wants `Eq` and `Hash` to find a value among others in its bag, and relies on both for
/// memory safety: the two maps share their values, so both must find the *same* one. Records
/// promise neither (they are `PartialEq`, with an implementation that we do not know), and an
/// address would not do either, since the two maps hold a value at different ones. So no property
/// of the record is used at all: every version equals every other. That is an equivalence,
/// trivially deterministic, and never put to use, since no bag here has a second value.
#[derive(Debug)]
pub struct Version<R>(R);

impl<R> PartialEq for Version<R> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<R> Eq for Version<R> {}

impl<R> Hash for Version<R> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<R: Record> Copies<R> for Bags<R> {
    type Reader = BagReader<R>;

    #[expect(
        unsafe_code,
        reason = "evmap seals the trait that would let a foreign type vouch for its own Eq and Hash"
    )]
    fn with_capacity(processes: usize) -> Self {
        let options = ::evmap::Options::default().with_capacity(processes);
        // SAFETY: the hasher must be deterministic. `IdHasher` has no seed and no state: all its
        // instances hash equal input equally.
        let options = unsafe { options.with_hasher(IdHasher::default()) };
        // SAFETY: `Eq` and `Hash` of key and value must be deterministic, and agree between clones of
        // a key. A `ProcessId` derives both from its one integer; those of a `Version` are constant.
        let (mut writer, _) = unsafe { options.assert_stable() };
        // Until the first publish readers are turned away.
        writer.publish();
        Self(writer)
    }

    fn reader(&self) -> BagReader<R> {
        BagReader((*self.0).clone())
    }

    #[inline]
    fn published<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.get_one(&id).map(|version| f(&version.0))
    }

    #[inline]
    fn store(&mut self, id: ProcessId, record: R) {
        self.0.update(id, Version(record));
    }

    /// The new version goes into both maps, so the event is not needed again.
    #[inline]
    fn replace(&mut self, id: ProcessId, next: R, _: R::Event) {
        self.store(id, next);
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) {
        self.0.remove_entry(id);
    }

    #[inline]
    fn publish(&mut self) {
        self.0.publish();
    }
}

impl<R: Record> Reader<R> for BagReader<R> {
    /// The guard ends with this call, so `None` from the library means one thing only: there is no
    /// such record. (It would also mean that the writer is gone, but the writer belongs to the
    /// table, and the table is borrowed by whoever holds this reader.)
    #[inline]
    fn read<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.get_one(&id).map(|version| f(&version.0))
    }

    fn scan(&self, mut visit: impl FnMut(ProcessId, &R)) {
        let map = self
            .0
            .enter()
            .expect("the table, which outlives its readers, owns the writer");
        for (&id, bag) in &map {
            if let Some(version) = bag.get_one() {
                visit(id, &version.0);
            }
        }
    }
}

//! Two maps that share their records, by evmap, publishing every write or every sixteenth.
//!
//! evmap maps a key to a *bag* of values. Here each bag holds exactly one version: a write replaces
//! the bag's content, a removal drops the bag. The two maps hold the same record bit for bit and
//! only the second to let go of it drops it, so a record is stored twice but never cloned by the
//! library.
//!
//! In [`EvmapBatched`] sixteen writes share one wait for the readers and one swap of the maps. In return
//! a write that has returned may stay invisible to readers, for as long as no other fifteen follow: who
//! needs it seen calls [`Handle::publish`](contract::Handle::publish). Writers always see each other's
//! writes.

use std::hash::{Hash, Hasher};

use contract::{
    AfterDeadThread, AfterPanic, IdHasher, ProcessId, Profile, Progress, ReadConsistency,
    Reclamation, Record, Reentrancy, WriteCost,
};

use crate::table::{Copies, Reader, Table};

/// [`evmap`](::evmap), publishing every write.
pub type Evmap<R> = Table<R, Bags<R, 1>>;

/// [`evmap`](::evmap), publishing every [`BATCH`] writes.
pub type EvmapBatched<R> = Table<R, Bags<R, BATCH>>;

/// Writes from one publish of [`EvmapBatched`] to the next, counted over all handles of a table.
pub const BATCH: u32 = 16;

/// The claims of evmap when it publishes every write.
const PUBLISHING_EACH: Profile = Profile {
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

/// The claims of evmap when it publishes every [`BATCH`] writes.
const PUBLISHING_BATCHES: Profile = Profile {
    name: "left-right/evmap-batched",
    summary: "two maps that share their records, swapped after every 16 writes",
    avoid_when: "readers must see a write as soon as it has returned",
    read_consistency: ReadConsistency::Published { every: BATCH },
    ..PUBLISHING_EACH
};

/// The writer's end of an evmap of records.
#[derive(Debug)]
pub struct Bags<R: Record, const EVERY: u32>(
    ::evmap::handles::WriteHandle<ProcessId, Version<R>, (), IdHasher>,
);

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

impl<R: Record, const EVERY: u32> Copies<R> for Bags<R, EVERY> {
    const PROFILE: Profile = match EVERY {
        1 => PUBLISHING_EACH,
        BATCH => PUBLISHING_BATCHES,
        _ => panic!("every write is published, or every BATCH writes"),
    };
    const EVERY: u32 = EVERY;
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
        // The maps hold a record bit for bit, so it must not change in one of them: by the contract of
        // `Record` it has no interior mutability, and nothing here lends it mutably.
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

#[cfg(test)]
mod tests {
    use contract::{Change, Event, Handle, ProcessId, ProcessSnapshot, State, Strategy};

    use super::*;

    const ID: ProcessId = ProcessId(7);
    const OTHER: ProcessId = ProcessId(8);

    fn heartbeat(at_ns: u64) -> Event {
        Event::at(
            at_ns,
            Change::Heartbeat {
                cpu_ns: at_ns,
                rss_bytes: 1,
            },
        )
    }

    fn table() -> EvmapBatched<ProcessSnapshot> {
        EvmapBatched::with_capacity(4)
    }

    #[test]
    fn writes_are_invisible_until_published_and_updates_see_them() {
        let table = table();
        let (mut writer, mut reader) = (table.handle(), table.handle());
        writer.insert(ID, ProcessSnapshot::pending(ID));
        assert_eq!(writer.apply(ID, Event::at(1, Change::Start)), Some(Ok(1)));
        // Another handle's update builds on what no reader can see.
        assert_eq!(reader.apply(ID, heartbeat(2)), Some(Ok(2)));
        assert_eq!(reader.read(ID, ProcessSnapshot::clone), None);
        assert_eq!(writer.read(ID, ProcessSnapshot::clone), None);
        reader.publish();
        for handle in [&mut writer, &mut reader] {
            assert_eq!(handle.read(ID, Record::revision), Some(2));
        }
    }

    #[test]
    fn the_batch_is_counted_over_all_handles() {
        let table = table();
        let mut handles = [table.handle(), table.handle(), table.handle()];
        handles[0].insert(ID, ProcessSnapshot::pending(ID));
        handles[0]
            .apply(ID, Event::at(0, Change::Start))
            .unwrap()
            .unwrap();
        for write in 2..u64::from(BATCH) {
            assert_eq!(handles[0].read(ID, Record::revision), None, "write {write}");
            assert!(matches!(
                handles[write as usize % 3].apply(ID, heartbeat(write)),
                Some(Ok(revision)) if revision == write
            ));
        }
        // The batch was full at that, and the next one begins.
        assert_eq!(handles[1].read(ID, Record::revision), Some(15));
        assert_eq!(handles[2].apply(ID, heartbeat(99)), Some(Ok(16)));
        assert_eq!(handles[1].read(ID, Record::revision), Some(15));
    }

    #[test]
    fn displaced_records_are_the_latest() {
        let table = table();
        let mut handle = table.handle();
        let pending = ProcessSnapshot::pending(ID);
        let started = pending.apply(&Event::at(1, Change::Start)).unwrap();
        assert_eq!(handle.insert(ID, pending.clone()), None);
        handle.publish();

        // Remove and insert again inside one batch.
        handle
            .apply(ID, Event::at(1, Change::Start))
            .unwrap()
            .unwrap();
        assert_eq!(handle.remove(ID), Some(started.clone()));
        assert_eq!(handle.remove(ID), None);
        assert_eq!(handle.apply(ID, heartbeat(3)), None);
        assert_eq!(handle.insert(ID, started.clone()), None);
        assert_eq!(handle.insert(ID, pending.clone()), Some(started));
        // All the time readers saw what was published first.
        assert_eq!(handle.read(ID, ProcessSnapshot::clone), Some(pending));
        handle.remove(ID);
        handle.publish();
        assert_eq!(handle.read(ID, ProcessSnapshot::clone), None);
    }

    #[test]
    fn what_changes_nothing_does_not_count() {
        let table = table();
        let mut handle = table.handle();
        handle.insert(ID, ProcessSnapshot::pending(ID));
        for _ in 0..2 * BATCH {
            assert!(matches!(handle.apply(ID, heartbeat(1)), Some(Err(_))));
            assert_eq!(handle.remove(OTHER), None);
            assert_eq!(handle.apply(OTHER, heartbeat(1)), None);
        }
        assert_eq!(handle.read(ID, Record::revision), None);
    }

    #[test]
    fn scans_see_whole_batches() {
        let table = table();
        let mut handle = table.handle();
        for id in 0..u64::from(BATCH) + 5 {
            handle.insert(ProcessId(id), ProcessSnapshot::pending(ProcessId(id)));
        }
        let mut visits = 0;
        handle.scan(|_, record| {
            assert_eq!(contract::Specimen::state(record), State::Pending);
            visits += 1;
        });
        assert_eq!(visits, BATCH);
    }
}

//! The same two maps, publishing every sixteenth write.
//!
//! Sixteen writes share one wait for the readers and one swap of the maps. In return a write that
//! has returned may stay invisible to readers, for as long as no other fifteen follow: who needs it
//! seen calls [`Handle::publish`](contract::Handle::publish). Writers always see each other's
//! writes.

use contract::{Profile, ReadConsistency, Record, Strategy};

use crate::evmap::{self, Bags};
use crate::table::{Access, Table};

/// Writes from one publish to the next, counted over all handles of a table.
pub const BATCH: u32 = 16;

/// [`evmap`](::evmap), publishing every [`BATCH`] writes.
pub type EvmapBatched<R> = Table<R, Bags<R>, BATCH>;

impl<R: Record> Strategy<R> for EvmapBatched<R> {
    const PROFILE: Profile = Profile {
        name: "left-right/evmap-batched",
        summary: "two maps that share their records, swapped after every 16 writes",
        avoid_when: "readers must see a write as soon as it has returned",
        read_consistency: ReadConsistency::Published { every: BATCH },
        ..evmap::PROFILE
    };
    type Handle<'s> = Access<'s, R, Bags<R>, BATCH>;

    fn with_capacity(processes: usize) -> Self {
        Self::new(processes)
    }

    fn handle(&self) -> Self::Handle<'_> {
        self.access()
    }
}

#[cfg(test)]
mod tests {
    use contract::{Change, Event, Handle, ProcessId, ProcessSnapshot, State};

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
        let mut seen = 0;
        handle.scan(|_, record| {
            assert_eq!(contract::Specimen::state(record), State::Pending);
            seen += 1;
        });
        assert_eq!(seen, BATCH);
    }
}

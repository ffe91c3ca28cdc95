//! The whole table as one hash map: the least that a read can cost, the most that a write can.

use contract::{
    AfterDeadThread, AfterPanic, IdMap, ProcessId, Profile, Progress, Reclamation, Record,
    Reentrancy, Strategy, WriteCost, id_map,
};

use crate::published::{Published, Snapshot, SnapshotHandle};

/// `ArcSwap<HashMap>`: a read is one load and one lookup, a write copies the map.
#[derive(Debug)]
pub struct WholeTable<R>(Published<IdMap<R>>);

impl<R: Record> Strategy<R> for WholeTable<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "the table is large and written more than a few times a second",
        ..snapshots(
            "arc-swap/table",
            "one immutable map behind an ArcSwap; a write copies the map",
        )
    };
    type Handle<'s> = SnapshotHandle<'s, IdMap<R>>;

    fn with_capacity(processes: usize) -> Self {
        Self(Published::new(id_map(processes)))
    }

    fn handle(&self) -> Self::Handle<'_> {
        self.0.handle()
    }
}

/// What a whole-table variant claims; the others state their differences from it.
pub(crate) const fn snapshots(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        library: "arc-swap",
        reads: Progress::WaitFree,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsOneVersion,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        reclamation: Reclamation::LastReference,
        write_cost: WriteCost::CopiesTable,
        ..Profile::locked(name, summary)
    }
}

impl<R: Record> Snapshot<R> for IdMap<R> {
    const WRITERS_QUEUE: bool = true;

    #[inline]
    fn get(&self, id: ProcessId) -> Option<&R> {
        self.get(&id)
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.insert(id, record)
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.remove(&id)
    }

    fn for_each(&self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, record) in self {
            visit(id, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Handle;
    use support::token::{Step, Token};

    #[test]
    fn the_last_reader_frees_an_old_table() {
        let (first, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ProcessId(1), first);
        assert_eq!(probe.alive(), 1, "in the table");
        reader.read(ProcessId(1), |before| {
            assert_eq!(writer.apply(ProcessId(1), Step::Next), Some(Ok(1)));
            assert_eq!(before.revision(), 0);
            assert_eq!(probe.alive(), 2, "in the table, and in the reader's");
        });
        assert_eq!(probe.alive(), 1, "the reader dropped the old table");
        drop(writer.remove(ProcessId(1)));
        assert_eq!(probe.alive(), 0);
    }

    #[test]
    fn nothing_is_published_when_nothing_changes() {
        let table = WholeTable::<Token>::with_capacity(4);
        let mut handle = table.handle();
        handle.insert(ProcessId(1), Token::new().0);
        let before = table.0.pointer().load_full();
        assert_eq!(handle.apply(ProcessId(1), Step::Illegal), Some(Err(())));
        assert_eq!(handle.apply(ProcessId(2), Step::Next), None);
        assert_eq!(handle.remove(ProcessId(2)), None);
        let after = table.0.pointer().load_full();
        assert!(std::sync::Arc::ptr_eq(&before, &after));
    }
}

//! The whole table behind one pointer.
//!
//! All operations act on that pointer: a write takes effect when its compare-and-swap succeeds, a read
//! or a scan when it loads the pointer.

use contract::{
    AfterDeadThread, AfterPanic, Handle, IdMap, ProcessId, Profile, Progress, Reclamation, Record,
    Reentrancy, Strategy, WriteCost, id_map,
};
use crossbeam_epoch::{Collector, LocalHandle};

use crate::slot::{Slot, Write};

/// A hash map behind one atomic pointer; a write copies the map.
#[derive(Debug)]
pub struct WholeTable<R> {
    /// Never dead.
    map: Slot<IdMap<R>>,
    /// Dropped with the last handle gone, it frees all versions that are still waiting.
    collector: Collector,
}

impl<R: Record> Strategy<R> for WholeTable<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "the table is large and written more than a few times a second",
        write_cost: WriteCost::CopiesTable,
        ..epochs(
            "epoch/table",
            "one immutable map behind an atomic pointer; a write copies the map",
        )
    };
    type Handle<'s> = TableHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            map: Slot::new(id_map(processes)),
            collector: Collector::new(),
        }
    }

    fn handle(&self) -> TableHandle<'_, R> {
        TableHandle {
            map: &self.map,
            participant: self.collector.register(),
        }
    }
}

/// What both variants claim.
pub(crate) const fn epochs(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        library: "crossbeam-epoch",
        reads: Progress::LockFree,
        updates: Progress::LockFree,
        resizes: Progress::LockFree,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsAllGarbage,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        reclamation: Reclamation::Deferred,
        // Now and then one for a bag, to free what writers have retired.
        read_allocates: true,
        ..Profile::locked(name, summary)
    }
}

/// A thread's access: the table, and the thread's participant of its collector.
#[derive(Debug)]
pub struct TableHandle<'s, R> {
    /// Reached only by handles, and all handles of a table pin the table's own collector.
    map: &'s Slot<IdMap<R>>,
    participant: LocalHandle,
}

impl<R: Record> TableHandle<'_, R> {
    fn update<T>(
        &mut self,
        change: impl FnMut(&IdMap<R>) -> Write<IdMap<R>, Option<T>>,
    ) -> Option<T> {
        let guard = self.participant.pin();
        // SAFETY: the guard is of the table's collector, as that of everybody who reaches the map.
        let answer = unsafe { self.map.update(&guard, change) };
        // A bag is handed over when 64 objects are in it. These objects are tables: hand over each.
        guard.flush();
        answer.flatten()
    }
}

impl<R: Record> Handle<R> for TableHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let guard = self.participant.pin();
        // SAFETY: as in `update`.
        unsafe { self.map.get(&guard) }?.get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.update(|map| {
            let mut copy = map.clone();
            let displaced = copy.insert(id, record.clone());
            Write::Publish(copy, displaced)
        })
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        self.update(|map| {
            let mut copy = map.clone();
            copy.extend(records.iter().cloned());
            Write::Publish(copy, None::<()>)
        });
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.update(
            |map| match map.get(&id).map(|record| record.apply(&event)) {
                None => Write::Leave(None),
                Some(Err(rejected)) => Write::Leave(Some(Err(rejected))),
                Some(Ok(next)) => {
                    let revision = next.revision();
                    let mut copy = map.clone();
                    copy.insert(id, next);
                    Write::Publish(copy, Some(Ok(revision)))
                }
            },
        )
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.update(|map| {
            if !map.contains_key(&id) {
                return Write::Leave(None);
            }
            let mut copy = map.clone();
            let removed = copy.remove(&id);
            Write::Publish(copy, removed)
        })
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let guard = self.participant.pin();
        // SAFETY: as in `update`.
        let map = unsafe { self.map.get(&guard) };
        for (&id, record) in map.into_iter().flatten() {
            visit(id, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::token::{Step, Token};

    const ID: ProcessId = ProcessId(1);

    #[test]
    fn old_tables_are_freed_while_it_is_written() {
        let (token, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let mut handle = table.handle();
        handle.insert(ID, token);
        for revision in 1..=1_000 {
            assert_eq!(handle.apply(ID, Step::Next), Some(Ok(revision)));
            assert!(probe.alive() <= 8, "{} versions", probe.alive());
        }
    }

    #[test]
    fn a_pinned_reader_holds_back_what_was_retired_since() {
        let (token, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        reader.read(ID, |before| {
            for _ in 0..100 {
                writer.apply(ID, Step::Next).unwrap().unwrap();
            }
            assert_eq!(before.revision(), 0);
            assert_eq!(probe.alive(), 101);
        });
        for _ in 0..100 {
            writer.apply(ID, Step::Next).unwrap().unwrap();
        }
        assert!(probe.alive() <= 8, "{} versions", probe.alive());
    }

    #[test]
    fn dropping_the_table_frees_every_version() {
        let (token, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        // Pinned meanwhile, so that nothing is freed early.
        reader.read(ID, |_| {
            assert_eq!(writer.apply(ID, Step::Next), Some(Ok(1)));
            assert_eq!(writer.apply(ID, Step::Illegal), Some(Err(())));
        });
        assert_eq!(
            probe.alive(),
            2,
            "the old version waits for its grace period"
        );
        drop((reader, writer));
        drop(table);
        assert_eq!(probe.alive(), 0);
    }
}

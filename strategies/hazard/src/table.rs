//! The whole table behind one pointer.
//!
//! All operations act on that pointer: a write takes effect when its compare-and-swap succeeds, a read
//! or a scan when it loads the pointer. One location has one order of its values, and no thread goes back
//! in it, so that the load needs no fence where nothing has to be protected anew.

use std::fmt;

use contract::{
    AfterDeadThread, AfterPanic, Handle, IdMap, ProcessId, Profile, Progress, Reclamation, Record,
    Reentrancy, Strategy, WriteCost, id_map,
};

use crate::slot::{Domain, Family, Guard, Slot, Write};

/// A hash map behind one atomic pointer; a write copies the map.
pub struct WholeTable<R> {
    /// Never dead. Its versions are retired to `domain`.
    map: Slot<IdMap<R>>,
    /// Dropped with the last handle gone, it frees all versions that are still waiting.
    domain: Domain,
}

impl<R> fmt::Debug for WholeTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholeTable").finish_non_exhaustive()
    }
}

impl<R: Record> Strategy<R> for WholeTable<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "the table is large and written more than a few times a second",
        write_cost: WriteCost::CopiesTable,
        ..hazards(
            "hazard/table",
            "one immutable map behind an atomic pointer, kept by a hazard pointer of each handle",
        )
    };
    type Handle<'s> = TableHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            map: Slot::new(id_map(processes)),
            domain: Domain::new(&Family),
        }
    }

    fn handle(&self) -> TableHandle<'_, R> {
        TableHandle {
            map: &self.map,
            guard: Guard::new(&self.domain),
        }
    }
}

/// What both variants claim.
pub(crate) const fn hazards(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        library: "haphazard",
        optional: true,
        reads: Progress::LockFree,
        updates: Progress::LockFree,
        resizes: Progress::LockFree,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsOneVersion,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        reclamation: Reclamation::Deferred,
        ..Profile::locked(name, summary)
    }
}

/// A thread's access: the table, and the thread's hazard pointer.
#[derive(Debug)]
pub struct TableHandle<'s, R: Record> {
    /// Reached only by handles, and all handles of a table have guards of the table's domain.
    map: &'s Slot<IdMap<R>>,
    guard: Guard<'s, IdMap<R>>,
}

impl<R: Record> TableHandle<'_, R> {
    #[inline]
    fn current(&mut self) -> Option<&IdMap<R>> {
        // SAFETY: the guard is of the table's domain, as that of everybody who reaches the map.
        unsafe { self.guard.reload(self.map) }
    }

    fn update<T>(
        &mut self,
        change: impl FnMut(&IdMap<R>) -> Write<IdMap<R>, Option<T>>,
    ) -> Option<T> {
        // SAFETY: as in `current`.
        let answer = unsafe { self.guard.update(self.map, change) };
        // The domain would wait for a thousand versions. These are tables: free each as soon as possible.
        self.guard.reclaim();
        answer.flatten()
    }
}

impl<R: Record> Handle<R> for TableHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.current()?.get(&id).map(f)
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
        for (&id, record) in self.current().into_iter().flatten() {
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
    fn an_idle_handle_keeps_one_table_until_it_reads() {
        let (token, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let (mut idle, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        assert_eq!(idle.read(ID, Token::revision), Some(0));
        for revision in 1..=100 {
            assert_eq!(writer.apply(ID, Step::Next), Some(Ok(revision)));
        }
        assert_eq!(
            probe.alive(),
            2,
            "the current record, and the idle handle's"
        );
        assert_eq!(idle.read(ID, Token::revision), Some(100));
        assert_eq!(writer.apply(ID, Step::Next), Some(Ok(101)));
        assert_eq!(
            probe.alive(),
            2,
            "the current record, and the one just read"
        );
    }

    #[test]
    fn a_reader_keeps_the_one_table_it_looks_at() {
        let (token, probe) = Token::new();
        let table = WholeTable::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        reader.read(ID, |before| {
            for _ in 0..100 {
                writer.apply(ID, Step::Next).unwrap().unwrap();
            }
            assert_eq!(writer.apply(ID, Step::Illegal), Some(Err(())));
            assert_eq!((before.revision(), probe.alive()), (0, 2));
        });
        drop((reader, writer));
        drop(table);
        assert_eq!(probe.alive(), 0);
    }
}

//! The whole table, read through a reference that the handle keeps.
//!
//! A read compares the pointer that the handle holds with the shared one and, if they are equal, looks
//! into the table it already owns: one load of a line that changes only when somebody writes, and no
//! store at all. After a write, each handle takes a real reference once: an increment of a counter
//! that all of them share.
//!
//! # Why the comparison may be relaxed
//!
//! Nothing is read through the pointer that was loaded: equal means *still the table whose contents
//! we acquired when we took the reference*, and the address cannot have been reused, because we hold
//! that reference. Unequal leads to a full, sequentially consistent load.
//!
//! And it is linearizable: all operations on the table act on one atomic location, and even relaxed
//! accesses to one location are coherent. A read that happens after a write sees it or something
//! later, and two reads of one thread never go backwards; so ordering the operations by the pointer's
//! modification order is consistent with everything that threads can tell each other. What is *not*
//! promised is an order across two tables: on a weakly ordered machine, two threads that each write
//! one table and then read the other may both see the old contents.
//!
//! # What it pins
//!
//! A handle keeps the table that it last read until it reads again or is dropped: a thread that reads
//! once an hour holds an hour-old table, and as many idle threads as there are may each hold a
//! different one.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use contract::{Handle, IdMap, ProcessId, Profile, Record, Strategy, id_map};

use crate::published::{Published, Snapshot};
use crate::table::snapshots;

/// [`WholeTable`](crate::WholeTable) with an [`arc_swap::Cache`] in each handle.
#[derive(Debug)]
pub struct CachedTable<R>(Published<IdMap<R>>);

impl<R: Record> Strategy<R> for CachedTable<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "old tables must be freed promptly although some threads seldom read",
        ..snapshots(
            "arc-swap/cached",
            "one immutable map behind an ArcSwap, read through a cache in each handle",
        )
    };
    type Handle<'s> = CachedReader<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self(Published::new(id_map(processes)))
    }

    fn handle(&self) -> CachedReader<'_, R> {
        CachedReader {
            table: &self.0,
            cache: Cache::new(self.0.pointer()),
        }
    }
}

/// A thread's access: the table, and the thread's own reference to the snapshot it last read.
#[derive(Debug)]
pub struct CachedReader<'s, R> {
    table: &'s Published<IdMap<R>>,
    cache: Cache<&'s ArcSwap<IdMap<R>>, Arc<IdMap<R>>>,
}

impl<R: Record> Handle<R> for CachedReader<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.cache.load().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.table.insert(id, &record)
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        self.table.fill(records);
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.table.apply(id, &event)
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.table.remove(id)
    }

    fn scan(&mut self, visit: impl FnMut(ProcessId, &R)) {
        self.cache.load().for_each(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::token::{Step, Token};

    #[test]
    fn an_idle_handle_pins_one_table_until_it_reads() {
        let (first, probe) = Token::new();
        let table = CachedTable::<Token>::with_capacity(4);
        let mut writer = table.handle();
        writer.insert(ProcessId(1), first);
        let mut idle = table.handle();
        for revision in 1..=100 {
            assert_eq!(writer.apply(ProcessId(1), Step::Next), Some(Ok(revision)));
        }
        assert_eq!(
            probe.alive(),
            2,
            "the current record, and the idle handle's"
        );
        assert_eq!(idle.read(ProcessId(1), Token::revision), Some(100));
        assert_eq!(probe.alive(), 1, "reading let go of the old table");
    }

    #[test]
    fn a_handle_sees_its_own_writes() {
        let table = CachedTable::<Token>::with_capacity(4);
        let mut handle = table.handle();
        assert_eq!(handle.read(ProcessId(1), Token::revision), None);
        handle.insert(ProcessId(1), Token::new().0);
        assert_eq!(handle.read(ProcessId(1), Token::revision), Some(0));
        drop(handle.remove(ProcessId(1)));
        assert_eq!(handle.read(ProcessId(1), Token::revision), None);
    }
}

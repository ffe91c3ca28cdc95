//! A directory of cells behind one pointer, and one pointer to a record in each cell.
//!
//! # The two levels
//!
//! - A **cell** belongs to one process for the time it is in the table. It holds the record, or
//!   nothing: then it is *dead*, and stays dead. Applying an event swaps the cell's pointer, on
//!   condition that it is unchanged, and touches nothing else.
//! - The **directory** maps identifiers to cells. It is immutable; inserting a new identifier or
//!   removing one publishes a changed copy, under the membership mutex.
//!
//! | cell | in the directory | meaning |
//! |---|---|---|
//! | live | yes | the process has this record |
//! | dead | yes | removed; whoever holds the mutex is about to publish a directory without it |
//! | dead | no | freed as soon as the last old directory with it is |
//! | live | no | not linked yet, or never: nobody else can see it |
//!
//! # Why it is linearizable
//!
//! A live cell that has been linked is in the *current* directory: it can only leave after it died.
//! So a record found in a cell is the current one at the moment the cell is loaded, even if the
//! directory that led there is old by now; there, a read takes effect, and an [`apply`](Handle::apply)
//! at its successful swap. Who finds a dead cell found it in a directory that was current during the
//! operation. Either the cell was dead then, and no other cell of that process existed, or it died
//! since, at the moment a remover's swap took effect; both are moments in the operation at which the
//! process was not in the table. Finding no cell is the same with the load of the directory.
//!
//! Because a dead cell stays dead, an `apply` that was overtaken by a removal fails, and cannot bring
//! the process back. A process that is inserted again gets a new cell, and the old one is freed with
//! the last directory that names it: however often identifiers come and go, nothing accumulates.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use contract::{
    Handle, IdMap, ProcessId, Profile, Progress, Record, ScanConsistency, Strategy, WriteCost,
    id_map,
};
use crossbeam_utils::CachePadded;

use crate::table::snapshots;

/// One pointer per process, and a directory of them that is copied when processes come and go.
#[derive(Debug)]
pub struct PerProcess<R> {
    directory: ArcSwap<Directory<R>>,
    /// Held by whoever links or kills a cell.
    ///
    /// Invariant: while nobody holds it, every cell in the current directory is live. Padded, so that
    /// those who wait for it do not disturb those who read the directory's pointer.
    membership: CachePadded<Mutex<()>>,
}

type Directory<R> = IdMap<Arc<Cell<R>>>;

/// The record of one process; empty once the process was removed, and then for ever.
#[derive(Debug)]
struct Cell<R>(ArcSwapOption<R>);

impl<R> Cell<R> {
    fn live(record: Arc<R>) -> Self {
        Self(ArcSwapOption::new(Some(record)))
    }

    /// Replaces the record by what `next` makes of it and returns the old one; `None` if the cell is
    /// dead. Never makes a dead cell live: an empty cell is never swapped with.
    #[inline]
    fn replace<E>(
        &self,
        mut next: impl FnMut(&R) -> Result<Arc<R>, E>,
    ) -> Option<Result<Arc<R>, E>> {
        let mut current = self.0.load();
        loop {
            let next = match next(current.as_deref()?) {
                Ok(next) => next,
                Err(reason) => return Some(Err(reason)),
            };
            let actual = self.0.compare_and_swap(&*current, Some(next));
            if same(current.as_ref(), actual.as_ref()) {
                // Our second reference to the old record goes first, so that the caller's may be the
                // last, and the record be moved out rather than cloned.
                drop(current);
                return Guard::into_inner(actual).map(Ok);
            }
            current = actual;
        }
    }

    /// Puts `record` in the place of the present one, which is returned; `None` if the cell is dead.
    fn displace(&self, record: &Arc<R>) -> Option<Arc<R>> {
        let Ok(old) = self.replace(|_| Ok::<_, Infallible>(Arc::clone(record)))?;
        Some(old)
    }

    /// Takes the record out. The cell is dead from then on.
    fn kill(&self) -> Option<Arc<R>> {
        self.0.swap(None)
    }
}

/// Whether both are the same record.
#[inline]
fn same<R>(left: Option<&Arc<R>>, right: Option<&Arc<R>>) -> bool {
    left.map(Arc::as_ptr) == right.map(Arc::as_ptr)
}

impl<R: Record> Strategy<R> for PerProcess<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "processes come and go all the time, or a scan must see one instant",
        updates: Progress::LockFree,
        scan_consistency: ScanConsistency::Weak,
        write_cost: WriteCost::CopiesRecord,
        ..snapshots(
            "arc-swap/per-process",
            "an ArcSwap for each process, and one for the directory of them",
        )
    };
    type Handle<'s> = PerProcessHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            directory: ArcSwap::from_pointee(id_map(processes)),
            membership: CachePadded::default(),
        }
    }

    fn handle(&self) -> PerProcessHandle<'_, R> {
        // Allocates the thread's debt slots here and not in its first read.
        drop(self.directory.load());
        PerProcessHandle(self)
    }
}

impl<R> PerProcess<R> {
    /// Poisoning is ignored: of foreign code only the drop of a record may run while the mutex is held, and the
    /// table is whole then.
    fn lock_membership(&self) -> MutexGuard<'_, ()> {
        self.membership
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Links a new cell for `id`, unless somebody else has: then replaces the record in theirs.
    #[cold]
    fn link(&self, id: ProcessId, record: Arc<R>) -> Option<Arc<R>> {
        let membership = self.lock_membership();
        let old = self.directory.load_full();
        if let Some(cell) = old.get(&id) {
            // Live, by the invariant, and nobody can kill it while we hold the mutex.
            return cell.displace(&record);
        }
        let mut new = Directory::clone(&old);
        new.insert(id, Arc::new(Cell::live(record)));
        self.directory.store(Arc::new(new));
        // The mutex first: freeing the old directory may take a while.
        drop(membership);
        None
    }

    /// Kills the cell of `id` and then unlinks it.
    fn unlink(&self, id: ProcessId) -> Option<Arc<R>> {
        let membership = self.lock_membership();
        let old = self.directory.load_full();
        let record = old.get(&id)?.kill();
        let mut new = Directory::clone(&old);
        new.remove(&id);
        self.directory.store(Arc::new(new));
        drop(membership);
        record
    }
}

/// A thread's access: a reference, since the thread's debt slots belong to the library.
#[derive(Debug)]
pub struct PerProcessHandle<'s, R>(&'s PerProcess<R>);

impl<R: Record> Handle<R> for PerProcessHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let directory = self.0.directory.load();
        let record = directory.get(&id)?.0.load();
        record.as_deref().map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let record = Arc::new(record);
        let directory = self.0.directory.load();
        let displaced = directory.get(&id).and_then(|cell| cell.displace(&record));
        displaced
            .or_else(|| self.0.link(id, record))
            .map(Arc::unwrap_or_clone)
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        let membership = self.0.lock_membership();
        let old = self.0.directory.load_full();
        let mut new = Directory::clone(&old);
        for (id, record) in records {
            let record = Arc::new(record.clone());
            // Live, by the invariant, and nobody can kill it while we hold the mutex.
            let displaced = new.get(id).and_then(|cell| cell.displace(&record));
            if displaced.is_none() {
                new.insert(*id, Arc::new(Cell::live(record)));
            }
        }
        self.0.directory.store(Arc::new(new));
        // The mutex first: freeing the old directory may take a while.
        drop(membership);
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let directory = self.0.directory.load();
        let mut revision = 0;
        let applied = directory.get(&id)?.replace(|record| {
            let next = record.apply(&event)?;
            revision = next.revision();
            Ok(Arc::new(next))
        })?;
        Some(applied.map(|_old| revision))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        // Absent is seen without the mutex.
        self.0.directory.load().get(&id)?;
        self.0.unlink(id).map(Arc::unwrap_or_clone)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, cell) in self.0.directory.load().iter() {
            if let Some(record) = cell.0.load().as_deref() {
                visit(id, record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::token::{Step, Token};

    #[test]
    fn a_removal_in_the_middle_of_a_replacement_wins() {
        let cell = Cell::live(Arc::new(1));
        let replaced = cell.replace(|old| {
            assert_eq!(cell.kill().as_deref(), Some(&1));
            Ok::<_, Infallible>(Arc::new(old + 1))
        });
        assert_eq!(replaced, None);
        assert_eq!(cell.0.load_full(), None, "not brought back to life");
    }

    #[test]
    fn a_dead_cell_stays_dead_and_a_new_insert_gets_a_new_one() {
        let table = PerProcess::<Token>::with_capacity(4);
        let mut handle = table.handle();
        let id = ProcessId(1);
        handle.insert(id, Token::new().0);
        let old = Arc::clone(&table.directory.load()[&id]);
        assert!(handle.remove(id).is_some());
        assert_eq!(handle.insert(id, Token::new().0), None);
        assert_eq!(old.displace(&Arc::new(Token::new().0)), None);
        assert!(old.0.load().is_none());
        assert!(!Arc::ptr_eq(&old, &table.directory.load()[&id]));
        assert_eq!(handle.read(id, Token::revision), Some(0));
    }

    #[test]
    fn coming_and_going_accumulates_nothing() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let mut handle = table.handle();
        let id = ProcessId(1);
        let mut cells = Vec::new();
        for _ in 0..1_000 {
            handle.insert(id, token.clone());
            cells.push(Arc::downgrade(&table.directory.load()[&id]));
            assert_eq!(handle.apply(id, Step::Next), Some(Ok(1)));
            assert_eq!(handle.remove(id).map(|last| last.revision()), Some(1));
        }
        assert_eq!(probe.alive(), 1, "only the one that was cloned from");
        assert!(cells.iter().all(|cell| cell.upgrade().is_none()));
        assert!(table.directory.load().is_empty());
    }

    #[test]
    fn a_reader_keeps_the_one_record_it_looks_at() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        let id = ProcessId(1);
        writer.insert(id, token);
        reader.read(id, |before| {
            for _ in 0..100 {
                writer.apply(id, Step::Next).unwrap().unwrap();
            }
            drop(writer.remove(id));
            assert_eq!(before.revision(), 0);
            assert_eq!(probe.alive(), 1);
        });
        assert_eq!(probe.alive(), 0);
    }
}

//! A directory of cells, and one pointer to a record in each cell.
//!
//! # The two levels
//!
//! - A **cell** is a [`Slot`] that belongs to one process for the time it is in the table. Live, it
//!   holds the record; dead, it is empty for ever. Applying an event swaps its pointer and touches
//!   nothing else.
//! - The **directory** is one more slot, with an immutable map from identifiers to counted references to
//!   cells. So what keeps a directory keeps its cells: a hazard pointer for the directory and one for the
//!   record are enough.
//!
//! A removal kills the cell and then unlinks it. An insertion that finds a dead cell does not wait for
//! the remover: it publishes a directory with a cell of its own in that place. Everything is lock-free,
//! the directory included.
//!
//! # Why it is linearizable
//!
//! A live cell that has been linked is in the *current* directory: it can only leave after it died. So
//! a record found in a cell is the current one at the moment the cell is loaded, even if the directory
//! that led there is old by now; there, a read takes effect, and an [`apply`](Handle::apply) or a
//! removal at its successful swap.
//!
//! Who finds no live cell looks again, in the directory that is current *then*, and believes that. Either
//! the cell was dead then, and a directory names one cell for a process; or it died since. Both are moments
//! in the operation at which the process was not in the table. An insertion of a new cell takes effect
//! when its directory is published; the directory is then still the one in which it saw no cell or a dead
//! one, which stays dead.
//!
//! Between two operations of a thread lies a sequentially consistent fence: protecting a record issues
//! one before the load that decides, and so does the second look. The first look at the directory issues
//! none if the directory is unchanged, and nothing rests on it but where the record is sought.

use std::fmt;
use std::sync::Arc;

use contract::{
    Handle, IdMap, ProcessId, Profile, Record, ScanConsistency, Strategy, WriteCost, id_map,
};

use crate::slot::{Domain, Family, Guard, Slot, Write};
use crate::table::hazards;

/// One atomic pointer per process, and a directory of them that is copied when processes come and go.
pub struct PerProcess<R> {
    /// Never dead. Its versions, and those of the cells that it names, are retired to `domain`.
    directory: Slot<Directory<R>>,
    /// Dropped with the last handle gone, it frees all that is still waiting.
    domain: Domain,
}

type Directory<R> = IdMap<Arc<Slot<R>>>;

impl<R> fmt::Debug for PerProcess<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerProcess").finish_non_exhaustive()
    }
}

impl<R: Record> Strategy<R> for PerProcess<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "processes come and go all the time, or a scan must see one instant",
        scan_consistency: ScanConsistency::Weak,
        write_cost: WriteCost::CopiesRecord,
        ..hazards(
            "hazard/per-process",
            "an atomic pointer for each process, and one for the directory of them",
        )
    };
    type Handle<'s> = PerProcessHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            directory: Slot::new(id_map(processes)),
            domain: Domain::new(&Family),
        }
    }

    fn handle(&self) -> PerProcessHandle<'_, R> {
        PerProcessHandle {
            table: self,
            directory: Guard::new(&self.domain),
            record: Guard::new(&self.domain),
        }
    }
}

/// A thread's access: the table, and the thread's two hazard pointers.
///
/// All safety arguments below rest on this: only handles reach the slots of a table, and their guards are
/// of the table's domain.
#[derive(Debug)]
pub struct PerProcessHandle<'s, R: Record> {
    table: &'s PerProcess<R>,
    /// Stays on the directory that was last used.
    directory: Guard<'s, Directory<R>>,
    /// Protects a record while it is in use.
    record: Guard<'s, R>,
}

impl<R: Record> PerProcessHandle<'_, R> {
    /// What `attempt` makes of the cell of `id`. It returns `None` of a dead cell, and is then tried with
    /// the cell that the current directory names.
    #[inline]
    fn with_cell<T>(
        &mut self,
        id: ProcessId,
        mut attempt: impl FnMut(&mut Guard<'_, R>, &Arc<Slot<R>>) -> Option<T>,
    ) -> Option<T> {
        let slot = &self.table.directory;
        // SAFETY: the guard is of the domain that the slot's versions are retired to.
        let known = unsafe { self.directory.reload(slot) };
        if let Some(cell) = known.and_then(|known| known.get(&id))
            && let Some(answer) = attempt(&mut self.record, cell)
        {
            return Some(answer);
        }
        // SAFETY: as above.
        let current = unsafe { self.directory.load(slot) };
        attempt(&mut self.record, current?.get(&id)?)
    }

    /// Links a new cell with `record`; gives it back if the process has a live cell.
    #[cold]
    fn link(&mut self, id: ProcessId, record: R) -> Result<(), R> {
        let new = Arc::new(Slot::new(record));
        let link = |directory: &Directory<R>| {
            if directory.get(&id).is_some_and(|cell| !cell.is_dead()) {
                return Write::Leave(false);
            }
            let mut copy = directory.clone();
            copy.insert(id, Arc::clone(&new));
            Write::Publish(copy, true)
        };
        // SAFETY: the guard is of the domain that the slot's versions are retired to.
        if unsafe { self.directory.update(&self.table.directory, link) } == Some(true) {
            // The domain would wait for a thousand versions. Directories are large: free each at once.
            self.directory.reclaim();
            return Ok(());
        }
        // Not linked: a copy that lost has been dropped, and this is the only reference.
        let record = Arc::into_inner(new).and_then(Slot::into_inner);
        record.map_or(Ok(()), Err)
    }

    /// Publishes a directory without `cell`, which is dead, unless somebody has.
    #[cold]
    fn unlink(&mut self, id: ProcessId, cell: &Arc<Slot<R>>) {
        let unlink = |directory: &Directory<R>| {
            let is_linked = directory.get(&id).is_some_and(|at| Arc::ptr_eq(at, cell));
            if !is_linked {
                // Somebody inserted the process again, with a cell of its own in this place.
                return Write::Leave(());
            }
            let mut copy = directory.clone();
            copy.remove(&id);
            Write::Publish(copy, ())
        };
        // SAFETY: the guard is of the domain that the slot's versions are retired to.
        unsafe { self.directory.update(&self.table.directory, unlink) };
        self.directory.reclaim();
    }
}

impl<R: Record> Handle<R> for PerProcessHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let mut f = Some(f);
        let answer = self.with_cell(id, |guard, cell| {
            // SAFETY: the guard is of the domain that the cells' versions are retired to.
            let record = unsafe { guard.load(cell) }?;
            f.take().map(|f| f(record))
        });
        self.record.clear();
        answer
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let mut record = Some(Box::new(record));
        loop {
            let displaced = self.with_cell(id, |guard, cell| {
                // SAFETY: as in `read`.
                match unsafe { guard.replace(cell, record.take()?, R::clone) } {
                    Ok(displaced) => Some(displaced),
                    Err(back) => {
                        record = Some(back);
                        None
                    }
                }
            });
            let Some(rejected) = record.take() else {
                return displaced;
            };
            match self.link(id, *rejected) {
                Ok(()) => return None,
                Err(back) => record = Some(Box::new(back)),
            }
        }
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let apply = |record: &R| match record.apply(&event) {
            Ok(next) => {
                let revision = next.revision();
                Write::Publish(next, Ok(revision))
            }
            Err(rejected) => Write::Leave(Err(rejected)),
        };
        let answer = self.with_cell(id, |guard, cell| {
            // SAFETY: as in `read`.
            unsafe { guard.update(cell, apply) }
        });
        self.record.clear();
        answer
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let (removed, cell) = self.with_cell(id, |guard, cell| {
            // SAFETY: as in `read`.
            let removed = unsafe { guard.take(cell, R::clone) }?;
            Some((removed, Arc::clone(cell)))
        })?;
        self.unlink(id, &cell);
        Some(removed)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        // SAFETY: the guard is of the domain that the slot's versions are retired to.
        let directory = unsafe { self.directory.load(&self.table.directory) };
        for (&id, cell) in directory.into_iter().flatten() {
            // SAFETY: as in `read`.
            if let Some(record) = unsafe { self.record.load(cell) } {
                visit(id, record);
            }
        }
        self.record.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::token::{Step, Token};

    const ID: ProcessId = ProcessId(1);

    #[test]
    fn an_insertion_does_not_wait_for_a_stalled_remover() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let (mut stalled, mut other) = (table.handle(), table.handle());
        other.insert(ID, token.clone());

        // A remover that stalls between killing its cell and unlinking it.
        let killed = stalled.with_cell(ID, |guard, cell| {
            // SAFETY: the guard is of the table's domain.
            let removed = unsafe { guard.take(cell, Token::clone) };
            assert_eq!(removed.as_ref(), Some(&token));
            Some(Arc::clone(cell))
        });

        assert_eq!(other.read(ID, Token::revision), None);
        assert_eq!(other.apply(ID, Step::Next), None);
        assert_eq!(other.remove(ID), None);
        assert_eq!(other.insert(ID, token.clone()), None);
        assert_eq!(other.apply(ID, Step::Next), Some(Ok(1)));

        stalled.unlink(ID, &killed.unwrap());
        let revision = other.read(ID, Token::revision);
        assert_eq!(revision, Some(1), "the new cell is left alone");

        drop((stalled, other));
        drop(table);
        assert_eq!(probe.alive(), 1, "only the one that was cloned from");
    }

    #[test]
    fn a_reader_keeps_the_one_record_it_looks_at() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        reader.read(ID, |before| {
            for _ in 0..100 {
                writer.apply(ID, Step::Next).unwrap().unwrap();
            }
            // Coming and going frees what is retired.
            drop(writer.remove(ID));
            assert_eq!((before.revision(), probe.alive()), (0, 1));
        });
        drop((reader, writer));
        drop(table);
        assert_eq!(probe.alive(), 0);
    }
}

//! A directory of pointers to cells, and one pointer to a record in each cell.
//!
//! # The two levels
//!
//! - A **cell** is a [`Slot`] that belongs to one process for the time it is in the table. Live, it
//!   holds the record; dead, it is empty for ever. Applying an event swaps its pointer and touches
//!   nothing else.
//! - The **directory** is one more slot, with an immutable map from identifiers to cells. It holds
//!   plain pointers: copying it moves 16 bytes a process and counts no references.
//!
//! | cell | in the directory | meaning |
//! |---|---|---|
//! | live | yes | the process has this record |
//! | dead | yes | removed; to be unlinked by its remover, or replaced by whoever inserts the process again |
//! | dead | no | retired by its remover |
//! | live | no | not linked yet: only its maker knows it |
//!
//! A removal kills the cell, then unlinks it, then retires it. An insertion that finds a dead cell
//! does not wait for the remover: it publishes a directory with a cell of its own in that place.
//! Everything is lock-free, the directory included.
//!
//! # Why it is linearizable
//!
//! A live cell that has been linked is in the *current* directory: it can only leave after it died. So
//! a record found in a cell is the current one at the moment the cell is loaded, even if the directory
//! that led there is old by now; there, a read takes effect, and an [`apply`](Handle::apply) or a
//! removal at its successful swap. Who finds a dead cell found it in a directory that was current
//! during the operation. Either the cell was dead then, and a directory names one cell for a process;
//! or it died since, at the moment a remover's swap took effect. Both are moments in the operation at
//! which the process was not in the table. Finding no cell is the same with the load of the directory.
//! An insertion of a new cell takes effect when its directory is published; the directory is then
//! still the one in which it saw no cell or a dead one, which stays dead.
//!
//! # Who frees a cell
//!
//! A cell dies once, by one swap, and the thread that made this swap retires it, after it has seen a
//! directory without it. Directories are copies of their predecessors, and only cells that were never
//! linked are added, so it does not come back. What is still in the last directory is freed with the
//! table.

use std::ptr::NonNull;

use contract::{
    Handle, IdMap, ProcessId, Profile, Record, ScanConsistency, Strategy, WriteCost, id_map,
};
use crossbeam_epoch::{Collector, Guard, LocalHandle, Shared};

use crate::slot::{Slot, Write};
use crate::table::epochs;

/// One atomic pointer per process, and a directory of them that is copied when processes come and go.
#[derive(Debug)]
pub struct PerProcess<R: Record> {
    /// Never dead. Owns the cells that the current version names, live or dead.
    directory: Slot<IdMap<Cell<R>>>,
    /// Dropped with the last handle gone, it frees all that is still waiting.
    collector: Collector,
}

/// A pointer to the slot of one process. Copying it copies the pointer.
#[derive(Debug)]
struct Cell<R>(NonNull<Slot<R>>);

impl<R> Clone for Cell<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Cell<R> {}

impl<R> PartialEq for Cell<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

// SAFETY: a `Cell` gives shared access to a slot, and one thread may free what another allocated.
// Both are fine when the records may be shared with and dropped by any thread.
unsafe impl<R: Send + Sync> Send for Cell<R> {}
// SAFETY: as above; a `&Cell` gives no more than a `Cell`.
unsafe impl<R: Send + Sync> Sync for Cell<R> {}

impl<R: Record> Cell<R> {
    /// A new, live cell that nobody else knows.
    fn new(record: R) -> Self {
        Self(NonNull::from(Box::leak(Box::new(Slot::new(record)))))
    }

    /// The slot.
    ///
    /// # Safety
    ///
    /// This cell was found in a directory that was loaded under `guard`, a guard of the table's
    /// collector.
    #[inline]
    unsafe fn slot(self, _guard: &Guard) -> &Slot<R> {
        // SAFETY: a cell is retired after it was unlinked, to the same collector. Since the guard
        // was pinned when the directory was loaded, the grace period of this cell ends after the guard.
        // A table is dropped, with the cells still linked, when no handle is left to own a guard.
        unsafe { self.0.as_ref() }
    }

    /// Frees the cell and returns its record, if it is live.
    ///
    /// # Safety
    ///
    /// Nobody else can reach this cell, now or later.
    unsafe fn into_record(self) -> Option<R> {
        // SAFETY: made by `Box::leak` in `new`, and ours alone, as the caller promises.
        unsafe { Box::from_raw(self.0.as_ptr()) }.into_inner()
    }
}

impl<R: Record> Strategy<R> for PerProcess<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "processes come and go all the time, or reads are long",
        scan_consistency: ScanConsistency::Weak,
        write_cost: WriteCost::CopiesRecord,
        ..epochs(
            "epoch/per-process",
            "an atomic pointer for each process, and one for the directory of them",
        )
    };
    type Handle<'s> = PerProcessHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            directory: Slot::new(id_map(processes)),
            collector: Collector::new(),
        }
    }

    fn handle(&self) -> PerProcessHandle<'_, R> {
        PerProcessHandle {
            table: self,
            participant: self.collector.register(),
        }
    }
}

/// The steps of the operations. `guard` is always of `self.collector`: only handles call them, with
/// the guard of their participant. All safety arguments below rest on this.
impl<R: Record> PerProcess<R> {
    #[inline]
    fn directory<'g>(&'g self, guard: &'g Guard) -> Option<&'g IdMap<Cell<R>>> {
        // SAFETY: the guard is of the collector that all who reach the directory pin.
        unsafe { self.directory.get(guard) }
    }

    #[inline]
    fn cell<'g>(&'g self, id: ProcessId, guard: &'g Guard) -> Option<(Cell<R>, &'g Slot<R>)> {
        let cell = *self.directory(guard)?.get(&id)?;
        // SAFETY: found in a directory that was loaded under this guard.
        Some((cell, unsafe { cell.slot(guard) }))
    }

    /// Links a new cell with `record`; gives it back if the process has a live cell.
    #[cold]
    fn link(&self, id: ProcessId, record: R, guard: &Guard) -> Result<(), R> {
        let new = Cell::new(record);
        let link = |directory: &IdMap<Cell<R>>| {
            // SAFETY: `update` shows us the directory under this guard, and the slot's guard is of the
            // same collector.
            let live = |cell: &Cell<R>| unsafe { cell.slot(guard).get(guard).is_some() };
            if directory.get(&id).is_some_and(live) {
                return Write::Leave(false);
            }
            let mut copy = directory.clone();
            copy.insert(id, new);
            Write::Publish(copy, true)
        };
        // SAFETY: the guard is of the collector that all who reach the directory pin.
        if unsafe { self.directory.update(guard, link) } == Some(true) {
            // Hand the old directory over at once: it is large, unlike the other objects in the bag.
            guard.flush();
            return Ok(());
        }
        // SAFETY: no directory with `new` was published: nobody else knows it.
        unsafe { new.into_record() }.map_or(Ok(()), Err)
    }

    /// Links new cells for all processes that have no live one, with one copy of the directory; gives the other records back.
    fn link_all(&self, records: &[(ProcessId, R)], guard: &Guard) -> Vec<(ProcessId, R)> {
        let cells = records.iter();
        let cells = cells.map(|(id, record)| (*id, Cell::new(record.clone())));
        let cells: Vec<(ProcessId, Cell<R>)> = cells.collect();
        let link = |directory: &IdMap<Cell<R>>| {
            let mut copy = directory.clone();
            let mut unlinked = Vec::new();
            for &(id, new) in &cells {
                // SAFETY: `update` shows us the directory under this guard, and the slot's guard is of the same
                // collector; the cells that are only in the copy are ours.
                let live = |cell: &Cell<R>| unsafe { cell.slot(guard).get(guard).is_some() };
                if copy.get(&id).is_some_and(live) {
                    unlinked.push((id, new));
                } else {
                    copy.insert(id, new);
                }
            }
            Write::Publish(copy, unlinked)
        };
        // SAFETY: the guard is of the collector that all who reach the directory pin.
        let unlinked = unsafe { self.directory.update(guard, link) };
        guard.flush();
        let unlinked = unlinked.expect("a table has a directory until it is dropped");
        let records = unlinked.into_iter().filter_map(|(id, cell)| {
            // SAFETY: the directory that was published is without it: nobody else knows it.
            Some((id, unsafe { cell.into_record() }?))
        });
        records.collect()
    }

    /// Publishes a directory without `cell`, unless somebody has, and retires the cell.
    ///
    /// # Safety
    ///
    /// The caller killed the cell, under this guard, and calls this once.
    unsafe fn unlink(&self, id: ProcessId, cell: Cell<R>, guard: &Guard) {
        let unlink = |directory: &IdMap<Cell<R>>| {
            if directory.get(&id) != Some(&cell) {
                // Somebody inserted the process again, with a cell of its own in this place.
                return Write::Leave(());
            }
            let mut copy = directory.clone();
            copy.remove(&id);
            Write::Publish(copy, ())
        };
        // SAFETY: the guard is of the collector that all who reach the directory pin.
        unsafe { self.directory.update(guard, unlink) };
        // SAFETY: made by `Box::leak` in `new`. A current directory without it has been seen, and it
        // does not come back, so only those can reach it who are pinned already. Only its killer
        // retires a cell, a cell is killed once, and the table's drop frees linked ones only.
        unsafe { guard.defer_destroy(Shared::from(cell.0.as_ptr().cast_const())) };
        guard.flush();
    }
}

impl<R: Record> Drop for PerProcess<R> {
    fn drop(&mut self) {
        for (_, cell) in self.directory.get_mut().into_iter().flat_map(IdMap::drain) {
            // SAFETY: all handles are gone, for they borrow the table, and so are their guards. A
            // linked cell is not retired, and this directory was the last to name it.
            drop(unsafe { cell.into_record() });
        }
    }
}

/// A thread's access: the table, and the thread's participant of its collector.
#[derive(Debug)]
pub struct PerProcessHandle<'s, R: Record> {
    table: &'s PerProcess<R>,
    /// Registered with the table's collector.
    participant: LocalHandle,
}

impl<R: Record> Handle<R> for PerProcessHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let guard = self.participant.pin();
        let (_, slot) = self.table.cell(id, &guard)?;
        // SAFETY: the guard is of the collector that all who reach the cells pin.
        unsafe { slot.get(&guard) }.map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, mut record: R) -> Option<R> {
        let guard = self.participant.pin();
        loop {
            if let Some((_, slot)) = self.table.cell(id, &guard) {
                // SAFETY: as in `read`.
                match unsafe { slot.replace(record, &guard) } {
                    Ok(displaced) => return Some(displaced.clone()),
                    Err(back) => record = back,
                }
            }
            match self.table.link(id, record, &guard) {
                Ok(()) => return None,
                Err(back) => record = back,
            }
        }
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        let others = self.table.link_all(records, &self.participant.pin());
        for (id, record) in others {
            self.insert(id, record);
        }
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let guard = self.participant.pin();
        let (_, slot) = self.table.cell(id, &guard)?;
        let apply = |record: &R| match record.apply(&event) {
            Ok(next) => {
                let revision = next.revision();
                Write::Publish(next, Ok(revision))
            }
            Err(rejected) => Write::Leave(Err(rejected)),
        };
        // SAFETY: as in `read`.
        unsafe { slot.update(&guard, apply) }
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let guard = self.participant.pin();
        let (cell, slot) = self.table.cell(id, &guard)?;
        // SAFETY: as in `read`.
        let removed = unsafe { slot.take(&guard) }?;
        // SAFETY: we killed it, just now.
        unsafe { self.table.unlink(id, cell, &guard) };
        Some(removed.clone())
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let guard = self.participant.pin();
        for (&id, cell) in self.table.directory(&guard).into_iter().flatten() {
            // SAFETY: found in a directory that was loaded under this guard, which is of the collector
            // that all who reach the cells pin.
            if let Some(record) = unsafe { cell.slot(&guard).get(&guard) } {
                visit(id, record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::token::{Step, Token};

    const ID: ProcessId = ProcessId(1);

    #[test]
    fn a_fill_links_new_cells_and_replaces_in_live_ones() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let mut handle = table.handle();
        let (old, new) = (ProcessId(1), ProcessId(2));
        handle.insert(old, token.clone());
        assert_eq!(handle.apply(old, Step::Next), Some(Ok(1)));
        handle.fill(&[old, new, new].map(|id| (id, token.clone())));
        let revisions = [old, new].map(|id| handle.read(id, Token::revision));
        assert_eq!(revisions, [Some(0), Some(0)]);
        drop(handle);
        drop(table);
        assert_eq!(probe.alive(), 1, "only the one that was cloned from");
    }

    #[test]
    fn an_insertion_does_not_wait_for_a_stalled_remover() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let mut other = table.handle();
        other.insert(ID, token.clone());

        // A remover that stalls between killing its cell and unlinking it.
        let stalled = table.handle();
        let guard = stalled.participant.pin();
        let (cell, slot) = table.cell(ID, &guard).unwrap();
        // SAFETY: the guard is of the table's collector.
        assert_eq!(unsafe { slot.take(&guard) }, Some(&token));

        assert_eq!(other.read(ID, Token::revision), None);
        assert_eq!(other.apply(ID, Step::Next), None);
        assert_eq!(other.remove(ID), None);
        assert_eq!(other.insert(ID, token.clone()), None);
        assert_eq!(other.apply(ID, Step::Next), Some(Ok(1)));

        // SAFETY: killed above, once.
        unsafe { table.unlink(ID, cell, &guard) };
        assert_eq!(
            other.read(ID, Token::revision),
            Some(1),
            "the new cell is left alone"
        );

        drop(guard);
        drop((stalled, other));
        drop(table);
        assert_eq!(probe.alive(), 1, "only the one that was cloned from");
    }

    #[test]
    fn coming_and_going_accumulates_nothing() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let mut handle = table.handle();
        for _ in 0..10_000 {
            assert_eq!(handle.insert(ID, token.clone()), None);
            assert_eq!(handle.apply(ID, Step::Next), Some(Ok(1)));
            assert_eq!(handle.remove(ID).map(|last| last.revision()), Some(1));
            assert!(probe.alive() < 100, "{} records wait", probe.alive());
        }
        drop(handle);
        drop(table);
        assert_eq!(probe.alive(), 1, "only the one that was cloned from");
    }

    #[test]
    fn a_record_outlives_its_removal_while_it_is_read() {
        let (token, probe) = Token::new();
        let table = PerProcess::<Token>::with_capacity(4);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ID, token);
        reader.read(ID, |before| {
            for _ in 0..1_000 {
                writer.apply(ID, Step::Next).unwrap().unwrap();
            }
            drop(writer.remove(ID));
            assert_eq!(before.revision(), 0);
            assert_eq!(probe.alive(), 1_001);
        });
        drop((reader, writer));
        drop(table);
        assert_eq!(probe.alive(), 0);
    }
}

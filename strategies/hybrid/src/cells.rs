//! A concurrent map of atomic cells: the map finds the cell, the cell holds the record.
//!
//! papaya's map changes only when an identifier comes or goes. Everything that happens to a process
//! meanwhile happens inside its [`SeqCell`], under that cell's own sequence lock, and neither touches
//! the map nor allocates.
//!
//! | cell | in the map | meaning |
//! |---|---|---|
//! | live | yes | the record |
//! | retired | yes | removed: whoever needs the place unlinks the cell |
//! | retired | no | removed; freed when nobody can hold a reference any more |
//!
//! A cell is *retired* when its record is taken out of it. A live cell is never out of the map, since only
//! retired cells are unlinked; and retired is for ever, since nothing here fills an empty cell. This is what
//! makes two structures one linearizable table, as far as papaya's map is one:
//! - A write that succeeds found its cell live, so in the map, at that instant: no write is lost in a
//!   cell that was removed. This is why `remove` retires *first*.
//! - An operation that finds its cell retired answers "no such record". The cell was in the map when
//!   the operation found it, and another one can only take its place later: at the retirement, or at
//!   the look-up if that came after, the identifier was absent.
//! - An insert either overwrites a live cell or puts a new one where the map has none, which by the
//!   above means that the identifier was absent.

use std::{mem, ptr};

use contract::{
    AfterDeadThread, AfterPanic, Handle, IdHasher, PlainRecord, ProcessId, Profile, Reclamation,
    Reentrancy, ScanConsistency, Strategy,
};
use papaya::HashMap;
use podtable::SeqCell;

/// `hybrid/cells`: a concurrent map of sequence-locked cells.
#[derive(Debug)]
pub struct Cells<R: PlainRecord>(HashMap<ProcessId, Cell<R>, IdHasher>);

/// A record as the words that it is stored as.
type Cell<R> = SeqCell<<R as PlainRecord>::Words>;

/// What [`Cells`] claims, for a record that it can hold or not.
pub(crate) const PROFILE: Profile = Profile {
    library: "own",
    avoid_when: "records have heap parts or are large, or processes come and go all the time",
    scan_consistency: ScanConsistency::Weak,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::KeepsAllGarbage,
    inside_read: Reentrancy::ReadsAndWrites,
    inside_scan: Reentrancy::ReadsAndWrites,
    reclamation: Reclamation::Deferred,
    plain_data_only: true,
    ..Profile::locked(
        "hybrid/cells",
        "a concurrent map (papaya) of sequence-locked cells",
    )
};

impl<R: PlainRecord> Strategy<R> for Cells<R> {
    const PROFILE: Profile = PROFILE;
    type Handle<'s> = CellsHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self(HashMap::with_capacity_and_hasher(
            processes,
            IdHasher::default(),
        ))
    }

    fn handle(&self) -> CellsHandle<'_, R> {
        CellsHandle(self)
    }
}

impl<R: PlainRecord> Cells<R> {
    /// Runs `work` on the cell of `id`, which may be retired. The cell is not freed meanwhile.
    #[inline]
    fn with_cell<T>(&self, id: ProcessId, work: impl FnOnce(&Cell<R>) -> Option<T>) -> Option<T> {
        self.0.pin().get(&id).and_then(work)
    }

    /// Takes `retired`, which the caller found under `id`, out of the map, unless someone else has.
    ///
    /// Compared by address: the caller's guard keeps the cell, so no other cell can have it.
    #[cold]
    fn unlink(&self, id: ProcessId, retired: &Cell<R>) {
        let _ = self
            .0
            .pin()
            .remove_if(&id, |_, cell| ptr::eq(cell, retired));
    }
}

/// Stores a record in a live cell and returns the one it displaced; `None` if the cell is retired.
fn overwrite<R: PlainRecord>(cell: &Cell<R>, words: R::Words) -> Option<R> {
    let displaced = cell.update(|present| mem::replace(present, words));
    displaced.map(R::from_words)
}

/// A thread's access to a [`Cells`] table: a reference. Reclamation guards are taken per operation,
/// so that an idle handle holds nothing back.
#[derive(Debug)]
pub struct CellsHandle<'s, R: PlainRecord>(&'s Cells<R>);

impl<R: PlainRecord> Handle<R> for CellsHandle<'_, R> {
    /// `f` runs on a copy, after the guard is gone: however long it takes, it holds nobody up.
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let words = self.0.with_cell(id, SeqCell::get)?;
        Some(f(&R::from_words(words)))
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let map = self.0.0.pin();
        let words = record.to_words();
        loop {
            let cell = match map.try_insert_with(id, || SeqCell::new(words)) {
                Ok(_ours) => return None,
                Err(present) => present,
            };
            if let Some(displaced) = overwrite::<R>(cell, words) {
                return Some(displaced);
            }
            // Its remover has not unlinked it yet. Do it, and do not wait.
            self.0.unlink(id, cell);
        }
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0.with_cell(id, |cell| {
            cell.try_update(|words| {
                let next = R::from_words(*words).apply(&event)?;
                *words = next.to_words();
                Ok(next.revision())
            })
        })
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.with_cell(id, |cell| {
            let removed = cell.take()?;
            self.0.unlink(id, cell);
            Some(R::from_words(removed))
        })
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, cell) in &self.0.0.pin() {
            if let Some(words) = cell.get() {
                visit(id, &R::from_words(words));
            }
        }
    }
}

//! The table: a chain of generations, and the operations on it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{Handle, PlainRecord, ProcessId, Profile, Strategy};

use crate::generation::{Generation, Lookup};
use crate::payload::Payload;
use crate::stamp::Stamp;
use crate::sync::{Backoff, Ordering};

/// An open-addressing table of plain records; see the [crate] documentation.
#[derive(Debug)]
pub struct Table<R: PlainRecord, P: Payload<R::Words>> {
    store: P::Store,
    /// The oldest generation; the newest is at the end of the chain. Older ones stay until the table
    /// is dropped: each is at most half its successor, so all together are less than the newest.
    first: Generation<R::Words, P>,
    /// Held by whoever inserts a new identifier, removes one, or grows the table.
    structure: Mutex<Structure>,
}

/// What the structure lock protects, beside the tags and counts of the newest generation.
#[derive(Debug, Default)]
struct Structure {
    records: usize,
}

/// A thread's access: the newest generation it knows of, and what it needs to write.
#[derive(Debug)]
pub struct TableHandle<'s, R: PlainRecord, P: Payload<R::Words>> {
    table: &'s Table<R, P>,
    generation: &'s Generation<R::Words, P>,
    spare: P::Spare,
}

impl<R: PlainRecord, P: Payload<R::Words>> Strategy<R> for Table<R, P> {
    const PROFILE: Profile = P::PROFILE;
    type Handle<'s> = TableHandle<'s, R, P>;

    fn with_capacity(processes: usize) -> Self {
        let first = Generation::with_room_for(processes);
        Self {
            store: P::store(first.slot_count()),
            first,
            structure: Mutex::default(),
        }
    }

    fn handle(&self) -> TableHandle<'_, R, P> {
        TableHandle {
            table: self,
            generation: &self.first,
            spare: P::lend(&self.store),
        }
    }
}

impl<R: PlainRecord, P: Payload<R::Words>> Table<R, P> {
    fn structure(&self) -> MutexGuard<'_, Structure> {
        // Nothing under the lock can panic halfway; a poisoned lock is as good as new.
        self.structure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: PlainRecord, P: Payload<R::Words>> TableHandle<'_, R, P> {
    /// Moves on to the newest generation.
    #[cold]
    fn catch_up(&mut self) {
        while let Some(next) = self.generation.next.get() {
            self.generation = next;
        }
    }

    #[inline(always)]
    fn lookup(&mut self, id: ProcessId) -> Option<(usize, Stamp, R::Words)> {
        match self.generation.lookup_at_home(&self.table.store, id) {
            Some(found) => Some(found),
            None => self.lookup_anywhere(id),
        }
    }

    /// The uncommon cases: absent, displaced from its home bucket, being written, moved.
    #[cold]
    #[inline(never)]
    fn lookup_anywhere(&mut self, id: ProcessId) -> Option<(usize, Stamp, R::Words)> {
        loop {
            match self.generation.lookup(&self.table.store, id) {
                Lookup::Found(slot, seen, words) => return Some((slot, seen, words)),
                Lookup::Absent => return None,
                Lookup::Closed => self.catch_up(),
            }
        }
    }

    /// Looks `id` up in order to replace it: a frozen record has to thaw in the next generation.
    #[inline(always)]
    fn lookup_writable(&mut self, id: ProcessId) -> Option<(usize, Stamp, R::Words)> {
        match self.generation.lookup_at_home(&self.table.store, id) {
            Some(found) => Some(found),
            None => self.lookup_thawed(id),
        }
    }

    #[cold]
    #[inline(never)]
    fn lookup_thawed(&mut self, id: ProcessId) -> Option<(usize, Stamp, R::Words)> {
        let mut backoff = Backoff::default();
        loop {
            let found = self.lookup_anywhere(id)?;
            if !found.1.is_moved() {
                return Some(found);
            }
            backoff.wait();
        }
    }

    #[inline(always)]
    fn replace(&mut self, slot: usize, seen: Stamp, new: &R) -> bool {
        let at = self.generation.at(&self.table.store, slot);
        let stamp = &self.generation.slot(slot).stamp;
        P::replace(at, stamp, seen, &new.to_words(), &mut self.spare)
    }

    /// Overwrites the record of `id`, if there is one.
    fn overwrite(&mut self, id: ProcessId, record: &R) -> Option<R> {
        loop {
            let (slot, seen, words) = self.lookup_writable(id)?;
            if self.replace(slot, seen, record) {
                return Some(R::from_words(words));
            }
        }
    }

    /// Inserts a record that was absent when last looked for.
    #[cold]
    fn insert_new(&mut self, id: ProcessId, record: &R) -> Option<R> {
        let table = self.table;
        let mut structure = table.structure();
        self.catch_up();
        if let Some(displaced) = self.overwrite(id, record) {
            return Some(displaced);
        }
        if structure.records == self.generation.records_max() {
            let larger = Generation::with_room_for(self.generation.slot_count() * 2);
            self.generation = self.generation.close(&table.store, Box::new(larger));
        }
        self.generation.occupy(&table.store, id, &record.to_words());
        structure.records += 1;
        None
    }
}

impl<R: PlainRecord, P: Payload<R::Words>> Handle<R> for TableHandle<'_, R, P> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.lookup(id)
            .map(|(_, _, words)| f(&R::from_words(words)))
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.overwrite(id, &record)
            .or_else(|| self.insert_new(id, &record))
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        loop {
            let (slot, seen, words) = self.lookup_writable(id)?;
            // The next record exists before the slot is touched: a panic in here changes nothing.
            let next = match R::from_words(words).apply(&event) {
                Ok(next) => next,
                Err(reason) => return Some(Err(reason)),
            };
            if self.replace(slot, seen, &next) {
                return Some(Ok(next.revision()));
            }
        }
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let table = self.table;
        let mut structure = table.structure();
        self.catch_up();
        loop {
            let (slot, seen, words) = self.lookup(id)?;
            let stamp = &self.generation.slot(slot).stamp;
            let empty = P::emptied(seen);
            // Release: the words stay as they are, but whoever fills the slot next must come after
            // this; its partner is `begin`. Here the record disappears.
            if stamp
                .compare_exchange(seen.0, empty.0, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                self.generation.vacate(slot, id);
                P::release(&table.store, seen);
                structure.records -= 1;
                return Some(R::from_words(words));
            }
        }
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.catch_up();
        let generation = self.generation;
        for slot in 0..generation.slot_count() {
            match generation.scan_slot(&self.table.store, slot) {
                Lookup::Found(_, _, (id, words)) => visit(id, &R::from_words(words)),
                Lookup::Absent => {}
                // The table has grown meanwhile: the record, if it still exists, has moved on.
                Lookup::Closed => {
                    if let Some(id) = generation.closed_key(slot) {
                        self.read(id, |record| visit(id, record));
                    }
                }
            }
        }
    }
}

impl<R: PlainRecord, P: Payload<R::Words>> Drop for TableHandle<'_, R, P> {
    fn drop(&mut self) {
        P::take_back(&self.table.store, &self.spare);
    }
}

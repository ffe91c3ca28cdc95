//! The two tables: generations one after the other, a lock for what changes their structure, and the
//! operations of a handle.

use std::marker::PhantomData;
use std::sync::PoisonError;

use contract::{Handle, PlainRecord, ProcessId, Profile, Strategy};
use support::sync::{Backoff, Mutex, MutexGuard};

use crate::growth::Generation;
use crate::replace::Replace;
use crate::seqlock;
use crate::slots::{Found, Lookup, View};
use crate::stamp::{Buffer, Stamp};

/// An open-addressing table of plain records; see the [crate] documentation.
#[derive(Debug)]
pub struct Table<R: PlainRecord, P: Replace> {
    /// The oldest generation; the newest is at the end of the chain. Older ones stay until the table
    /// is dropped: each is at most half its successor, so all together are less than the newest.
    first: Generation<R::Words>,
    /// Held by whoever inserts a new identifier, removes one, or grows the table.
    structure: Mutex<Structure>,
    _replace: PhantomData<P>,
}

/// What the structure lock protects, beside the counts and the liveness of slots.
#[derive(Debug)]
struct Structure {
    /// The buffers of the newest generation that are neither some slot's nor some handle's.
    free: Vec<Buffer>,
}

/// A thread's access: the newest generation it knows of, and what it needs to write.
#[derive(Debug)]
pub struct TableHandle<'s, R: PlainRecord, P: Replace> {
    generation: &'s Generation<R::Words>,
    /// The generation's table.
    slots: View<'s, R::Words>,
    /// A buffer of the generation, or none.
    spare: Buffer,
    table: &'s Table<R, P>,
}

impl<R: PlainRecord, P: Replace> Strategy<R> for Table<R, P> {
    const PROFILE: Profile = P::PROFILE;
    type Handle<'s> = TableHandle<'s, R, P>;

    fn with_capacity(processes: usize) -> Self {
        let (first, free) = Generation::with_room_for(processes);
        Self {
            first,
            structure: Mutex::new(Structure { free }),
            _replace: PhantomData,
        }
    }

    fn handle(&self) -> TableHandle<'_, R, P> {
        let mut handle = TableHandle {
            generation: &self.first,
            slots: self.first.view(),
            spare: Buffer::NONE,
            table: self,
        };
        handle.equip(&mut self.structure());
        handle
    }
}

impl<R: PlainRecord, P: Replace> Table<R, P> {
    fn structure(&self) -> MutexGuard<'_, Structure> {
        // Nothing under the lock can panic halfway; a poisoned lock is as good as new.
        self.structure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has outgrown its first generation.
    #[cfg(test)]
    pub(crate) fn has_grown(&self) -> bool {
        self.first.is_closed()
    }
}

impl<'s, R: PlainRecord, P: Replace> TableHandle<'s, R, P> {
    /// Moves on to the newest generation. A spare stays behind: nobody will need it there.
    fn catch_up(&mut self) {
        while let Some(next) = self.generation.next() {
            self.generation = next;
            self.slots = next.view();
            self.spare = Buffer::NONE;
        }
    }

    /// Moves on to the newest generation and makes sure that there is a spare, if it is needed.
    #[cold]
    fn equip(&mut self, structure: &mut Structure) {
        self.catch_up();
        if P::NEEDS_SPARE && self.spare == Buffer::NONE {
            self.spare = self.take_buffer(structure);
        }
    }

    /// Takes a free buffer of the newest generation, after growing the table if there is none.
    fn take_buffer(&mut self, structure: &mut Structure) -> Buffer {
        structure.free.pop().unwrap_or_else(|| {
            let generation = self.generation;
            assert!(
                generation.records_max() < Buffer::COUNT_MAX,
                "a table of atomics holds at most {} records",
                Buffer::COUNT_MAX
            );
            let (larger, mut free) = Generation::with_room_for(generation.records_max() * 2);
            generation.close(larger, &mut free);
            structure.free = free;
            self.catch_up();
            self.take_buffer(structure)
        })
    }

    /// Looks `id` up once, as straight-line code: most records are found near their home, with nobody
    /// writing to them or moving them. Everything else is for [`lookup`](TableHandle::lookup).
    #[inline(always)]
    fn attempt(&self, id: ProcessId) -> Lookup<'s, R::Words> {
        let home = self.slots.home(id);
        self.slots.lookup_from(home, id, Stamp::buffer_if_plain)
    }

    /// Looks `id` up as often as it takes: the record may be in the middle of a write, frozen, or in a
    /// later generation.
    #[cold]
    #[inline(never)]
    fn lookup(&mut self, id: ProcessId) -> Option<Found<'s, R::Words>> {
        loop {
            self.catch_up();
            match self.slots.lookup(id, Stamp::buffer_if_readable) {
                Lookup::Busy(slot) => seqlock::wait_for_writer(&slot.stamp),
                // Closed meanwhile: the truth is in the next one.
                _ if self.generation.is_closed() => {}
                Lookup::Found(found) => return Some(found),
                Lookup::Absent | Lookup::Further(_) => return None,
            }
        }
    }

    /// Looks `id` up in order to replace it: a frozen record has to thaw in the next generation.
    #[cold]
    #[inline(never)]
    fn lookup_writable(&mut self, id: ProcessId) -> Option<Found<'s, R::Words>> {
        let backoff = Backoff::new();
        loop {
            let found = self.lookup(id)?;
            if P::NEEDS_SPARE && self.spare == Buffer::NONE {
                self.equip(&mut self.table.structure());
            } else if found.seen.is_moved() {
                backoff.snooze();
            } else {
                return Some(found);
            }
        }
    }

    #[inline(always)]
    fn replace(&mut self, found: &Found<'s, R::Words>, new: &R) -> bool {
        P::replace(found, self.slots.buffers, &new.to_words(), &mut self.spare)
    }

    /// Overwrites the record of `id`, if there is one.
    fn overwrite(&mut self, id: ProcessId, record: &R) -> Option<R> {
        loop {
            let found = self.lookup_writable(id)?;
            if self.replace(&found, record) {
                return Some(R::from_words(found.words));
            }
        }
    }

    /// Inserts a record that was absent when last looked for.
    #[cold]
    fn insert_new(&mut self, id: ProcessId, record: &R) -> Option<R> {
        let table = self.table;
        let mut structure = table.structure();
        // From here on nobody closes the generation, so that what follows needs no other lock.
        self.equip(&mut structure);
        if let Some(displaced) = self.overwrite(id, record) {
            return Some(displaced);
        }
        let buffer = self.take_buffer(&mut structure);
        self.slots.occupy(id, buffer, &record.to_words());
        None
    }

    /// Applies `event` to what was found, unless it has changed since (`None`).
    #[inline(always)]
    fn apply_to(
        &mut self,
        found: &Found<'s, R::Words>,
        event: &R::Event,
    ) -> Option<Result<u64, R::Rejected>> {
        // The next record exists before the slot is touched: a panic in here changes nothing.
        match R::from_words(found.words).apply(event) {
            Ok(next) => self.replace(found, &next).then(|| Ok(next.revision())),
            Err(reason) => Some(Err(reason)),
        }
    }

    /// Applies `event`, as often as others are faster.
    #[cold]
    #[inline(never)]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a reference would make the caller keep the event in memory, where it is not needed"
    )]
    fn apply_anywhere(
        &mut self,
        id: ProcessId,
        event: R::Event,
    ) -> Option<Result<u64, R::Rejected>> {
        loop {
            let found = self.lookup_writable(id)?;
            if let Some(outcome) = self.apply_to(&found, &event) {
                return Some(outcome);
            }
        }
    }
}

impl<R: PlainRecord, P: Replace> Handle<R> for TableHandle<'_, R, P> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        match self.attempt(id) {
            Lookup::Found(found) => Some(f(&R::from_words(found.words))),
            Lookup::Absent if !self.generation.is_closed() => None,
            _ => self.lookup(id).map(|found| f(&R::from_words(found.words))),
        }
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.overwrite(id, &record)
            .or_else(|| self.insert_new(id, &record))
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        if let Lookup::Found(found) = self.attempt(id)
            && let Some(outcome) = self.apply_to(&found, &event)
        {
            return Some(outcome);
        }
        self.apply_anywhere(id, event)
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let table = self.table;
        let mut structure = table.structure();
        loop {
            let found = self.lookup(id)?;
            if let Some(buffer) = self.slots.remove(id, &found) {
                structure.free.push(buffer);
                return Some(R::from_words(found.words));
            }
        }
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.catch_up();
        let generation = self.generation;
        self.slots.scan(|id, found| {
            if found.seen.is_moved() && generation.is_closed() {
                // The table has grown meanwhile: the record, if it still exists, has moved on.
                self.read(id, |record| visit(id, record));
            } else {
                visit(id, &R::from_words(found.words));
            }
        });
    }
}

impl<R: PlainRecord, P: Replace> Drop for TableHandle<'_, R, P> {
    fn drop(&mut self) {
        let mut structure = self.table.structure();
        if self.spare != Buffer::NONE && !self.generation.is_closed() {
            structure.free.push(self.spare);
        }
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use contract::{Change, Event, ProcessStatus};

    use super::*;
    use crate::replace::{InPlace, Swing};
    use crate::slots::looks;

    fn id(n: u64) -> ProcessId {
        ProcessId(n.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn leaves_no_residue<P: Replace>() {
        let table = Table::<ProcessStatus, P>::with_capacity(100);
        let free = table.structure().free.len();
        for round in 0..50 {
            let mut handle = table.handle();
            for n in 0..100 {
                let id = id(n * 1000 + round);
                assert_eq!(handle.insert(id, ProcessStatus::pending(id)), None);
                assert!(handle.insert(id, ProcessStatus::pending(id)).is_some());
            }
            for n in (0..100).rev() {
                assert!(handle.remove(id(n * 1000 + round)).is_some());
            }
        }
        assert_eq!(table.structure().free.len(), free);
        assert!(table.first.view().is_as_new());
    }

    #[test]
    fn removal_leaves_no_residue() {
        leaves_no_residue::<InPlace>();
        leaves_no_residue::<Swing>();
    }

    /// Records before the table grows, and as many come later.
    const RECORDS: u64 = 1_000;
    /// More than any chain of displaced records in two generations, with [`id`]s and this seedless hash.
    const LOOKS_MAX: usize = 16;

    /// What a handle does first that has slept while the table grew: it looks at no more slots than one
    /// that is awake, and not at the rest of the old generation.
    fn a_sleeper_finds_its_way<P: Replace>() {
        type Act<P> = fn(&mut TableHandle<'_, ProcessStatus, P>, ProcessId) -> bool;
        let acts: [(&str, Act<P>); 4] = [
            ("read", |handle, id| handle.read(id, |_| ()).is_some()),
            ("apply", |handle, id| {
                let start = Event::at(0, Change::Start);
                handle.apply(id, start).is_some()
            }),
            ("remove", |handle, id| handle.remove(id).is_some()),
            ("insert", |handle, id| {
                handle.insert(id, ProcessStatus::pending(id)).is_some()
            }),
        ];
        let targets = [("old", 0), ("newer", RECORDS), ("absent", 2 * RECORDS)];
        for (act, perform) in acts {
            for (target, first) in targets {
                let table = Table::<ProcessStatus, P>::with_capacity(RECORDS as usize);
                let fill = |numbers: std::ops::Range<u64>| {
                    let mut handle = table.handle();
                    for n in numbers {
                        handle.insert(id(n), ProcessStatus::pending(id(n)));
                    }
                };
                fill(0..RECORDS / 2);
                let sleepers: Vec<_> = (0..RECORDS / 8).map(|_| table.handle()).collect();
                assert!(!table.has_grown(), "they are all in the first");
                fill(RECORDS / 2..2 * RECORDS);
                assert!(table.has_grown(), "it has grown");
                for (n, mut sleeper) in (first..).zip(sleepers) {
                    looks::taken();
                    assert_eq!(perform(&mut sleeper, id(n)), target != "absent");
                    let looks = looks::taken();
                    assert!(
                        looks < LOOKS_MAX,
                        "{act} of {target} record {n}: {looks} slots"
                    );
                }
            }
        }
    }

    #[test]
    fn a_handle_that_slept_while_the_table_grew_finds_its_way() {
        a_sleeper_finds_its_way::<InPlace>();
        a_sleeper_finds_its_way::<Swing>();
    }

    #[test]
    fn more_handles_than_buffers_make_the_table_grow() {
        let table = Table::<ProcessStatus, Swing>::with_capacity(1);
        let mut first = table.handle();
        first.insert(id(1), ProcessStatus::pending(id(1)));
        let mut handles: Vec<_> = (0..100).map(|_| table.handle()).collect();
        for handle in &mut handles {
            assert!(
                handle
                    .insert(id(1), ProcessStatus::pending(id(1)))
                    .is_some()
            );
        }
        assert_eq!(first.read(id(1), |_| ()), Some(()));
        assert!(table.has_grown());
    }
}

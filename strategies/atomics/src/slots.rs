//! Stage 3: a table of fixed size, found by open addressing.
//!
//! A slot is a stamp and a key. There are several times as many slots as records, so that most
//! records are in their home slot: a processor that has guessed wrong where a record is loses more
//! than all the rest of a lookup takes. That many are affordable because the words are elsewhere, in
//! buffers without gaps, one of which the stamp names.
//!
//! A record whose home is occupied goes into the next slot that is not, and every slot that it passes
//! counts it ([`Passed`]). A lookup begins at home and goes on while that count is not zero; behind the
//! last slot it goes on in the first, once.
//!
//! # Why a reader misses no record
//!
//! Let K be in this table from before a lookup of K begins until after it ends. A record does not move
//! within a table, so K stays in one slot s. The counts of all slots before s, and s's key and
//! liveness, were set before K's insertion returned and stay until its removal begins; each is one
//! atomic word, so every load of them during the lookup sees them: the lookup passes every slot before
//! s, and finds K in s. If it reports K absent, K was therefore absent at some instant in between.

use contract::{ProcessId, Words};
use support::sync::{AtomicU16, AtomicU64, Ordering};

use crate::buffers::{Buffers, Pool};
use crate::seqlock;
use crate::stamp::{Buffer, Stamp};

/// A slot: everything about a record but its words.
#[derive(Debug)]
#[repr(align(16))]
pub(crate) struct Slot {
    pub(crate) stamp: AtomicU64,
    /// Changes only under the structure lock while the stamp is empty.
    key: AtomicU64,
}

/// A record's slot, the stamp under which it was read, and its words.
#[derive(Debug)]
pub struct Found<'t, W> {
    pub(crate) slot: &'t Slot,
    pub(crate) seen: Stamp,
    pub(crate) words: W,
}

/// What a look at a slot, or at one slot after the other, has found.
#[derive(Debug)]
pub(crate) enum Lookup<'t, W> {
    /// The record.
    Found(Found<'t, W>),
    /// No record.
    Absent,
    /// A record that cannot be had now: somebody is writing to it, or has while it was copied, or it is
    /// frozen and a plain one is wanted.
    Busy(&'t Slot),
    /// No record in the slots up to here: the search goes on in the slot of this number, 0 being behind the
    /// last one.
    Further(usize),
}

/// A table of fixed size.
#[derive(Debug)]
pub(crate) struct FixedTable<W: Words> {
    slots: Box<[Slot]>,
    passed: Passed,
    pool: Pool<W>,
}

/// A table of fixed size without the indirections: what a handle keeps of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'t, W: Words> {
    pub(crate) slots: &'t [Slot],
    pub(crate) passed: &'t Passed,
    pub(crate) buffers: Buffers<'t, W>,
}

/// For each slot, how many records passed it on the way to theirs. Apart from the slots, because only
/// lookups of displaced and absent identifiers look here. Change only under the structure lock.
#[derive(Debug)]
pub(crate) struct Passed(pub(crate) Box<[AtomicU16]>);

impl Passed {
    /// As good as for ever: a count that has reached this stays there, and lookups go on behind the slot.
    pub(crate) const MANY: u16 = u16::MAX;

    /// Nobody has passed any of `slots` slots.
    fn none(slots: usize) -> Self {
        Self((0..slots).map(|_| AtomicU16::new(0)).collect())
    }

    /// Whether no record that belongs at `index` or before is stored behind it.
    #[inline]
    pub(crate) fn nobody(&self, index: usize) -> bool {
        // Acquire: partner is the release store in `take_back`, so that whoever finds a record gone has
        // also seen what led to it.
        self.0[index].load(Ordering::Acquire) == 0
    }

    /// Counts a record that passes.
    fn count(&self, index: usize) {
        // Relaxed: whoever changes counts holds the structure lock; and whoever must see this one does so
        // because it has seen the insertion return.
        let count = self.0[index].load(Ordering::Relaxed);
        self.0[index].store(count.saturating_add(1), Ordering::Relaxed);
    }
}

/// Buffers beyond the records. A model has few: it tries everything with each of them.
const MARGIN: usize = if cfg!(any(pivot_loom, pivot_shuttle)) {
    1
} else {
    8
};

impl<W: Words> FixedTable<W> {
    /// Room for `records`, and the buffers for them, all free.
    pub(crate) fn with_room_for(records: usize) -> (Self, Vec<Buffer>) {
        // No stamp names more; and from here on no product exceeds 32 bits.
        let records = records.min(Buffer::COUNT_MAX);
        // Some more than records: a compare-and-swap writer owns a spare.
        let buffers = (records + records / 16 + MARGIN).min(Buffer::COUNT_MAX);
        // As many entries as a hash map would have. Between a half and an eighth of them are empty,
        // which pays for two slots each; not so if records are less than a cache line.
        let entries = (records * 8 / 7).next_power_of_two();
        let slots_per_entry = if W::LEN < 8 { 1 } else { 2 };
        // Never less than two to a buffer: an insertion must find an empty one soon.
        let slots = (entries * slots_per_entry).max(buffers * 2);
        let table = Self {
            slots: (0..slots).map(|_| Slot::vacant()).collect(),
            passed: Passed::none(slots),
            pool: Pool::with_buffers(buffers),
        };
        (table, (0..buffers).rev().map(Buffer::new).collect())
    }

    /// How many records it was made for.
    pub(crate) fn records_max(&self) -> usize {
        self.pool.count()
    }

    pub(crate) fn view(&self) -> View<'_, W> {
        View {
            slots: &self.slots,
            passed: &self.passed,
            buffers: self.pool.buffers(),
        }
    }
}

impl<'t, W: Words> View<'t, W> {
    /// The slot in which a search for `id` begins.
    ///
    /// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the product's high bits depend on all bits of the
    /// identifier, and identifiers in arithmetic progression, such as dense ones, are spread evenly.
    /// Scaling the product to the number of slots uses its high bits, whatever that number is.
    #[inline]
    pub(crate) fn home(self, id: ProcessId) -> usize {
        let spread = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(spread) * self.slots.len() as u128) >> 64) as usize
    }

    /// The slot in which a search goes on.
    #[inline]
    pub(crate) fn following(self, index: usize) -> usize {
        if index + 1 == self.slots.len() {
            0
        } else {
            index + 1
        }
    }

    /// Looks `id` up in as many slots as it takes, see [`lookup_from`](View::lookup_from).
    pub(crate) fn lookup(
        self,
        id: ProcessId,
        buffer_of: impl Fn(Stamp) -> Buffer + Copy,
    ) -> Lookup<'t, W> {
        let (mut index, mut is_second_round) = (self.home(id), false);
        loop {
            match self.lookup_from(index, id, buffer_of) {
                Lookup::Further(0) if is_second_round => return Lookup::Absent,
                Lookup::Further(next) => {
                    is_second_round |= next == 0;
                    index = next;
                }
                found_absent_or_busy => return found_absent_or_busy,
            }
        }
    }

    /// Looks `id` up from slot `index` on, at most to the last one, and waits for nobody. Of the record it
    /// copies the words, out of the buffer that `buffer_of` reads from the stamp: [`Stamp::buffer_if_plain`], or
    /// [`Stamp::buffer_if_readable`] to be given frozen records as well.
    #[inline(always)]
    pub(crate) fn lookup_from(
        self,
        mut index: usize,
        id: ProcessId,
        buffer_of: impl Fn(Stamp) -> Buffer,
    ) -> Lookup<'t, W> {
        while let Some(slot) = self.slots.get(index) {
            let seen = seqlock::begin(&slot.stamp);
            if slot.key() == id {
                return match self.read(slot, seen, buffer_of(seen)) {
                    // It was here once. (To go on at once would cost those a register who find it.)
                    Lookup::Absent if self.passed.nobody(index) => Lookup::Absent,
                    Lookup::Absent => Lookup::Further(index + 1),
                    found_or_busy => found_or_busy,
                };
            }
            if self.passed.nobody(index) {
                return Lookup::Absent;
            }
            index += 1;
        }
        Lookup::Further(0)
    }

    /// Copies the words of `slot`, which are in `buffer` if that is one.
    #[inline(always)]
    fn read(self, slot: &'t Slot, seen: Stamp, buffer: Buffer) -> Lookup<'t, W> {
        let Some(words) = self.buffers.get(buffer) else {
            return if seen.is_live() {
                Lookup::Busy(slot)
            } else {
                Lookup::Absent
            };
        };
        let words = seqlock::load(words);
        // With the words, this vouches for the key that was loaded since `seen`.
        if seqlock::unchanged(&slot.stamp, seen) {
            Lookup::Found(Found { slot, seen, words })
        } else {
            Lookup::Busy(slot)
        }
    }

    /// Every record that is here, frozen ones as well. Waits for writers.
    pub(crate) fn scan(self, mut visit: impl FnMut(ProcessId, Found<'t, W>)) {
        for slot in self.slots {
            loop {
                let seen = seqlock::begin(&slot.stamp);
                // Relaxed: a key that does not belong to `seen` is discarded with it.
                let id = ProcessId(slot.key.load(Ordering::Relaxed));
                match self.read(slot, seen, seen.buffer_if_readable()) {
                    Lookup::Found(found) => break visit(id, found),
                    Lookup::Absent | Lookup::Further(_) => break,
                    Lookup::Busy(slot) => seqlock::wait_for_writer(&slot.stamp),
                }
            }
        }
    }

    /// Stores a record that is not in the table, in a free buffer. The caller holds the structure
    /// lock.
    pub(crate) fn occupy(self, id: ProcessId, buffer: Buffer, words: &W) {
        let slot = self.claim(id);
        let place = self.buffers.get(buffer).expect("a buffer of ours");
        // The partner of its release fence is the acquire fence in `seqlock::unchanged`: whoever sees the
        // new key or the new words also sees that the stamp it may have read is no longer the slot's.
        seqlock::store(place, words);
        // Relaxed: the fence before it is a release; its partner is the acquire load in `Slot::key`.
        slot.key.store(id.0, Ordering::Relaxed);
        let vacant = seqlock::begin(&slot.stamp);
        let live = vacant.next_in(buffer);
        // Release: partner is the acquire load in `begin`. Here the record appears.
        slot.stamp.store(live.0, Ordering::Release);
    }

    /// Finds an empty slot for `id` and counts it in the slots on the way there.
    fn claim(self, id: ProcessId) -> &'t Slot {
        let mut index = self.home(id);
        loop {
            let slot = &self.slots[index];
            // Relaxed: slots become empty and occupied only under the structure lock, which we hold.
            if !Stamp(slot.stamp.load(Ordering::Relaxed)).is_live() {
                return slot;
            }
            self.passed.count(index);
            index = self.following(index);
        }
    }
}

impl Slot {
    fn vacant() -> Self {
        Self {
            stamp: AtomicU64::new(Stamp::VACANT.0),
            key: AtomicU64::new(0),
        }
    }

    /// The key of the record that is here, or was last: a lookup's look at this slot.
    #[inline(always)]
    pub(crate) fn key(&self) -> ProcessId {
        #[cfg(test)]
        looks::count();
        // Acquire: partner is the release fence in `occupy`, so that whoever finds another key here
        // has also seen what led to it.
        ProcessId(self.key.load(Ordering::Acquire))
    }
}

/// How many slots the lookups of this thread have looked at.
#[cfg(test)]
pub(crate) mod looks {
    use std::cell::Cell;

    thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        LOOKS.set(LOOKS.get() + 1);
    }

    /// Those since the last call.
    #[cfg(not(pivot_loom))]
    pub(crate) fn taken() -> usize {
        LOOKS.take()
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use contract::{Handle, Strategy};
    use loom::thread;

    use crate::model::{ID, Small, explore, insert, read, whole};
    use crate::{CasTable, SeqlockTable};

    /// A record that is new is there or not, and whole: its buffer held nothing before.
    fn arrival<S: Strategy<Small>>() {
        explore(2, || {
            let table: &'static S = Box::leak(Box::new(S::with_capacity(2)));
            let [mut inserting, mut reading] = [(); 2].map(|()| table.handle());
            let inserter = thread::spawn(move || insert(&mut inserting, 0));
            let reader =
                thread::spawn(move || [(); 2].map(|()| reading.read(ID, |record| whole(*record))));
            assert_eq!(inserter.join().unwrap(), None);
            let seen = reader.join().unwrap();
            assert!(seen.is_sorted() && seen[1].is_none_or(|revision| revision == 1));
            assert_eq!(read(&mut table.handle()), 1);
        });
    }

    #[test]
    fn seqlock_arrival() {
        arrival::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_arrival() {
        arrival::<CasTable<Small>>();
    }
}

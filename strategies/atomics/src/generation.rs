//! One generation of the table: slots, found by open addressing, and a pool of buffers.
//!
//! A slot is a stamp and a key. There are several times as many slots as records, so that most
//! records are in their home slot: a processor that has guessed wrong where a record is loses more
//! than all the rest of a lookup takes. That many are affordable because the words are elsewhere, in
//! buffers without gaps, one of which the stamp names.
//!
//! For each slot there is a count of the records that belong here or before but are stored behind
//! it, because it was occupied when they came. A lookup that does not find its key goes on only
//! while that count is not zero. There are no tombstones: removing a record undoes exactly what
//! inserting it did, so a table can be filled and emptied for ever.
//!
//! # Why a reader misses no record
//!
//! Let K be in the table from before a lookup of K begins until after it ends, and in this
//! generation. A record never moves within a generation, so K stays in one slot s. The counts of all
//! slots before s, and s's key and liveness, were set before K's insertion returned and stay until
//! its removal begins; each is one atomic word, so every read of them during the lookup sees them:
//! the lookup passes every slot before s, and finds K in s. If it reports K absent, K was therefore
//! absent at some instant in between.
//!
//! K may also be in a later generation. But nothing is, before the next generation is published, and
//! a lookup looks whether it has been as the last thing before it reports K absent.

use contract::{ProcessId, Words};

use crate::pool::{Buffers, Pool};
use crate::seqlock;
use crate::stamp::{Buffer, Stamp};
use support::sync::{AtomicU16, AtomicU64, Backoff, OnceLock, Ordering};

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

/// What a lookup found.
#[derive(Debug)]
pub(crate) enum Lookup<F> {
    /// The record.
    Found(F),
    /// There is none.
    Absent,
    /// Not this way: after a [`glance`](View::glance), look more closely; otherwise this generation
    /// is closed, look in the next one.
    Unclear,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Generation<W: Words> {
    slots: Box<[Slot]>,
    /// For each slot, how many records passed it on the way to theirs. Apart from the slots, because
    /// only lookups of displaced and absent keys look here. Change only under the structure lock; one
    /// that has reached [`PASSED_MAX`] stays there.
    passed: Box<[AtomicU16]>,
    pool: Pool<W>,
    /// Set once, after every slot here is frozen: from then on the truth is there.
    next: OnceLock<Box<Generation<W>>>,
}

/// As good as for ever: a lookup goes on, at most until it is home again.
const PASSED_MAX: u16 = u16::MAX;

/// A generation without the indirection: what a handle keeps of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'t, W: Words> {
    pub(crate) generation: &'t Generation<W>,
    slots: &'t [Slot],
    pub(crate) buffers: Buffers<'t, W>,
}

impl<'t, W: Words> View<'t, W> {
    /// The common case of [`lookup`](Generation::lookup), as straight-line code: the record is near
    /// its home and nobody is writing to it or moving it, or it is absent.
    #[inline(always)]
    pub(crate) fn glance(self, id: ProcessId) -> Lookup<Found<'t, W>> {
        let mut index = home(id, self.slots.len());
        while let Some(slot) = self.slots.get(index) {
            let seen = seqlock::begin(&slot.stamp);
            if slot.key() == id.0 {
                return self.read_plain(slot, seen);
            }
            if self.generation.ends_at(index) {
                return self.generation.without();
            }
            index += 1;
        }
        Lookup::Unclear
    }

    /// Copies the words of `slot` if nobody is writing to it or moving it.
    #[inline(always)]
    fn read_plain(self, slot: &'t Slot, seen: Stamp) -> Lookup<Found<'t, W>> {
        let Some(words) = self.buffers.get(seen.plain_buffer()) else {
            return Lookup::Unclear;
        };
        let words = seqlock::load(words);
        if seqlock::unchanged(&slot.stamp, seen) {
            Lookup::Found(Found { slot, seen, words })
        } else {
            Lookup::Unclear
        }
    }
}

/// Buffers beyond the records. A model has few: it tries everything with each of them.
const MARGIN: usize = if cfg!(any(pivot_loom, pivot_shuttle)) {
    1
} else {
    8
};

/// Where to begin looking for `id` among `slots`.
///
/// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the product's high bits depend on all bits of the
/// identifier, and identifiers in arithmetic progression, such as dense ones, are spread evenly.
/// Scaling the product to the number of slots uses its high bits, whatever that number is.
#[inline]
fn home(id: ProcessId, slots: usize) -> usize {
    let spread = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(spread) * slots as u128) >> 64) as usize
}

impl<W: Words> Generation<W> {
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
        // Never less than two to a buffer: an insertion must find one soon, and a lookup must end.
        let slots = (entries * slots_per_entry).max(buffers * 2);
        let generation = Self {
            slots: (0..slots).map(|_| Slot::vacant()).collect(),
            passed: (0..slots).map(|_| AtomicU16::new(0)).collect(),
            pool: Pool::with_buffers(buffers),
            next: OnceLock::new(),
        };
        (generation, (0..buffers).rev().map(Buffer::new).collect())
    }

    /// How many records it was made for.
    pub(crate) fn records_max(&self) -> usize {
        self.pool.count()
    }

    pub(crate) fn view(&self) -> View<'_, W> {
        View {
            generation: self,
            slots: &self.slots,
            buffers: self.pool.buffers(),
        }
    }

    /// The next generation, once this one is closed.
    pub(crate) fn next(&self) -> Option<&Self> {
        self.next.get().map(|next| &**next)
    }

    fn home(&self, id: ProcessId) -> usize {
        home(id, self.slots.len())
    }

    fn following(&self, index: usize) -> usize {
        if index + 1 == self.slots.len() {
            0
        } else {
            index + 1
        }
    }

    /// Whether no record that belongs at `index` or before is stored behind it.
    #[inline]
    fn ends_at(&self, index: usize) -> bool {
        // Acquire: partner is the release in `vacate`, so that whoever finds a record gone has also
        // seen what led to it.
        self.passed[index].load(Ordering::Acquire) == 0
    }

    /// Looks `id` up and copies its words.
    pub(crate) fn lookup(&self, id: ProcessId) -> Lookup<Found<'_, W>> {
        let mut index = self.home(id);
        for _ in 0..self.slots.len() {
            match self.read(&self.slots[index], id) {
                Lookup::Absent => {}
                found_or_closed => return found_or_closed,
            }
            if self.ends_at(index) {
                break;
            }
            index = self.following(index);
        }
        self.without()
    }

    /// What a lookup says that did not find its key here: in a closed generation, to look no further
    /// in it but in the next one.
    #[inline]
    fn without<F>(&self) -> Lookup<F> {
        match self.next() {
            None => Lookup::Absent,
            Some(_) => Lookup::Unclear,
        }
    }

    /// Copies the words of `slot` if it holds `id`.
    fn read<'t>(&'t self, slot: &'t Slot, id: ProcessId) -> Lookup<Found<'t, W>> {
        if slot.key() != id.0 {
            return Lookup::Absent;
        }
        match self.read_any(slot) {
            Lookup::Found((key, found)) if key == id => Lookup::Found(found),
            Lookup::Found(_) | Lookup::Absent => Lookup::Absent,
            Lookup::Unclear => Lookup::Unclear,
        }
    }

    /// The key and the record in `slot`, if there is one. Frozen slots count as they were until the
    /// next generation is there.
    fn read_any<'t>(&'t self, slot: &'t Slot) -> Lookup<(ProcessId, Found<'t, W>)> {
        let buffers = self.pool.buffers();
        let backoff = Backoff::new();
        loop {
            let seen = seqlock::begin(&slot.stamp);
            if seen.is_locked() {
                backoff.snooze();
                continue;
            }
            if seen.is_moved() && self.next().is_some() {
                return Lookup::Unclear;
            }
            if !seen.is_live() {
                return Lookup::Absent;
            }
            // Relaxed: a key that does not belong to `seen` is discarded with it below.
            let id = ProcessId(slot.key.load(Ordering::Relaxed));
            let words = buffers
                .get(seen.buffer())
                .expect("a live stamp names a buffer");
            let words = seqlock::load(words);
            if seqlock::unchanged(&slot.stamp, seen) {
                return Lookup::Found((id, Found { slot, seen, words }));
            }
        }
    }

    /// Stores a record that is not in the table, in a free buffer. The caller holds the structure
    /// lock.
    pub(crate) fn occupy(&self, id: ProcessId, buffer: Buffer, words: &W) {
        let slot = self.claim(id);
        let place = self.pool.buffers().get(buffer).expect("a buffer of ours");
        // Its fence's partner is the acquire fence in `seqlock::unchanged`: whoever sees the new key
        // or the new words also sees that the stamp it may have read is no longer the slot's.
        seqlock::store(place, words);
        slot.key.store(id.0, Ordering::Relaxed);
        let vacant = seqlock::begin(&slot.stamp);
        // Release: partner is `begin`. Here the record appears.
        let live = vacant.next_in(buffer);
        slot.stamp.store(live.0, Ordering::Release);
    }

    /// Finds an empty slot for `id` and marks the slots on the way to it as passed.
    fn claim(&self, id: ProcessId) -> &Slot {
        let mut index = self.home(id);
        loop {
            // Relaxed: slots become empty and occupied only under the structure lock, which we hold.
            let slot = &self.slots[index];
            if !Stamp(slot.stamp.load(Ordering::Relaxed)).is_live() {
                return slot;
            }
            let passed = &self.passed[index];
            let count = passed.load(Ordering::Relaxed);
            passed.store(count.saturating_add(1), Ordering::Relaxed);
            index = self.following(index);
        }
    }

    /// Takes back what [`occupy`](Generation::occupy) did, once the slot's stamp is empty. The caller
    /// holds the structure lock.
    pub(crate) fn vacate(&self, slot: &Slot, id: ProcessId) {
        let mut index = self.home(id);
        while !std::ptr::eq(&raw const self.slots[index], slot) {
            let passed = &self.passed[index];
            let count = passed.load(Ordering::Relaxed);
            if count < PASSED_MAX {
                // Release: partner is the acquire load in `ends_at`.
                passed.store(count - 1, Ordering::Release);
            }
            index = self.following(index);
        }
    }

    /// Copies everything into `next`, freezing slot after slot, and publishes it. The caller holds
    /// the structure lock, so records neither come nor go; they may still be replaced until frozen.
    pub(crate) fn close(&self, next: Self, free: &mut Vec<Buffer>) -> &Self {
        let buffers = self.pool.buffers();
        for slot in &self.slots {
            let frozen = slot.freeze();
            if frozen.is_live() {
                let id = ProcessId(slot.key.load(Ordering::Relaxed));
                let from = buffers
                    .get(frozen.buffer())
                    .expect("a live stamp names a buffer");
                let to = free.pop().expect("the next generation is larger");
                next.occupy(id, to, &seqlock::load(from));
            }
        }
        self.next.get_or_init(|| Box::new(next))
    }

    /// Every record that is here. A record that has moved on is reported by its key alone.
    pub(crate) fn scan(&self, mut visit: impl FnMut(ProcessId, Option<W>)) {
        for slot in &self.slots {
            match self.read_any(slot) {
                Lookup::Found((id, found)) => visit(id, Some(found.words)),
                Lookup::Absent => {}
                Lookup::Unclear => {
                    // Final: neither stamp nor key change any more.
                    if seqlock::begin(&slot.stamp).is_live() {
                        visit(ProcessId(slot.key.load(Ordering::Relaxed)), None);
                    }
                }
            }
        }
    }
}

#[cfg(all(test, not(pivot_loom)))]
impl<W: Words> Generation<W> {
    /// Whether no lookup can tell that there have ever been records.
    pub(crate) fn is_as_new(&self) -> bool {
        let empty = |slot: &Slot| !seqlock::begin(&slot.stamp).is_live();
        self.slots.iter().all(empty) && (0..self.slots.len()).all(|index| self.ends_at(index))
    }
}

impl Slot {
    fn vacant() -> Self {
        Self {
            stamp: AtomicU64::new(Stamp::VACANT.0),
            key: AtomicU64::new(0),
        }
    }

    /// The key of the record that is here, or was last: the look of a lookup at this slot.
    #[inline(always)]
    fn key(&self) -> u64 {
        #[cfg(test)]
        looks::count();
        // Acquire: partner is the release fence in `occupy`, so that whoever finds another key here
        // has also seen what led to it.
        self.key.load(Ordering::Acquire)
    }

    /// Makes the stamp final, and returns it.
    fn freeze(&self) -> Stamp {
        let backoff = Backoff::new();
        loop {
            let seen = seqlock::begin(&self.stamp);
            if seen.is_locked() {
                backoff.snooze();
                continue;
            }
            let frozen = seen.moved();
            // Acquire and release: what writers stored comes before, what the next generation does
            // after.
            if self
                .stamp
                .compare_exchange(seen.0, frozen.0, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                return frozen;
            }
        }
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
    pub(crate) fn taken() -> usize {
        LOOKS.take()
    }
}

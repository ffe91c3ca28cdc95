//! One generation of the table: buckets of slots, found by open addressing, and a pool of buffers.
//!
//! A slot is a stamp and a key. There are at least twice as many slots as records, so that nearly
//! every record is in its home bucket; that is affordable because the words are elsewhere, in
//! buffers without gaps, one of which the stamp names.
//!
//! A bucket has a count of the records that belong here or before but are stored behind it, because
//! it was full when they came. A lookup that does not find its key goes on only while that count is
//! not zero. There are no tombstones: removing a record undoes exactly what inserting it did, so a
//! table can be filled and emptied for ever.
//!
//! # Why a reader misses no record
//!
//! Let K be in the table from before a lookup of K begins until after it ends. A record never moves
//! within a generation, so K stays in one slot s. The counts of all buckets before s, and s's key and
//! liveness, were set before K's insertion returned and stay until its removal begins; each is one
//! atomic word, so every read of them during the lookup sees them: the lookup passes every bucket
//! before s, and finds K in s. If it reports K absent, K was therefore absent at some instant in
//! between.

use std::sync::OnceLock;

use contract::{ProcessId, Words};

use crate::pool::{Buffers, Pool};
use crate::seqlock;
use crate::stamp::{Buffer, Stamp};
use crate::sync::{AtomicU32, AtomicU64, Backoff, Ordering};

/// A slot: everything about a record but its words.
#[derive(Debug)]
pub struct Slot {
    pub(crate) stamp: AtomicU64,
    /// Changes only under the structure lock while the stamp is empty.
    key: AtomicU64,
}

const SLOTS_PER_BUCKET: usize = 2;

/// Slots that a lookup compares at once.
#[derive(Debug)]
#[repr(align(32))]
pub(crate) struct Bucket {
    slots: [Slot; SLOTS_PER_BUCKET],
}

/// Bit 0: frozen. Bits 1..: how many records passed a bucket on the way to their slot.
const FROZEN: u32 = 1;
const ONE_PASSED: u32 = 2;

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
    /// Absent.
    Absent,
    /// This generation is closed: look in the next one.
    Closed,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Generation<W: Words> {
    /// A power of two of them.
    buckets: Box<[Bucket]>,
    /// For each bucket; apart from it because only lookups of displaced and absent keys look here.
    passed: Box<[AtomicU32]>,
    pool: Pool<W>,
    /// Set once, after every slot here is frozen: from then on the truth is there.
    next: OnceLock<Box<Generation<W>>>,
}

/// A generation without the indirection: what a handle keeps of it.
#[derive(Debug)]
pub(crate) struct View<'t, W: Words> {
    pub(crate) generation: &'t Generation<W>,
    buckets: &'t [Bucket],
    pub(crate) buffers: Buffers<'t, W>,
}

impl<W: Words> Clone for View<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W: Words> Copy for View<'_, W> {}

impl<'t, W: Words> View<'t, W> {
    /// The common case of [`lookup`](Generation::lookup), as straight-line code: the record is in its
    /// home bucket and nobody is writing to it. `None` says nothing, least of all that there is no
    /// such record.
    #[inline(always)]
    pub(crate) fn lookup_at_home(self, id: ProcessId) -> Option<Found<'t, W>> {
        let bucket = &self.buckets[home(id) & (self.buckets.len() - 1)];
        // A guess, checked below; computed and not branched upon, since a processor cannot predict it.
        let second = bucket.slots[0].key.load(Ordering::Relaxed) != id.0;
        let slot = &bucket.slots[usize::from(second)];
        let seen = seqlock::begin(&slot.stamp);
        if slot.key.load(Ordering::Relaxed) != id.0 {
            return None;
        }
        let words = seqlock::load(self.buffers.get(seen.plain_buffer())?);
        seqlock::unchanged(&slot.stamp, seen).then_some(Found { slot, seen, words })
    }
}

/// Where to begin looking for `id`: the low bits of this, as many as are needed.
///
/// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the product's high bits depend on all bits of the
/// identifier; reversing its bytes makes them the low ones.
#[inline]
fn home(id: ProcessId) -> usize {
    id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).swap_bytes() as usize
}

impl<W: Words> Generation<W> {
    /// Room for `records`, and the buffers for them, all free.
    pub(crate) fn with_room_for(records: usize) -> (Self, Vec<Buffer>) {
        // Some more than records: a compare-and-swap writer owns a spare.
        let buffers = records + records / 8 + 8;
        // Records of less than a cache line are not worth so many slots.
        let slots_per_record = if W::LEN < 8 { 2 } else { 4 };
        let slots = (buffers * 2)
            .max(records * slots_per_record)
            .next_power_of_two();
        let buckets = slots / SLOTS_PER_BUCKET;
        let generation = Self {
            buckets: (0..buckets).map(|_| Bucket::vacant()).collect(),
            passed: (0..buckets).map(|_| AtomicU32::new(0)).collect(),
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
            buckets: &self.buckets,
            buffers: self.pool.buffers(),
        }
    }

    /// The next generation, once this one is closed.
    pub(crate) fn next(&self) -> Option<&Self> {
        self.next.get().map(|next| &**next)
    }

    #[inline]
    fn home(&self, id: ProcessId) -> usize {
        home(id) & (self.buckets.len() - 1)
    }

    #[inline]
    fn following(&self, bucket: usize) -> usize {
        (bucket + 1) & (self.buckets.len() - 1)
    }

    /// Looks `id` up and copies its words.
    pub(crate) fn lookup(&self, id: ProcessId) -> Lookup<Found<'_, W>> {
        let mut bucket = self.home(id);
        // Ends: a full turn would mean that every bucket has been passed by a record stored behind
        // it, which there are too few buffers for.
        loop {
            for slot in &self.buckets[bucket].slots {
                match self.read(slot, id) {
                    Lookup::Absent => {}
                    found_or_closed => return found_or_closed,
                }
            }
            // Acquire: partner is the release in `freeze`, and that in `vacate`.
            let passed = self.passed[bucket].load(Ordering::Acquire);
            if passed & FROZEN != 0 && self.next().is_some() {
                return Lookup::Closed;
            }
            if passed < ONE_PASSED {
                return Lookup::Absent;
            }
            bucket = self.following(bucket);
        }
    }

    /// Copies the words of `slot` if it holds `id`.
    #[inline]
    fn read<'t>(&'t self, slot: &'t Slot, id: ProcessId) -> Lookup<Found<'t, W>> {
        // Acquire: partner is the release fence in `occupy`, so that whoever finds another key here
        // has also seen what led to it.
        if slot.key.load(Ordering::Acquire) != id.0 {
            return Lookup::Absent;
        }
        match self.read_any(slot) {
            Lookup::Found((key, found)) if key == id => Lookup::Found(found),
            Lookup::Found(_) | Lookup::Absent => Lookup::Absent,
            Lookup::Closed => Lookup::Closed,
        }
    }

    /// The key and the record in `slot`, if there is one. Frozen slots count as they were until the
    /// next generation is there.
    fn read_any<'t>(&'t self, slot: &'t Slot) -> Lookup<(ProcessId, Found<'t, W>)> {
        let buffers = self.pool.buffers();
        let mut backoff = Backoff::default();
        loop {
            let seen = seqlock::begin(&slot.stamp);
            if seen.is_locked() {
                backoff.wait();
                continue;
            }
            if seen.is_moved() && self.next().is_some() {
                return Lookup::Closed;
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

    /// Finds an empty slot for `id` and marks the buckets on the way to it as passed.
    fn claim(&self, id: ProcessId) -> &Slot {
        let mut bucket = self.home(id);
        loop {
            // Slots become empty and occupied only under the structure lock, which we hold.
            for slot in &self.buckets[bucket].slots {
                if !seqlock::begin(&slot.stamp).is_live() {
                    return slot;
                }
            }
            self.passed[bucket].fetch_add(ONE_PASSED, Ordering::Relaxed);
            bucket = self.following(bucket);
        }
    }

    /// Takes back what [`occupy`](Generation::occupy) did, once the slot's stamp is empty. The caller
    /// holds the structure lock.
    pub(crate) fn vacate(&self, slot: &Slot, id: ProcessId) {
        let mut bucket = self.home(id);
        while !self.buckets[bucket].has(slot) {
            self.passed[bucket].fetch_sub(ONE_PASSED, Ordering::Release);
            bucket = self.following(bucket);
        }
    }

    /// Copies everything into `next`, freezing slot after slot, and publishes it. The caller holds
    /// the structure lock, so records neither come nor go; they may still be replaced until frozen.
    pub(crate) fn close(&self, next: Self, free: &mut Vec<Buffer>) -> &Self {
        let buffers = self.pool.buffers();
        for slot in self.slots() {
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
        for passed in &self.passed {
            // Release and before `next` is set, so that a lookup that misses the flag ended early
            // enough to be right.
            passed.fetch_or(FROZEN, Ordering::Release);
        }
        self.next.get_or_init(|| Box::new(next))
    }

    /// All slots.
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.buckets.iter().flat_map(|bucket| &bucket.slots)
    }

    /// Every record that is here. A record that has moved on is reported by its key alone.
    pub(crate) fn scan(&self, mut visit: impl FnMut(ProcessId, Option<W>)) {
        for slot in self.slots() {
            match self.read_any(slot) {
                Lookup::Found((id, found)) => visit(id, Some(found.words)),
                Lookup::Absent => {}
                Lookup::Closed => {
                    // Final: neither stamp nor key change any more.
                    if seqlock::begin(&slot.stamp).is_live() {
                        visit(ProcessId(slot.key.load(Ordering::Relaxed)), None);
                    }
                }
            }
        }
    }
}

impl Bucket {
    fn vacant() -> Self {
        let slots = [0; SLOTS_PER_BUCKET].map(|_: u8| Slot {
            stamp: AtomicU64::new(Stamp::VACANT.0),
            key: AtomicU64::new(0),
        });
        Self { slots }
    }

    fn has(&self, slot: &Slot) -> bool {
        self.slots.iter().any(|own| std::ptr::eq(own, slot))
    }
}

impl Slot {
    /// Makes the stamp final, and returns it.
    fn freeze(&self) -> Stamp {
        let mut backoff = Backoff::default();
        loop {
            let seen = seqlock::begin(&self.stamp);
            if seen.is_locked() {
                backoff.wait();
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

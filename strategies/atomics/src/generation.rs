//! One generation of the table: buckets of eight slots, found by open addressing.
//!
//! A bucket has a word of eight one-byte tags, so that a lookup compares all eight slots at once
//! (the idea of Swiss tables, within one word), and a count of the records that belong here or
//! before but are stored behind it, because it was full when they came. A lookup that does not find
//! its tag goes on only while that count is not zero. There are no tombstones: removing a record
//! undoes exactly what inserting it did, so a table can be filled and emptied for ever.
//!
//! # Why a reader misses no record
//!
//! Let K be in the table from before a lookup of K begins until after it ends. A record never moves
//! within a generation, so K stays in one slot s. K's tag and the counts of all buckets before s
//! were set before K's insertion returned and stay until its removal begins; each is one atomic
//! word, so every read of them during the lookup sees them: the lookup passes every bucket before
//! s, and finds K's tag in s's. If it reports K absent, K was therefore absent at some instant in
//! between.

use std::sync::OnceLock;

use contract::{ProcessId, Words};

use crate::payload::{At, Payload};
use crate::seqlock;
use crate::stamp::{LOCKED, MOVED, Stamp};
use crate::sync::{AtomicU64, Backoff, Ordering, fence};

const SLOTS_PER_BUCKET: usize = 8;

/// Eight slots, seen from outside.
#[derive(Debug, Default)]
struct Bucket {
    /// Byte i is 0 if slot i is empty, otherwise the tag of its key. Written under the structure
    /// lock; a tag is set after its slot is filled and cleared after its slot is emptied.
    tags: AtomicU64,
    /// Bits 1..: how many records passed this bucket on the way to their slot. Bit 0: frozen.
    passed: AtomicU64,
}

const FROZEN: u64 = 1;
const ONE_PASSED: u64 = 2;

/// A slot without its words.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) stamp: AtomicU64,
    /// Changes only under the structure lock while the stamp is empty.
    key: AtomicU64,
}

/// Where a key belongs: its home bucket, and its tag.
#[derive(Clone, Copy)]
struct Home {
    bucket: usize,
    tag: u8,
}

/// What a lookup found.
#[derive(Debug)]
pub(crate) enum Lookup<W> {
    /// The record's slot, the stamp under which it was read, and its words.
    Found(usize, Stamp, W),
    /// Absent.
    Absent,
    /// This generation is closed: look in the next one.
    Closed,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Generation<W: Words, P: Payload<W>> {
    buckets: Box<[Bucket]>,
    slots: Box<[Slot]>,
    payload: P::Slots,
    /// Set once, after every slot here is frozen: from then on the truth is there.
    pub(crate) next: OnceLock<Box<Generation<W, P>>>,
}

impl<W: Words, P: Payload<W>> Generation<W, P> {
    /// Room for `records` at three quarters full.
    pub(crate) fn with_room_for(records: usize) -> Self {
        let buckets = (records * 4).div_ceil(3 * SLOTS_PER_BUCKET).max(2);
        let slots = buckets * SLOTS_PER_BUCKET;
        Self {
            buckets: (0..buckets).map(|_| Bucket::default()).collect(),
            slots: (0..slots).map(|_| Slot::default()).collect(),
            payload: P::slots(slots),
            next: OnceLock::new(),
        }
    }

    /// How many records it takes before it is better replaced by a larger one: seven eighths.
    pub(crate) fn records_max(&self) -> usize {
        self.slots.len() / 8 * 7
    }

    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn slot(&self, slot: usize) -> &Slot {
        &self.slots[slot]
    }

    #[inline]
    pub(crate) fn at<'t>(&'t self, store: &'t P::Store, slot: usize) -> At<'t, W, P> {
        At {
            store,
            slots: &self.payload,
            slot,
        }
    }

    /// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the product's high bits depend on all bits of the
    /// identifier, and scaling them to the number of buckets needs no power of two.
    #[inline]
    fn home(&self, id: ProcessId) -> Home {
        let spread = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bucket = (u128::from(spread) * self.buckets.len() as u128) >> 64;
        // Bits that choose a bucket only in tables of more than 2^16 of them; never zero.
        Home {
            bucket: bucket as usize,
            tag: (spread >> 40) as u8 | 1,
        }
    }

    #[inline]
    fn following(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() {
            0
        } else {
            bucket + 1
        }
    }

    /// The common case of [`lookup`](Generation::lookup), as straight-line code: the record is in its
    /// home bucket, the first tag that matches is its own, and nobody is writing to it. `None` says
    /// nothing, least of all that there is no such record.
    #[inline(always)]
    pub(crate) fn lookup_at_home(
        &self,
        store: &P::Store,
        id: ProcessId,
    ) -> Option<(usize, Stamp, W)> {
        let home = self.home(id);
        let candidates = matching(
            self.buckets[home.bucket].tags.load(Ordering::Acquire),
            home.tag,
        );
        if candidates == 0 {
            return None;
        }
        let slot = home.bucket * SLOTS_PER_BUCKET + candidates.trailing_zeros() as usize / 8;
        let Slot { stamp, key } = &self.slots[slot];
        let seen = seqlock::begin(stamp);
        if key.load(Ordering::Relaxed) != id.0 || !seen.is_plainly_live() {
            return None;
        }
        let words = P::load(self.at(store, slot), seen);
        seqlock::unchanged(stamp, seen).then_some((slot, seen, words))
    }

    /// Looks `id` up and copies its words.
    pub(crate) fn lookup(&self, store: &P::Store, id: ProcessId) -> Lookup<W> {
        let home = self.home(id);
        let mut bucket = home.bucket;
        // Ends: a full turn would mean that every bucket has been passed by a record stored behind
        // it, which insertion rules out by leaving slots free.
        loop {
            // Acquire: partner is the release store of the tag in `occupy`, after the slot's own.
            let tags = self.buckets[bucket].tags.load(Ordering::Acquire);
            let mut candidates = matching(tags, home.tag);
            while candidates != 0 {
                let slot = bucket * SLOTS_PER_BUCKET + candidates.trailing_zeros() as usize / 8;
                match self.read(store, slot, id) {
                    Lookup::Absent => candidates &= candidates - 1,
                    found_or_closed => return found_or_closed,
                }
            }
            // Acquire: partner is the release in `freeze`.
            let passed = self.buckets[bucket].passed.load(Ordering::Acquire);
            if passed & FROZEN != 0 && self.has_successor() {
                return Lookup::Closed;
            }
            if passed < ONE_PASSED {
                return Lookup::Absent;
            }
            bucket = self.following(bucket);
        }
    }

    /// Copies the words of `slot` if it holds `id`.
    fn read(&self, store: &P::Store, slot: usize, id: ProcessId) -> Lookup<W> {
        let Slot { stamp, key } = &self.slots[slot];
        let mut backoff = Backoff::default();
        loop {
            let seen = seqlock::begin(stamp);
            // Relaxed: a key that does not belong to `seen` is discarded with it below. A key that
            // is not `id` at any instant means that `id` was not here at that instant.
            if key.load(Ordering::Relaxed) != id.0 || seen.is_empty() {
                return Lookup::Absent;
            }
            if seen.is_locked() {
                backoff.wait();
                continue;
            }
            let words = P::load(self.at(store, slot), seen);
            if seqlock::unchanged(stamp, seen) {
                if seen.is_moved() && self.has_successor() {
                    return Lookup::Closed;
                }
                return Lookup::Found(slot, seen, words);
            }
        }
    }

    /// Whether a frozen slot has been replaced by one in the next generation. Until then nothing
    /// about it can have changed, and it is still the truth.
    ///
    /// The order matters: as soon as the next generation is published, buffers may be reused. So
    /// first the words are loaded, and then, behind the fence of `unchanged`, this is asked.
    #[cold]
    fn has_successor(&self) -> bool {
        self.next.get().is_some()
    }

    /// The key and words in `slot`, if there is a record: what a scan sees. Frozen slots count as
    /// they were.
    pub(crate) fn scan_slot(&self, store: &P::Store, slot: usize) -> Lookup<(ProcessId, W)> {
        let Slot { stamp, key } = &self.slots[slot];
        let mut backoff = Backoff::default();
        loop {
            let seen = seqlock::begin(stamp);
            if seen.is_locked() {
                backoff.wait();
                continue;
            }
            let id = ProcessId(key.load(Ordering::Relaxed));
            let words = if seen.is_live() {
                Some(P::load(self.at(store, slot), seen))
            } else {
                None
            };
            if seqlock::unchanged(stamp, seen) {
                return match words {
                    _ if seen.is_moved() && self.has_successor() => Lookup::Closed,
                    Some(words) => Lookup::Found(slot, seen, (id, words)),
                    None => Lookup::Absent,
                };
            }
        }
    }

    /// The key of a record that was here when the generation was closed.
    pub(crate) fn closed_key(&self, slot: usize) -> Option<ProcessId> {
        let Slot { stamp, key } = &self.slots[slot];
        seqlock::begin(stamp)
            .is_live()
            .then(|| ProcessId(key.load(Ordering::Relaxed)))
    }

    /// Stores a record that is not in the table. The caller holds the structure lock and has made
    /// sure that there is room.
    pub(crate) fn occupy(&self, store: &P::Store, id: ProcessId, words: &W) {
        let slot = self.claim(id);
        let empty = seqlock::begin(&self.slots[slot].stamp);
        self.settle(slot, id, || P::fill(self.at(store, slot), empty, words));
    }

    /// Finds an empty slot for `id` and marks the buckets on the way to it as passed.
    fn claim(&self, id: ProcessId) -> usize {
        let mut bucket = self.home(id).bucket;
        loop {
            // Relaxed: tags and counts are only written under the structure lock, which we hold.
            let vacant = matching(self.buckets[bucket].tags.load(Ordering::Relaxed), 0);
            if vacant != 0 {
                return bucket * SLOTS_PER_BUCKET + vacant.trailing_zeros() as usize / 8;
            }
            self.buckets[bucket]
                .passed
                .fetch_add(ONE_PASSED, Ordering::Relaxed);
            bucket = self.following(bucket);
        }
    }

    /// Puts a key and a stamp into a claimed slot, and then its tag into its bucket.
    fn settle(&self, slot: usize, id: ProcessId, fill: impl FnOnce() -> Stamp) {
        // Partner: the acquire fence in `seqlock::unchanged`. Whoever sees the new key also sees that
        // the stamp it may have read is no longer the slot's.
        fence(Ordering::Release);
        self.slots[slot].key.store(id.0, Ordering::Relaxed);
        let live = fill();
        // Release: partner is `begin`.
        self.slots[slot].stamp.store(live.0, Ordering::Release);
        let tags = &self.buckets[slot / SLOTS_PER_BUCKET].tags;
        let tag = u64::from(self.home(id).tag) << (slot % SLOTS_PER_BUCKET * 8);
        // Release: partner is the acquire load in `lookup`. Here the record becomes visible.
        tags.fetch_or(tag, Ordering::Release);
    }

    /// Takes back what [`occupy`](Generation::occupy) did, once the slot's stamp is empty. The caller
    /// holds the structure lock.
    pub(crate) fn vacate(&self, slot: usize, id: ProcessId) {
        let tags = &self.buckets[slot / SLOTS_PER_BUCKET].tags;
        tags.fetch_and(!(0xff << (slot % SLOTS_PER_BUCKET * 8)), Ordering::Release);
        let mut bucket = self.home(id).bucket;
        while bucket != slot / SLOTS_PER_BUCKET {
            self.buckets[bucket]
                .passed
                .fetch_sub(ONE_PASSED, Ordering::Release);
            bucket = self.following(bucket);
        }
    }

    /// Copies everything into `next`, freezing slot after slot, and publishes it. The caller holds
    /// the structure lock, so records neither come nor go; they may still be replaced until frozen.
    pub(crate) fn close(&self, store: &P::Store, next: Box<Self>) -> &Self {
        for (index, slot) in self.slots.iter().enumerate() {
            let frozen = freeze(&slot.stamp);
            if frozen.is_live() {
                let id = ProcessId(slot.key.load(Ordering::Relaxed));
                let successor = next.claim(id);
                let to = next.at(store, successor);
                next.settle(successor, id, || {
                    P::carry(self.at(store, index), to, frozen)
                });
            }
        }
        for bucket in &self.buckets {
            // Release and before `next` is set, so that a lookup that misses the flag ended early
            // enough to be right.
            bucket.passed.fetch_or(FROZEN, Ordering::Release);
        }
        self.next.get_or_init(|| next)
    }
}

/// Makes a stamp final, and returns it.
fn freeze(stamp: &AtomicU64) -> Stamp {
    let mut backoff = Backoff::default();
    loop {
        let seen = seqlock::begin(stamp);
        if seen.0 & LOCKED != 0 {
            backoff.wait();
            continue;
        }
        let frozen = seen.0 | MOVED;
        // Acquire and release: what writers stored comes before, what the next generation does after.
        if stamp
            .compare_exchange(seen.0, frozen, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            return Stamp(frozen);
        }
    }
}

/// Marks, in the top bit of each byte, the bytes of `tags` that equal `tag`. The lowest mark is
/// exact; a byte above it may be marked in error (Mycroft's zero-byte test), which costs a compare of
/// keys.
#[inline]
fn matching(tags: u64, tag: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differing = tags ^ (ONES * u64::from(tag));
    differing.wrapping_sub(ONES) & !differing & (ONES << 7)
}

//! Stage 3: a table of fixed size, found by open addressing.
//!
//! A slot ([`crate::array`]) is a stamp and a key. There are several times as many slots as records, so that
//! most records are in their home slot: a processor that has guessed wrong where a record is loses more
//! than all the rest of a lookup takes. That many are affordable because the values are elsewhere, in
//! buffers without gaps, one of which the stamp names.
//!
//! A record whose home is occupied goes into the next slot that is not, and every slot that it passes
//! counts it. A lookup begins at home and goes on while that count is not zero; behind the
//! last slot it goes on in the first, once.
//!
//! # Why a reader misses no record
//!
//! Let K be in this table from before a lookup of K begins until after it ends. A record does not move
//! within a table, so K stays in one slot s. The counts of all slots before s, and s's key and
//! liveness, were set before K's insertion returned and stay until its removal begins; each is one
//! atomic word or (the key) several that stay as they are, so every load of them during the lookup sees
//! them: the lookup passes every slot before s, and finds K in s. If it reports K absent, K was therefore
//! absent at some instant in between. A key in another slot may be read as a mixture of two; whatever the
//! lookup makes of it, the count behind it leads on to s, unless the mixture is taken for K: then the stamp
//! has changed, and the lookup begins again.

use alloc::vec::Vec;
use core::fmt;

use crate::array::{Slot, SlotMemory, Slots};
use crate::buffers::{Buffers, Pool};
use crate::plain::{Key, Value, WORD, words_of};
use crate::seqlock;
use crate::stamp::{Buffer, Stamp};
use crate::sync::{AtomicU64, Ordering};

/// A record's stamp, the value of it under which the record was read, and its value.
#[derive(Debug)]
pub struct Found<'t, V> {
    pub(crate) stamp: &'t AtomicU64,
    pub(crate) version: Stamp,
    pub(crate) value: V,
}

/// What a look at a slot, or at one slot after the other, has found.
#[derive(Debug)]
pub(crate) enum Lookup<'t, V> {
    /// The record.
    Found(Found<'t, V>),
    /// No record.
    Absent,
    /// A record that cannot be had now: somebody is writing to it, or has while it was copied, or it is
    /// frozen and a plain one is wanted. Its stamp.
    Busy(&'t AtomicU64),
    /// No record in the slots up to here: the search goes on in the slot of this number, 0 being behind the
    /// last one.
    Further(usize),
}

/// A table of fixed size.
#[derive(Debug)]
pub(crate) struct FixedTable<K, V> {
    slots: SlotMemory<K>,
    pool: Pool<V>,
}

/// A table of fixed size without the indirections: what a handle keeps of it.
pub(crate) struct View<'t, K, V> {
    pub(crate) slots: Slots<'t, K>,
    pub(crate) buffers: Buffers<'t, V>,
}

/// As good as for ever: a count that has reached this stays there, and lookups go on behind the slot.
pub(crate) const MANY: u16 = u16::MAX;

/// Buffers beyond the records. A model has few: it tries everything with each of them.
const MARGIN: usize = if cfg!(any(pivot_loom, pivot_shuttle)) {
    1
} else {
    8
};

/// No more slots than that to a record.
const SLOTS_PER_RECORD_MAX: usize = 6;

impl<K, V> FixedTable<K, V> {
    /// How many records there can be: no stamp names more, and no allocation has more bytes than a pointer
    /// may be moved by.
    pub(crate) const RECORDS_MAX: usize = {
        let slot = SlotMemory::<K>::LEN * WORD;
        let largest = if Pool::<V>::LEN * WORD > slot * SLOTS_PER_RECORD_MAX {
            Pool::<V>::LEN * WORD
        } else {
            slot * SLOTS_PER_RECORD_MAX
        };
        // Half of it, for what is rounded up.
        let addressed = isize::MAX as usize / 2 / largest;
        if addressed < Buffer::COUNT_MAX {
            addressed
        } else {
            Buffer::COUNT_MAX
        }
    };

    /// Room for `records` and no more than `limit`, and the buffers for them, all free.
    pub(crate) fn with_room_for(records: usize, limit: usize) -> (Self, Vec<Buffer>) {
        // From here on no product overflows.
        let limit = limit.min(Self::RECORDS_MAX);
        let records = records.min(limit);
        // Some more than records: a compare-and-swap writer owns a spare.
        let buffers = (records + records / 16 + MARGIN).min(limit);
        // As many entries as a hash map would have. Between a half and an eighth of them are empty,
        // which pays for two slots each; not so if values are less than a cache line.
        let entries = (records * 8 / 7).next_power_of_two();
        let slots_per_entry = if words_of::<V>() < 8 { 1 } else { 2 };
        // Never less than three to two buffers: an insertion must find an empty one soon.
        let slots =
            (entries * slots_per_entry).max((buffers + buffers / 2 + 1).next_power_of_two());
        let table = Self {
            slots: SlotMemory::vacant(slots),
            pool: Pool::with_buffers(buffers),
        };
        (table, (0..buffers).rev().map(Buffer::new).collect())
    }

    /// How many buffers it has: no more records than that.
    pub(crate) fn buffers(&self) -> usize {
        self.pool.count()
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_, K, V> {
        View {
            slots: self.slots.slots(),
            buffers: self.pool.buffers(),
        }
    }
}

// Derived, they would ask the same of `K` and `V`.
impl<K, V> Clone for View<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for View<'_, K, V> {}

impl<K, V> fmt::Debug for View<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("slots", &self.slots)
            .field("buffers", &self.buffers)
            .finish_non_exhaustive()
    }
}

impl<'t, K: Key, V: Value> View<'t, K, V> {
    /// Looks `key` up in as many slots as it takes, see [`lookup_from`](View::lookup_from).
    pub(crate) fn lookup(
        self,
        home: usize,
        key: &K,
        buffer_of: impl Fn(Stamp) -> Buffer + Copy,
    ) -> Lookup<'t, V> {
        let (mut index, mut is_second_round) = (home, false);
        loop {
            match self.lookup_from(index, key, buffer_of) {
                Lookup::Further(0) if is_second_round => return Lookup::Absent,
                Lookup::Further(next) => {
                    is_second_round |= next == 0;
                    index = next;
                }
                found_absent_or_busy => return found_absent_or_busy,
            }
        }
    }

    /// Looks `key` up from slot `index` on, at most to the last one, and waits for nobody. Of the record it
    /// copies the value, out of the buffer that `buffer_of` reads from the stamp: [`Stamp::buffer_if_plain`],
    /// or [`Stamp::buffer_if_readable`] to be given frozen records as well.
    #[inline(always)]
    pub(crate) fn lookup_from(
        self,
        mut index: usize,
        key: &K,
        buffer_of: impl Fn(Stamp) -> Buffer,
    ) -> Lookup<'t, V> {
        while let Some(slot) = self.slots.get(index) {
            let version = seqlock::begin(slot.stamp);
            if slot.key() == *key {
                return match self.read(slot.stamp, version, buffer_of(version)) {
                    // It was here once. (To go on at once would cost those a register who find it.)
                    Lookup::Absent if self.nobody_passed(index) => Lookup::Absent,
                    Lookup::Absent => Lookup::Further(index + 1),
                    found_or_busy => found_or_busy,
                };
            }
            if self.nobody_passed(index) {
                return Lookup::Absent;
            }
            index += 1;
        }
        Lookup::Further(0)
    }

    /// Copies the value of the record with this stamp, which is in `buffer` if that is one.
    #[inline(always)]
    pub(crate) fn read(
        self,
        stamp: &'t AtomicU64,
        version: Stamp,
        buffer: Buffer,
    ) -> Lookup<'t, V> {
        let Some(words) = self.buffers.get(buffer) else {
            return if version.is_live() {
                Lookup::Busy(stamp)
            } else {
                Lookup::Absent
            };
        };
        let value = seqlock::load(words);
        // With the words, this vouches for the key that was loaded since `version`.
        if seqlock::unchanged(stamp, version) {
            Lookup::Found(Found {
                stamp,
                version,
                value,
            })
        } else {
            Lookup::Busy(stamp)
        }
    }

    /// The record of a slot, if there is one, frozen or not. Waits for a writer.
    pub(crate) fn record(self, slot: &Slot<'t, K>) -> Option<(K, Found<'t, V>)> {
        loop {
            let version = seqlock::begin(slot.stamp);
            if !version.is_live() {
                return None;
            }
            let key = slot.key();
            match self.read(slot.stamp, version, version.buffer_if_readable()) {
                // The key belongs to `version`, or it would have changed.
                Lookup::Found(record) => return Some((key, record)),
                Lookup::Absent | Lookup::Further(_) => return None,
                Lookup::Busy(stamp) => seqlock::wait_for_writer(stamp),
            }
        }
    }

    /// Stores a record that is not in the table, in a free buffer. The caller holds the structure
    /// lock.
    pub(crate) fn occupy(self, home: usize, key: &K, buffer: Buffer, value: &V) {
        let slot = self.claim(home);
        let place = self.buffers.get(buffer).expect("a buffer of ours");
        // The partner of its release fence is the acquire fence in `seqlock::unchanged`: whoever sees the
        // new key or the new words also sees that the stamp it may have read is no longer the slot's.
        seqlock::store(place, value);
        // Relaxed: the fence before it is a release; its partner is the acquire load in `Slot::key`.
        slot.set_key(key);
        let vacant = seqlock::begin(slot.stamp);
        let live = vacant.next_in(buffer);
        // Release: partner is the acquire load in `begin`. SeqCst: here the record appears, see `order`.
        slot.stamp.store(live.0, Ordering::SeqCst);
    }

    /// Finds an empty slot and counts the record in the slots on the way there.
    fn claim(self, home: usize) -> Slot<'t, K> {
        let mut index = home;
        loop {
            let slot = self.slots.get(index).expect("a slot of ours");
            // Relaxed: slots become empty and occupied only under the structure lock, which we hold.
            if !Stamp(slot.stamp.load(Ordering::Relaxed)).is_live() {
                return slot;
            }
            self.count(index);
            index = self.slots.following(index);
        }
    }

    /// Whether no record that belongs at `index` or before is stored behind it.
    #[inline]
    pub(crate) fn nobody_passed(self, index: usize) -> bool {
        // Acquire: partner is the release store in `take_back`, so that whoever finds a record gone has
        // also seen what led to it. SeqCst: a lookup is in the total order, see `order`.
        let passed = self.slots.passed(index);
        passed.is_none_or(|count| count.load(Ordering::SeqCst) == 0)
    }

    /// Counts a record that passes.
    fn count(self, index: usize) {
        let Some(passed) = self.slots.passed(index) else {
            return;
        };
        // Relaxed: whoever changes counts holds the structure lock.
        let count = passed.load(Ordering::Relaxed);
        // Whoever must see this does so because it has seen the insertion return, or, SeqCst, because the
        // total order says so: see `order`.
        passed.store(count.saturating_add(1), Ordering::SeqCst);
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::thread;

    use crate::model::{KEY, empty, explore, insert, number, whole};
    use crate::replace::{InPlace, Replace, Swing};

    /// A record that is new is there or not, and whole: its buffer held nothing before.
    fn arrival<W: Replace>() {
        explore(2, || {
            let table = empty::<W>(2);
            let [mut inserting, mut reading] = [(); 2].map(|()| table.handle());
            let inserter = thread::spawn(move || insert(&mut inserting, 0));
            let reader = thread::spawn(move || [(); 2].map(|()| reading.get(&KEY).map(whole)));
            assert_eq!(inserter.join().unwrap(), None);
            let observed: [Option<u64>; 2] = reader.join().unwrap();
            assert!(observed.is_sorted() && observed[1].is_none_or(|number| number == 1));
            assert_eq!(number(table), 1);
        });
    }

    #[test]
    fn seq_arrival() {
        arrival::<InPlace>();
    }

    #[test]
    fn cas_arrival() {
        arrival::<Swing>();
    }
}

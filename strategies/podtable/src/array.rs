//! The memory of slots: everything about a record but its value.
//!
//! A slot is a stamp and the words of a key. Rust has no name for an array whose length depends on a type
//! parameter, so the slots are words one after the other, as many to a slot as the key needs.
//!
//! Beside them stands, for each slot, how many records passed it on the way to theirs: apart, because only
//! lookups of displaced and absent keys look there.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::copy;
use crate::memory::Memory;
use crate::plain::{Key, words_of};
use crate::stamp::Stamp;
use crate::sync::{AtomicU16, AtomicU64, Ordering};

/// Slots, a power of two of them.
#[derive(Debug)]
pub(crate) struct SlotMemory<K> {
    memory: Memory,
    /// One to a slot. Change only under the structure lock.
    passed: Box<[AtomicU16]>,
    _key: PhantomData<fn() -> K>,
}

/// The slots, by number.
pub(crate) struct Slots<'t, K> {
    words: &'t [AtomicU64],
    passed: &'t [AtomicU16],
    /// The number of the last slot: all bits below a power of two.
    last: usize,
    /// How many bits of a hash, once spread, are not in that number.
    shift: u32,
    _key: PhantomData<fn() -> K>,
}

/// One slot.
#[derive(Debug)]
pub(crate) struct Slot<'t, K> {
    pub(crate) stamp: &'t AtomicU64,
    /// Change only under the structure lock while the stamp is empty.
    key: &'t [AtomicU64],
    _key: PhantomData<fn() -> K>,
}

impl<K> SlotMemory<K> {
    /// Words to a slot.
    pub(crate) const LEN: usize = 1 + words_of::<K>();

    /// `count` slots, all empty.
    pub(crate) fn vacant(count: usize) -> Self {
        assert!(count.is_power_of_two() && count > 1, "see `Slots::home`");
        let memory = Memory::of_words(count * Self::LEN);
        for slot in memory.words().chunks_exact(Self::LEN) {
            // Relaxed: nobody else has it yet.
            slot[0].store(Stamp::VACANT.0, Ordering::Relaxed);
        }
        Self {
            memory,
            passed: (0..count).map(|_| AtomicU16::new(0)).collect(),
            _key: PhantomData,
        }
    }

    pub(crate) fn slots(&self) -> Slots<'_, K> {
        // As many of both as `vacant` has asked for.
        Slots {
            words: self.memory.words(),
            passed: &self.passed,
            last: self.passed.len() - 1,
            shift: u64::BITS - self.passed.len().trailing_zeros(),
            _key: PhantomData,
        }
    }
}

impl<'t, K> Slots<'t, K> {
    /// The slot that a hash names: that many upper bits of its product with 2^64 divided by the golden ratio
    /// (Knuth, The Art of Computer Programming, volume 3, section 6.4). This divides ascending numbers most
    /// evenly, takes nothing from a hash that is good already, and makes any of a number's bits count.
    #[inline(always)]
    pub(crate) fn home(self, hash: u64) -> usize {
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    /// The slot in which a search goes on.
    #[inline]
    pub(crate) fn following(self, index: usize) -> usize {
        (index + 1) & self.last
    }

    /// A slot; `None` if there is none of that number.
    #[inline(always)]
    #[allow(unsafe_code, reason = "one comparison for a slot, not two")]
    pub(crate) fn get(self, index: usize) -> Option<Slot<'t, K>> {
        if index > self.last {
            return None;
        }
        let start = index * SlotMemory::<K>::LEN;
        // SAFETY: `vacant` has made `LEN` words for each of the counts in `passed`, and `last` is one less than
        // these are: `start + LEN` is no more than the words, and does not overflow.
        let words = unsafe {
            self.words
                .get_unchecked(start..start + SlotMemory::<K>::LEN)
        };
        let (stamp, key) = words.split_first()?;
        Some(Slot {
            stamp,
            key,
            _key: PhantomData,
        })
    }

    /// How many records passed a slot that belong there or before; `None` if there is none of that number.
    #[inline(always)]
    #[allow(unsafe_code, reason = "who has a slot has compared already")]
    pub(crate) fn passed(self, index: usize) -> Option<&'t AtomicU16> {
        if index > self.last {
            return None;
        }
        // SAFETY: `last` is one less than there are.
        Some(unsafe { self.passed.get_unchecked(index) })
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Slot<'t, K>> {
        (0..=self.last).map_while(move |index| self.get(index))
    }
}

impl<K: Key> Slot<'_, K> {
    /// The key of the record that is here, or was last: a lookup's look at this slot. A mixture of two, if
    /// one is just being replaced by the other.
    #[inline(always)]
    pub(crate) fn key(&self) -> K {
        #[cfg(test)]
        looks::count();
        // Acquire: partner is the release fence in `View::occupy`, so that whoever finds another key here
        // has also seen what led to it. SeqCst: a lookup is in the total order, see `order`.
        copy::load_each(self.key, Ordering::SeqCst)
    }

    /// Stores the key of a record that is about to appear.
    pub(crate) fn set_key(&self, key: &K) {
        copy::store(self.key, key);
    }
}

// Derived, they would ask the same of `K`.
impl<K> Clone for Slots<'_, K> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Slots<'_, K> {}

impl<K> fmt::Debug for Slots<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.passed.len();
        f.debug_struct("Slots").field("count", &count).finish()
    }
}

/// How many slots the lookups of this thread have looked at.
#[cfg(test)]
pub(crate) mod looks {
    use std::cell::Cell;

    std::thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        LOOKS.set(LOOKS.get() + 1);
    }

    /// Those since the last call.
    #[cfg(not(any(pivot_loom, pivot_shuttle)))]
    pub(crate) fn taken() -> usize {
        LOOKS.take()
    }
}

//! Stage 5: growth, from one table of fixed size to the next while it is read.
//!
//! A full table is *closed*: slot after slot is frozen, which is final, and its record copied into a table
//! twice as large, the next *generation*; then that one is published. The old one stays where it is, so
//! that whoever is still in it may finish there.
//!
//! | slot | next generation | the record of the slot |
//! |---|---|---|
//! | not frozen | not published | is here, and may be replaced |
//! | frozen | not published | is here; writers wait |
//! | frozen | published | is there, if it still exists |
//!
//! # Why a reader misses no record, again
//!
//! While a generation is not closed, the argument of stage 3 holds in it: freezing a slot changes neither
//! its key nor its liveness. From the publication on, the truth is in the next generation, and nothing is
//! there before. So whoever has found that a record is absent or frozen here looks *afterwards* whether
//! the next generation is published, and goes on there if so. If not, what was found was true until then.
#![allow(
    unsafe_code,
    reason = "the generations are owned through a pointer that changes"
)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ptr;
// Written before anybody else sees it and read when nobody else does: nothing for a checker.
use core::sync::atomic::AtomicPtr as Pointer;

use crate::plain::{Key, Value};
use crate::seqlock;
use crate::slots::{FixedTable, View};
use crate::stamp::{Buffer, Stamp};
use crate::sync::{AtomicPtr, AtomicU64, Ordering};

/// One table of fixed size.
pub(crate) struct Generation<K, V> {
    table: FixedTable<K, V>,
    /// The one before, which is kept until all go: someone may still be in it. Each is at most half its
    /// successor, so all together are less than the newest. Only the last growth up to the limit may be by less:
    /// then they are less than two of the newest. Null for the first.
    outgrown: Pointer<Generation<K, V>>,
}

/// The newest generation, and all before it.
pub(crate) struct Generations<K, V> {
    newest: AtomicPtr<Generation<K, V>>,
}

impl<K, V> Generation<K, V> {
    /// Room for `records` and no more than `limit`, and the buffers for them, all free.
    pub(crate) fn with_room_for(records: usize, limit: usize) -> (Self, Vec<Buffer>) {
        let (table, free) = FixedTable::with_room_for(records, limit);
        let generation = Self {
            table,
            outgrown: Pointer::new(ptr::null_mut()),
        };
        (generation, free)
    }

    /// How many buffers it has: no more records than that.
    pub(crate) fn buffers(&self) -> usize {
        self.table.buffers()
    }

    /// Whether no other was outgrown before it.
    #[cfg(test)]
    #[cfg_attr(pivot_shuttle, allow(dead_code))]
    pub(crate) fn is_first(&self) -> bool {
        // Relaxed: it is stored before anybody sees the generation.
        self.outgrown.load(Ordering::Relaxed).is_null()
    }

    /// Its table.
    #[inline]
    pub(crate) fn view(&self) -> View<'_, K, V> {
        self.table.view()
    }
}

impl<K: Key, V: Value> Generation<K, V> {
    /// Copies everything into `next`, freezing slot after slot. The caller holds the structure lock, so
    /// records neither come nor go; they may still be replaced until frozen.
    ///
    /// Between the first slot that is frozen and the last, nothing runs that can panic: `hash` has been asked
    /// for all keys before.
    pub(crate) fn close(&self, next: &Self, free: &mut Vec<Buffer>, hash: impl Fn(&K) -> u64) {
        let (old, new) = (self.view(), next.view());
        let live = old
            .slots
            .iter()
            .filter(|slot| seqlock::begin(slot.stamp).is_live());
        let homes: Vec<(K, usize)> = live
            .map(|slot| {
                let key = slot.key();
                (key, new.slots.home(hash(&key)))
            })
            .collect();
        let mut homes = homes.into_iter();
        for slot in old.slots.iter() {
            let frozen = freeze(slot.stamp);
            if frozen.is_live() {
                // None of these panics: no slot was filled since, the next generation is larger, and a live
                // stamp names a buffer.
                let (key, home) = homes.next().expect("as many as were live");
                let to = free.pop().expect("the next generation is larger");
                let from = old.buffers.get(frozen.buffer());
                let value = seqlock::load(from.expect("a live stamp names a buffer"));
                new.occupy(home, &key, to, &value);
            }
        }
    }
}

impl<K, V> Generations<K, V> {
    /// The first.
    pub(crate) fn new(first: Generation<K, V>) -> Self {
        Self {
            newest: AtomicPtr::new(Box::into_raw(Box::new(first))),
        }
    }

    /// The newest.
    #[inline]
    pub(crate) fn newest(&self) -> &Generation<K, V> {
        // Acquire: partner is the release store in `publish`. SeqCst: a lookup is in the total order, see
        // `order`.
        let newest = self.newest.load(Ordering::SeqCst);
        // SAFETY: `new` or `publish` made it from a box, which is freed in `drop`, after `self` is borrowed;
        // the load is an acquire, so it is whole. Nobody has it mutably.
        unsafe { &*newest }
    }

    /// Makes `next` the newest. The caller holds the structure lock and has closed the one before.
    pub(crate) fn publish(&self, mut next: Generation<K, V>) {
        // Relaxed: whoever publishes holds the structure lock.
        *next.outgrown.get_mut() = self.newest.load(Ordering::Relaxed);
        let next = Box::into_raw(Box::new(next));
        // Release: partner is the acquire load in `newest`. SeqCst: see `order`.
        self.newest.store(next, Ordering::SeqCst);
    }
}

impl<K, V> Drop for Generations<K, V> {
    fn drop(&mut self) {
        // Relaxed: it is borrowed mutably, so nobody stores there any more.
        let mut newest = self.newest.load(Ordering::Relaxed);
        while !newest.is_null() {
            // SAFETY: `new` or `publish` made it from a box, it is in this list once, and nobody can still
            // have what `newest` has lent.
            let mut generation = unsafe { Box::from_raw(newest) };
            newest = *generation.outgrown.get_mut();
        }
    }
}

impl<K, V> fmt::Debug for Generation<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Generation").field(&self.view()).finish()
    }
}

/// Makes a stamp final, and returns it.
fn freeze(stamp: &AtomicU64) -> Stamp {
    loop {
        let version = seqlock::begin(stamp);
        if version.is_locked() {
            seqlock::wait_for_writer(stamp);
            continue;
        }
        let frozen = version.moved();
        // Release: partner is the acquire load in `begin`. What the last writer of the words released to
        // us is passed on to those who read them under the frozen stamp. No acquire on top: `version` was
        // loaded by `begin`. SeqCst: whoever still reads the slot as it was comes before, see `order`.
        if stamp
            .compare_exchange(version.0, frozen.0, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
        {
            return frozen;
        }
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::thread;

    use crate::model::{bump, explore, insert, nth, number, numbers, whole, with_one_record};
    use crate::replace::{InPlace, Replace, Swing};
    use crate::sync::SNOOZES;

    /// The next key needs a larger table: the record that is there is frozen, copied and found
    /// there, whatever a reader or a writer of it is doing. One preemption only: with two, loom lets the
    /// waiting writer spin until it gives up.
    fn growth<W: Replace>() {
        explore(1, || {
            // One buffer more than that, and one of each handle that needs a spare: they are all taken.
            let table = with_one_record::<W>(if W::NEEDS_SPARE { 3 } else { 0 });
            let [mut growing, mut writing, mut reading] = [(); 3].map(|()| table.handle());
            assert!(!table.has_grown());
            let grower = thread::spawn(move || insert(&mut growing, 1));
            // They give their handles back: one that is dropped would leave its spare to the grower.
            let writer = thread::spawn(move || (bump(&mut writing), writing));
            let reader = thread::spawn(move || (numbers(&mut reading), reading));
            assert_eq!(grower.join().unwrap(), None);
            let (bumped, _writing) = writer.join().unwrap();
            assert_eq!(bumped, 2);
            let (observed, _reading) = reader.join().unwrap();
            assert!(observed.is_sorted() && observed[1] <= 2, "{observed:?}");
            assert!(table.has_grown());
            assert_eq!(number(table), 2);
            assert_eq!(table.get(&nth(1)).map(whole), Some(1));
        });
    }

    #[test]
    fn seq_growth() {
        growth::<InPlace>();
    }

    /// Nobody stores in place here, and who waits for growth waits for its lock: no wait is a spin.
    #[test]
    fn cas_growth() {
        SNOOZES.set(0);
        growth::<Swing>();
        assert_eq!(SNOOZES.get(), 0);
    }
}

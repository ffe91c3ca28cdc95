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

use contract::Words;
use support::sync::{AtomicU64, OnceLock, Ordering};

use crate::seqlock;
use crate::slots::{FixedTable, View};
use crate::stamp::{Buffer, Stamp};

/// One table of fixed size in the chain of those that have been outgrown and the newest.
#[derive(Debug)]
pub(crate) struct Generation<W: Words> {
    slots: FixedTable<W>,
    /// Set once, after every slot here is frozen: from then on the truth is there.
    next: OnceLock<Box<Generation<W>>>,
}

impl<W: Words> Generation<W> {
    /// Room for `records`, and the buffers for them, all free.
    pub(crate) fn with_room_for(records: usize) -> (Self, Vec<Buffer>) {
        let (slots, free) = FixedTable::with_room_for(records);
        let generation = Self {
            slots,
            next: OnceLock::new(),
        };
        (generation, free)
    }

    /// How many records it was made for.
    pub(crate) fn records_max(&self) -> usize {
        self.slots.records_max()
    }

    /// Its table.
    pub(crate) fn view(&self) -> View<'_, W> {
        self.slots.view()
    }

    /// The next generation, once this one is closed.
    #[inline]
    pub(crate) fn next(&self) -> Option<&Self> {
        // An acquire; partner is the release in `close`.
        self.next.get().map(|next| &**next)
    }

    /// Whether the truth is in the next generation.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.next().is_some()
    }

    /// Copies everything into `next`, freezing slot after slot, and publishes it. The caller holds
    /// the structure lock, so records neither come nor go; they may still be replaced until frozen.
    pub(crate) fn close(&self, next: Self, free: &mut Vec<Buffer>) {
        let (old, new) = (self.view(), next.view());
        for slot in old.slots {
            let frozen = freeze(&slot.stamp);
            if frozen.is_live() {
                let from = old.buffers.get(frozen.buffer());
                let words = seqlock::load(from.expect("a live stamp names a buffer"));
                let to = free.pop().expect("the next generation is larger");
                new.occupy(slot.key(), to, &words);
            }
        }
        // A release; partner is the acquire in `next`.
        self.next.get_or_init(|| Box::new(next));
    }
}

/// Makes a stamp final, and returns it.
fn freeze(stamp: &AtomicU64) -> Stamp {
    loop {
        let seen = seqlock::begin(stamp);
        if seen.is_locked() {
            seqlock::wait_for_writer(stamp);
            continue;
        }
        let frozen = seen.moved();
        // Release: partner is the acquire load in `begin`. What the last writer of the words released to
        // us is passed on to those who read them under the frozen stamp. No acquire on top: `seen` was
        // loaded by `begin`.
        if stamp
            .compare_exchange(seen.0, frozen.0, Ordering::Release, Ordering::Relaxed)
            .is_ok()
        {
            return frozen;
        }
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use contract::{Handle, Record, Strategy};
    use loom::thread;

    use crate::Table;
    use crate::model::{Small, beat, explore, insert, nth, read, with_one_record};
    use crate::replace::{InPlace, Replace, Swing};

    /// The next identifier needs a larger table: the record that is there is frozen, copied and found
    /// there, whatever a reader or a writer of it is doing. One preemption only: with two, loom lets the
    /// waiting writer spin until it gives up.
    fn growth<P: Replace>() {
        explore(1, || {
            // One buffer more than that, and one of each handle that needs a spare: they are all taken.
            let table = with_one_record::<Table<Small, P>>(if P::NEEDS_SPARE { 3 } else { 0 });
            let [mut growing, mut writing, mut reading] = [(); 3].map(|()| table.handle());
            assert!(!table.has_grown());
            let grower = thread::spawn(move || insert(&mut growing, 1));
            // They give their handles back: one that is dropped would leave its spare to the grower.
            let writer = thread::spawn(move || (beat(&mut writing), writing));
            let reader = thread::spawn(move || ([(); 2].map(|()| read(&mut reading)), reading));
            assert_eq!(grower.join().unwrap(), None);
            let (beaten, _writing) = writer.join().unwrap();
            assert_eq!(beaten, 2);
            let (seen, _reading) = reader.join().unwrap();
            assert!(seen.is_sorted() && seen[1] <= 2, "{seen:?}");
            assert!(table.has_grown());
            let mut handle = table.handle();
            assert_eq!(read(&mut handle), 2);
            assert_eq!(handle.read(nth(1), Record::revision), Some(1));
        });
    }

    #[test]
    fn seqlock_growth() {
        growth::<InPlace>();
    }

    #[test]
    fn cas_growth() {
        growth::<Swing>();
    }
}

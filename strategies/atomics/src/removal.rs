//! Stage 4: removal without tombstones.
//!
//! A lookup must not stop at a slot that is empty *now*: a record that was displaced by the one that is
//! gone may be behind it. The usual remedy is a tombstone, which lookups pass for ever; a table in which
//! identifiers come and go fills up with them. Here each slot counts the records that belong there or
//! before but are stored behind it ([`Passed`]). Removing a record takes it out of the counts that
//! inserting it put it into, so nothing is left of it, and a table can be filled and emptied for ever.
//!
//! The argument of stage 3 holds: a removal takes back counts of the removed record only, and only after
//! its stamp is empty. The counts of all others stand, and lead to them.
//!
//! The buffer of a removed record may be filled at once, though a slow reader may still be looking at it:
//! its stamp is no longer what the reader has seen (stage 1).

use contract::{ProcessId, Words};
use support::sync::Ordering;

use crate::seqlock;
use crate::slots::{Found, Passed, View};
use crate::stamp::Buffer;

impl Passed {
    /// Takes a record out of the count that has passed.
    fn take_back(&self, index: usize) {
        // Relaxed: whoever changes counts holds the structure lock.
        let count = self.0[index].load(Ordering::Relaxed);
        if count < Passed::MANY {
            // Release: partner is the acquire load in `nobody`.
            self.0[index].store(count - 1, Ordering::Release);
        }
    }
}

impl<W: Words> View<'_, W> {
    /// Removes what was `found` under `id` and returns its buffer, unless its stamp has changed since:
    /// then nothing happens. The caller holds the structure lock.
    pub(crate) fn remove(self, id: ProcessId, found: &Found<'_, W>) -> Option<Buffer> {
        // Here the record disappears.
        if !seqlock::empty(&found.slot.stamp, found.seen) {
            return None;
        }
        let mut index = self.home(id);
        while !std::ptr::eq(&raw const self.slots[index], found.slot) {
            self.passed.take_back(index);
            index = self.following(index);
        }
        Some(found.seen.buffer())
    }

    /// Whether no lookup can tell that there have ever been records.
    #[cfg(all(test, not(pivot_loom)))]
    pub(crate) fn is_as_new(self) -> bool {
        let is_empty = |index: usize| !seqlock::begin(&self.slots[index].stamp).is_live();
        (0..self.slots.len()).all(|index| is_empty(index) && self.passed.nobody(index))
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use contract::{Handle, Strategy};
    use loom::thread;

    use crate::model::{ID, Small, explore, insert, read, whole, with_one_record};
    use crate::{CasTable, SeqlockTable};

    /// A record that comes and goes is there or not, and never another one's.
    fn churn<S: Strategy<Small>>() {
        explore(2, || {
            let table = with_one_record::<S>(0);
            let [mut churning, mut reading] = [(); 2].map(|()| table.handle());
            let churner = thread::spawn(move || {
                let removed = churning.remove(ID).map(whole);
                assert_eq!(insert(&mut churning, 0), None);
                removed
            });
            let reader =
                thread::spawn(move || [(); 2].map(|()| reading.read(ID, |record| whole(*record))));
            assert_eq!(churner.join().unwrap(), Some(1));
            let seen = reader.join().unwrap();
            assert!(seen.iter().flatten().all(|&revision| revision == 1));
            assert_eq!(read(&mut table.handle()), 1);
        });
    }

    #[test]
    fn seqlock_churn() {
        churn::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_churn() {
        churn::<CasTable<Small>>();
    }
}

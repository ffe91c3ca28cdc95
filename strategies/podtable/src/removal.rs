//! Stage 4: removal without tombstones.
//!
//! A lookup must not stop at a slot that is empty *now*: a record that was displaced by the one that is
//! gone may be behind it. The usual remedy is a tombstone, which lookups pass for ever; a table in which
//! keys come and go fills up with them. Here each slot counts the records that belong there or
//! before but are stored behind it. Removing a record takes it out of the counts that
//! inserting it put it into, so nothing is left of it, and a table can be filled and emptied for ever.
//!
//! The argument of stage 3 holds: a removal takes back counts of the removed record only, and only after
//! its stamp is empty. The counts of all others stand, and lead to them.
//!
//! The buffer of a removed record may be filled at once, though a slow reader may still be looking at it:
//! its stamp is no longer what the reader has seen (stage 1).

use crate::plain::{Key, Value};
use crate::seqlock;
use crate::slots::{Found, MANY, View};
use crate::stamp::Buffer;
use crate::sync::Ordering;

impl<K: Key, V: Value> View<'_, K, V> {
    /// Removes `record`, found from `home` on, and returns its buffer, unless its stamp has changed since:
    /// then nothing happens. The caller holds the structure lock.
    pub(crate) fn remove(self, home: usize, record: &Found<'_, V>) -> Option<Buffer> {
        // Here the record disappears.
        if !seqlock::empty(record.stamp, record.version) {
            return None;
        }
        let mut index = home;
        while let Some(slot) = self.slots.get(index) {
            if core::ptr::eq(slot.stamp, record.stamp) {
                break;
            }
            self.take_back(index);
            index = self.slots.following(index);
        }
        Some(record.version.buffer())
    }

    /// Takes a record out of the count that has passed.
    fn take_back(self, index: usize) {
        let Some(passed) = self.slots.passed(index) else {
            return;
        };
        // Relaxed: whoever changes counts holds the structure lock.
        let count = passed.load(Ordering::Relaxed);
        if count < MANY {
            // Release: partner is the acquire load in `nobody_passed`. SeqCst: see `order`.
            passed.store(count - 1, Ordering::SeqCst);
        }
    }

    /// Whether no lookup can tell that there have ever been records.
    #[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
    pub(crate) fn is_as_new(self) -> bool {
        let mut slots = self.slots.iter().enumerate();
        slots
            .all(|(index, slot)| !seqlock::begin(slot.stamp).is_live() && self.nobody_passed(index))
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::thread;

    use crate::model::{KEY, explore, insert, number, pair, whole, with_one_record};
    use crate::replace::{InPlace, Replace, Swing};

    /// A record that comes and goes is there or not, and never another one's.
    fn churn<W: Replace>() {
        explore(2, || {
            let table = with_one_record::<W>(0);
            let [mut churning, mut reading] = [(); 2].map(|()| table.handle());
            let churner = thread::spawn(move || {
                let removed = churning.remove(&KEY).map(whole);
                assert_eq!(insert(&mut churning, 0), None);
                removed
            });
            let reader = thread::spawn(move || [(); 2].map(|()| reading.get(&KEY).map(whole)));
            assert_eq!(churner.join().unwrap(), Some(1));
            let observed = reader.join().unwrap();
            assert!(observed.iter().flatten().all(|&number| number == 1));
            assert_eq!(number(table), 1);
        });
    }

    #[test]
    fn seq_churn() {
        churn::<InPlace>();
    }

    #[test]
    fn cas_churn() {
        churn::<Swing>();
    }

    /// What is removed under a condition met it when it went, though it changes, and though the table grows.
    fn condition<W: Replace>(grows: bool) {
        explore(if grows { 1 } else { 2 }, move || {
            let table = with_one_record::<W>(if W::NEEDS_SPARE { 2 } else { 0 });
            let [mut removing, mut writing] = [(); 2].map(|()| table.handle());
            let writer = thread::spawn(move || {
                if grows {
                    assert_eq!(insert(&mut writing, 1), None);
                }
                let raised = writing.update(&KEY, |value| *value = pair(whole(*value) + 1));
                (raised.is_some(), writing)
            });
            let remover = thread::spawn(move || {
                let removed = removing.remove_if(&KEY, |&value| whole(value) == 1);
                (removed.map(whole), removing)
            });
            let (is_raised, _writing) = writer.join().unwrap();
            let (removed, _removing) = remover.join().unwrap();
            assert_eq!(removed, (!is_raised).then_some(1));
            assert_eq!(table.get(&KEY).map(whole), is_raised.then_some(2));
        });
    }

    #[test]
    fn seq_condition() {
        condition::<InPlace>(false);
    }

    #[test]
    fn cas_condition() {
        condition::<Swing>(false);
    }

    #[test]
    fn seq_condition_in_growth() {
        condition::<InPlace>(true);
    }

    #[test]
    fn cas_condition_in_growth() {
        condition::<Swing>(true);
    }
}

//! Stage 1: one record under a sequence lock. The tables of the later stages read through it, in `slots.rs`.
//!
//! The record is a few 64-bit words. Beside them stands a *stamp*: the number of the version that the
//! words hold, and a flag, `LOCKED`, while a writer is storing the next one. (The other bits of the
//! stamp are stage 2.) Readers store nothing; they find out afterwards whether they were disturbed:
//!
//! | reader | writer |
//! |---|---|
//! | loads the stamp (acquire); waits if it is locked | sets `LOCKED` by compare-and-swap (relaxed) |
//! | loads the words (relaxed) | fence (release) |
//! | fence (acquire) | stores the words (relaxed) |
//! | loads the stamp again (relaxed): unchanged? | stores the next stamp (release) |
//!
//! The words are `AtomicU64`s, so that a racing read is not undefined behaviour, merely useless. The
//! fences are those of Boehm, "Can seqlocks get along with programming language memory models?" (MSPC
//! 2012), with the compare-and-swap of the stamp as the writers' lock.
//!
//! # Why a reader never accepts a mixture
//!
//! Suppose one of its word loads returned what a writer W stored, and its first stamp load returned a
//! stamp from before W's final one. (Not W's locked stamp: then it would not have read the words.)
//! W's store comes after W's release fence, and the reader's load before the reader's acquire fence:
//! so the fences synchronize. W's locked stamp therefore happens before the reader's second stamp
//! load, which returns it or a later one. Stamps do not repeat: the two loads differ.
//!
//! If the first load returned W's final stamp, it synchronized with it (acquire with release). Then all
//! word loads return W's words or later ones, and the first case applies to the later ones.

use std::marker::PhantomData;

use contract::{PlainRecord, Words};
use support::sync::{AtomicU64, Backoff, Ordering, fence};

use crate::copy;
use crate::stamp::{Buffer, Stamp};

/// Loads the stamp that a read or a replacement starts from.
#[inline]
pub(crate) fn begin(stamp: &AtomicU64) -> Stamp {
    // Acquire: partner is the release store, or release compare-and-swap, of the stamp that ends every
    // change: in `replace` and `empty` here, `Swing::replace`, `View::occupy`, `freeze`.
    Stamp(stamp.load(Ordering::Acquire))
}

/// Waits while a writer is storing the words.
#[cold]
pub(crate) fn wait_for_writer(stamp: &AtomicU64) {
    let backoff = Backoff::new();
    while begin(stamp).is_locked() {
        backoff.snooze();
    }
}

/// Loads the words; they belong together only if [`unchanged`] says so afterwards.
#[inline(always)]
pub(crate) fn load<W: Words>(words: &[AtomicU64]) -> W {
    // Relaxed: ordered by the fence in `unchanged`.
    copy::load(words)
}

/// Whether the words loaded since `seen` was loaded belong to it.
#[inline]
pub(crate) fn unchanged(stamp: &AtomicU64, seen: Stamp) -> bool {
    // Acquire: partner is the release fence in `store`. Keeps the word loads before the load below.
    fence(Ordering::Acquire);
    // Relaxed: ordered by the fence.
    stamp.load(Ordering::Relaxed) == seen.0
}

/// Stores words that readers may be looking at; the caller has made the stamp say otherwise before.
#[inline(always)]
pub(crate) fn store<W: Words>(words: &[AtomicU64], new: &W) {
    // Release: partner is the acquire fence in `unchanged`. Whoever sees one of the stores below and
    // then looks at the stamp finds it changed.
    fence(Ordering::Release);
    copy::store(words, new);
}

/// Replaces the words of version `seen` by `new` under stamp `next`, unless the stamp is no longer
/// `seen`: then nothing happens and `false` is returned.
///
/// Nothing between the two stamp writes can panic or call out: the new words exist already.
#[inline(always)]
pub(crate) fn replace<W: Words>(
    stamp: &AtomicU64,
    seen: Stamp,
    words: &[AtomicU64],
    new: &W,
    next: Stamp,
) -> bool {
    // Relaxed: `begin` has loaded `seen`, and acquired what led to it, so our word stores come after
    // the previous writer's in each word's modification order. What has to come after the lock is
    // kept there by the fence in `store`.
    if stamp
        .compare_exchange(
            seen.0,
            seen.locked().0,
            Ordering::Relaxed,
            Ordering::Relaxed,
        )
        .is_err()
    {
        return false;
    }
    store(words, new);
    // Release: partner is the acquire load in `begin`.
    stamp.store(next.0, Ordering::Release);
    true
}

/// Takes the record of version `seen` out, unless the stamp is no longer `seen`: then nothing happens
/// and `false` is returned. The words stay; the record is gone because the stamp says so.
#[inline]
pub(crate) fn empty(stamp: &AtomicU64, seen: Stamp) -> bool {
    // Release: partner is the acquire load in `begin`, so that whoever finds the record gone has also
    // seen what led to it. No acquire on top: `seen` was loaded by `begin`.
    let (old, new) = (seen.0, seen.next_empty().0);
    stamp
        .compare_exchange(old, new, Ordering::Release, Ordering::Relaxed)
        .is_ok()
}

/// One plain record that many threads read without storing anything and any of them may replace: the
/// protocol of this module on its own, for use as a value in somebody else's map.
///
/// A cell can be *retired*: it then holds nothing for ever. A map that removes a cell retires it
/// first, so that nobody who still has a reference to it can write to it and believe it was seen.
///
/// ```
/// use atomics::SeqCell;
/// use contract::{Change, Event, ProcessId, ProcessStatus, Record};
///
/// let cell = SeqCell::new(ProcessStatus::pending(ProcessId(7)));
/// let started = cell.update(|status| status.apply(&Event::at(0, Change::Start))).unwrap().unwrap();
/// assert_eq!(cell.read(), Some(started));
/// assert_eq!(cell.retire(), Some(started));
/// assert_eq!(cell.read(), None);
/// ```
#[derive(Debug)]
pub struct SeqCell<R> {
    stamp: AtomicU64,
    /// The record's words. Change only while the stamp is locked.
    words: Box<[AtomicU64]>,
    _record: PhantomData<R>,
}

impl<R: PlainRecord> SeqCell<R> {
    /// A cell that holds `record`.
    pub fn new(record: R) -> Self {
        let words = record.to_words();
        Self {
            stamp: AtomicU64::new(Stamp::VACANT.next_in(Buffer::new(0)).0),
            words: words.as_ref().iter().copied().map(AtomicU64::new).collect(),
            _record: PhantomData,
        }
    }

    /// The record; `None` once the cell is retired. Waits for a writer that is storing its words.
    #[inline]
    pub fn read(&self) -> Option<R> {
        self.versioned().map(|(_, record)| record)
    }

    /// Replaces the record by what `change` makes of it, atomically, and returns the new record, or
    /// `change`'s error, with the record left as it was. `None` once the cell is retired.
    ///
    /// `change` is called again when another writer was faster. It runs before anything is locked:
    /// if it panics, nothing has happened.
    ///
    /// # Errors
    ///
    /// Whatever `change` returns.
    #[inline]
    pub fn update<E>(&self, mut change: impl FnMut(&R) -> Result<R, E>) -> Option<Result<R, E>> {
        loop {
            let (seen, record) = self.versioned()?;
            let new = match change(&record) {
                Ok(new) => new,
                Err(reason) => return Some(Err(reason)),
            };
            let next = seen.next();
            if replace(&self.stamp, seen, &self.words, &new.to_words(), next) {
                return Some(Ok(new));
            }
        }
    }

    /// Takes the record out for ever.
    pub fn retire(&self) -> Option<R> {
        loop {
            let (seen, record) = self.versioned()?;
            if empty(&self.stamp, seen) {
                return Some(record);
            }
        }
    }

    /// The record and the stamp it was read under.
    #[inline]
    fn versioned(&self) -> Option<(Stamp, R)> {
        loop {
            let seen = begin(&self.stamp);
            if seen.is_readable() {
                let words = load::<R::Words>(&self.words[..R::Words::LEN]);
                if unchanged(&self.stamp, seen) {
                    return Some((seen, R::from_words(words)));
                }
            } else if seen.is_live() {
                wait_for_writer(&self.stamp);
            } else {
                return None;
            }
        }
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;
    use crate::model::{HEARTBEAT, Small, explore, running, whole};

    fn beat(cell: &SeqCell<Small>) -> Option<u64> {
        let updated = cell.update(|record| contract::Record::apply(record, &HEARTBEAT))?;
        Some(whole(updated.expect("a legal transition")))
    }

    /// What a reader sees that reads twice.
    fn revisions(cell: &SeqCell<Small>) -> [Option<u64>; 2] {
        let revisions = [(); 2].map(|()| cell.read().map(whole));
        if let [Some(earlier), Some(later)] = revisions {
            assert!(earlier <= later, "back from {earlier} to {later}");
        }
        revisions
    }

    #[test]
    fn one_writer_one_reader() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(running()));
            let (to_write, to_read) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || [(); 2].map(|()| beat(&to_write)));
            let reader = thread::spawn(move || revisions(&to_read));
            assert_eq!(writer.join().unwrap(), [Some(2), Some(3)]);
            assert!(reader.join().unwrap().iter().all(Option::is_some));
            assert_eq!(cell.read().map(whole), Some(3));
        });
    }

    #[test]
    fn two_writers_one_reader() {
        explore(1, || {
            let cell = Arc::new(SeqCell::new(running()));
            let writers = [(); 2].map(|()| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || beat(&cell).expect("not retired"))
            });
            let to_read = Arc::clone(&cell);
            let reader = thread::spawn(move || to_read.read().map(whole));
            let mut revisions = writers.map(|writer| writer.join().unwrap());
            revisions.sort_unstable();
            assert_eq!(revisions, [2, 3]);
            assert!(reader.join().unwrap().is_some());
            assert_eq!(cell.read().map(whole), Some(3));
        });
    }

    #[test]
    fn an_update_is_retired_or_refused() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(running()));
            let (to_write, to_retire) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || beat(&to_write));
            let last = thread::spawn(move || to_retire.retire().map(whole));
            revisions(&cell);
            let updated = writer.join().unwrap();
            let retired = last.join().unwrap().expect("retired once");
            assert_eq!(updated, (retired == 2).then_some(2));
            assert_eq!(cell.read(), None);
        });
    }
}

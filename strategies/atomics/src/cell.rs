//! A single record behind a sequence lock, for use as a value in somebody else's map.

use std::marker::PhantomData;

use contract::{PlainRecord, Words};

use crate::seqlock;
use crate::stamp::{Buffer, Stamp};
use support::sync::{AtomicU64, Backoff};

/// One plain record that many threads read without storing anything and any of them may replace.
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
        Self {
            stamp: AtomicU64::new(Stamp::VACANT.next_in(Buffer::new(0)).0),
            words: record
                .to_words()
                .as_ref()
                .iter()
                .map(|&word| AtomicU64::new(word))
                .collect(),
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
            if seqlock::replace(&self.stamp, seen, &self.words, &new.to_words(), next) {
                return Some(Ok(new));
            }
        }
    }

    /// Takes the record out for ever.
    pub fn retire(&self) -> Option<R> {
        loop {
            let (seen, record) = self.versioned()?;
            let words = record.to_words();
            let next = seen.next_empty();
            // The same words under an empty stamp: the record is gone because the stamp says so.
            if seqlock::replace(&self.stamp, seen, &self.words, &words, next) {
                return Some(record);
            }
        }
    }

    /// The record and the stamp it was read under.
    #[inline]
    fn versioned(&self) -> Option<(Stamp, R)> {
        let backoff = Backoff::new();
        loop {
            let seen = seqlock::begin(&self.stamp);
            if seen.is_locked() {
                backoff.snooze();
                continue;
            }
            if !seen.is_live() {
                return None;
            }
            let words = seqlock::load::<R::Words>(&self.words[..R::Words::LEN]);
            if seqlock::unchanged(&self.stamp, seen) {
                return Some((seen, R::from_words(words)));
            }
        }
    }
}

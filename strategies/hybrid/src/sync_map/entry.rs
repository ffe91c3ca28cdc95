//! An entry: the place of one key's record, shared by the read map and the dirty map.
//!
//! Go swaps bare pointers and leaves the rest to its collector. Here arc-swap does both halves: a
//! load protects what it returns without touching its reference count, and a compare-and-swap
//! compares addresses. Every operation below holds on to what it compares with, so the address
//! cannot have been freed and used again in between: there is no ABA.
//!
//! | points to | meaning | in the dirty map, if there is one | who changes it |
//! |---|---|---|---|
//! | a live slot | the record | yes | anyone, by compare-and-swap |
//! | null | deleted | yes, unless nobody can find the entry any more | anyone; a rebuild expunges it |
//! | the expunged slot | deleted, and left out of the dirty map | no | whoever holds the lock, and only to null |
//!
//! Null and expunged both read as "no such record". They differ for a writer: an entry that is null
//! may be revived without the lock, since the next read map will contain it; one that is expunged
//! has to be put back into the dirty map first, or the promotion would lose the write.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use contract::Record;

/// The place of one key's record.
#[derive(Debug)]
pub(super) struct Entry<R>(ArcSwapOption<Slot<R>>);

/// What an entry points to, and that it stays there: null when the record is deleted.
type Current<R> = Guard<Option<Arc<Slot<R>>>>;

/// What an entry points to when it is not null.
#[derive(Debug)]
pub(super) enum Slot<R> {
    /// The record.
    Live(R),
    /// Deleted, and left out of the dirty map. There is one such slot per table.
    Expunged,
}

/// The entry is expunged: it may be changed only under the lock.
#[derive(Debug)]
pub(super) struct Expunged;

impl<R> Entry<R> {
    pub(super) fn new(record: Arc<Slot<R>>) -> Self {
        Self(ArcSwapOption::new(Some(record)))
    }

    /// Expunges the entry if it is deleted; whether it is expunged now. With the lock held.
    pub(super) fn expunge_if_deleted(&self, expunged: &Arc<Slot<R>>) -> bool {
        loop {
            let current = self.0.load();
            match current.as_deref() {
                Some(Slot::Live(_)) => return false,
                Some(Slot::Expunged) => return true,
                None => {}
            }
            // Fails when the key is revived at this moment; then there is nothing to expunge.
            if self.replace(&current, Some(Arc::clone(expunged))).is_some() {
                return true;
            }
        }
    }

    /// Turns an expunged entry into a deleted one; whether it was expunged. With the lock held, and
    /// the caller puts the entry into the dirty map before it gives the lock up.
    pub(super) fn unexpunge(&self, expunged: &Arc<Slot<R>>) -> bool {
        let before = self.0.compare_and_swap(expunged, None);
        matches!(before.as_deref(), Some(Slot::Expunged))
    }

    /// Replaces `current` by `new` and returns it, unless something else is there by now.
    #[inline]
    fn replace(&self, current: &Current<R>, new: Option<Arc<Slot<R>>>) -> Option<Current<R>> {
        let before = self.0.compare_and_swap(current, new);
        let same = before.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr);
        same.then_some(before)
    }
}

impl<R: Record> Entry<R> {
    /// Calls `f` with the record, if there is one. No lock is held, and the record is not copied.
    #[inline]
    pub(super) fn read<T>(&self, f: impl FnOnce(&R) -> T) -> Option<T> {
        match self.0.load().as_deref() {
            Some(Slot::Live(record)) => Some(f(record)),
            Some(Slot::Expunged) | None => None,
        }
    }

    /// Stores `record`, and returns the one it displaced.
    ///
    /// Not a plain swap: that would overwrite the mark of an expunged entry.
    #[inline]
    pub(super) fn swap(&self, record: &Arc<Slot<R>>) -> Result<Option<R>, Expunged> {
        loop {
            let current = self.0.load();
            if let Some(Slot::Expunged) = current.as_deref() {
                return Err(Expunged);
            }
            if let Some(before) = self.replace(&current, Some(Arc::clone(record))) {
                drop(current);
                return Ok(into_record(before));
            }
        }
    }

    /// Replaces the record by what `event` makes of it: computed aside, then published by
    /// compare-and-swap, and computed again if another write came first.
    #[inline]
    pub(super) fn apply(&self, event: &R::Event) -> Option<Result<u64, R::Rejected>> {
        loop {
            let current = self.0.load();
            let Some(Slot::Live(record)) = current.as_deref() else {
                return None;
            };
            let next = match record.apply(event) {
                Ok(next) => next,
                Err(rejected) => return Some(Err(rejected)),
            };
            let revision = next.revision();
            let next = Some(Arc::new(Slot::Live(next)));
            if self.replace(&current, next).is_some() {
                return Some(Ok(revision));
            }
        }
    }

    /// Deletes the record and returns it.
    #[inline]
    pub(super) fn delete(&self) -> Option<R> {
        loop {
            let current = self.0.load();
            let Some(Slot::Live(_)) = current.as_deref() else {
                return None;
            };
            if let Some(before) = self.replace(&current, None) {
                drop(current);
                return into_record(before);
            }
        }
    }
}

/// The record that was displaced: moved out, or copied while a reader still looks at it.
fn into_record<R: Record>(displaced: Current<R>) -> Option<R> {
    let slot = Guard::into_inner(displaced)?;
    match Arc::try_unwrap(slot) {
        Ok(Slot::Live(record)) => Some(record),
        Err(shared) => match &*shared {
            Slot::Live(record) => Some(record.clone()),
            Slot::Expunged => None,
        },
        Ok(Slot::Expunged) => None,
    }
}

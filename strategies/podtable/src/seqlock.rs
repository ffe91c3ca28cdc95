//! Stage 1: one value under a sequence lock. The tables of the later stages read through it, in `slots.rs`.
//!
//! The value is a few 64-bit words. Beside them stands a *stamp*: the number of the version that the
//! words hold, and a flag, `LOCKED`, while a writer is storing the next one. (The other bits of the
//! stamp are stage 2.) Readers store nothing; they find out afterwards whether they were disturbed:
//!
//! | reader | writer |
//! |---|---|
//! | loads the stamp (`SeqCst`); waits if it is locked | sets `LOCKED` by compare-and-swap (`SeqCst`) |
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
//! For this, read acquire for the first load and relaxed for the compare-and-swap: the total order of
//! `SeqCst` is what [`crate::order`] needs.
//!
//! Suppose one of its word loads returned what a writer W stored, and its first stamp load returned a
//! stamp from before W's final one. (Not W's locked stamp: then it would not have read the words.)
//! W's store comes after W's release fence, and the reader's load before the reader's acquire fence:
//! so the fences synchronize. W's locked stamp therefore happens before the reader's second stamp
//! load, which returns it or a later one. Stamps do not repeat: the two loads differ.
//!
//! If the first load returned W's final stamp, it synchronized with it (acquire with release). Then all
//! word loads return W's words or later ones, and the first case applies to the later ones.

use crate::copy;
use crate::plain::Value;
use crate::stamp::Stamp;
use crate::sync::{AtomicU64, Backoff, Ordering, fence};

/// Loads the stamp that a read or a replacement starts from.
#[inline]
pub(crate) fn begin(stamp: &AtomicU64) -> Stamp {
    // Acquire: partner is the release store, or release compare-and-swap, of the stamp that ends every
    // change: in `replace` and `empty` here, `Swing::replace`, `View::occupy`, `freeze`. SeqCst: here a read
    // takes effect, see `order`.
    Stamp(stamp.load(Ordering::SeqCst))
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
pub(crate) fn load<V: Value>(words: &[AtomicU64]) -> V {
    // Relaxed: ordered by the fence in `unchanged`.
    copy::load(words)
}

/// Whether the words loaded since `version` was loaded belong to it.
#[inline]
pub(crate) fn unchanged(stamp: &AtomicU64, version: Stamp) -> bool {
    // Acquire: partner is the release fence in `store`. Keeps the word loads before the load below.
    fence(Ordering::Acquire);
    // Relaxed: ordered by the fence.
    stamp.load(Ordering::Relaxed) == version.0
}

/// Stores words that readers may be looking at; the caller has made the stamp say otherwise before.
#[inline(always)]
pub(crate) fn store<V: Value>(words: &[AtomicU64], new: &V) {
    // Release: partner is the acquire fence in `unchanged`. Whoever sees one of the stores below and
    // then looks at the stamp finds it changed.
    fence(Ordering::Release);
    copy::store(words, new);
}

/// Replaces the words of `version` by `new` under stamp `next`, unless the stamp is no longer
/// `version`: then nothing happens and `false` is returned. Meanwhile the stamp is `locked`.
///
/// Nothing between the two stamp writes can panic or call out: the new words exist already.
#[inline(always)]
pub(crate) fn replace<V: Value>(
    stamp: &AtomicU64,
    (version, locked, next): (Stamp, Stamp, Stamp),
    words: &[AtomicU64],
    new: &V,
) -> bool {
    // No acquire is needed: `begin` has loaded `version`, and acquired what led to it, so our word stores come
    // after the previous writer's in each word's modification order. No release: what has to come after the
    // lock is kept there by the fence in `store`. SeqCst: here the change takes effect, see `order`.
    if stamp
        .compare_exchange(version.0, locked.0, Ordering::SeqCst, Ordering::Relaxed)
        .is_err()
    {
        return false;
    }
    store(words, new);
    // Release: partner is the acquire load in `begin`.
    stamp.store(next.0, Ordering::Release);
    true
}

/// Takes the value of `version` out, unless the stamp is no longer `version`: then nothing happens
/// and `false` is returned. The words stay; the value is gone because the stamp says so.
#[inline]
pub(crate) fn empty(stamp: &AtomicU64, version: Stamp) -> bool {
    // Release: partner is the acquire load in `begin`, so that whoever finds the value gone has also
    // seen what led to it. No acquire on top: `version` was loaded by `begin`. SeqCst: here the value
    // disappears, see `order`.
    let (old, new) = (version.0, version.next_empty().0);
    stamp
        .compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed)
        .is_ok()
}

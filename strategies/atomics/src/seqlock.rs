//! The sequence-lock protocol over one stamp and its words.
//!
//! The words are `AtomicU64`s with relaxed accesses, so a racing read is not undefined behaviour,
//! merely useless, and the stamp tells. The fences are those of Boehm, "Can seqlocks get along with
//! programming language memory models?" (MSPC 2012), with the read-modify-write of the stamp as the
//! writers' lock.
//!
//! Reader: load stamp (acquire) - load words - fence (acquire) - load stamp again.
//! Writer: stamp |= LOCKED (relaxed) - fence (release) - store words - stamp = next (release).
//!
//! Why a reader never accepts a mixture. Suppose one of its word loads returned what a writer W
//! stored, and its first stamp load returned a stamp from before W's (it gives up on a locked one).
//! - W's store is after W's release fence; the reader's load is before the reader's acquire fence.
//!   So the fences synchronize, and W's LOCKED stamp happens before the reader's second stamp load,
//!   which therefore returns it or a later one. Stamps never repeat: the two loads differ.
//!
//! And if the first load returned W's final stamp, it synchronized with it (acquire with release),
//! so all word loads return W's words or later ones, and the first case applies to the later ones.

use contract::Words;

use crate::copy;
use crate::stamp::Stamp;
use support::sync::{AtomicU64, Ordering, fence};

/// Loads the words; they belong together only if [`unchanged`] says so afterwards.
#[inline(always)]
pub(crate) fn load<W: Words>(words: &[AtomicU64]) -> W {
    // Relaxed: ordered by the fence in `unchanged`.
    copy::load(words)
}

/// Whether the words loaded since `seen` was loaded belong to it.
#[inline]
pub(crate) fn unchanged(stamp: &AtomicU64, seen: Stamp) -> bool {
    // Partner: the release fence in `store`. Keeps the word loads before the load below.
    fence(Ordering::Acquire);
    stamp.load(Ordering::Relaxed) == seen.0
}

/// Loads the stamp that a read or a replacement starts from.
#[inline]
pub(crate) fn begin(stamp: &AtomicU64) -> Stamp {
    // Acquire: partner is the release store (or exchange) of the stamp that ends every write.
    Stamp(stamp.load(Ordering::Acquire))
}

/// Stores words that readers may be looking at; the caller has made the stamp say otherwise before.
#[inline(always)]
pub(crate) fn store<W: Words>(words: &[AtomicU64], new: &W) {
    // Partner: the acquire fence in `unchanged`. Whoever sees one of the stores below and then
    // looks at the stamp finds it changed.
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

//! How a writer replaces the words of a record: what the two tables differ in.

use contract::{
    AfterDeadThread, AfterPanic, Capacity, Profile, Progress, Reclamation, Reentrancy,
    ScanConsistency, Words, WriteCost,
};

use crate::generation::Found;
use crate::pool::Buffers;
use crate::seqlock;
use crate::stamp::Buffer;
use support::sync::Ordering;

/// A way to replace the words of a live slot.
pub trait Replace: std::fmt::Debug + Send + Sync + 'static {
    /// What the table claims that replaces records this way.
    const PROFILE: Profile;

    /// Whether a writer owns a buffer.
    const NEEDS_SPARE: bool;

    /// Replaces what was `found` by `new`, unless its stamp has changed since: then nothing happens
    /// and `false` is returned, as when a spare is needed and missing.
    fn replace<W: Words>(
        found: &Found<'_, W>,
        buffers: Buffers<'_, W>,
        new: &W,
        spare: &mut Buffer,
    ) -> bool;
}

/// Overwrites the words in their buffer, under a sequence lock.
#[derive(Debug)]
pub struct InPlace;

/// Writes the words into a spare buffer, and swings the stamp from the slot's buffer to the spare.
///
/// One compare-and-swap makes the spare the slot's buffer and the slot's old buffer the writer's
/// spare. Nobody waits, unless the table grows: a reader or writer has to retry only if another writer
/// succeeded.
///
/// Buffers are reused while slow readers may still be looking at them; the memory itself is never
/// freed before the table is. The stamp tells such a reader that it has read nonsense.
#[derive(Debug)]
pub struct Swing;

/// What both tables claim, whatever plain record they hold.
const COMMON: Profile = Profile {
    library: "own",
    resizes: Progress::Blocking,
    scan_consistency: ScanConsistency::Weak,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::Unaffected,
    inside_read: Reentrancy::ReadsAndWrites,
    inside_scan: Reentrancy::ReadsAndWrites,
    capacity: Capacity::GrowsAndKeeps,
    reclamation: Reclamation::Immediate,
    plain_data_only: true,
    ..Profile::locked("", "")
};

impl Replace for InPlace {
    const PROFILE: Profile = Profile {
        name: "atomics/seqlock",
        summary: "an open-addressing table of atomic words, a sequence lock per slot",
        avoid_when: "records have heap parts, are much larger than a cache line, or a reader must \
                     never wait for a writer that was descheduled between two stores",
        reads: Progress::Blocking,
        updates: Progress::Blocking,
        write_cost: WriteCost::InPlace,
        ..COMMON
    };
    const NEEDS_SPARE: bool = false;

    #[inline(always)]
    fn replace<W: Words>(
        found: &Found<'_, W>,
        buffers: Buffers<'_, W>,
        new: &W,
        _spare: &mut Buffer,
    ) -> bool {
        let Some(words) = buffers.get(found.seen.plain_buffer()) else {
            return false;
        };
        seqlock::replace(&found.slot.stamp, found.seen, words, new, found.seen.next())
    }
}

impl Replace for Swing {
    const PROFILE: Profile = Profile {
        name: "atomics/cas",
        summary: "an open-addressing table of packed status words, each naming the buffer of its record",
        avoid_when: "records have heap parts, or tens of thousands of threads each need a handle",
        reads: Progress::LockFree,
        // Lock-free, but for one situation: while the table grows, an update waits for its record to
        // thaw, and for the structure lock to be given a spare of the new generation.
        updates: Progress::Blocking,
        write_cost: WriteCost::CopiesRecord,
        ..COMMON
    };
    const NEEDS_SPARE: bool = true;

    #[inline(always)]
    fn replace<W: Words>(
        found: &Found<'_, W>,
        buffers: Buffers<'_, W>,
        new: &W,
        spare: &mut Buffer,
    ) -> bool {
        let Some(words) = buffers.get(*spare) else {
            return false;
        };
        // Readers that still look at the spare saw a stamp that was exchanged before it became ours:
        // the fence inside `store` is the partner of theirs.
        seqlock::store(words, new);
        let next = found.seen.next_in(*spare);
        // Release: partner is the acquire load in `seqlock::begin`. Acquire is not needed on top:
        // `seen` was loaded by `begin`, so what led to it already happened before this.
        let swapped = found
            .slot
            .stamp
            .compare_exchange(found.seen.0, next.0, Ordering::Release, Ordering::Relaxed)
            .is_ok();
        if swapped {
            *spare = found.seen.buffer();
        }
        swapped
    }
}

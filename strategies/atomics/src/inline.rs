//! Words beside the slot, replaced in place under a sequence lock.

use contract::{
    AfterDeadThread, AfterPanic, Capacity, Profile, Progress, Reclamation, ScanConsistency, Words,
    WriteCost,
};

use crate::payload::{At, Payload};
use crate::seqlock;
use crate::stamp::Stamp;
use crate::sync::AtomicU64;

/// The payload of the sequence-lock table. The stamp's upper bits count versions: 61 bits, which at
/// a write a nanosecond wrap after 73 years.
#[derive(Debug)]
pub struct Inline;

/// The words of all slots of a generation, one slot after the other.
#[derive(Debug)]
pub struct Array {
    words: Box<[AtomicU64]>,
    /// Words skipped so that slot 0 begins on a cache line: a record of 64 bytes is then one line.
    skipped: usize,
}

const CACHE_LINE_BYTES: usize = 64;

impl Array {
    #[inline]
    fn of<W: Words>(&self, slot: usize) -> &[AtomicU64] {
        &self.words[self.skipped + slot * W::LEN..][..W::LEN]
    }
}

/// What the table claims, whatever plain record it holds.
pub(crate) const PROFILE: Profile = Profile {
    library: "own",
    avoid_when: "records have heap parts, are much larger than a cache line, or a reader must \
                 never wait for a writer that was descheduled between two stores",
    reads: Progress::Blocking,
    updates: Progress::Blocking,
    resizes: Progress::Blocking,
    scan_consistency: ScanConsistency::Weak,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::Unaffected,
    capacity: Capacity::GrowsAndKeeps,
    reclamation: Reclamation::Immediate,
    write_cost: WriteCost::InPlace,
    plain_data_only: true,
    ..Profile::locked(
        "atomics/seqlock",
        "an open-addressing table of atomic words, a sequence lock per slot",
    )
};

impl<W: Words> Payload<W> for Inline {
    const PROFILE: Profile = PROFILE;

    type Store = ();
    type Slots = Array;
    type Spare = ();

    fn store(_slots: usize) {}

    fn slots(count: usize) -> Array {
        let margin = CACHE_LINE_BYTES / size_of::<AtomicU64>() - 1;
        let words: Box<[AtomicU64]> = (0..count * W::LEN + margin)
            .map(|_| AtomicU64::new(0))
            .collect();
        // Only speed depends on the alignment; an offset out of range just means "start at 0".
        let offset = words.as_ptr().align_offset(CACHE_LINE_BYTES);
        Array {
            skipped: if offset <= margin { offset } else { 0 },
            words,
        }
    }

    fn lend((): &()) {}
    fn take_back((): &(), (): &()) {}

    #[inline(always)]
    fn load(at: At<'_, W, Self>, _seen: Stamp) -> W {
        seqlock::load(at.slots.of::<W>(at.slot))
    }

    #[inline(always)]
    fn replace(at: At<'_, W, Self>, stamp: &AtomicU64, seen: Stamp, new: &W, (): &mut ()) -> bool {
        let next = Stamp::live(seen.upper() + 1);
        seqlock::replace(stamp, seen, at.slots.of::<W>(at.slot), new, next)
    }

    fn fill(at: At<'_, W, Self>, empty: Stamp, new: &W) -> Stamp {
        seqlock::store(at.slots.of::<W>(at.slot), new);
        Stamp::live(empty.upper() + 1)
    }

    fn emptied(live: Stamp) -> Stamp {
        Stamp::empty(live.upper() + 1)
    }

    fn release((): &(), _live: Stamp) {}

    fn carry(from: At<'_, W, Self>, to: At<'_, W, Self>, frozen: Stamp) -> Stamp {
        let words: W = Self::load(from, frozen);
        Self::fill(to, Stamp::empty(0), &words)
    }
}

//! Stage 2: two ways to replace the record that a packed word stands for, and what a table claims that
//! uses them.
//!
//! - [`InPlace`] is stage 1 again: it locks the stamp and overwrites the words in their buffer.
//! - [`Swing`] needs no lock: it writes the words into a spare buffer, which nobody has, and the
//!   compare-and-swap of the stamp is the whole change. The spare is the slot's buffer from then on, and
//!   the slot's old buffer is the writer's spare. A reader or writer has to go again only if another
//!   writer succeeded.
//!
//! Spares are reused while slow readers may still be looking at them; the memory itself is not freed
//! before the table is. Such a reader has read nonsense, and the stamp tells it.

use contract::{
    AfterDeadThread, AfterPanic, Capacity, Profile, Progress, Reclamation, Reentrancy,
    ScanConsistency, Words, WriteCost,
};
use support::sync::Ordering;

use crate::buffers::Buffers;
use crate::seqlock;
use crate::slots::Found;
use crate::stamp::Buffer;

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
        let Some(words) = buffers.get(found.seen.buffer_if_plain()) else {
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
        // the release fence inside `store` is the partner of the acquire fence in `unchanged`.
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

#[cfg(all(test, pivot_loom))]
mod models {
    use contract::Strategy;
    use loom::thread;

    use crate::model::{Small, beat, explore, read, with_one_record};
    use crate::{CasTable, SeqlockTable};

    /// The second beat of the writer goes, in the compare-and-swap table, into the buffer that the first
    /// one took from under the reader.
    fn one_writer_one_reader<S: Strategy<Small>>() {
        explore(2, || {
            let table = with_one_record::<S>(0);
            let (mut writing, mut reading) = (table.handle(), table.handle());
            let writer = thread::spawn(move || [(); 2].map(|()| beat(&mut writing)));
            let reader = thread::spawn(move || [(); 2].map(|()| read(&mut reading)));
            assert_eq!(writer.join().unwrap(), [2, 3]);
            assert!(reader.join().unwrap().is_sorted());
            assert_eq!(read(&mut table.handle()), 3);
        });
    }

    fn two_writers_one_reader<S: Strategy<Small>>() {
        explore(1, || {
            let table = with_one_record::<S>(0);
            let handles = [(); 3].map(|()| table.handle());
            let [mut reading, writing @ ..] = handles;
            let writers = writing
                .map(|mut writing: S::Handle<'static>| thread::spawn(move || beat(&mut writing)));
            let reader = thread::spawn(move || read(&mut reading));
            let mut revisions = writers.map(|writer| writer.join().unwrap());
            revisions.sort_unstable();
            assert_eq!(revisions, [2, 3]);
            assert!((1..=3).contains(&reader.join().unwrap()));
            assert_eq!(read(&mut table.handle()), 3);
        });
    }

    #[test]
    fn seqlock_one_writer_one_reader() {
        one_writer_one_reader::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_one_writer_one_reader() {
        one_writer_one_reader::<CasTable<Small>>();
    }

    #[test]
    fn seqlock_two_writers_one_reader() {
        two_writers_one_reader::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_two_writers_one_reader() {
        two_writers_one_reader::<CasTable<Small>>();
    }
}

//! Words in a pool of buffers, replaced by swinging the stamp from one buffer to another.
//!
//! A writer owns one spare buffer. It fills the spare with the next version and then, with one
//! compare-and-swap of the slot's stamp, makes the spare the slot's buffer and the slot's old buffer
//! its spare. Nobody ever waits: a reader or writer has to retry only if another writer succeeded.
//!
//! Buffers are reused while slow readers may still be looking at them; the memory itself is never
//! freed before the table is. The version in the stamp tells such a reader that it has read nonsense.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use contract::{
    AfterDeadThread, AfterPanic, Capacity, Profile, Progress, Reclamation, ScanConsistency, Words,
    WriteCost,
};

use crate::payload::{At, Payload};
use crate::seqlock;
use crate::stamp::Stamp;
use crate::sync::{AtomicU64, Ordering};

/// The payload of the compare-and-swap table.
///
/// The stamp's upper 61 bits, split in two:
///
/// | bits of the stamp | meaning |
/// |---|---|
/// | 3..29 | buffer: which of at most 2^26 buffers holds the words |
/// | 29..64 | version: 35 bits |
///
/// A version repeats after 2^35 writes to one slot, some ten minutes of nothing else at 20 ns a
/// write. To be deceived, a reader must sleep through exactly that many, in the middle of a read.
#[derive(Debug)]
pub struct Pooled;

const BUFFER_BITS: u32 = 26;
const BUFFERS_MAX: usize = 1 << BUFFER_BITS;
const VERSION_MASK: u64 = (1 << 35) - 1;

/// A buffer of the pool: enough words for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer(usize);

fn compose(version: u64, buffer: Buffer) -> u64 {
    (version & VERSION_MASK) << BUFFER_BITS | buffer.0 as u64
}

fn buffer_of(stamp: Stamp) -> Buffer {
    Buffer(stamp.upper() as usize & (BUFFERS_MAX - 1))
}

fn version_of(stamp: Stamp) -> u64 {
    stamp.upper() >> BUFFER_BITS
}

/// All buffers: segment 0 holds as many as the table was made for, each further one as many as all
/// before it together.
#[derive(Debug)]
pub struct Pool {
    segments: [OnceLock<Box<[AtomicU64]>>; BUFFER_BITS as usize + 1],
    first: usize,
    words_per_buffer: usize,
    free: Mutex<Free>,
}

/// Buffers that are neither some slot's nor some handle's.
#[derive(Debug, Default)]
struct Free {
    returned: Vec<Buffer>,
    /// How many buffers have ever been handed out; the rest of the segments is fresh.
    handed_out: usize,
}

impl Pool {
    fn with_buffers(count: usize, words_per_buffer: usize) -> Self {
        Self {
            segments: [const { OnceLock::new() }; BUFFER_BITS as usize + 1],
            first: count.min(BUFFERS_MAX),
            words_per_buffer,
            free: Mutex::default(),
        }
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Buffer {
        let mut free = self.free();
        free.returned.pop().unwrap_or_else(|| {
            let buffer = Buffer(free.handed_out);
            assert!(
                buffer.0 < BUFFERS_MAX,
                "atomics/cas holds at most {BUFFERS_MAX} records"
            );
            free.handed_out += 1;
            let (segment, _) = self.place(buffer);
            self.segments[segment].get_or_init(|| {
                let buffers = self.first << segment.saturating_sub(1);
                (0..buffers * self.words_per_buffer)
                    .map(|_| AtomicU64::new(0))
                    .collect()
            });
            buffer
        })
    }

    fn put(&self, buffer: Buffer) {
        self.free().returned.push(buffer);
    }

    /// The segment of a buffer and its index there.
    #[inline]
    fn place(&self, buffer: Buffer) -> (usize, usize) {
        if buffer.0 < self.first {
            return (0, buffer.0);
        }
        let doublings = (buffer.0 / self.first).ilog2();
        (doublings as usize + 1, buffer.0 - (self.first << doublings))
    }

    #[inline]
    fn words<W: Words>(&self, buffer: Buffer) -> &[AtomicU64] {
        let (segment, index) = self.place(buffer);
        let words = self.segments[segment]
            .get()
            .expect("a buffer's segment exists");
        &words[index * W::LEN..][..W::LEN]
    }
}

/// What the table claims, whatever plain record it holds.
pub(crate) const PROFILE: Profile = Profile {
    library: "own",
    avoid_when: "records have heap parts, or tens of thousands of threads each need a handle",
    reads: Progress::LockFree,
    updates: Progress::LockFree,
    resizes: Progress::Blocking,
    scan_consistency: ScanConsistency::Weak,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::Unaffected,
    capacity: Capacity::GrowsAndKeeps,
    reclamation: Reclamation::Immediate,
    write_cost: WriteCost::CopiesRecord,
    plain_data_only: true,
    ..Profile::locked(
        "atomics/cas",
        "an open-addressing table of packed status words, each naming the buffer of its record",
    )
};

impl<W: Words> Payload<W> for Pooled {
    const PROFILE: Profile = PROFILE;

    type Store = Pool;
    type Slots = ();
    type Spare = Buffer;

    fn store(slots: usize) -> Pool {
        // Some more than slots: every handle owns a spare.
        Pool::with_buffers(slots + slots / 8 + 8, W::LEN)
    }

    fn slots(_count: usize) {}

    fn lend(store: &Pool) -> Buffer {
        store.take()
    }

    fn take_back(store: &Pool, spare: &Buffer) {
        store.put(*spare);
    }

    #[inline(always)]
    fn load(at: At<'_, W, Self>, seen: Stamp) -> W {
        seqlock::load(at.store.words::<W>(buffer_of(seen)))
    }

    #[inline(always)]
    fn replace(
        at: At<'_, W, Self>,
        stamp: &AtomicU64,
        seen: Stamp,
        new: &W,
        spare: &mut Buffer,
    ) -> bool {
        // Readers that still look at the spare saw a stamp that was exchanged before it became ours:
        // the fence inside `store` is the partner of theirs.
        seqlock::store(at.store.words::<W>(*spare), new);
        let next = Stamp::live(compose(version_of(seen) + 1, *spare));
        // Release: partner is the acquire load in `seqlock::begin`. Acquire is not needed on top:
        // `seen` was loaded by `begin`, so what led to it already happened before this.
        let swapped = stamp
            .compare_exchange(seen.0, next.0, Ordering::Release, Ordering::Relaxed)
            .is_ok();
        if swapped {
            *spare = buffer_of(seen);
        }
        swapped
    }

    fn fill(at: At<'_, W, Self>, empty: Stamp, new: &W) -> Stamp {
        let buffer = at.store.take();
        seqlock::store(at.store.words::<W>(buffer), new);
        Stamp::live(compose(version_of(empty) + 1, buffer))
    }

    fn emptied(live: Stamp) -> Stamp {
        Stamp::empty(compose(version_of(live) + 1, Buffer(0)))
    }

    fn release(store: &Pool, live: Stamp) {
        store.put(buffer_of(live));
    }

    fn carry(_from: At<'_, W, Self>, _to: At<'_, W, Self>, frozen: Stamp) -> Stamp {
        Stamp::live(compose(version_of(frozen) + 1, buffer_of(frozen)))
    }
}

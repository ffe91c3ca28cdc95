//! The threads that take recorded locks: a place for each, which a later thread takes over, and its blocks at hand.

use std::cell::Cell;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::block::Block;
use crate::clock;
use crate::record::Record;
use crate::sync::{is_recording, lock};

/// Blocks that a thread has at hand. A power of two.
const AT_HAND: usize = 64;

/// A place, for one thread at a time.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) index: usize,
    /// The number of the thread: how many there were before.
    pub(crate) number: AtomicU64,
    /// When the thread used a lock for the first time and last, in ticks, as far as it was timed.
    first: AtomicU64,
    pub(crate) last: AtomicU64,
}

struct Threads {
    places: Vec<&'static Place>,
    free: Vec<&'static Place>,
    count: u64,
    /// The time of those that have ended.
    ended_ticks: u64,
}

static THREADS: Mutex<Threads> = Mutex::new(Threads {
    places: Vec::new(),
    free: Vec::new(),
    count: 0,
    ended_ticks: 0,
});

type Hand = [Cell<(*const Record, Option<&'static Block>)>; AT_HAND];

thread_local! {
    /// Without a destructor, so that reading it asks nothing first.
    static HAND: Hand = const { [const { Cell::new((ptr::null(), None)) }; AT_HAND] };
    static PLACE: Owned = Owned(claim());
}

/// A place, until the thread ends. None of a thread that began to use locks in a forked child.
struct Owned(Option<&'static Place>);

impl Drop for Owned {
    fn drop(&mut self) {
        // What a later destructor of this thread does is not counted in blocks that have another owner.
        HAND.with(|hand| hand.iter().for_each(|at| at.set((ptr::null(), None))));
        // In a forked child the mutex can be locked for ever.
        let Some(place) = self.0.filter(|_| is_recording()) else {
            return;
        };
        let mut threads = lock(&THREADS);
        let first = place.first.load(Ordering::Relaxed);
        threads.ended_ticks += clock::now().saturating_sub(first);
        // Empty until it is claimed again: 0 ticks.
        place.last.store(first, Ordering::Relaxed);
        threads.free.push(place);
    }
}

/// The mutex is what the next owner synchronizes with: what this one counted in its blocks comes before.
fn claim() -> Option<&'static Place> {
    // In a forked child it can be locked for ever.
    if !is_recording() {
        return None;
    }
    let mut threads = lock(&THREADS);
    let now = clock::now();
    let number = threads.count;
    threads.count += 1;
    let place = threads.free.pop().unwrap_or_else(|| {
        let place: &'static Place = Box::leak(Box::new(Place {
            index: threads.places.len(),
            ..Place::default()
        }));
        threads.places.push(place);
        place
    });
    place.number.store(number, Ordering::Relaxed);
    place.first.store(now, Ordering::Relaxed);
    place.last.store(now, Ordering::Relaxed);
    Some(place)
}

/// How many threads there were, and the sum of their times from the first use of a lock to the end, or to the last
/// use where a thread has not ended, in ticks.
pub(crate) fn totals() -> (u64, u64) {
    let threads = lock(&THREADS);
    let of_place = |place: &&Place| {
        let first = place.first.load(Ordering::Relaxed);
        place.last.load(Ordering::Relaxed).saturating_sub(first)
    };
    let ticks: u64 = threads.places.iter().map(of_place).sum();
    (threads.count, threads.ended_ticks + ticks)
}

/// The place of this thread, unless the thread is ending, or has none in a forked child.
pub(crate) fn place() -> Option<&'static Place> {
    PLACE.try_with(|owned| owned.0).ok().flatten()
}

/// Where the block for a record is at hand: records are 128 bytes apart at least.
#[inline(always)]
fn spot(record: &Record) -> usize {
    (ptr::from_ref(record) as usize >> 7) % AT_HAND
}

/// This thread's block for a record, if it is at hand.
#[inline(always)]
pub(crate) fn block_at_hand(record: &'static Record) -> Option<&'static Block> {
    HAND.with(|hand| {
        let (of, block) = hand[spot(record)].get();
        if ptr::eq(of, record) { block } else { None }
    })
}

/// This thread's block for a record, unless the thread is ending.
pub(crate) fn block(record: &'static Record) -> Option<&'static Block> {
    block_at_hand(record).or_else(|| {
        let block = record.of_thread(place()?.index);
        HAND.with(|hand| hand[spot(record)].set((record, Some(block))));
        Some(block)
    })
}

#[cfg(all(test, unix, not(pivot_loom)))]
mod tests {
    use std::mem::ManuallyDrop;

    use super::*;

    #[test]
    fn a_forked_child_waits_for_no_other_thread() {
        // It ends in the child alone.
        let ending = ManuallyDrop::new(Owned(claim()));
        // A thread that has no place of its own yet.
        let forks = move || {
            let _held = lock(&THREADS);
            crate::tests::returns_in_a_child(|| {
                drop(ManuallyDrop::into_inner(ending));
                assert!(place().is_none());
            })
        };
        assert!(std::thread::spawn(forks).join().unwrap());
    }
}

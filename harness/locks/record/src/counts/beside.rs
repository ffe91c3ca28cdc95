//! What is counted beside a lock, on its own line of memory, by who holds it.
//!
//! Who takes a lock alone has that line already. So an acquisition here touches no other one: it finds its call site among two
//! and takes one from a countdown. When that is over, or another call site comes, the acquisitions are added to the
//! [block](crate::block) of the lock's record, and the next ones are taken from it: up to [`BATCH`], and never the one that
//! is to be timed. A snapshot looks at the block alone, since a lock can be moved. So it lacks what has been counted here
//! since: it is never more than there was, and never goes back.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, AtomicU32, Ordering};

use crate::block::{Block, Holder, Site, Trace, address};

/// Call sites that are counted here. Others take turns.
const SITES: usize = 2;

/// Acquisitions of a call site that a snapshot can lack.
const BATCH: u32 = 31;

/// The counters. Relaxed, all of them: only who holds the lock writes them, and who follows has got the lock from it, unless
/// something else is said. So in loom's models, too, they are atomics of std.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) holder: Holder,
    sites: [AtomicPtr<Location<'static>>; SITES],
    /// How many wait. Written by those who do.
    waiting: AtomicU32,
    /// Waits until the next timed one, itself included, and from the last one to it. Readers that run side by side take
    /// from it by one instruction.
    waits_left: AtomicU16,
    waits_span: AtomicU16,
    batches: [Batch; SITES],
    /// Which call site has been here longest.
    oldest: AtomicU8,
}

/// Acquisitions that were taken from the countdown of a call site.
#[derive(Debug)]
struct Batch {
    /// The slot of the call site in the block.
    slot: AtomicU8,
    taken: AtomicU8,
    left: AtomicU8,
}

impl Batch {
    fn slot(&self) -> usize {
        usize::from(self.slot.load(Ordering::Relaxed))
    }

    fn used(&self) -> u32 {
        u32::from(self.taken.load(Ordering::Relaxed) - self.left.load(Ordering::Relaxed))
    }

    fn set(&self, taken: u8) {
        self.taken.store(taken, Ordering::Relaxed);
        self.left.store(taken, Ordering::Relaxed);
    }

    fn settle(&self, block: &Block) {
        block.counted(self.slot(), self.used());
        self.set(0);
    }
}

impl Beside {
    pub(crate) const fn new() -> Self {
        Self {
            holder: Holder::new(),
            sites: [const { AtomicPtr::new(ptr::null_mut()) }; SITES],
            waiting: AtomicU32::new(0),
            waits_left: AtomicU16::new(1),
            waits_span: AtomicU16::new(1),
            batches: [const {
                Batch {
                    slot: AtomicU8::new(0),
                    taken: AtomicU8::new(0),
                    left: AtomicU8::new(0),
                }
            }; SITES],
            oldest: AtomicU8::new(0),
        }
    }

    /// Counts an acquisition by who is alone inside, unless its call site is not here or its batch is over: then
    /// [`Beside::turn`] does.
    #[inline(always)]
    pub(crate) fn pass(&self, site: Site) -> bool {
        for (at, batch) in self.sites.iter().zip(&self.batches) {
            if ptr::eq(at.load(Ordering::Relaxed), site) {
                let left = batch.left.load(Ordering::Relaxed);
                if left == 0 {
                    return false;
                }
                batch.left.store(left - 1, Ordering::Relaxed);
                self.holder.set(Some(site));
                return true;
            }
        }
        false
    }

    /// Counts the batch of a call site and an acquisition after it in the block, which may be timed, and takes the next batch.
    /// A new call site takes the place of the one that has been here longest: so a rare one does not stay.
    #[cold]
    #[inline(never)]
    pub(crate) fn turn(&self, block: &'static Block, site: Site) -> Option<Box<Trace>> {
        self.holder.set(Some(site));
        let is_site = |at: &AtomicPtr<_>| ptr::eq(at.load(Ordering::Relaxed), site);
        let known = self.sites.iter().position(is_site);
        let index = known.unwrap_or_else(|| self.replace_oldest(block, site));
        let batch = &self.batches[index];
        let (trace, next) = block.enter_after(batch.slot(), batch.used(), BATCH);
        batch.set(next as u8);
        trace
    }

    fn replace_oldest(&self, block: &Block, site: Site) -> usize {
        let index = usize::from(self.oldest.load(Ordering::Relaxed));
        let next = (index + 1) % SITES;
        self.oldest.store(next as u8, Ordering::Relaxed);
        let batch = &self.batches[index];
        batch.settle(block);
        self.sites[index].store(address(site), Ordering::Relaxed);
        batch.slot.store(block.slot(site) as u8, Ordering::Relaxed);
        index
    }

    /// Counts all in the block, when the lock is dropped.
    pub(crate) fn settle_all(&self, block: &Block) {
        self.batches.iter().for_each(|batch| batch.settle(block));
    }

    /// A wait begins. Returns how many wait now.
    pub(crate) fn wait(&self) -> u32 {
        self.waiting.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A wait is over, or was given up.
    pub(crate) fn stop_waiting(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many wait now.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a wait from the countdown. Returns for how many it stands, if it is its turn to be timed: of readers side by
    /// side, those that come after that one and before the next countdown stand for themselves.
    pub(crate) fn wait_to_time(&self) -> Option<u32> {
        match self.waits_left.fetch_sub(1, Ordering::Relaxed) {
            1 => Some(u32::from(self.waits_span.load(Ordering::Relaxed))),
            0 => Some(1),
            over if over > u16::MAX / 2 => Some(1),
            _ => None,
        }
    }

    /// Begins the countdown to the next timed wait.
    pub(crate) fn next_wait(&self, span: u32) {
        self.waits_span.store(span as u16, Ordering::Relaxed);
        self.waits_left.store(span as u16, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    #[test]
    fn timed_waits_stand_for_all() {
        let beside = Beside::new();
        // The first one is timed, and then one in 3, in 1 and in 5.
        let mut spans = [3, 1, 5, 4].into_iter();
        let mut wait = || {
            let span = beside.wait_to_time()?;
            beside.next_wait(spans.next().unwrap());
            Some(span)
        };
        let timed: Vec<_> = (0..10).map(|_| wait()).collect();
        let none = None;
        let expected = [Some(1), none, none, Some(3), Some(1)];
        assert_eq!(timed[..5], expected);
        assert_eq!(timed[5..], [none, none, none, none, Some(5)]);
        // Where no next countdown could be drawn, each is timed.
        for _ in 0..3 {
            beside.wait_to_time();
        }
        assert_eq!(beside.wait_to_time(), Some(4));
        assert_eq!(beside.wait_to_time(), Some(1));
        assert_eq!(beside.wait_to_time(), Some(1));
    }

    #[test]
    fn a_rare_call_site_leaves_the_frequent_ones_where_they_are() {
        let (block, beside) = (block(), Beside::new());
        let [first, second, rare] = [here(), here(), here()];
        let mut acquired = 0;
        let mut acquire = |site| {
            acquired += 1;
            beside.pass(site) || beside.turn(block, site).is_none()
        };
        for round in 0..100_000 {
            acquire(first);
            acquire(second);
            if round % 1000 == 999 {
                acquire(rare);
            }
        }
        let is_here = |site: Site| {
            beside
                .sites
                .iter()
                .any(|at| ptr::eq(at.load(Ordering::Relaxed), site))
        };
        acquire(first);
        acquire(second);
        assert!(is_here(first) && is_here(second) && !is_here(rare));
        beside.settle_all(block);
        let entries = block.figures().entries;
        let counted: u64 = entries.iter().flatten().map(|entry| entry.acquired).sum();
        assert_eq!(counted, acquired);
    }

    #[test]
    fn a_snapshot_lacks_31_acquisitions_of_a_call_site_at_most() {
        let (block, beside, site) = (block(), Beside::new(), here());
        // So many that the countdowns are far longer, at any rate of a processor.
        let mut lacking = 0;
        for _ in 0..100_000 {
            if beside.pass(site) {
                lacking += 1;
                assert!(lacking <= 31);
            } else {
                lacking = 0;
                if let Some(trace) = beside.turn(block, site) {
                    let closed = crate::clock::now();
                    trace.record(crate::block::Use {
                        closed,
                        ..Default::default()
                    });
                }
            }
        }
    }

    fn block() -> &'static Block {
        let shared = Box::leak(Box::new(crate::block::Shared::new()));
        Box::leak(Box::new(Block::new(shared)))
    }

    #[track_caller]
    fn here() -> Site {
        Location::caller()
    }
}

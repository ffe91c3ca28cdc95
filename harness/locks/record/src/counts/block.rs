//! What is counted at a lock, by call site, by one thread at a time: the holder of a lock that one thread holds
//! alone, through what stands [`beside`](crate::beside) it, or the only reader that uses this block.
//!
//! An acquisition finds the slot of its call site and takes one from the slot's countdown: a load, a comparison
//! and a store, with no read-modify-write and no clock. When the countdown is over, the acquisition is timed, and
//! the next countdown is drawn. All else is behind a mutex that only timed acquisitions, waits and snapshots
//! take.
//!
//! The number of acquisitions is `counted + span - left`, where `counted` and `span` change under that mutex,
//! together with `left`. So a snapshot, which holds it, sees a `left` of the current span: the store before the
//! release of the mutex, or a later one. A count never goes back, and never exceeds what there was.

use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::panic::Location;
use std::ptr;
use std::time::Duration;

use crate::arrivals::{Arrivals, WINDOW};
use crate::clock;
use crate::histogram::Histogram;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, lock};

/// Where a lock is made or taken. Counted by its address; a snapshot, and what is kept of waits, compares the texts.
pub(crate) type Site = &'static Location<'static>;

/// Call sites of a block that have a slot.
const SITES: usize = 16;

/// Slots on the first line of a block, beside the holder: a reader uses no other line, as long as its call sites are
/// there.
const FIRST: usize = 3;

/// The slot of all further call sites.
const OTHER: usize = SITES;

/// Time between two timed acquisitions of a call site, on average, while its acquisitions are so frequent: about
/// 0.3 % of a thread's time. The same for waits; one that is longer is timed in any case.
pub(crate) const BETWEEN_TIMED: Duration = Duration::from_micros(25);

/// Acquisitions from one that is timed to the next, at most and on average.
const SPAN_MAX: u64 = 1024;

/// The mean of the first spans. More than one in the models, which have no time to adapt it: else they would time all.
const FIRST_SPAN: u64 = if cfg!(pivot_loom) { 2 } else { 1 };

/// The time over which the rate is taken that decides how many acquisitions are timed.
const EPOCH: Duration = Duration::from_millis(100);

/// Timed acquisitions after which a rate can be trusted before the epoch is over.
const TRUSTED: u64 = 64;

/// Pairs of a waiting and a holding call site that are told apart.
const PAIRS: usize = 256;

/// What the blocks of one lock share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) arrivals: Arrivals,
    /// The lengths of the value, as seen by timed acquisitions. Each counts for those for which it stands.
    pub(crate) lengths: Summary,
}

/// Numbers that were seen: how often, what they come to together, and the greatest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) samples: u64,
    pub(crate) sum: u64,
    pub(crate) max: u64,
}

/// The call site of a slot and its countdown. Written by the one thread that uses the block, except that a failed
/// attempt to lock can give a slot to its call site, under the mutex.
#[derive(Debug)]
struct Slot {
    site: AtomicPtr<Location<'static>>,
    /// Acquisitions until the next timed one, itself included. 0 where the slot has just been given away and the
    /// countdown is not seen yet. Of the holder of a lock alone: without those that are counted beside it so far.
    left: AtomicU32,
    /// Acquisitions whose turn to be timed it was while the mutex was held: by a snapshot, or to record the one before.
    missed: AtomicU32,
}

/// The call site of the last acquisition. Of a lock that can have several readers it is null while this one, or a
/// writer, is not inside.
#[derive(Debug)]
pub(crate) struct Holder(::std::sync::atomic::AtomicPtr<Location<'static>>);

/// The counters of one thread at a time. Two blocks share no line, nor a pair of lines that are fetched together.
#[repr(C, align(128))]
#[derive(Debug)]
pub(crate) struct Block {
    /// Of a reader.
    pub(crate) holder: Holder,
    slots: [Slot; SITES + 1],
    /// By slot: attempts to lock that failed. Relaxed: counts, of any thread.
    failed: [AtomicU64; SITES + 1],
    pub(crate) shared: &'static Mutex<Shared>,
    details: Mutex<Details>,
}

/// What is known of a block beside its slots.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    /// As many as there are slots; there is one for each slot in use.
    pub(crate) entries: [Option<Box<Entry>>; SITES + 1],
    pub(crate) blocked: Blocked,
    /// How many waited, as seen by each that began to wait, itself included.
    pub(crate) queue: Summary,
    /// Of the waits of who is counted here, at whatever call site.
    waits: Spans,
    random: u32,
}

/// How many of something there were until now, and how many there are from one that is timed to the next.
#[derive(Clone, Copy, Debug)]
struct Spans {
    /// Those before the present span.
    counted: u64,
    /// The mean of the spans to come.
    mean: u64,
    epoch: u64,
    counted_at_epoch: u64,
}

/// What is known of one call site.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// None stands for all that have no slot.
    pub(crate) site: Option<Site>,
    /// In a snapshot: all acquisitions. Else they are in `spans`.
    pub(crate) acquired: u64,
    /// In a snapshot.
    pub(crate) failed_tries: u64,
    /// Of acquisitions that only read, and of others.
    pub(crate) modes: [Mode; 2],
    /// A bit for each thread, by its number; those of 256 threads apart are not told apart.
    pub(crate) threads: [u64; 4],
    /// Acquisitions from one countdown's end to the next.
    span: u32,
    spans: Spans,
    last_timed: u64,
}

/// Acquisitions of a call site that used the guard in one way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mode {
    pub(crate) contended: u64,
    pub(crate) waiting_ns: u64,
    pub(crate) wait: Histogram,
    /// Those whose time inside was taken; for how many acquisitions each stands, in all and squared.
    pub(crate) timed: u64,
    pub(crate) samples: u64,
    pub(crate) squares: u64,
    pub(crate) held_ns: u64,
    pub(crate) held: Histogram,
    /// Acquisitions for which the samples stand that were held across an `.await`.
    pub(crate) across_await: u64,
}

/// Waiting at one call site while another one held the lock: how many times, and how many nanoseconds.
pub(crate) type Blocked = BTreeMap<(Option<Site>, Site), (u64, u64)>;

/// An acquisition that is timed, or whose wait is. In a box, so that a guard stays small: most have none.
#[derive(Debug)]
pub(crate) struct Trace {
    block: &'static Block,
    slot: usize,
    /// When it was inside, or 0 if the time inside is not taken.
    opened: u64,
    /// The acquisitions since the last timed one, itself included.
    span: u32,
    wait: Option<Wait>,
    /// The task and its turn, where that is known; else 0.
    pub(crate) turn: u64,
}

/// How an acquisition waited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// None where the clock went backwards.
    pub(crate) ns: Option<u64>,
    pub(crate) queue: u32,
    pub(crate) holder: Option<Site>,
    /// The waits for which it stands: since the last timed one, itself included.
    pub(crate) span: u32,
}

/// What is known of an acquisition when it is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Use {
    /// When the guard was given up, before the lock was.
    pub(crate) closed: u64,
    pub(crate) has_written: bool,
    pub(crate) is_across_await: bool,
    pub(crate) length: Option<usize>,
    /// The number of the thread.
    pub(crate) thread: u32,
}

/// The slot where the search for a call site begins. The compiler knows line and column where the call is
/// inlined, so that it knows the slot.
#[inline(always)]
pub(crate) fn home(site: Site) -> usize {
    (site.line() ^ site.column() >> 2) as usize % FIRST
}

#[inline(always)]
pub(crate) fn address(site: Site) -> *mut Location<'static> {
    ptr::from_ref(site).cast_mut()
}

impl Shared {
    pub(crate) fn new() -> Mutex<Self> {
        Mutex::new(Self {
            arrivals: Arrivals::new(clock::clock().ticks(WINDOW), clock::now()),
            lengths: Summary::default(),
        })
    }
}

impl Holder {
    pub(crate) const fn new() -> Self {
        Self(::std::sync::atomic::AtomicPtr::new(ptr::null_mut()))
    }

    /// It enters, or leaves. Relaxed, here and below: it points to a constant of the program.
    #[inline(always)]
    pub(crate) fn set(&self, site: Option<Site>) {
        let holder = site.map_or(ptr::null_mut(), address);
        self.0.store(holder, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<Site> {
        let holder = self.0.load(Ordering::Relaxed);
        // SAFETY: null, or made of a reference to a `Location` that lives as long as the program.
        unsafe { holder.as_ref() }
    }
}

impl Slot {
    #[inline(always)]
    fn count_down(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        if left > 1 {
            self.left.store(left - 1, Ordering::Relaxed);
        }
        left > 1
    }
}

impl Block {
    pub(crate) fn new(shared: &'static Mutex<Shared>) -> Self {
        let slot = |_| Slot {
            site: AtomicPtr::new(ptr::null_mut()),
            left: AtomicU32::new(0),
            missed: AtomicU32::new(0),
        };
        let details = Details {
            entries: [const { None }; SITES + 1],
            blocked: Blocked::new(),
            queue: Summary::default(),
            waits: Spans::new(clock::now()),
            random: 0x9e37_79b9,
        };
        Self {
            holder: Holder::new(),
            slots: std::array::from_fn(slot),
            failed: std::array::from_fn(|_| AtomicU64::new(0)),
            shared,
            details: Mutex::new(details),
        }
    }

    /// Counts an acquisition of a reader, unless its slot is not found at once or it is to be timed: then
    /// [`Block::enter`] does.
    ///
    /// Relaxed, all of it: only one thread at a time writes these, and one that follows another has got the lock
    /// from it.
    #[inline(always)]
    pub(crate) fn pass(&self, site: Site) -> bool {
        let slot = &self.slots[home(site)];
        let is_counted = ptr::eq(slot.site.load(Ordering::Relaxed), site) && slot.count_down();
        if is_counted {
            self.holder.set(Some(site));
        }
        is_counted
    }

    /// Counts an acquisition, and begins to time it if that is its turn.
    #[cold]
    #[inline(never)]
    pub(crate) fn enter(&'static self, site: Site) -> Option<Box<Trace>> {
        self.holder.set(Some(site));
        self.count(self.slot(site))
    }

    #[inline]
    fn count(&'static self, index: usize) -> Option<Box<Trace>> {
        if self.slots[index].count_down() {
            return None;
        }
        let span = self.restart(index)?;
        let mut trace = self.trace(index);
        trace.span = span;
        trace.opened = clock::now();
        Some(trace)
    }

    /// Takes the acquisitions off the countdown of a slot that were counted beside the lock. Where there are none, the
    /// countdown may not be seen yet, and is left alone.
    pub(crate) fn counted(&self, index: usize, used: u32) {
        if used > 0 {
            let left = &self.slots[index].left;
            left.store(left.load(Ordering::Relaxed) - used, Ordering::Relaxed);
        }
    }

    /// Counts an acquisition at the call site of a slot after the `used` ones that were counted beside the lock, as
    /// [`Block::enter`], and says how many can be counted there next: at most so many, none that has to be timed, and none of
    /// those that share a slot.
    #[inline]
    pub(crate) fn enter_after(
        &'static self,
        index: usize,
        used: u32,
        most: u32,
    ) -> (Option<Box<Trace>>, u32) {
        self.counted(index, used);
        let trace = self.count(index);
        let left = self.slots[index].left.load(Ordering::Relaxed);
        let batch = left.saturating_sub(1).min(most);
        (trace, if index == OTHER { 0 } else { batch })
    }

    /// Adds a wait that is timed to an acquisition.
    #[allow(clippy::unnecessary_box_returns, reason = "a guard has it in a box")]
    pub(crate) fn waited(
        &'static self,
        site: Site,
        trace: Option<Box<Trace>>,
        wait: Wait,
    ) -> Box<Trace> {
        let mut trace = trace.unwrap_or_else(|| self.trace(self.slot(site)));
        trace.wait = Some(wait);
        trace
    }

    /// Counts a timed wait for those that it stands for, and draws for how many the next one stands. None if a snapshot
    /// is in the way: the lock is held meanwhile.
    pub(crate) fn next_wait(&self, span: u32) -> Option<u32> {
        let mut details = self.details_at_once()?;
        let details = &mut *details;
        details.waits.counted += u64::from(span);
        Some(details.waits.draw(&mut details.random))
    }

    #[allow(clippy::unnecessary_box_returns, reason = "as above")]
    fn trace(&'static self, slot: usize) -> Box<Trace> {
        Box::new(Trace {
            block: self,
            slot,
            opened: 0,
            span: 0,
            wait: None,
            turn: 0,
        })
    }

    /// The mutex, unless a snapshot has it that may have been preempted: who holds a lock does not wait for that.
    fn details_at_once(&self) -> Option<MutexGuard<'_, Details>> {
        for _ in 0..8 {
            if let Ok(details) = self.details.try_lock() {
                return Some(details);
            }
            spin_loop();
        }
        None
    }

    /// Ends a span with this acquisition and begins the next one. Returns how many acquisitions it had; none if the
    /// acquisition cannot be timed, and is counted all the same.
    #[cold]
    fn restart(&self, index: usize) -> Option<u32> {
        let slot = &self.slots[index];
        let Some(mut details) = self.details_at_once() else {
            let missed = slot.missed.load(Ordering::Relaxed);
            slot.missed.store(missed + 1, Ordering::Relaxed);
            return None;
        };
        let details = &mut *details;
        let entry = details.entries[index].as_mut()?;
        let left = slot.left.load(Ordering::Relaxed);
        let ended = entry.span - left + 1;
        entry.spans.counted += u64::from(ended);
        entry.span = entry.spans.draw(&mut details.random);
        slot.left.store(entry.span, Ordering::Relaxed);
        Some(ended)
    }

    /// The slot of a call site, which is given one if it has none.
    pub(crate) fn slot(&self, site: Site) -> usize {
        if let Some(index) = self.find(site) {
            return index;
        }
        let mut details = lock(&self.details);
        // It may have got one meanwhile.
        if let Some(index) = self.find(site) {
            return index;
        }
        let mut probed = (0..SITES).map(|step| (home(site) + step) % SITES);
        let free = probed.find(|index| details.entries[*index].is_none());
        let index = free.unwrap_or(OTHER);
        let now = clock::now();
        details.entries[index] = Some(Box::new(Entry {
            site: (index != OTHER).then_some(site),
            acquired: 0,
            failed_tries: 0,
            modes: Default::default(),
            threads: [0; 4],
            span: 1,
            spans: Spans::new(now),
            last_timed: now,
        }));
        let slot = &self.slots[index];
        slot.left.store(1, Ordering::Relaxed);
        slot.site.store(address(site), Ordering::Relaxed);
        index
    }

    /// The slot of a call site, if it has one or can get none of its own.
    fn find(&self, site: Site) -> Option<usize> {
        for step in 0..SITES {
            let index = (home(site) + step) % SITES;
            // Relaxed: all else that belongs to the slot is looked at with the mutex, but for its countdown, which is
            // taken for over where it is not seen yet.
            let at = self.slots[index].site.load(Ordering::Relaxed);
            if at.is_null() {
                return None;
            }
            if ptr::eq(at, site) {
                return Some(index);
            }
        }
        // Its entry is made with the first that comes here.
        let is_there = !self.slots[OTHER].site.load(Ordering::Relaxed).is_null();
        is_there.then_some(OTHER)
    }

    /// Counts an attempt to lock that failed. Without the mutex, unless it is the first at its call site: an attempt that is
    /// not to wait waits for no snapshot.
    pub(crate) fn fail(&self, site: Site) {
        self.failed[self.slot(site)].fetch_add(1, Ordering::Relaxed);
    }

    /// What has been counted until now. Threads that acquire meanwhile are not held up.
    pub(crate) fn figures(&self) -> Details {
        let details = lock(&self.details);
        let mut figures = details.clone();
        for (index, entry) in figures.entries.iter_mut().enumerate() {
            if let Some(entry) = entry {
                entry.failed_tries = self.failed[index].load(Ordering::Relaxed);
                let slot = &self.slots[index];
                let left = slot.left.load(Ordering::Relaxed).min(entry.span);
                let of_span = entry.span - left + slot.missed.load(Ordering::Relaxed);
                entry.acquired = entry.spans.counted + u64::from(of_span);
            }
        }
        figures
    }
}

impl Trace {
    /// Adds the acquisition to the figures. The lock should have been given up before.
    pub(crate) fn record(&self, how: Use) {
        let from = self.add(&mut lock(&self.block.details), how);
        if let Some(from) = from {
            let mut shared = lock(self.block.shared);
            shared.arrivals.add(from, self.opened, u64::from(self.span));
            if let Some(length) = how.length {
                shared.lengths.add(length as u64, u64::from(self.span));
            }
        }
    }

    /// Returns when the acquisition before was timed, if this one is.
    fn add(&self, details: &mut Details, how: Use) -> Option<u64> {
        let entry = details.entries[self.slot].as_mut()?;
        entry.threads[how.thread as usize / 64 % 4] |= 1 << (how.thread % 64);
        let mode = &mut entry.modes[usize::from(how.has_written)];
        if let Some(wait) = self.wait {
            details.waits.adapt(how.closed);
            let times = u64::from(wait.span);
            mode.contended += times;
            details.queue.add(u64::from(wait.queue), times);
            if let Some(ns) = wait.ns {
                mode.waiting_ns += ns * times;
                mode.wait.add(ns, times);
                if let Some(holder) = wait.holder {
                    let (pair, blocked) = ((entry.site, holder), &mut details.blocked);
                    if blocked.len() < PAIRS || blocked.contains_key(&pair) {
                        let sum = blocked.entry(pair).or_default();
                        *sum = (sum.0 + times, sum.1 + ns * times);
                    }
                }
            }
        }
        if self.opened == 0 {
            return None;
        }
        if let Some(ns) = clock::elapsed_ns(self.opened, how.closed) {
            let times = u64::from(self.span);
            mode.timed += 1;
            mode.samples += times;
            mode.squares += times * times;
            mode.held_ns += ns * times;
            mode.held.add(ns, times);
            if how.is_across_await {
                mode.across_await += times;
            }
        }
        entry.spans.adapt(self.opened);
        // Two that overlap can end in another order than they began.
        let from = entry.last_timed;
        entry.last_timed = from.max(self.opened);
        Some(from)
    }
}

/// The next random number: Marsaglia's xorshift.
pub(crate) fn next(random: &mut u32) -> u32 {
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    *random
}

impl Spans {
    fn new(now: u64) -> Self {
        Self {
            counted: 0,
            mean: FIRST_SPAN,
            epoch: now,
            counted_at_epoch: 0,
        }
    }

    /// The next span: from 1 to twice the mean. A pattern in the program and a fixed span could be in step.
    fn draw(&self, random: &mut u32) -> u32 {
        1 + next(random) % (2 * self.mean as u32 - 1)
    }

    /// Adapts the spans to the rate: that of an epoch, or a higher one of its part so far.
    fn adapt(&mut self, now: u64) {
        let clock = clock::clock();
        if now < self.epoch {
            // It was set back, by a suspended machine say.
            (self.epoch, self.counted_at_epoch) = (now, self.counted);
        }
        let elapsed = (now - self.epoch).max(1);
        let counted = self.counted - self.counted_at_epoch;
        let fitting = counted * clock.ticks(BETWEEN_TIMED) / elapsed;
        if elapsed >= clock.ticks(EPOCH) {
            self.mean = fitting.clamp(1, SPAN_MAX);
            self.epoch = now;
            self.counted_at_epoch = self.counted;
        } else if fitting >= 2 * self.mean && counted > TRUSTED * self.mean {
            self.mean = (2 * self.mean).min(SPAN_MAX);
        }
    }
}

impl Mode {
    /// Acquisitions that there were at least.
    pub(crate) fn at_least(&self) -> u64 {
        self.contended.max(self.timed)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.contended += other.contended;
        self.waiting_ns += other.waiting_ns;
        self.wait.merge(&other.wait);
        self.timed += other.timed;
        self.samples += other.samples;
        self.squares += other.squares;
        self.held_ns += other.held_ns;
        self.held.merge(&other.held);
        self.across_await += other.across_await;
    }
}

impl Summary {
    fn add(&mut self, number: u64, times: u64) {
        // A length is whatever the program says it is.
        self.samples += times;
        self.sum = self.sum.saturating_add(number.saturating_mul(times));
        self.max = self.max.max(number);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.samples += other.samples;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    /// Loom does not try a failed attempt at a mutex where another thread holds it: it takes it for no access.
    #[test]
    fn an_acquisition_is_counted_while_a_snapshot_is_taken() {
        let shared = Box::leak(Box::new(Shared::new()));
        let block: &'static Block = Box::leak(Box::new(Block::new(shared)));
        let site = Location::caller();
        assert!(block.enter(site).is_some());
        let snapshot = lock(&block.details);
        assert!(!block.pass(site) && block.enter(site).is_none());
        block.fail(site);
        drop(snapshot);
        assert!(!block.pass(site) && block.enter(site).is_some());
        let figures = block.figures();
        let entry = figures.entries.iter().flatten().next().unwrap();
        assert_eq!((entry.acquired, entry.failed_tries), (3, 1));
    }

    #[test]
    fn a_clock_that_is_set_back_begins_an_epoch() {
        let mut spans = Spans::new(u64::MAX);
        spans.counted = 1_000_000;
        spans.adapt(1);
        assert_eq!((spans.mean, spans.epoch), (FIRST_SPAN, 1));
    }

    #[test]
    fn a_timed_acquisition_stands_for_its_span() {
        let clock = clock::clock();
        let shared = Box::leak(Box::new(Shared::new()));
        let block: &'static Block = Box::leak(Box::new(Block::new(shared)));
        let slot = block.slot(Location::caller());
        let opened = clock.now();
        // A thousand short ones and a long one.
        for (span, ticks) in [(1000, 1_000), (1, 1_000_000)] {
            let mut trace = block.trace(slot);
            (trace.span, trace.opened) = (span, opened);
            trace.record(Use {
                closed: opened + ticks,
                length: Some(span as usize),
                ..Use::default()
            });
        }
        let figures = block.figures();
        let mode = &figures.entries[slot].as_ref().unwrap().modes[0];
        let counts = (mode.timed, mode.samples, mode.squares);
        assert_eq!(counts, (2, 1_001, 1_000_001));
        let held_ns = 1_000 * clock.ns(1_000) + clock.ns(1_000_000);
        assert_eq!(mode.held_ns, held_ns);
        let counts = mode.held.buckets().map(|(.., count)| count);
        assert_eq!(counts.collect::<Vec<_>>(), [1_000, 1]);
        let lengths = lock(block.shared).lengths;
        assert_eq!((lengths.samples, lengths.sum), (1_001, 1_000_001));
    }
}

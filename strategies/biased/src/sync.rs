//! What threads share: the atomics of std, and the parking lot. Loom and shuttle replace this file by
//! `model/sync.rs`.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use std::hint::spin_loop;
use std::thread::yield_now;
use std::time::{Duration, Instant};

pub(crate) use parking_lot_core::{FilterOp, UnparkResult};
use parking_lot_core::{ParkResult, ParkToken, UnparkToken};

/// A constructor that is constant, except under a checker.
macro_rules! const_fn {
    ($vis:vis fn $name:ident() -> $result:ty $body:block) => {
        $vis const fn $name() -> $result $body
    };
}

/// An array of equal values, constant except under a checker.
macro_rules! array {
    ($value:expr; $length:expr) => {
        [const { $value }; $length]
    };
}

/// A value of the whole process.
macro_rules! global {
    ($name:ident: $type:ty) => {
        static $name: $type = <$type>::new();
    };
}

/// A value of each thread, constant except under a checker: where it has no destructor either, reading it
/// asks nothing first.
macro_rules! per_thread {
    ($name:ident: $type:ty = $value:expr) => {
        std::thread_local! {
            static $name: $type = const { $value };
        }
    };
}

pub(crate) use {array, const_fn, global, per_thread};

/// Between the store and the load of [`crate::raw`]'s two sides. Nothing: the accesses around are
/// sequentially consistent themselves. Loom takes those for acquire and release, and gets a fence here.
#[inline]
pub(crate) fn store_load() {}

/// A wait for another thread: some pauses, then the processor is given away some times, then it is time
/// to park.
pub(crate) struct Spin {
    round: u32,
    /// Rounds that are spent with pauses.
    pauses: u32,
    /// The logarithm of how many are in the longest round.
    longest: u32,
}

impl Spin {
    /// Rounds in which the processor is given away.
    const YIELDS: u32 = 7;

    /// For a turn to write: as patient as `parking_lot`.
    pub(crate) fn to_write() -> Self {
        Self::with(3, 3)
    }

    /// For a turn to read: shorter than a write, and more often in vain. Each look costs a writer that goes on
    /// writing the line of the word.
    pub(crate) fn to_read() -> Self {
        Self::with(8, 5)
    }

    /// For those who are inside and leave soon: long enough for a microsecond's work.
    pub(crate) fn patient() -> Self {
        Self::with(16, 3)
    }

    fn with(pauses: u32, longest: u32) -> Self {
        Self {
            round: 0,
            pauses,
            longest,
        }
    }

    /// Waits for as long as readers have the lock who had to ask for it: about as long as they have waited, so that
    /// many operations share what it costs to take the line of the word, and those of the value, to another processor.
    pub(crate) fn a_turn() {
        (0..128).for_each(|_| spin_loop());
    }

    /// Waits a little, longer each time, or says that it is time to park.
    pub(crate) fn spin(&mut self) -> bool {
        if self.is_over() {
            return false;
        }
        self.round += 1;
        if self.round <= self.pauses {
            (0..1 << self.round.min(self.longest)).for_each(|_| spin_loop());
        } else {
            yield_now();
        }
        true
    }

    /// Whether it is time to park.
    pub(crate) fn is_over(&self) -> bool {
        self.round >= self.pauses + Self::YIELDS
    }

    /// Whether it is time to give the processor away, if not to park.
    pub(crate) fn is_yielding(&self) -> bool {
        self.round >= self.pauses
    }

    /// Whether whoever is waited for takes longer than a few instructions.
    pub(crate) fn is_long(&self) -> bool {
        self.round >= 3
    }
}

/// Parks the thread in the queue of `key`, as of a `kind`, if `validate` still holds while the queue
/// is locked. Returns what the thread that woke it passed on, or nothing.
///
/// # Safety
///
/// `key` is the address of a byte of the caller's own. `validate` neither panics nor parks.
pub(crate) unsafe fn park(
    key: usize,
    kind: usize,
    validate: impl FnOnce() -> bool,
    at_most: Option<Duration>,
) -> Option<usize> {
    #[allow(
        clippy::disallowed_methods,
        reason = "a deadline, and not a measurement"
    )]
    let deadline = at_most.map(|at_most| Instant::now() + at_most);
    // SAFETY: the caller's promise; the other two closures do nothing.
    let result = unsafe {
        parking_lot_core::park(key, validate, || (), |_, _| (), ParkToken(kind), deadline)
    };
    match result {
        ParkResult::Unparked(UnparkToken(passed)) => Some(passed),
        ParkResult::Invalid | ParkResult::TimedOut => None,
    }
}

/// Wakes those threads in the queue of `key` whose kind `filter` picks, after `pass` was called with
/// the queue locked, and passes its result on to them.
///
/// # Safety
///
/// `key` is the address of a byte of the caller's own. `filter` and `pass` neither panic nor park.
pub(crate) unsafe fn unpark(
    key: usize,
    mut filter: impl FnMut(usize) -> FilterOp,
    pass: impl FnOnce(UnparkResult) -> usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        parking_lot_core::unpark_filter(
            key,
            |ParkToken(kind)| filter(kind),
            |result| UnparkToken(pass(result)),
        );
    }
}

//! Threads that wait for long, and who wakes them.
//!
//! The queues are those of `parking_lot`, named by addresses that are ours: the first byte of the word for who waits for
//! a writer to leave, the second for the writer that waits for readers.

use std::cell::Cell;
use std::time::Duration;

use super::{DRAINING, PARKED, READER, RawRwLock, WRITER};
use crate::sync::{FilterOp, Ordering, Spin, UnparkResult, park, unpark};

/// What parked threads wait for.
pub(crate) mod kind {
    pub(crate) const READ: usize = 0;
    pub(crate) const WRITE: usize = 1;
}

/// What threads that are woken are told.
pub(crate) mod pass {
    /// To try again.
    pub(crate) const NOTHING: usize = 0;
    /// That the readers among them have been let in.
    pub(crate) const READ: usize = 1;
    /// That it is the writer now.
    pub(crate) const WRITE: usize = 2;
}

/// How long a writer sleeps that waits for announced readers, at first and at most.
///
/// They wake it, but their look at the word is not ordered behind the store with which they leave. In the
/// nanoseconds before that store is visible both sides can miss each other; the writer looks again then.
pub(super) const NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(64);

impl RawRwLock {
    /// Spins, yields and then parks until readers have left. Returns whether it has parked.
    #[inline]
    pub(super) fn wait_for_readers(
        &self,
        have_left: impl Fn() -> bool,
        nap: Option<Duration>,
    ) -> bool {
        if have_left() {
            return false;
        }
        self.park_for_readers(&have_left, nap)
    }

    #[cold]
    fn park_for_readers(&self, have_left: &dyn Fn() -> bool, mut nap: Option<Duration>) -> bool {
        let mut spin = Spin::patient();
        while spin.spin() {
            if have_left() {
                return false;
            }
        }
        // Relaxed: a counted reader leaves by changing the same word, and looks at it after that. For announced
        // readers see `NAP`.
        self.word.fetch_or(DRAINING, Ordering::Relaxed);
        while !have_left() {
            // SAFETY: the second byte of the word is ours. Loads do not panic.
            unsafe { park(self.draining(), kind::WRITE, || !have_left(), nap) };
            nap = nap.map(|nap| LONGEST_NAP.min(nap * 2));
        }
        true
    }

    #[cold]
    pub(super) fn wake_draining(&self) {
        // SAFETY: the second byte of the word is ours; neither closure panics.
        unsafe { unpark(self.draining(), |_| FilterOp::Unpark, |_| pass::NOTHING) };
    }

    /// Parks until the writer of `word` is gone. Returns what this thread was passed.
    #[cold]
    pub(super) fn wait_for_writer(&self, word: usize, kind: usize) -> Option<usize> {
        if word & PARKED == 0 {
            let next = word | PARKED;
            // Relaxed: says nothing of the value.
            self.word
                .compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed)
                .ok()?;
        }
        // Otherwise nobody would wake us.
        let is_waited_for =
            || self.word.load(Ordering::Relaxed) & (WRITER | PARKED) == WRITER | PARKED;
        // SAFETY: the first byte of the word is ours. A load does not panic.
        unsafe { park(self.queue(), kind, is_waited_for, None) }
    }

    /// Wakes the readers at the head of the queue and the writer behind them, who will wake the next.
    ///
    /// If this thread is still the writer (`is_inside`), it leaves with that and leaves `bias` behind.
    /// From time to time it hands the lock over to whom it wakes, since a thread that comes by gets
    /// the lock before one that has to wake up.
    #[cold]
    pub(super) fn wake(&self, is_inside: bool, bias: usize) {
        let readers = Cell::new(0);
        let has_writer = Cell::new(false);
        let filter = |kind| {
            if has_writer.get() {
                return FilterOp::Stop;
            }
            if kind == kind::WRITE {
                has_writer.set(true);
            } else {
                readers.set(readers.get() + 1);
            }
            FilterOp::Unpark
        };
        let leave = |result: UnparkResult| {
            let parked = if result.have_more_threads { PARKED } else { 0 };
            if !is_inside {
                // Relaxed: says nothing of the value.
                self.word.fetch_and(!(PARKED ^ parked), Ordering::Relaxed);
                return pass::NOTHING;
            }
            // Not a lock that stays biased: announced readers are inside, whom nobody has waited for.
            let is_handed_over = result.be_fair && bias == 0;
            let (next, passed) = match (is_handed_over, readers.get()) {
                (false, _) => (bias, pass::NOTHING),
                (true, 0) => (WRITER, pass::WRITE),
                (true, readers) => (readers * READER, pass::READ),
            };
            // Release: what was written, for whoever gets in.
            self.word.store(next | parked, Ordering::Release);
            passed
        };
        // SAFETY: the first byte of the word is ours. Neither closure panics or parks.
        unsafe { unpark(self.queue(), filter, leave) };
    }

    /// Whether threads are in the queue.
    #[cfg(all(test, pivot_shuttle))]
    pub(crate) fn has_parked(&self) -> bool {
        crate::sync::has_parked(self.queue())
    }

    fn queue(&self) -> usize {
        (&raw const self.word).addr()
    }

    fn draining(&self) -> usize {
        self.queue() + 1
    }
}

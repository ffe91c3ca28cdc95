//! The guard of every recorded lock, around the guard of its library.

use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::ops::{Deref, DerefMut};

use crate::block::{Holder, Trace, Use};
use crate::handle::{Entered, Handle, Lent, Mode};
use crate::{clock, sync, threads, turns};

/// A recorded lock that is held, until it is dropped. Dereferences as the guard of the library does.
#[must_use = "the lock is given up at once if its guard is not used"]
pub struct Guard<G: Deref> {
    /// Dropped by `Drop`, or taken by `release`, which forgets the rest.
    inner: ManuallyDrop<G>,
    /// Of an acquisition that is recorded singly. Taken by `Drop`, `release`, `mapped` and `pause`. What is dropped by itself
    /// after `Drop` has taken it would keep the compiler from compiling the drop into the caller.
    trace: ManuallyDrop<Option<Box<Trace>>>,
    /// Where to say that the lock is left.
    inside: Option<Lent<Holder>>,
    has_written: bool,
    /// Whether the guard dereferences to the whole value.
    is_whole: bool,
    handle: Lent<Handle>,
}

impl<G: Deref> Guard<G> {
    #[inline(always)]
    pub(crate) fn new(inner: G, entered: Entered, handle: &Handle, mode: Mode) -> Self {
        Self {
            inner: ManuallyDrop::new(inner),
            trace: ManuallyDrop::new(entered.trace),
            inside: entered.inside.filter(|_| mode != Mode::Alone),
            has_written: mode == Mode::Write,
            is_whole: true,
            handle: Lent::new(handle),
        }
    }

    /// Ends the recording of this acquisition, and gives the guard of the library, and the handle.
    ///
    /// # Safety
    ///
    /// The lock is borrowed for as long as the handle is used.
    pub(crate) unsafe fn release<'a>(mut self) -> (G, &'a Handle) {
        self.pause();
        // SAFETY: it is not used again: `self` is forgotten.
        let inner = unsafe { ManuallyDrop::take(&mut self.inner) };
        // SAFETY: the caller promises that the lock is there.
        let handle = unsafe { self.handle.get() };
        mem::forget(self);
        (inner, handle)
    }

    /// Ends the recording of this acquisition, while the guard goes on to exist.
    pub(crate) fn pause(&mut self) {
        self.leave();
        if let Some(trace) = self.trace.take() {
            let how = how(&self.inner, &trace, self.whole(), self.has_written);
            record(&trace, how);
        }
    }

    /// Has the library give up a mutex for a call and take it again: a new acquisition at the call site.
    #[cfg(feature = "parking_lot")]
    #[track_caller]
    pub(crate) fn paused<R>(&mut self, call: impl FnOnce(&mut G) -> R) -> R {
        let site = std::panic::Location::caller();
        self.pause();
        let result = call(&mut self.inner);
        // SAFETY: the guard holds the lock again.
        let entered = unsafe { self.handle.get() }.enter_again(Mode::Alone, site);
        self.trace = ManuallyDrop::new(entered.trace);
        self.has_written = false;
        result
    }

    /// Gives up the guard of the library for another one: for a part of the value, or for the same as before.
    #[cfg(any(feature = "parking_lot", feature = "tokio"))]
    pub(crate) fn mapped<H: Deref>(mut self, is_part: bool, map: impl FnOnce(G) -> H) -> Guard<H> {
        // If `map` panics, the lock is given up.
        // SAFETY: a part of the lock, which the guard still holds, or of a block, which is never freed.
        let site = self.inside.and_then(|inside| unsafe { inside.get() }.get());
        self.leave();
        let (trace, inside) = (self.trace.take(), self.inside.take());
        let (handle, has_written) = (self.handle, self.has_written);
        let is_whole = self.is_whole && !is_part;
        // SAFETY: it is not used again: `self` is forgotten, and what else it has needs no drop.
        let inner = unsafe { ManuallyDrop::take(&mut self.inner) };
        mem::forget(self);
        let inner = map(inner);
        if let (Some(inside), Some(site)) = (inside, site) {
            // SAFETY: as above.
            unsafe { inside.get() }.set(site);
        }
        Guard {
            inner: ManuallyDrop::new(inner),
            trace: ManuallyDrop::new(trace),
            inside,
            has_written,
            is_whole,
            handle,
        }
    }

    /// The lock was taken by this task, whose turn it is.
    #[cfg(feature = "tokio")]
    pub(crate) fn in_task(mut self, task: u64) -> Self {
        let turn = turns::turn(task);
        if let Some(trace) = &mut *self.trace {
            trace.turn = turn;
        }
        self
    }

    /// The handle, if the guard dereferences to the whole value.
    #[inline(always)]
    fn whole(&self) -> Option<Lent<Handle>> {
        self.is_whole.then_some(self.handle)
    }

    #[inline(always)]
    fn leave(&mut self) {
        if let Some(holder) = self.inside {
            // SAFETY: a part of the lock, which the guard still holds, or of a block, which is never freed.
            unsafe { holder.get() }.leave();
        }
    }
}

/// What is known at the end, before the lock is given up.
fn how<G: Deref>(inner: &G, trace: &Trace, handle: Option<Lent<Handle>>, has_written: bool) -> Use {
    let closed = clock::now();
    let value: *const G::Target = &raw const **inner;
    // A panic while another one unwinds would abort: then nothing of the program's is called.
    let handle = handle.filter(|_| !std::thread::panicking());
    // SAFETY: the guard holds the lock.
    let record = handle.and_then(|handle| unsafe { handle.get() }.record());
    // SAFETY: the guard dereferences to the value of the record's lock, which is held.
    let length = record.and_then(|record| unsafe { record.look_at(value.cast()) });
    Use {
        closed,
        has_written,
        is_across_await: turns::has_passed(trace.turn),
        length,
        thread: 0,
    }
}

/// Ends an acquisition that is recorded singly: the clock is read, the lock given up, and then the rest is done. Takes
/// all by value, so that a guard that has not to be looked at in memory is kept in registers.
#[cold]
#[inline(never)]
#[allow(clippy::needless_pass_by_value, reason = "it is dropped here")]
fn finish<G: Deref>(inner: G, trace: Box<Trace>, handle: Option<Lent<Handle>>, has_written: bool) {
    let how = how(&inner, &trace, handle, has_written);
    drop(inner);
    record(&trace, how);
}

/// Adds what happened to the figures, with the thread.
fn record(trace: &Trace, how: Use) {
    // In a forked child a mutex of the recorder can be locked for ever.
    if !sync::is_recording() {
        return;
    }
    let place = threads::place();
    if let Some(place) = place {
        place.used(how.closed);
    }
    let thread = place.map_or(0, |place| place.number() as u32);
    trace.record(Use { thread, ..how });
}

impl<G: Deref> Drop for Guard<G> {
    #[inline(always)]
    fn drop(&mut self) {
        self.leave();
        // SAFETY: nothing uses it after this drop.
        let inner = unsafe { ManuallyDrop::take(&mut self.inner) };
        // SAFETY: as above.
        match unsafe { ManuallyDrop::take(&mut self.trace) } {
            None => drop(inner),
            Some(trace) => finish(inner, trace, self.whole(), self.has_written),
        }
    }
}

impl<G: Deref> Deref for Guard<G> {
    type Target = G::Target;

    #[inline(always)]
    fn deref(&self) -> &G::Target {
        &self.inner
    }
}

impl<G: DerefMut> DerefMut for Guard<G> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut G::Target {
        self.has_written = true;
        &mut self.inner
    }
}

impl<G: Deref + fmt::Debug> fmt::Debug for Guard<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.inner, f)
    }
}

impl<G: Deref + fmt::Display> fmt::Display for Guard<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.inner, f)
    }
}

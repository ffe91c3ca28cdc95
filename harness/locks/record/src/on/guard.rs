//! The guard of every recorded lock, around the guard of its library.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use crate::block::{Holder, Trace, Use};
use crate::handle::{Entered, Handle, Mode};
use crate::{clock, sync, threads, turns};

/// A recorded lock that is held, until it is dropped. Dereferences as the guard of the library does.
#[must_use = "the lock is given up at once if its guard is not used"]
pub struct Guard<G: Deref> {
    /// Dropped by `Drop`, or taken by `release`, which forgets the rest.
    inner: ManuallyDrop<G>,
    /// Of an acquisition that is recorded singly. Taken by `Drop`, `release`, `mapped` and `pause`. What is dropped by itself
    /// after `Drop` has taken it would keep the compiler from compiling the drop into the caller.
    trace: ManuallyDrop<Option<Box<Trace>>>,
    /// Where to say that the lock is left: a part of the lock, or of a block, which is never freed. Like `handle` no reference,
    /// since the lock lives until the guard of the library has given it up, and no longer for certain. It is not moved.
    inside: Option<NonNull<Holder>>,
    has_written: bool,
    /// Whether the guard dereferences to the whole value.
    is_whole: bool,
    handle: NonNull<Handle>,
}

// SAFETY: the pointers stand for references to what threads share.
unsafe impl<G: Deref + Send> Send for Guard<G> {}
// SAFETY: as above.
unsafe impl<G: Deref + Sync> Sync for Guard<G> {}

/// The handle, if the guard dereferences to the whole value.
type Whole = Option<NonNull<Handle>>;

impl<G: Deref> Guard<G> {
    #[inline(always)]
    pub(crate) fn new(inner: G, entered: Entered, handle: &Handle, mode: Mode) -> Self {
        Self {
            inner: ManuallyDrop::new(inner),
            trace: ManuallyDrop::new(entered.trace),
            inside: entered.inside.filter(|_| mode != Mode::Alone),
            has_written: mode == Mode::Write,
            is_whole: true,
            handle: NonNull::from(handle),
        }
    }

    /// Ends the recording of this acquisition, and gives the guard of the library, and the handle.
    ///
    /// # Safety
    ///
    /// The lock is borrowed for as long as the handle is used.
    pub(crate) unsafe fn release<'a>(mut self) -> (G, &'a Handle) {
        self.pause();
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: it is not used again.
        let inner = unsafe { ManuallyDrop::take(&mut guard.inner) };
        // SAFETY: the caller promises that the lock is there.
        (inner, unsafe { guard.handle.as_ref() })
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
    #[track_caller]
    pub(crate) fn paused<R>(&mut self, call: impl FnOnce(&mut G) -> R) -> R {
        let site = Location::caller();
        self.pause();
        let result = call(&mut self.inner);
        // SAFETY: the guard holds the lock again.
        let entered = unsafe { self.handle.as_ref() }.enter_again(Mode::Alone, site);
        self.trace = ManuallyDrop::new(entered.trace);
        self.has_written = false;
        result
    }

    /// Has the library let others read, too. Recorded as the end of the write, and a read at the call site.
    #[track_caller]
    pub(crate) fn downgraded<H: Deref>(self, downgrade: impl FnOnce(G) -> H) -> Guard<H> {
        let site = Location::caller();
        // SAFETY: the guard of the library borrows the lock.
        let (inner, handle) = unsafe { self.release() };
        handle.guard(Mode::Read, site, downgrade(inner))
    }

    /// Gives up the guard of the library for another one: for a part of the value, or for the same as before.
    pub(crate) fn mapped<H: Deref>(self, is_part: bool, map: impl FnOnce(G) -> H) -> Guard<H> {
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: the guard still holds the lock.
        let inside = guard.inside.map(|inside| unsafe { inside.as_ref() });
        let site = inside.and_then(Holder::get);
        // If `map` panics, the lock is given up.
        guard.leave();
        let trace = guard.trace.take();
        // SAFETY: it is not used again.
        let inner = map(unsafe { ManuallyDrop::take(&mut guard.inner) });
        if let Some(inside) = inside {
            inside.set(site);
        }
        Guard {
            inner: ManuallyDrop::new(inner),
            trace: ManuallyDrop::new(trace),
            inside: guard.inside,
            has_written: guard.has_written,
            is_whole: guard.is_whole && !is_part,
            handle: guard.handle,
        }
    }

    /// The lock was taken by this task, whose turn it is.
    pub(crate) fn in_task(mut self, task: u64) -> Self {
        let turn = turns::turn(task);
        if let Some(trace) = &mut *self.trace {
            trace.turn = turn;
        }
        self
    }

    #[inline(always)]
    fn whole(&self) -> Whole {
        self.is_whole.then_some(self.handle)
    }

    #[inline(always)]
    fn leave(&mut self) {
        if let Some(holder) = self.inside {
            // SAFETY: the guard still holds the lock.
            unsafe { holder.as_ref() }.set(None);
        }
    }
}

/// What is known at the end, before the lock is given up.
fn how<G: Deref>(inner: &G, trace: &Trace, handle: Whole, has_written: bool) -> Use {
    let closed = clock::now();
    let value: *const G::Target = &raw const **inner;
    // A panic while another one unwinds would abort: then nothing of the program's is called. Nor in a forked child.
    let handle = handle.filter(|_| sync::is_recording() && !std::thread::panicking());
    // SAFETY: the guard holds the lock.
    let record = handle.and_then(|handle| unsafe { handle.as_ref() }.record());
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
fn finish<G: Deref>(inner: G, trace: Box<Trace>, handle: Whole, has_written: bool) {
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
    let thread = threads::place().map_or(0, |place| {
        place.last.store(how.closed, Ordering::Relaxed);
        place.number.load(Ordering::Relaxed) as u32
    });
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

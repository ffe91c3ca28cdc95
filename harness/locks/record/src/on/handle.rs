//! What a recorded lock has beside the lock: where it was made, its record from the first use on, and counters.

use std::panic::{Location, UnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::beside::Beside;
use crate::block::{BETWEEN_TIMED, Block, Holder, Site, Trace, Wait};
use crate::clock;
use crate::record::{self, Family, Kind, Library, Record, Value};
use crate::{sync, threads, writer};

/// The part of a lock that records it. It begins a line of memory and leaves room on it for the lock's own word. What is guarded
/// begins the next line, if it is aligned to eight bytes: who waits looks at the word, and who is inside writes the value.
#[derive(Debug)]
#[repr(C)]
pub struct Handle {
    /// The record; before the first use where the lock was made, with [`MADE_AT`] added. Release, and the loads acquire: a
    /// record that is seen is complete.
    record: AtomicPtr<Record>,
    beside: Beside,
    apart: [u64; 1],
}

/// As the locks of the libraries, whatever they guard: what it refers to is behind atomics and mutexes.
impl UnwindSafe for Handle {}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(
    size_of::<Handle>() == 56,
    "the lock is not alone with its word on a line"
);

/// Tells the address of a place from that of a record. Both are even.
const MADE_AT: usize = 1;

/// A part of a lock, for a guard of it. The lock lives until the guard of the library has given it up, and is not moved.
#[derive(Debug)]
pub(crate) struct Lent<T>(NonNull<T>);

// SAFETY: it stands for a reference.
unsafe impl<T: Sync> Send for Lent<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Lent<T> {}

impl<T> Clone for Lent<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lent<T> {}

impl<T> Lent<T> {
    #[inline(always)]
    pub(crate) fn new(part: &T) -> Self {
        Self(NonNull::from(part))
    }

    /// # Safety
    ///
    /// The lock is held, or borrowed, for as long as the reference is used.
    #[inline(always)]
    pub(crate) unsafe fn get<'a>(self) -> &'a T {
        // SAFETY: made of a reference to a part of a lock, which the caller promises to be there.
        unsafe { self.0.as_ref() }
    }
}

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// As a mutex.
    Alone,
    Read,
    /// As a lock that can have several readers.
    Write,
}

/// An acquisition that was counted. Two words, so that it is returned in registers: what is returned in memory keeps the compiler
/// from having the guard in registers.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    /// Where it says that it leaves, unless it is of a mutex: who waits for a mutex waits for the last that took it.
    pub(crate) inside: Option<Lent<Holder>>,
    /// If it is recorded singly.
    pub(crate) trace: Option<Box<Trace>>,
}

/// A wait that has begun. If it is dropped before its end, it was given up, of a future or at a deadline, and is an attempt
/// that failed.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    /// None where nothing is recorded, and after the end.
    of: Option<(&'a Handle, &'static Record)>,
    mode: Mode,
    site: Site,
    began: u64,
    queue: u32,
    holder: Option<Site>,
}

impl Handle {
    /// Of a lock that is made by the caller.
    #[allow(
        clippy::cast_ptr_alignment,
        reason = "with `MADE_AT` it is not used as a record"
    )]
    #[track_caller]
    pub(crate) const fn new(library: Library, kind: Kind) -> Self {
        let made_at = ptr::from_ref(Location::caller()).cast_mut();
        let made_at = made_at.cast::<Record>();
        Self {
            record: AtomicPtr::new(made_at.wrapping_byte_add(MADE_AT)),
            beside: Beside::new(Family { library, kind }),
            apart: [0],
        }
    }

    #[inline(always)]
    pub(crate) fn record(&self) -> Option<&'static Record> {
        let record = self.record.load(Ordering::Acquire);
        let is_record = record.addr() & MADE_AT == 0;
        // SAFETY: a record of the registry, which never frees one.
        is_record.then(|| unsafe { &*record })
    }

    /// The record, which is made by the first use. None where nothing is recorded.
    pub(crate) fn registered(&self, value: Value) -> Option<&'static Record> {
        if !sync::is_recording() {
            return None;
        }
        if let Some(record) = self.record() {
            return Some(record);
        }
        writer::start();
        let mut registry = record::registry();
        let Some(made_at) = self.made_at() else {
            // Another thread has just registered it.
            return self.record();
        };
        let record = registry.register(self.beside.family, made_at, value);
        let address = ptr::from_ref(record).cast_mut();
        self.record.store(address, Ordering::Release);
        Some(record)
    }

    /// Where the lock was made, as long as it has no record.
    fn made_at(&self) -> Option<Site> {
        let at = self.record.load(Ordering::Acquire);
        let is_place = at.addr() & MADE_AT != 0;
        // SAFETY: made of a reference to a `Location` that lives as long as the program, and `MADE_AT`.
        is_place.then(|| unsafe { &*at.wrapping_byte_sub(MADE_AT).cast::<Location<'static>>() })
    }

    /// Counts an acquisition.
    #[inline(always)]
    pub(crate) fn enter(&self, mode: Mode, site: Site, value: Value) -> Entered {
        if mode == Mode::Read {
            let block = self.record().and_then(threads::block_at_hand);
            if let Some(block) = block.filter(|block| block.pass(site)) {
                let (inside, trace) = (Some(Lent::new(&block.holder)), None);
                return Entered { inside, trace };
            }
            return self.enter_slowly(mode, site, value);
        }
        let trace = if self.beside.pass(site) {
            None
        } else {
            self.enter_slowly(mode, site, value).trace
        };
        self.entered(trace)
    }

    #[cold]
    #[inline(never)]
    fn enter_slowly(&self, mode: Mode, site: Site, value: Value) -> Entered {
        let record = self.registered(value);
        record.map_or_else(Entered::default, |record| self.enter_in(mode, record, site))
    }

    /// Counts an acquisition by which another one goes on.
    pub(crate) fn enter_again(&self, mode: Mode, site: Site) -> Entered {
        if mode != Mode::Read && self.beside.pass(site) {
            return self.entered(None);
        }
        let record = self.record().filter(|_| sync::is_recording());
        record.map_or_else(Entered::default, |record| self.enter_in(mode, record, site))
    }

    #[inline(always)]
    fn entered(&self, trace: Option<Box<Trace>>) -> Entered {
        let inside = Some(Lent::new(&self.beside.holder));
        Entered { inside, trace }
    }

    /// Counts an acquisition, which may have to be timed. Several locks of one record have no countdown of their own.
    fn enter_in(&self, mode: Mode, record: &'static Record, site: Site) -> Entered {
        let Some(block) = block(mode, record) else {
            return Entered::default();
        };
        if mode == Mode::Read {
            let (trace, inside) = (block.enter(site), Some(Lent::new(&block.holder)));
            return Entered { inside, trace };
        }
        if record.is_merged {
            self.beside.holder.set(site);
            return self.entered(block.enter(site));
        }
        self.entered(self.beside.turn(block, site))
    }

    /// Begins a wait, after an attempt has failed.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, mode: Mode, site: Site, value: Value) -> Waiting<'_> {
        let of = self.registered(value).map(|record| (self, record));
        // Where nothing is recorded, the clock may not be there.
        let began = of.map_or(0, |_| clock::now_roughly());
        // A writer waits for readers or for a writer, a reader for a writer.
        let readers = of.filter(|(_, record)| mode == Mode::Write && !record.is_merged);
        let readers = readers.map_or_else(Vec::new, |(_, record)| record.of_threads());
        let reader = readers.iter().find_map(|block| block.holder.get());
        let holder = reader.or_else(|| self.beside.holder.get());
        let queue = of.map_or(0, |_| self.beside.wait());
        Waiting {
            of,
            mode,
            site,
            began,
            queue,
            holder,
        }
    }

    /// Counts an attempt that failed and was not followed by a wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&self, mode: Mode, site: Site, value: Value) {
        if let Some(record) = self.registered(value) {
            fail_in(mode, record, site);
        }
    }

    /// Counts an acquisition that found the lock poisoned.
    #[cold]
    pub(crate) fn poisoned(&self, value: Value) {
        if let Some(record) = self.registered(value) {
            record.poisoned.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many wait now.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u32 {
        self.beside.waiting()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(record) = self.record() else { return };
        // In a forked child a mutex of the recorder can be locked for ever.
        if sync::is_recording() && !record.is_merged {
            self.beside.settle_all(&record.exclusive);
        }
        record.drop_one();
    }
}

/// The block in which an acquisition is counted: of a reader, and of a lock that shares its record, that of the thread.
fn block(mode: Mode, record: &'static Record) -> Option<&'static Block> {
    if mode == Mode::Read || record.is_merged {
        threads::block(record)
    } else {
        Some(&record.exclusive)
    }
}

fn fail_in(mode: Mode, record: &'static Record, site: Site) {
    if let Some(block) = block(mode, record) {
        block.fail(site);
    }
}

impl Waiting<'_> {
    /// The wait is over.
    #[cold]
    #[inline(never)]
    pub(crate) fn end(mut self) -> Entered {
        let Some((handle, record)) = self.of.take() else {
            return Entered::default();
        };
        let ended = clock::now_roughly();
        handle.beside.stop_waiting();
        let mut entered = handle.enter_again(self.mode, self.site);
        if let Some(block) = block(self.mode, record) {
            if let Some(wait) = self.timed(handle, block, ended) {
                entered.trace = Some(block.waited(self.site, entered.trace.take(), wait));
            }
        }
        entered
    }

    /// The wait, if it is to be timed: if it was long, or if it is its turn. The lock is held meanwhile.
    fn timed(&self, handle: &Handle, block: &Block, ended: u64) -> Option<Wait> {
        let ns = clock::elapsed_ns(self.began, ended);
        let is_long = ns.is_some_and(|ns| u128::from(ns) >= BETWEEN_TIMED.as_nanos());
        let span = if is_long {
            1
        } else {
            let span = handle.beside.wait_to_time()?;
            if let Some(next) = block.next_wait(span) {
                handle.beside.next_wait(next);
            }
            span
        };
        Some(Wait {
            ns,
            queue: self.queue,
            holder: self.holder,
            span,
        })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some((handle, record)) = self.of.take() else {
            return;
        };
        handle.beside.stop_waiting();
        // In a forked child a mutex of the recorder can be locked for ever.
        if sync::is_recording() {
            fail_in(self.mode, record, self.site);
        }
    }
}

/// What the locks of all libraries have in common: their handle, and how they are made and shown.
macro_rules! recorded {
    ($library:ident, $new:ident: $($(#[$doc:meta])* $lock:ident,)*) => {$(
        $(#[$doc])*
        #[repr(C, align(64))]
        pub struct $lock<T: ?Sized> {
            handle: Handle,
            inner: bare::$lock<T>,
        }

        impl<T: ?Sized> crate::annotations::Recorded for $lock<T> {}

        impl<T> $lock<T> {
            /// A lock that is not held, also for a static.
            #[track_caller]
            pub const fn $new(value: T) -> Self {
                Self {
                    handle: Handle::new(Library::$library, Kind::$lock),
                    inner: bare::$lock::$new(value),
                }
            }
        }

        impl<T: ?Sized> crate::Lock for $lock<T> {
            type Value = T;

            fn handle(&self) -> &Handle {
                &self.handle
            }
        }

        impl<T: Default> Default for $lock<T> {
            #[track_caller]
            fn default() -> Self {
                Self::new(T::default())
            }
        }

        impl<T> From<T> for $lock<T> {
            #[track_caller]
            fn from(value: T) -> Self {
                Self::new(value)
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $lock<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    )*};
}
pub(crate) use recorded;

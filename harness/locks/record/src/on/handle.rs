//! What a recorded lock has beside the lock: where it was made, its record from the first use on, and counters.

use std::panic::{Location, UnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::beside::Beside;
use crate::block::{BETWEEN_TIMED, Block, Holder, Site, Trace, Wait};
use crate::clock;
use crate::record::{Family, REGISTRY, Record, Value};
use crate::{sync, threads, writer};

/// The part of a lock that records it. It begins a line of memory and leaves room on it for the lock's own word. What is guarded
/// begins the next line, if it is aligned to eight bytes: who waits looks at the word, and who is inside writes the value.
#[derive(Debug)]
#[repr(C)]
pub struct Handle {
    /// The record; before the first use where the lock was made, with [`MADE_AT`] added. Release, and the loads acquire: a
    /// record that is seen is complete.
    record: AtomicPtr<Record>,
    pub(crate) beside: Beside,
    family: &'static Family,
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
    pub(crate) inside: Option<NonNull<Holder>>,
    /// If it is recorded singly.
    pub(crate) trace: Option<Box<Trace>>,
}

/// A wait that has begun. If it is dropped before its end, it was given up, of a future or at a deadline, and is an attempt
/// that failed.
pub(crate) struct Waiting<'a> {
    /// None where nothing is recorded, and after the end.
    of: Option<(&'a Handle, &'static Record)>,
    mode: Mode,
    site: Site,
    began: u64,
    queue: u32,
    holder: Option<Site>,
}

impl Entered {
    #[inline(always)]
    fn new(inside: &Holder, trace: Option<Box<Trace>>) -> Self {
        let inside = Some(NonNull::from(inside));
        Self { inside, trace }
    }
}

impl Handle {
    /// Of a lock that is made by the caller.
    #[allow(
        clippy::cast_ptr_alignment,
        reason = "with `MADE_AT` it is not used as a record"
    )]
    #[track_caller]
    pub(crate) const fn new(family: &'static Family) -> Self {
        let made_at = ptr::from_ref(Location::caller()).cast_mut();
        let made_at = made_at.cast::<Record>();
        Self {
            record: AtomicPtr::new(made_at.wrapping_byte_add(MADE_AT)),
            beside: Beside::new(),
            family,
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
        let mut registry = sync::lock(&REGISTRY);
        let at = self.record.load(Ordering::Acquire);
        if at.addr() & MADE_AT == 0 {
            // Another thread has just registered it.
            return self.record();
        }
        // SAFETY: made of a reference to a `Location` that lives as long as the program, and `MADE_AT`.
        let made_at = unsafe { &*at.wrapping_byte_sub(MADE_AT).cast::<Location<'static>>() };
        let record = registry.register(self.family, made_at, value);
        let address = ptr::from_ref(record).cast_mut();
        self.record.store(address, Ordering::Release);
        Some(record)
    }

    /// Counts an acquisition.
    #[inline(always)]
    pub(crate) fn enter(&self, mode: Mode, site: Site, value: Value) -> Entered {
        if mode == Mode::Read {
            let block = self.record().and_then(threads::block_at_hand);
            if let Some(block) = block.filter(|block| block.pass(site)) {
                return Entered::new(&block.holder, None);
            }
            return self.enter_slowly(mode, site, value);
        }
        let trace = if self.beside.pass(site) {
            None
        } else {
            self.enter_slowly(mode, site, value).trace
        };
        Entered::new(&self.beside.holder, trace)
    }

    /// Counts an acquisition by which another one goes on.
    pub(crate) fn enter_again(&self, mode: Mode, site: Site) -> Entered {
        // It has a record, where anything is recorded.
        self.enter(mode, site, Value::new::<()>(0))
    }

    /// Counts an acquisition, which may have to be timed. Several locks of one record have no countdown of their own.
    #[cold]
    #[inline(never)]
    fn enter_slowly(&self, mode: Mode, site: Site, value: Value) -> Entered {
        let enter = || {
            let record = self.registered(value)?;
            let block = block(mode, record)?;
            if mode == Mode::Read {
                let trace = block.enter(site);
                return Some(Entered::new(&block.holder, trace));
            }
            let trace = if record.is_merged {
                self.beside.holder.set(Some(site));
                block.enter(site)
            } else {
                self.beside.turn(block, site)
            };
            Some(Entered::new(&self.beside.holder, trace))
        };
        enter().unwrap_or_default()
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
        Waiting {
            of,
            mode,
            site,
            began,
            queue: of.map_or(0, |_| self.beside.wait()),
            holder: reader.or_else(|| self.beside.holder.get()),
        }
    }

    /// Counts an attempt that failed and was not followed by a wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&self, mode: Mode, site: Site, value: Value) {
        let record = self.registered(value);
        if let Some(block) = record.and_then(|record| block(mode, record)) {
            block.fail(site);
        }
    }

    /// Counts an acquisition that found the lock poisoned.
    #[cold]
    pub(crate) fn poisoned(&self, value: Value) {
        if let Some(record) = self.registered(value) {
            record.poisoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(record) = self.record() else { return };
        // In a forked child a mutex of the recorder can be locked for ever.
        if sync::is_recording() && !record.is_merged {
            self.beside.settle_all(&record.exclusive);
        }
        // Relaxed: a count, which a snapshot shows and nobody relies on.
        if record.alive.fetch_sub(1, Ordering::Relaxed) == 1 {
            record.dropped.store(clock::now(), Ordering::Relaxed);
        }
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
        // A forked child may go on with a future of its parent. There a mutex of the recorder can be locked for ever.
        let is_recording = sync::is_recording();
        let block = is_recording.then(|| block(self.mode, record)).flatten();
        if let Some(block) = block {
            if let Some(wait) = self.timed(handle, block, ended) {
                entered.trace = Some(block.waited(self.site, entered.trace, wait));
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
        if let Some((handle, _)) = self.of.take() {
            handle.beside.stop_waiting();
            handle.fail(self.mode, self.site, Value::new::<()>(0));
        }
    }
}

/// What the locks of all libraries have in common: their handle, and how they are made and shown.
macro_rules! recorded {
    (
        $(#[$doc:meta])*
        $lock:ident: $library:literal, is_rwlock: $is_rwlock:literal,
        $($($const:ident)? ($new:ident)),* as $bare:ident, $owned:ty, $borrowed:ty
    ) => {
        $(#[$doc])*
        #[repr(C, align(64))]
        pub struct $lock<T: ?Sized> {
            handle: Handle,
            inner: bare::$lock<T>,
        }

        impl<T> $lock<T> {
            $(
                /// A lock that is not held.
                #[track_caller]
                pub $($const)? fn $new(value: T) -> Self {
                    let handle = Handle::new(&Family { library: $library, is_rwlock: $is_rwlock });
                    Self { handle, inner: bare::$lock::$bare(value) }
                }
            )*

            /// The value.
            ///
            /// # Errors
            ///
            /// Of std only: if the lock is poisoned, with the value.
            pub fn into_inner(self) -> $owned {
                self.inner.into_inner()
            }
        }

        impl<T: ?Sized> $lock<T> {
            /// The value, which nobody else refers to. Not an acquisition.
            ///
            /// # Errors
            ///
            /// Of std only: if the lock is poisoned, with the value.
            pub fn get_mut(&mut self) -> $borrowed {
                self.inner.get_mut()
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
    };
}
pub(crate) use recorded;

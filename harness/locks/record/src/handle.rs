//! What a recorded lock has beside the lock: where it was made, its record from the first use on, and counters.

use std::panic::{Location, UnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::beside::Beside;
use crate::block::{BETWEEN_TIMED, Block, Holder, Site, Trace, Wait};
use crate::clock;
use crate::record::{Family, FindKeys, Length, Record, Value};
use crate::sync::lock;
use crate::{threads, writer};

/// The part of a lock that records it. With a lock of a word and a value of eight bytes it fills a line of memory, on which the
/// locks of this crate begin.
#[derive(Debug)]
pub struct Handle {
    /// The record; before the first use where the lock was made, with [`MADE_AT`] added. Release, and the loads acquire: a
    /// record that is seen is complete.
    record: AtomicPtr<Record>,
    beside: Beside,
}

/// As the locks of the libraries, whatever they guard: what it refers to is behind atomics and mutexes.
impl UnwindSafe for Handle {}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(
    size_of::<Handle>() == 48,
    "not one line with a lock and a value"
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

/// An acquisition that was counted, of a lock that can have several readers. Two words, so that it is returned in registers:
/// what is returned in memory keeps the compiler from having the guard in registers.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    /// Where it says that it leaves. Who waits for a mutex waits for the last that took it.
    pub(crate) inside: Option<Lent<Holder>>,
    /// If it is recorded singly.
    pub(crate) trace: Option<Box<Trace>>,
}

/// A wait that has begun. If it is dropped before its end, it was given up: of a future, or at a deadline.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    /// None where nothing is recorded, and after the end.
    of: Option<(&'a Handle, &'static Record)>,
    site: Site,
    began: u64,
    queue: u32,
    holder: Option<Site>,
}

impl Handle {
    #[allow(
        clippy::cast_ptr_alignment,
        reason = "with `MADE_AT` it is not used as a record"
    )]
    pub(crate) const fn new(made_at: &'static Location<'static>, family: Family) -> Self {
        let made_at = ptr::from_ref(made_at).cast_mut().cast::<Record>();
        Self {
            record: AtomicPtr::new(made_at.wrapping_byte_add(MADE_AT)),
            beside: Beside::new(family),
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
        if !writer::is_recording() {
            return None;
        }
        if let Some(record) = self.record() {
            return Some(record);
        }
        writer::start();
        let Some(made_at) = self.made_at() else {
            // Another thread has just registered it.
            return self.record();
        };
        let publish = |record: &'static Record| {
            let record = ptr::from_ref(record).cast_mut();
            self.record.store(record, Ordering::Release);
        };
        let record = Record::register(
            self.beside.family,
            made_at,
            value,
            || self.record(),
            publish,
        );
        Some(record)
    }

    /// Where the lock was made, as long as it has no record.
    fn made_at(&self) -> Option<Site> {
        let at = self.record.load(Ordering::Acquire);
        let is_place = at.addr() & MADE_AT != 0;
        // SAFETY: made of a reference to a `Location` that lives as long as the program, and `MADE_AT`.
        is_place.then(|| unsafe { &*at.wrapping_byte_sub(MADE_AT).cast::<Location<'static>>() })
    }

    /// Counts an acquisition of a mutex.
    #[inline(always)]
    pub(crate) fn enter(&self, site: Site, value: Value) -> Option<Box<Trace>> {
        if self.beside.pass(site) {
            return None;
        }
        self.enter_slowly(site, value)
    }

    #[cold]
    #[inline(never)]
    fn enter_slowly(&self, site: Site, value: Value) -> Option<Box<Trace>> {
        self.enter_in(self.registered(value)?, site)
    }

    /// Counts an acquisition of a mutex by which another one goes on.
    pub(crate) fn enter_again(&self, site: Site) -> Option<Box<Trace>> {
        if self.beside.pass(site) {
            return None;
        }
        self.enter_in(self.recording()?, site)
    }

    /// Counts an acquisition to write of a lock that can have several readers.
    #[inline(always)]
    pub(crate) fn enter_write(&self, site: Site, value: Value) -> Entered {
        self.entered(self.enter(site, value))
    }

    /// Counts an acquisition to write by which another one goes on.
    #[cfg(feature = "parking_lot")]
    pub(crate) fn enter_write_again(&self, site: Site) -> Entered {
        self.entered(self.enter_again(site))
    }

    #[inline(always)]
    fn entered(&self, trace: Option<Box<Trace>>) -> Entered {
        let inside = Some(Lent::new(&self.beside.holder));
        Entered { inside, trace }
    }

    /// Counts an acquisition to read.
    #[inline(always)]
    pub(crate) fn enter_read(&self, site: Site, value: Value) -> Entered {
        let block = self.record().and_then(threads::block_at_hand);
        if let Some(block) = block.filter(|block| block.pass(site)) {
            let (inside, trace) = (Some(Lent::new(&block.holder)), None);
            return Entered { inside, trace };
        }
        self.enter_read_slowly(site, value)
    }

    #[cold]
    #[inline(never)]
    fn enter_read_slowly(&self, site: Site, value: Value) -> Entered {
        self.registered(value)
            .map_or_else(Entered::default, |record| enter_read_in(record, site))
    }

    /// Counts an acquisition to read by which another one goes on.
    #[cfg(any(feature = "parking_lot", feature = "tokio"))]
    pub(crate) fn enter_read_again(&self, site: Site) -> Entered {
        self.recording()
            .map_or_else(Entered::default, |record| enter_read_in(record, site))
    }

    /// The record, where something is recorded.
    fn recording(&self) -> Option<&'static Record> {
        self.record().filter(|_| writer::is_recording())
    }

    /// Counts an acquisition by who is alone inside, which may have to be timed. Several locks of one record have no countdown of
    /// their own.
    fn enter_in(&self, record: &'static Record, site: Site) -> Option<Box<Trace>> {
        let block = alone(record)?;
        if record.is_merged {
            self.beside.holder.set(site);
            return block.enter(site);
        }
        self.beside.turn(block, site)
    }

    /// Begins a wait, after an attempt has failed.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, site: Site, value: Value, is_read: bool) -> Waiting<'_> {
        let of = self.registered(value).map(|record| (self, record));
        // Where nothing is recorded, the clock may not be there.
        let began = of.map_or(0, |_| clock::now_roughly());
        // A writer waits for readers or for a writer, a reader for a writer.
        let is_of_readers = self.beside.family.is_rwlock && !is_read;
        let readers = of.filter(|(_, record)| is_of_readers && !record.is_merged);
        let readers = readers.map_or_else(Vec::new, |(_, record)| record.of_threads());
        let reader = readers.iter().find_map(|block| block.holder.get());
        let holder = reader.or_else(|| self.beside.holder.get());
        let queue = of.map_or(0, |_| self.beside.wait());
        Waiting {
            of,
            site,
            began,
            queue,
            holder,
        }
    }

    /// Counts an attempt that failed and was not followed by a wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&self, site: Site, value: Value, is_read: bool) {
        let block = self.registered(value).and_then(|record| {
            if is_read {
                threads::block(record)
            } else {
                alone(record)
            }
        });
        if let Some(block) = block {
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

    /// How many wait now.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u32 {
        self.beside.waiting()
    }

    pub(crate) fn name(&self, value: Value, name: &str) {
        if let Some(record) = self.registered(value) {
            *lock(&record.name) = Some(name.to_owned());
        }
    }

    /// Tells how to see the length of the value. `length` is for values of the type that this lock guards.
    pub(crate) fn length(&self, value: Value, length: Length) {
        if let Some(record) = self.registered(value) {
            let _ = record.length.set(length);
        }
    }

    /// Tells where the keys of the value are. `find` is for values of the type that this lock guards.
    pub(crate) fn keys(&self, value: Value, find: FindKeys) {
        if let Some(record) = self.registered(value) {
            let _ = record.find_keys.set(find);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(record) = self.record() else { return };
        // In a forked child a mutex of the recorder can be locked for ever.
        if writer::is_recording() && !record.is_merged {
            self.beside.settle_all(record.own());
        }
        record.drop_one();
    }
}

fn enter_read_in(record: &'static Record, site: Site) -> Entered {
    let Some(block) = threads::block(record) else {
        return Entered::default();
    };
    let trace = block.enter(site);
    let inside = Some(Lent::new(&block.holder));
    Entered { inside, trace }
}

/// The block of who holds a lock alone.
fn alone(record: &'static Record) -> Option<&'static Block> {
    if record.is_merged {
        threads::block(record)
    } else {
        Some(record.own())
    }
}

impl Waiting<'_> {
    /// The wait of who is alone inside is over: for a mutex.
    #[cold]
    #[inline(never)]
    pub(crate) fn end(mut self) -> Option<Box<Trace>> {
        let (handle, record) = self.of.take()?;
        let ended = clock::now_roughly();
        handle.beside.stop_waiting();
        let trace = handle.enter_again(self.site);
        self.timed(handle, alone(record), trace, ended)
    }

    /// The wait of a writer is over.
    pub(crate) fn end_write(self) -> Entered {
        let handle = self.of.map(|(handle, _)| handle);
        let trace = self.end();
        handle.map_or_else(Entered::default, |handle| handle.entered(trace))
    }

    /// The wait of a reader is over.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_read(mut self) -> Entered {
        let Some((handle, record)) = self.of.take() else {
            return Entered::default();
        };
        let ended = clock::now_roughly();
        handle.beside.stop_waiting();
        let Entered { inside, trace } = enter_read_in(record, self.site);
        let trace = self.timed(handle, threads::block(record), trace, ended);
        Entered { inside, trace }
    }

    /// With the wait, if it is to be timed: if it was long, or if it is its turn. The lock is held meanwhile.
    fn timed(
        &self,
        handle: &Handle,
        block: Option<&'static Block>,
        trace: Option<Box<Trace>>,
        ended: u64,
    ) -> Option<Box<Trace>> {
        let Some(block) = block else { return trace };
        let ns = clock::elapsed_ns(self.began, ended);
        let span = if ns.is_some_and(|ns| u128::from(ns) >= BETWEEN_TIMED.as_nanos()) {
            1
        } else {
            let Some(span) = handle.beside.wait_to_time() else {
                return trace;
            };
            if let Some(next) = block.next_wait(span) {
                handle.beside.next_wait(next);
            }
            span
        };
        let wait = Wait {
            ns,
            queue: self.queue,
            holder: self.holder,
            span,
        };
        Some(block.waited(self.site, trace, wait))
    }
}

impl Drop for Waiting<'_> {
    /// Also of a future that is dropped while it waits.
    fn drop(&mut self) {
        if let Some((handle, _)) = self.of.take() {
            handle.beside.stop_waiting();
        }
    }
}

/// What the locks of all libraries have in common: their handle, and how they are made and shown.
macro_rules! as_any_lock {
    ($($lock:ident),*) => {$(
        impl<T: ?Sized> crate::annotations::Recorded for $lock<T> {}

        impl<T: ?Sized> crate::Lock for $lock<T> {
            type Value = T;

            fn handle(&self) -> &crate::handle::Handle {
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
pub(crate) use as_any_lock;

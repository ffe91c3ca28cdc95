//! What a recorded lock has beside the lock: where it was made, and its record from the first use on.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::block::{Block, Site, Trace};
use crate::clock;
use crate::record::{Family, FindKeys, Length, Record, Value};
use crate::sync::lock;
use crate::{threads, writer};

/// The part of a lock that records it.
#[derive(Debug)]
pub struct Handle {
    /// Null before the first use. Release, and the loads acquire: a record that is seen is complete.
    record: AtomicPtr<Record>,
    made_at: Site,
    family: &'static Family,
}

/// An acquisition that was counted, of a lock that can have several readers. Two words, so that it is returned in registers:
/// what is returned in memory keeps the compiler from having the guard in registers.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    /// Where it says that it leaves. Who waits for a mutex waits for the last that took it.
    pub(crate) inside: Option<&'static Block>,
    /// If it is recorded singly.
    pub(crate) trace: Option<Box<Trace>>,
}

/// A wait that has begun. If it is dropped before its end, it was given up: of a future, or at a deadline.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// None where nothing is recorded, and after the end.
    of: Option<(&'static Record, Box<Trace>)>,
    site: Site,
    began: u64,
}

impl Handle {
    pub(crate) const fn new(made_at: &'static Location<'static>, family: &'static Family) -> Self {
        Self {
            record: AtomicPtr::new(ptr::null_mut()),
            made_at,
            family,
        }
    }

    #[inline(always)]
    pub(crate) fn record(&self) -> Option<&'static Record> {
        let record = self.record.load(Ordering::Acquire);
        // SAFETY: null, or a record of the registry, which never frees one.
        unsafe { record.as_ref() }
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
        let publish = |record: &'static Record| {
            let record = ptr::from_ref(record).cast_mut();
            self.record.store(record, Ordering::Release);
        };
        let record = Record::register(self.family, self.made_at, value, || self.record(), publish);
        Some(record)
    }

    /// Counts an acquisition of a mutex. Returns the record, too, which need not be loaded twice then.
    #[inline(always)]
    pub(crate) fn enter(
        &self,
        site: Site,
        value: Value,
    ) -> (Option<Box<Trace>>, Option<&'static Record>) {
        let record = self.record();
        if record.is_some_and(|record| record.own().pass(site)) {
            return (None, record);
        }
        let trace = self.enter_slowly(site, value);
        (trace, self.record())
    }

    #[cold]
    #[inline(never)]
    fn enter_slowly(&self, site: Site, value: Value) -> Option<Box<Trace>> {
        enter_in(self.registered(value), alone, site).trace
    }

    /// Counts an acquisition to write of a lock that can have several readers.
    #[inline(always)]
    pub(crate) fn enter_write(
        &self,
        site: Site,
        value: Value,
    ) -> (Entered, Option<&'static Record>) {
        let record = self.record();
        let own = record.map(Record::own);
        if own.is_some_and(|own| own.pass(site)) {
            let (inside, trace) = (own, None);
            return (Entered { inside, trace }, record);
        }
        let entered = self.enter_write_slowly(site, value);
        (entered, self.record())
    }

    #[cold]
    #[inline(never)]
    fn enter_write_slowly(&self, site: Site, value: Value) -> Entered {
        enter_in(self.registered(value), alone, site)
    }

    /// Counts an acquisition to read.
    #[inline(always)]
    pub(crate) fn enter_read(
        &self,
        site: Site,
        value: Value,
    ) -> (Entered, Option<&'static Record>) {
        let record = self.record();
        let inside = record.and_then(threads::block_at_hand);
        if inside.is_some_and(|block| block.pass(site)) {
            let trace = None;
            return (Entered { inside, trace }, record);
        }
        let entered = self.enter_read_slowly(site, value);
        (entered, self.record())
    }

    #[cold]
    #[inline(never)]
    fn enter_read_slowly(&self, site: Site, value: Value) -> Entered {
        enter_in(self.registered(value), threads::block, site)
    }

    /// Begins a wait, after an attempt has failed.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, site: Site, value: Value, is_read: bool) -> Waiting {
        wait(self.registered(value), site, is_read)
    }

    /// Counts an attempt that failed and was not followed by a wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&self, site: Site, value: Value, is_read: bool) {
        if let Some(record) = self.registered(value) {
            let block = if is_read {
                threads::block(record)
            } else {
                alone(record)
            };
            if let Some(block) = block {
                block.fail(site);
            }
        }
    }

    /// Counts an acquisition that found the lock poisoned.
    #[cold]
    pub(crate) fn poisoned(&self, value: Value) {
        poisoned(self.registered(value));
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
        if let Some(record) = self.record() {
            record.drop_one();
        }
    }
}

/// Begins a wait for the lock of a record, after an attempt has failed.
#[cold]
#[inline(never)]
pub(crate) fn wait(record: Option<&'static Record>, site: Site, is_read: bool) -> Waiting {
    let began = clock::now_roughly();
    let record = record.filter(|_| writer::is_recording());
    let of = record.map(|record| {
        // A writer waits for readers or for a writer, a reader for a writer.
        let readers = if is_read || record.is_merged {
            Vec::new()
        } else {
            record.of_threads()
        };
        let reader = readers.iter().find_map(|block| block.holder());
        let holder = reader.or_else(|| record.own().holder());
        (record, record.own().wait(holder))
    });
    Waiting { of, site, began }
}

/// Counts an acquisition of a mutex whose record is known.
pub(crate) fn enter_again(record: Option<&'static Record>, site: Site) -> Option<Box<Trace>> {
    enter_in(record, alone, site).trace
}

/// Counts an acquisition to read by which another one goes on.
#[cfg(any(feature = "parking_lot", feature = "tokio"))]
pub(crate) fn enter_read_again(record: Option<&'static Record>, site: Site) -> Entered {
    enter_in(record, threads::block, site)
}

/// Counts an acquisition to write by which another one goes on.
#[cfg(feature = "parking_lot")]
pub(crate) fn enter_write_again(record: Option<&'static Record>, site: Site) -> Entered {
    enter_in(record, alone, site)
}

fn enter_in(
    record: Option<&'static Record>,
    block: impl FnOnce(&'static Record) -> Option<&'static Block>,
    site: Site,
) -> Entered {
    let inside = record.filter(|_| writer::is_recording()).and_then(block);
    let trace = inside.and_then(|block| block.enter(site));
    Entered { inside, trace }
}

/// Counts an acquisition that found the lock of a record poisoned.
pub(crate) fn poisoned(record: Option<&'static Record>) {
    if let Some(record) = record {
        record.poisoned.fetch_add(1, Ordering::Relaxed);
    }
}

/// The block of who holds a lock alone.
fn alone(record: &'static Record) -> Option<&'static Block> {
    if record.is_merged {
        threads::block(record)
    } else {
        Some(record.own())
    }
}

impl Waiting {
    /// The wait for a mutex is over.
    #[cold]
    #[inline(never)]
    pub(crate) fn end(self) -> Option<Box<Trace>> {
        self.end_alone().trace
    }

    /// The wait of a writer is over.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_write(self) -> Entered {
        self.end_alone()
    }

    /// The wait of a reader is over.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_read(self) -> Entered {
        self.end_in(|record| {
            record.shared().stop_waiting();
            threads::block(record)
        })
    }

    fn end_alone(self) -> Entered {
        self.end_in(|record| {
            if record.is_merged {
                record.shared().stop_waiting();
            } else {
                record.own().serve();
            }
            alone(record)
        })
    }

    fn end_in(mut self, block: impl FnOnce(&'static Record) -> Option<&'static Block>) -> Entered {
        let ended = clock::now_roughly();
        let Some((record, mut trace)) = self.of.take() else {
            return Entered::default();
        };
        trace.waited(clock::elapsed_ns(self.began, ended));
        let Some(block) = block(record) else {
            return Entered::default();
        };
        block.enter_after(self.site, &mut trace);
        Entered {
            inside: Some(block),
            trace: Some(trace),
        }
    }
}

impl Drop for Waiting {
    /// Also of a future that is dropped while it waits.
    fn drop(&mut self) {
        if let Some((record, _)) = self.of.take() {
            record.shared().stop_waiting();
        }
    }
}

/// What the locks of all libraries have in common: their handle, and how they are made and shown.
macro_rules! as_any_lock {
    ($($lock:ident),*) => {$(
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

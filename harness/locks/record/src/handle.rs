//! What a recorded lock has beside the lock: where it was made, and its record from the first use on.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::block::{Block, Site, Trace, Wait};
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
    family: Family,
}

/// An acquisition of a lock that several can hold, or that has a waiting side that wants to know who is inside.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    /// Where the acquisition is known as the holder, if it has to say that it leaves.
    pub(crate) inside: Option<&'static Block>,
    pub(crate) trace: Option<Trace>,
}

/// A wait that has begun. If it is dropped, the wait was given up: of a future, or at a deadline.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// None where nothing is recorded.
    record: Option<&'static Record>,
    site: Site,
    began: u64,
    queue: u32,
    holder: Option<Site>,
}

impl Handle {
    pub(crate) const fn new(made_at: &'static Location<'static>, family: Family) -> Self {
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

    /// Counts an acquisition of a lock that is held alone.
    #[inline(always)]
    pub(crate) fn enter(&self, site: Site, value: Value) -> Option<Trace> {
        if let Some(record) = self.record() {
            if record.own().pass(site) {
                return None;
            }
        }
        self.enter_slowly(site, value)
    }

    #[cold]
    #[inline(never)]
    fn enter_slowly(&self, site: Site, value: Value) -> Option<Trace> {
        let record = self.registered(value)?;
        alone(record)?.enter(site)
    }

    /// Counts an acquisition to write of a lock that can have several readers.
    #[inline(always)]
    pub(crate) fn enter_write(&self, site: Site, value: Value) -> Entered {
        let trace = self.enter(site, value);
        let record = self.record();
        Entered {
            inside: record.map(Record::own),
            trace,
        }
    }

    /// Counts an acquisition to read.
    #[inline(always)]
    pub(crate) fn enter_read(&self, site: Site, value: Value) -> Entered {
        if let Some(record) = self.record() {
            if let Some(block) = threads::block_at_hand(record) {
                if block.pass(site) {
                    return Entered {
                        inside: Some(block),
                        trace: None,
                    };
                }
            }
        }
        self.enter_read_slowly(site, value)
    }

    #[cold]
    #[inline(never)]
    fn enter_read_slowly(&self, site: Site, value: Value) -> Entered {
        let record = self.registered(value);
        let Some(block) = record.and_then(threads::block) else {
            return Entered::default();
        };
        Entered {
            inside: Some(block),
            trace: block.enter(site),
        }
    }

    /// Begins a wait, after an attempt has failed.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, site: Site, value: Value, is_read: bool) -> Waiting {
        let Some(record) = self.registered(value) else {
            return Waiting {
                record: None,
                site,
                began: 0,
                queue: 0,
                holder: None,
            };
        };
        // A writer waits for readers or for a writer, a reader for a writer.
        let readers = if is_read || record.is_merged {
            Vec::new()
        } else {
            record.of_threads()
        };
        let reader = readers.iter().find_map(|block| block.holder());
        // Relaxed: a number for a statistic.
        let queue = record.shared().waiting.fetch_add(1, Ordering::Relaxed) + 1;
        Waiting {
            record: Some(record),
            site,
            began: clock::now(),
            queue,
            holder: reader.or_else(|| record.own().holder()),
        }
    }

    /// Counts an attempt that failed and was not followed by a wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&self, site: Site, value: Value, is_read: bool) {
        if let Some(record) = self.registered(value) {
            let block = if is_read { threads::block(record) } else { alone(record) };
            if let Some(block) = block {
                block.fail(site);
            }
        }
    }

    /// Counts an acquisition that found the lock poisoned.
    #[cold]
    pub(crate) fn poisoned(&self, value: Value) {
        if let Some(record) = self.registered(value) {
            record.poisoned.fetch_add(1, Ordering::Relaxed);
        }
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

/// The block of who holds a lock alone.
fn alone(record: &'static Record) -> Option<&'static Block> {
    if record.is_merged {
        threads::block(record)
    } else {
        Some(record.own())
    }
}

impl Waiting {
    /// The wait for a lock that is held alone is over.
    pub(crate) fn end(self) -> Option<Trace> {
        self.end_in(alone)?.trace
    }

    /// The wait of a writer is over.
    pub(crate) fn end_write(self) -> Entered {
        self.end_in(alone).unwrap_or_default()
    }

    /// The wait of a reader is over.
    pub(crate) fn end_read(self) -> Entered {
        self.end_in(threads::block).unwrap_or_default()
    }

    fn end_in(
        self,
        block: impl FnOnce(&'static Record) -> Option<&'static Block>,
    ) -> Option<Entered> {
        let ns = clock::elapsed_ns(self.began, clock::now());
        let block = block(self.record?)?;
        let trace = match ns {
            Some(ns) => {
                let (queue, holder) = (self.queue, self.holder);
                block.enter_after(self.site, Wait { ns, queue, holder })
            }
            None => block.enter(self.site),
        };
        Some(Entered {
            inside: Some(block),
            trace,
        })
    }
}

impl Drop for Waiting {
    /// Also of a future that is dropped while it waits.
    fn drop(&mut self) {
        if let Some(record) = self.record {
            record.shared().waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

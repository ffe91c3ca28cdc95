//! The records of all locks: what a lock is, and the blocks in which its uses are counted.
//!
//! Records and blocks are never freed: threads and snapshots refer to them without asking. There are at most
//! [`PER_SITE`] for the locks that are made at one place, and one more for all further ones together.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::block::{Block, Shared, Site};
use crate::keys::Keys;
use crate::sync::lock;

/// Locks made at one place that have records of their own. The shards of one table are not more, usually.
const PER_SITE: u32 = 64;

/// Records of all locks together, apart from those that stand for all further ones made at a place.
const IN_ALL: usize = 4096;

/// Which lock of which library a lock is.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) library: &'static str,
    pub(crate) is_rwlock: bool,
}

/// What a lock guards. Two words, so that it is passed in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) bytes: usize,
}

impl Value {
    /// Of a value of so many bytes: 0 if it cannot be looked at now.
    #[inline(always)]
    pub(crate) fn new<T: ?Sized>(bytes: usize) -> Self {
        Self {
            type_name: std::any::type_name::<T>,
            bytes,
        }
    }
}

/// The length of a value whose type is not known here.
pub(crate) type Length = Box<dyn Fn(*const ()) -> usize + Send + Sync>;

/// Finds the keys in a value whose type is not known here.
pub(crate) type FindKeys = Box<dyn Fn(*const ()) -> Arc<Keys> + Send + Sync>;

/// A lock, or the locks made at one place beyond those that have records of their own.
#[repr(C)]
pub(crate) struct Record {
    /// For who holds the lock alone, through what stands beside the lock. Not used where several locks have one record.
    pub(crate) exclusive: Block,
    pub(crate) family: &'static Family,
    pub(crate) made_at: Site,
    pub(crate) value: Value,
    /// Whether it stands for several locks, so that each thread needs a block.
    pub(crate) is_merged: bool,
    /// When the last lock was dropped, in ticks; 0 before.
    pub(crate) dropped: AtomicU64,
    pub(crate) instances: AtomicU64,
    pub(crate) alive: AtomicU64,
    pub(crate) poisoned: AtomicU64,
    pub(crate) name: Mutex<Option<String>>,
    pub(crate) length: OnceLock<Length>,
    pub(crate) find_keys: OnceLock<FindKeys>,
    pub(crate) keys: OnceLock<Arc<Keys>>,
    /// The blocks of threads, by the places of the threads.
    of_threads: Mutex<BTreeMap<usize, &'static Block>>,
}

pub(crate) struct Registry {
    /// In the order of their first use.
    pub(crate) records: Vec<&'static Record>,
    /// By where they are made: how many have records of their own, and the record of the others.
    sites: BTreeMap<usize, (u32, Option<&'static Record>)>,
}

/// All records, to look at or to add one.
pub(crate) static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    records: Vec::new(),
    sites: BTreeMap::new(),
});

impl Registry {
    /// The record of a lock that is used for the first time.
    pub(crate) fn register(
        &mut self,
        family: &'static Family,
        made_at: Site,
        value: Value,
    ) -> &'static Record {
        let site = self.sites.entry(ptr::from_ref(made_at) as usize);
        let (count, merged) = site.or_default();
        if let Some(merged) = merged {
            merged.instances.fetch_add(1, Ordering::Relaxed);
            merged.alive.fetch_add(1, Ordering::Relaxed);
            return merged;
        }
        let is_merged = *count >= PER_SITE || self.records.len() >= IN_ALL;
        let shared = Box::leak(Box::new(Shared::new()));
        let record = &*Box::leak(Box::new(Record {
            exclusive: Block::new(shared),
            family,
            made_at,
            value,
            is_merged,
            dropped: AtomicU64::new(0),
            instances: AtomicU64::new(1),
            alive: AtomicU64::new(1),
            poisoned: AtomicU64::new(0),
            name: Mutex::new(None),
            length: OnceLock::new(),
            find_keys: OnceLock::new(),
            keys: OnceLock::new(),
            of_threads: Mutex::new(BTreeMap::new()),
        }));
        self.records.push(record);
        if is_merged {
            *merged = Some(record);
        } else {
            *count += 1;
        }
        record
    }
}

impl Record {
    /// The block of the thread at a place, which is made if there is none.
    pub(crate) fn of_thread(&self, place: usize) -> &'static Block {
        let new = || &*Box::leak(Box::new(Block::new(self.exclusive.shared)));
        lock(&self.of_threads).entry(place).or_insert_with(new)
    }

    /// The blocks of threads: of readers, or of the holders of several locks.
    pub(crate) fn of_threads(&self) -> Vec<&'static Block> {
        lock(&self.of_threads).values().copied().collect()
    }

    /// The length of its value, if it can be told.
    ///
    /// # Safety
    ///
    /// `value` is the address of the value that a lock of this record guards, whose type is that of the lock that
    /// `length` and `find_keys` were given for, and the lock is held.
    pub(crate) unsafe fn look_at(&self, value: *const ()) -> Option<usize> {
        // A merged record has locks of one place, but generic code makes locks of several types at one place.
        if self.is_merged {
            return None;
        }
        if let Some(find) = self.find_keys.get() {
            self.keys.get_or_init(|| find(value));
        }
        self.length.get().map(|length| length(value))
    }
}

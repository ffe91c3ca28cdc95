//! The algorithm of Go's `sync.Map`, as it stood until Go 1.23: a map to read without a lock and a
//! map to change under one, sharing their entries.
//!
//! The `read` map never gains or loses a key, so readers walk it freely. New keys go to the `dirty`
//! map, under the lock. `dirty` holds every key of `read` as well, except the expunged ones, so
//! *promoting* it (making it the read map) is one pointer store. The first new key after a promotion
//! *rebuilds* it, at the price of a walk over `read`.
//!
//! What an entry may point to, and who may change that, is in `entry`.
//!
//! # What holds whenever nobody has the lock
//!
//! - *All in one*: while `read.amended` is false there is no dirty map, and `read` holds every record.
//! - *Dead for good*: an entry in neither map is null or expunged, and stays so. Entries leave the maps in
//!   two ways only. A promotion leaves out what the last rebuild expunged; to the dirty map return only
//!   expunged entries that are still in `read`. And a removal from the dirty map nulls the entry before it
//!   gives the lock up; such an entry has never been in a read map, and the entries that are brought back to
//!   life are those of a read map or, under the lock, of the dirty map.
//!
//! # Linearizability
//!
//! A write takes effect at its compare-and-swap; an insert of a new key, when `dirty` gets it. A read
//! that finds a live record takes effect at its load of the slot: an entry that is in neither map is
//! dead, so this one was in a map, as the one of its key. A read that finds none does so when `amended`
//! was loaded as false, or under the lock, or when the slot was not live; in the last case the entry may
//! have been replaced by another since it was found, but not before, so at some instant in between the
//! key was absent.
//!
//! That is the argument for one key. For several keys it holds on x86-64, where no load passes an earlier
//! compare-and-swap of its thread. Elsewhere it may not: a handle looks for a newer read map with a relaxed
//! load, which is arc-swap's, and loads `amended` relaxed. On `AArch64` a thread that has changed one key may
//! then miss a key that was inserted before. If the inserting thread has also read the first key as it was
//! before the change, no order of the operations agrees with both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, Cache};
use contract::{
    AfterDeadThread, AfterPanic, Handle, IdMap, ProcessId, Profile, Reclamation, Record,
    Reentrancy, ScanConsistency, Strategy, WriteCost, id_map,
};
use crossbeam_utils::CachePadded;
use entry::{Entry, Slot};
use parking_lot::Mutex;

mod entry;
#[cfg(all(test, not(pivot_loom)))]
mod tests;

/// `hybrid/sync-map`: the read map and dirty map of Go's `sync.Map`.
#[derive(Debug)]
pub struct SyncMap<R> {
    /// Stored only with `dirty` locked.
    read: CachePadded<ArcSwap<KeyMap<R>>>,
    dirty: CachePadded<Mutex<Dirty<R>>>,
    /// What every expunged entry points to, so that expunging allocates nothing.
    expunged: Arc<Slot<R>>,
}

/// A map whose keys do not change any more once it is the read map.
#[derive(Debug)]
struct KeyMap<R> {
    entries: IdMap<Arc<Entry<R>>>,
    /// Whether `dirty` has keys that are missing here. Goes from false to true once, under the lock.
    ///
    /// Relaxed everywhere: it guards no memory, it sends the reader to the lock, and the lock orders
    /// the rest. A reader that sees false runs before the insert that it thereby misses; one that
    /// knows of that insert (it happens before) cannot see false.
    amended: AtomicBool,
}

/// What the lock protects.
#[derive(Debug)]
struct Dirty<R> {
    /// The next read map, in its final place already: a promotion, which may be a reader's, moves a
    /// pointer and allocates nothing. Not shared before.
    next: Option<Arc<KeyMap<R>>>,
    /// Look-ups since the last promotion that needed the lock.
    misses: usize,
}

impl<R> KeyMap<R> {
    fn with_capacity(keys: usize) -> Self {
        Self {
            entries: id_map(keys),
            amended: AtomicBool::new(false),
        }
    }

    #[inline]
    fn is_amended(&self) -> bool {
        self.amended.load(Ordering::Relaxed)
    }
}

impl<R> Dirty<R> {
    /// The dirty map. There is one whenever the read map is amended, or has an expunged entry: a rebuild makes
    /// both so, and the promotion that ends it replaces that read map.
    fn entries(&mut self) -> &mut IdMap<Arc<Entry<R>>> {
        let next = self.next.as_mut().expect("there is a dirty map");
        &mut Arc::get_mut(next)
            .expect("not shared before it is promoted")
            .entries
    }

    /// Makes the dirty map anew from the read map, leaving out what has been deleted.
    fn rebuild(&mut self, read: &KeyMap<R>, expunged: &Arc<Slot<R>>) {
        let mut next = KeyMap::with_capacity(read.entries.len() + 1);
        for (&id, entry) in &read.entries {
            if !entry.expunge_if_deleted(expunged) {
                next.entries.insert(id, Arc::clone(entry));
            }
        }
        self.next = Some(Arc::new(next));
        read.amended.store(true, Ordering::Relaxed);
    }

    /// Counts a look-up that needed the lock. When the misses have cost as much as copying the map
    /// would, the dirty map is promoted.
    fn miss(&mut self, table: &SyncMap<R>) {
        self.misses += 1;
        if self.misses >= self.entries().len() {
            self.promote(table);
        }
    }

    /// Makes the dirty map the read map. The old one goes with the last handle that remembers it;
    /// ours does, so it is not freed under the lock.
    fn promote(&mut self, table: &SyncMap<R>) {
        if let Some(next) = self.next.take() {
            table.read.store(next);
            self.misses = 0;
        }
    }
}

impl<R: Record> Strategy<R> for SyncMap<R> {
    const PROFILE: Profile = Profile {
        library: "own",
        avoid_when: "new identifiers keep coming: each round of them copies the map under the lock",
        scan_consistency: ScanConsistency::Weak,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsOneVersion,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        reclamation: Reclamation::LastReference,
        write_cost: WriteCost::CopiesRecord,
        ..Profile::locked(
            "hybrid/sync-map",
            "Go's sync.Map: known keys without a lock, new keys under one",
        )
    };
    type Handle<'s> = SyncMapHandle<'s, R>;

    /// The first keys go to the dirty map, so that is what gets the room.
    fn with_capacity(processes: usize) -> Self {
        let empty = KeyMap::with_capacity(0);
        empty.amended.store(true, Ordering::Relaxed);
        let dirty = Dirty {
            next: Some(Arc::new(KeyMap::with_capacity(processes))),
            misses: 0,
        };
        Self {
            read: CachePadded::new(ArcSwap::from_pointee(empty)),
            dirty: CachePadded::new(Mutex::new(dirty)),
            expunged: Arc::new(Slot::Expunged),
        }
    }

    fn handle(&self) -> SyncMapHandle<'_, R> {
        SyncMapHandle {
            table: self,
            read: Cache::new(&self.read),
        }
    }
}

/// A thread's access to a [`SyncMap`]: the read map as it last saw it.
///
/// Checking that it is still the current one is a load and a comparison, as cheap as Go's load of the
/// pointer. While a handle holds a map its address cannot be used again, so equal means current.
#[derive(Debug)]
pub struct SyncMapHandle<'s, R> {
    table: &'s SyncMap<R>,
    read: Cache<&'s ArcSwap<KeyMap<R>>, Arc<KeyMap<R>>>,
}

impl<R: Record> Handle<R> for SyncMapHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let read = self.read.load();
        match read.entries.get(&id) {
            Some(entry) => entry.read(f),
            None if read.is_amended() => self.find_locked(id)?.read(f),
            None => None,
        }
    }

    /// Go's `Swap`.
    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let record = Arc::new(Slot::Live(record));
        if let Some(entry) = self.read.load().entries.get(&id)
            && let Ok(displaced) = entry.swap(&record)
        {
            return displaced;
        }
        self.insert_locked(id, &record)
    }

    /// Go's `CompareAndSwap`, until it succeeds.
    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let read = self.read.load();
        match read.entries.get(&id) {
            Some(entry) => entry.apply(&event),
            None if read.is_amended() => self.find_locked(id)?.apply(&event),
            None => None,
        }
    }

    /// Go's `LoadAndDelete`.
    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let read = self.read.load();
        match read.entries.get(&id) {
            Some(entry) => entry.delete(),
            None if read.is_amended() => self.remove_locked(id),
            None => None,
        }
    }

    /// Go's `Range`: it looks at every key anyway, so it promotes the dirty map instead of copying.
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        if self.read.load().is_amended() {
            self.promote_locked();
        }
        for (&id, entry) in &self.read.load().entries {
            entry.read(|record| visit(id, record));
        }
    }
}

/// The slow paths. Each looks at the read map once more under the lock: the dirty map may have been
/// promoted while we waited for it, and with it our key.
impl<R: Record> SyncMapHandle<'_, R> {
    /// The entry of `id`, wherever it is.
    ///
    /// The caller uses it without the lock. If the entry is taken out of the maps meanwhile, it is dead for
    /// good, which tells the caller that the key was absent at some instant of the call.
    #[cold]
    fn find_locked(&mut self, id: ProcessId) -> Option<Arc<Entry<R>>> {
        let mut dirty = self.table.dirty.lock();
        let read = self.read.load();
        if let Some(entry) = read.entries.get(&id) {
            return Some(Arc::clone(entry));
        }
        if !read.is_amended() {
            return None;
        }
        let entry = dirty.entries().get(&id).cloned();
        // Found or not: this key takes the slow path until the promotion.
        dirty.miss(self.table);
        entry
    }

    #[cold]
    fn insert_locked(&mut self, id: ProcessId, record: &Arc<Slot<R>>) -> Option<R> {
        let mut dirty = self.table.dirty.lock();
        let read = self.read.load();
        if let Some(entry) = read.entries.get(&id) {
            if entry.unexpunge(&self.table.expunged) {
                dirty.entries().insert(id, Arc::clone(entry));
            }
            return entry.swap(record).expect("expunged only under the lock");
        }
        if !read.is_amended() {
            dirty.rebuild(read, &self.table.expunged);
        }
        if let Some(entry) = dirty.entries().get(&id) {
            return entry.swap(record).expect("the dirty map has none expunged");
        }
        let entry = Entry::new(Arc::clone(record));
        dirty.entries().insert(id, Arc::new(entry));
        None
    }

    #[cold]
    fn remove_locked(&mut self, id: ProcessId) -> Option<R> {
        let mut dirty = self.table.dirty.lock();
        let read = self.read.load();
        if let Some(entry) = read.entries.get(&id) {
            return entry.delete();
        }
        if !read.is_amended() {
            return None;
        }
        // Deleted under the lock, and not after it as in Go: whoever found the entry earlier and uses it
        // now without the lock must find it dead, or would write to it with nobody to see that.
        let removed = dirty.entries().remove(&id).and_then(|entry| entry.delete());
        dirty.miss(self.table);
        removed
    }

    #[cold]
    fn promote_locked(&mut self) {
        let mut dirty = self.table.dirty.lock();
        if self.read.load().is_amended() {
            dirty.promote(self.table);
        }
    }
}

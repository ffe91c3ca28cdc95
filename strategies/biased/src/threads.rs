//! Where threads say which locks they read: a few entries each, on lines that nobody else writes.
//!
//! Threads have entries and locks have none, so a lock costs no more memory than its few words, and a
//! thread pays once for all locks. A record is claimed by the first read of a thread that could use it,
//! given back when the thread ends, and never freed: there are as many as there were threads at once.

use std::cell::Cell;
use std::ptr;

use crate::barrier;
use crate::sync::{
    AtomicBool, AtomicPtr, AtomicUsize, Ordering, array, const_fn, global, per_thread, store_load,
};

/// Locks that one thread can read by announcement at once, if they have different entries.
const ENTRIES: usize = 4;

/// Threads that need no allocation: 64 records of 128 bytes are part of the program's zeroed memory.
const RECORDS: usize = if cfg!(all(test, any(pivot_loom, pivot_shuttle))) {
    3
} else {
    64
};

/// Set in an entry while its thread reads, or finds out whether it may. Identifiers are even.
const ACTIVE: usize = 1;

/// What names a lock in the entries, for ever: addresses are used again, and locks move. Even, and 0
/// until a lock is first biased.
pub(crate) type LockId = usize;

/// A place where one thread announces that it reads one lock.
pub(crate) struct Entry {
    /// The lock that is read, or was read last, and [`ACTIVE`]. Written by the owner only.
    lock: AtomicUsize,
    /// Reads of that lock since it was last settled. Written by the owner while it is active, and by
    /// a writer of the lock after it has waited for the owner.
    reads: AtomicUsize,
}

impl Entry {
    const_fn! {
        fn new() -> Self {
            Self {
                lock: AtomicUsize::new(0),
                reads: AtomicUsize::new(0),
            }
        }
    }

    /// Announces a read of `lock`.
    ///
    /// Sequentially consistent, as the load of the lock's bias that has to follow is: the partners
    /// are the change of the bias and the loads in [`Entry::is_reading`].
    #[inline]
    pub(crate) fn announce(&self, lock: LockId) {
        self.lock.swap(lock | ACTIVE, Ordering::SeqCst);
        store_load();
    }

    /// Announces a read of a `lock` whose next writer has a barrier for it.
    ///
    /// Release: what was read of another lock by this entry before comes before what a writer of that lock writes
    /// who finds this announcement in its place: the load in [`Entry::is_reading`].
    #[inline]
    pub(crate) fn announce_lightly(&self, lock: LockId) {
        self.lock.store(lock | ACTIVE, Ordering::Release);
        barrier::light();
    }

    /// Whether this thread, the owner, has read `lock` last and reads nothing by this entry now.
    #[inline]
    pub(crate) fn is_ready(&self, lock: LockId) -> bool {
        self.lock.load(Ordering::Relaxed) == lock
    }

    /// Whether this thread, the owner, reads `lock`.
    #[inline]
    pub(crate) fn is_active(&self, lock: LockId) -> bool {
        self.lock.load(Ordering::Relaxed) == lock | ACTIVE
    }

    /// Counts the read that was announced. Returns how many there were since it was last settled.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        let reads = self.reads.load(Ordering::Relaxed).wrapping_add(1);
        self.reads.store(reads, Ordering::Relaxed);
        reads
    }

    /// Ends the read of `lock`.
    ///
    /// Release: pairs with the load in [`Entry::is_reading`]. What was read comes before what is
    /// written.
    #[inline]
    pub(crate) fn leave(&self, lock: LockId) {
        self.lock.store(lock, Ordering::Release);
    }

    /// Whether the owner reads `lock`, for a thread that has revoked its bias.
    ///
    /// Sequentially consistent against a store that is not seen, with [`Entry::announce`]; acquire
    /// pairs with [`Entry::leave`], and with [`Entry::announce_lightly`] of another lock.
    pub(crate) fn is_reading(&self, lock: LockId) -> bool {
        self.lock.load(Ordering::SeqCst) == lock | ACTIVE
    }

    /// Takes the number of reads since the last time, if `lock` is what was read here last. For the
    /// writer of `lock`, after the owner has left.
    pub(crate) fn settle(&self, lock: LockId) -> usize {
        if self.lock.load(Ordering::Relaxed) != lock {
            return 0;
        }
        let reads = self.reads.load(Ordering::Relaxed);
        self.reads.store(0, Ordering::Relaxed);
        reads
    }
}

/// The entries of one thread. On a pair of lines of its own, which processors fetch together.
#[repr(align(128))]
pub(crate) struct Record {
    entries: [Entry; ENTRIES],
    /// For each entry, the locks that have lost it to another lock since they were last settled: a bit each. Set by
    /// the owner, taken by a writer of the lock. More locks than bits share them.
    displaced: [AtomicUsize; ENTRIES],
    is_owned: AtomicBool,
}

impl Record {
    const_fn! {
        fn new() -> Self {
            Self {
                entries: array![Entry::new(); ENTRIES],
                displaced: array![AtomicUsize::new(0); ENTRIES],
                is_owned: AtomicBool::new(false),
            }
        }
    }

    /// The only entry for `lock`: locks that were first biased one after the other have different ones.
    #[inline]
    pub(crate) fn entry(&self, lock: LockId) -> &Entry {
        &self.entries[lock / 2 % ENTRIES]
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where the bit is that says that `lock` has lost its entry, and the bit.
    fn displaced(&self, lock: LockId) -> (&AtomicUsize, usize) {
        let bit = lock / 2 / ENTRIES % usize::BITS as usize;
        (&self.displaced[lock / 2 % ENTRIES], 1 << bit)
    }

    /// Whether `lock`, or one that shares its bit, has lost its entry since this was last asked: then reads of it
    /// went by that are not counted. For the writer of `lock`.
    pub(crate) fn take_displaced(&self, lock: LockId) -> bool {
        let (displaced, bit) = self.displaced(lock);
        // Relaxed: a hint, as the number of reads is.
        let is_set = displaced.load(Ordering::Relaxed) & bit != 0;
        if is_set {
            displaced.fetch_and(!bit, Ordering::Relaxed);
        }
        is_set
    }

    /// That entry, ready for the next read of `lock`, unless this thread reads by it already.
    pub(crate) fn prepare(&self, lock: LockId) -> Option<&Entry> {
        let entry = self.entry(lock);
        // Relaxed: the entry is this thread's own.
        let last = entry.lock.load(Ordering::Relaxed);
        if last & ACTIVE != 0 {
            return None;
        }
        if last != lock {
            let (displaced, bit) = self.displaced(last);
            // Relaxed: a hint. Looked at first: where locks take turns, it is set already.
            if last != 0 && displaced.load(Ordering::Relaxed) & bit == 0 {
                displaced.fetch_or(bit, Ordering::Relaxed);
            }
            entry.reads.store(0, Ordering::Relaxed);
        }
        Some(entry)
    }

    /// The only entry that is used of a record for one lock.
    #[inline]
    pub(crate) fn first(&self) -> &Entry {
        &self.entries[0]
    }

    /// Takes possession of a record that has no owner.
    fn claim(&self) -> bool {
        // Acquire: pairs with the release of the last owner, whose entries become ours.
        !self.is_owned.load(Ordering::Relaxed) && !self.is_owned.swap(true, Ordering::Acquire)
    }

    /// Gives the record back, if nothing is read through it any more.
    pub(crate) fn release(&self) -> bool {
        let is_active = |entry: &Entry| entry.lock.load(Ordering::Relaxed) & ACTIVE != 0;
        if self.entries.iter().any(is_active) {
            return false;
        }
        self.is_owned.store(false, Ordering::Release);
        true
    }
}

/// Records side by side, and the next ones.
pub(crate) struct Block {
    records: [Record; RECORDS],
    /// Records that were ever claimed are before it.
    used: AtomicUsize,
    next: AtomicPtr<Block>,
}

impl Block {
    const_fn! {
        fn new() -> Self {
            Self {
                records: array![Record::new(); RECORDS],
                used: AtomicUsize::new(0),
                next: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// The block after this one.
    ///
    /// Sequentially consistent, as are the loads and changes of `used`: a record that was claimed
    /// before a read was announced is found by a writer that has to find the read.
    fn next(&self) -> Option<&'static Block> {
        let next = self.next.load(Ordering::SeqCst);
        // SAFETY: null, or a block that `grow` leaked; the load acquires what it was made of.
        unsafe { next.as_ref() }
    }

    /// The block after this one, which is made if there is none.
    fn grow(&self) -> &'static Block {
        if let Some(next) = self.next() {
            return next;
        }
        let made = Box::into_raw(Box::new(Block::new()));
        let put =
            self.next
                .compare_exchange(ptr::null_mut(), made, Ordering::SeqCst, Ordering::SeqCst);
        match put {
            // SAFETY: made above, and nobody frees a block that was put.
            Ok(_) => unsafe { &*made },
            Err(other) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: another thread has put and leaked it.
                unsafe { &*other }
            }
        }
    }

    fn claim(&'static self) -> &'static Record {
        let mut block = self;
        loop {
            if let Some(at) = block.records.iter().position(Record::claim) {
                block.used.fetch_max(at + 1, Ordering::SeqCst);
                return &block.records[at];
            }
            block = block.grow();
        }
    }
}

global!(FIRST: Block);

/// The records of all threads that could be reading.
pub(crate) fn all() -> impl Iterator<Item = &'static Record> {
    let first: &'static Block = &FIRST;
    std::iter::successors(Some(first), |block| block.next()).flat_map(|block| {
        let used = block.used.load(Ordering::SeqCst);
        &block.records[..used]
    })
}

/// Whether a thread reads `lock` by announcement: see [`Entry::is_reading`].
pub(crate) fn any_is_reading(lock: LockId) -> bool {
    all()
        .flat_map(Record::entries)
        .any(|entry| entry.is_reading(lock))
}

/// Claims a record, until it is released.
///
/// Nothing is locked by the caller yet: the time to get ready for barriers, which takes milliseconds once.
pub(crate) fn claim() -> &'static Record {
    barrier::prepare();
    let record = FIRST.claim();
    for entry in &record.entries {
        entry.reads.store(0, Ordering::Relaxed);
    }
    record
}

per_thread!(CURRENT: Cell<Option<&'static Record>> = Cell::new(None));
per_thread!(REGISTRATION: Registration = Registration);

/// The record of this thread, if it has used one.
#[inline]
pub(crate) fn current() -> Option<&'static Record> {
    CURRENT.try_with(Cell::get).unwrap_or(None)
}

/// The record of this thread, which has none until now. None while the thread is ending.
#[cold]
pub(crate) fn register() -> Option<&'static Record> {
    REGISTRATION
        .try_with(|_| {
            let record = claim();
            CURRENT.with(|current| current.set(Some(record)));
            record
        })
        .ok()
}

/// Gives the record of a thread back when the thread ends.
struct Registration;

impl Drop for Registration {
    fn drop(&mut self) {
        // A thread can end while it reads: with a guard in a later destructor, or forgotten. It keeps its
        // record then, for ever.
        let _ = CURRENT.try_with(|current| {
            if current.get().is_some_and(Record::release) {
                current.set(None);
            }
        });
    }
}

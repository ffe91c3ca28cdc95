//! A reader-biased lock after BRAVO (Dice and Kogan, "BRAVO - Biased Locking for Reader-Writer
//! Locks", USENIX ATC 2019).
//!
//! An ordinary reader-writer lock makes every reader write to the lock word. While a lock is
//! *biased*, a reader writes to a slot of its own instead, and a writer pays for both: it takes the
//! lock, switches the bias off (revokes it) and waits until every slot is clear.
//!
//! | `biased` | slot of a reader | meaning |
//! |---|---|---|
//! | false | false | readers take the lock |
//! | true | false | readers may use their slots; this one is not reading |
//! | true | true | reading, or about to find out whether it may |
//! | false | true | reading since before the revocation, or about to notice it and step back |
//!
//! # Why a reader and a writer cannot meet
//!
//! The reader stores its slot, fences, loads `biased`; the writer stores `biased`, fences, loads the
//! slot. Both fences are `SeqCst`, so one comes first.
//! - *The reader's comes first.* Then the writer's scan sees the slot set, or a later value of it.
//!   If set, it waits; if later, the reader has cleared it, with release, and the scan's acquire
//!   puts all that was read before all that will be written.
//! - *The writer's comes first.* Then the reader loads the writer's `false`, or a later value. On
//!   `false` it clears its slot and takes the lock. Later can only be a `true` from a slow reader
//!   that held the lock after this writer; it was stored with release and is loaded with acquire, so
//!   everything the writer changed is visible.
//!
//! Nothing weaker does: store-then-load on both sides is the one pattern that acquire and release
//! leave open.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use contract::{Handle, IdMap, ProcessId, Profile, Record, Reentrancy, Strategy, id_map};
use crossbeam_utils::CachePadded;

use support::sync::{AtomicBool, Backoff, Ordering, RwLock, UnsafeCell, fence, now};

#[cfg(all(test, pivot_loom))]
mod models;
#[cfg(all(test, not(pivot_loom)))]
mod tests;

/// How long the bias stays off after a revocation, in multiples of what the revocation took. With
/// 9, revoking costs a writer at most a tenth of the time that passes.
const INHIBITION: u32 = 9;

/// Slow reads of one reader per look at the clock, less one. The original looks on each.
const PATIENCE: u32 = if cfg!(pivot_loom) { 0 } else { 15 };

/// A value behind a reader-biased reader-writer lock.
///
/// Reads go through a [`Reader`], one per thread; writes need no registration.
///
/// ```
/// let lock = hybrid::BiasedLock::new(1);
/// let mut reader = lock.reader();
/// assert_eq!(reader.read(|&value| value), 1);
/// lock.write(|value| *value += 1);
/// assert_eq!(reader.read(|&value| value), 2);
/// ```
pub struct BiasedLock<T> {
    /// Whether readers may use their slots. Set while the lock is held for reading, cleared while it
    /// is held for writing. On a line of its own: every reader reads it, slow readers write the lock.
    biased: CachePadded<AtomicBool>,
    /// The underlying lock. Writers hold it exclusively, slow readers share it.
    lock: CachePadded<RwLock<Bias>>,
    /// Read with the lock shared or a slot set under bias, written with the lock held exclusively
    /// and the bias revoked.
    value: UnsafeCell<T>,
}

/// What the underlying lock itself protects.
struct Bias {
    /// The bias stays off until then.
    inhibited_until: Option<Instant>,
    /// The slot of every [`Reader`] alive: where a revoking writer looks.
    slots: Vec<Arc<Slot>>,
}

impl Bias {
    fn allows_bias(&self, at: Instant) -> bool {
        self.inhibited_until.is_none_or(|until| at >= until)
    }
}

/// One reader's visibility: `true` while it reads without the lock. Alone in its cache lines, so that
/// fast readers share nothing that anyone writes. Set and cleared by its owner only.
type Slot = CachePadded<AtomicBool>;

// SAFETY: `&BiasedLock<T>` gives `&T` to many threads at once (`T: Sync`) and `&mut T` to one thread
// at a time, which may move the value out or drop it there (`T: Send`). The exclusion of the two is
// argued in the header of this module. All other fields are `Sync` themselves.
unsafe impl<T: Send + Sync> Sync for BiasedLock<T> {}

impl<T> BiasedLock<T> {
    /// An unlocked, unbiased lock: the first read switches the bias on.
    pub fn new(value: T) -> Self {
        Self {
            biased: CachePadded::new(AtomicBool::new(false)),
            lock: CachePadded::new(RwLock::new(Bias {
                inhibited_until: None,
                slots: Vec::new(),
            })),
            value: UnsafeCell::new(value),
        }
    }

    /// Registers a reader. Takes the underlying lock, and does not revoke the bias.
    ///
    /// A writer that revokes later finds the new slot, and a reader that registers later finds the
    /// bias revoked: the lock orders the two.
    pub fn reader(&self) -> Reader<'_, T> {
        let slot = Arc::new(CachePadded::new(AtomicBool::new(false)));
        self.lock.write().slots.push(Arc::clone(&slot));
        Reader {
            lock: self,
            slot,
            patience: 0,
        }
    }

    /// Calls `f` with exclusive access to the value.
    #[inline(always)]
    pub fn write<U>(&self, f: impl FnOnce(&mut T) -> U) -> U {
        let mut bias = self.lock.write();
        // Relaxed: every store to `biased` is made with the lock held, so the lock orders it.
        if self.biased.load(Ordering::Relaxed) {
            self.revoke(&mut bias);
        }
        // SAFETY: the lock is held exclusively until `bias` is dropped, so no slow reader and no
        // other writer is here. `biased` is false and only a slow reader could set it, so no fast
        // reader is here either: whoever was has been waited for by the last revocation, and whoever
        // comes steps back (see the header).
        self.value.with_mut(|value| f(unsafe { &mut *value }))
    }

    /// Switches the bias off and waits for the readers that still rely on it.
    #[cold]
    fn revoke(&self, bias: &mut Bias) {
        let began = now();
        // Relaxed: the fence orders it before the scan; its partner is the fence in `Reader::enter`.
        self.biased.store(false, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        for slot in &bias.slots {
            let backoff = Backoff::new();
            // Acquire: pairs with the release in `Visible::drop`; that read happens before our write.
            while slot.load(Ordering::Acquire) {
                backoff.snooze();
            }
        }
        let finished = now();
        bias.inhibited_until = Some(finished + (finished - began) * INHIBITION);
    }
}

impl<T: fmt::Debug> fmt::Debug for BiasedLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BiasedLock")
            .field("biased", &self.biased.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}

/// One thread's way to read a [`BiasedLock`]: the owner of a slot.
///
/// Reading takes `&mut self`, so a slot holds at most one read and never has to be fought for.
pub struct Reader<'l, T> {
    lock: &'l BiasedLock<T>,
    slot: Arc<Slot>,
    /// Slow reads to go before this reader looks at the clock again.
    patience: u32,
}

impl<'l, T> Reader<'l, T> {
    /// Calls `f` with shared access to the value.
    ///
    /// A writer waits for `f`. In `f` another reader of this thread may read, unless a writer waits: it
    /// waits for that writer then, who waits for `f`. `f` must not write. Nor must it make or drop a reader of
    /// this lock: that may wait for `f` itself.
    #[inline]
    pub fn read<U>(&mut self, f: impl FnOnce(&T) -> U) -> U {
        if let Some(_visible) = self.enter() {
            // SAFETY: our slot is set until `_visible` is dropped, after `f`, also if it unwinds, and
            // we saw the bias on after the fence. A writer must revoke the bias and wait for the slot
            // before it touches the value (see the header).
            self.lock.value.with(|value| f(unsafe { &*value }))
        } else {
            self.read_locked(f)
        }
    }

    /// The lock that is read.
    #[inline]
    pub fn lock(&self) -> &'l BiasedLock<T> {
        self.lock
    }

    /// Makes this reader visible, if the lock is biased.
    #[inline]
    fn enter(&self) -> Option<Visible<'_>> {
        // Relaxed: a hint, to stay off the slot while the bias is off. The load below decides.
        if !self.lock.biased.load(Ordering::Relaxed) {
            return None;
        }
        let visible = Visible::announce(&self.slot);
        // Partner: the fence in `BiasedLock::revoke`.
        fence(Ordering::SeqCst);
        // Acquire: pairs with the release in `read_locked`, so that what was written before the bias
        // was last switched on is visible.
        self.lock.biased.load(Ordering::Acquire).then_some(visible)
    }

    /// Reads with the underlying lock shared, and switches the bias on if it is time.
    #[cold]
    fn read_locked<U>(&mut self, f: impl FnOnce(&T) -> U) -> U {
        // Before the lock is taken: a clock read too early switches the bias on too late, at worst.
        let arrived = self.arrival();
        let bias = self.lock.lock.read();
        if arrived.is_some_and(|arrived| bias.allows_bias(arrived)) {
            // Release: pairs with the acquire in `enter`. The lock made the last writer's changes
            // visible to us; this passes them on to readers that never touch the lock.
            self.lock.biased.store(true, Ordering::Release);
        }
        // SAFETY: the lock is shared until `bias` is dropped, after `f`, and writers hold it
        // exclusively.
        self.lock.value.with(|value| f(unsafe { &*value }))
    }

    /// The time, on every few slow reads: reading the clock costs more than the lock.
    fn arrival(&mut self) -> Option<Instant> {
        if let Some(less) = self.patience.checked_sub(1) {
            self.patience = less;
            return None;
        }
        self.patience = PATIENCE;
        Some(now())
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        let slots = &mut self.lock.lock.write().slots;
        if let Some(ours) = slots.iter().position(|slot| Arc::ptr_eq(slot, &self.slot)) {
            slots.swap_remove(ours);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("lock", self.lock)
            .finish_non_exhaustive()
    }
}

/// A set slot; dropping clears it.
struct Visible<'r>(&'r AtomicBool);

impl<'r> Visible<'r> {
    #[inline]
    fn announce(slot: &'r AtomicBool) -> Self {
        // Relaxed: the fence in `Reader::enter` orders it before the check of the bias.
        slot.store(true, Ordering::Relaxed);
        Self(slot)
    }
}

impl Drop for Visible<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the acquire of the scan in `BiasedLock::revoke`.
        self.0.store(false, Ordering::Release);
    }
}

/// `hybrid/bravo`: a map behind a [`BiasedLock`].
#[derive(Debug)]
pub struct Bravo<R>(BiasedLock<IdMap<R>>);

impl<R: Record> Strategy<R> for Bravo<R> {
    const PROFILE: Profile = Profile {
        library: "own",
        avoid_when: "writes are frequent, or readers stay inside for long",
        inside_read: Reentrancy::ReadsUnlessWriterWaits,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        ..Profile::locked(
            "hybrid/bravo",
            "a map behind a reader-biased lock, one slot per handle (BRAVO)",
        )
    };
    type Handle<'s> = BravoHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self(BiasedLock::new(id_map(processes)))
    }

    fn handle(&self) -> BravoHandle<'_, R> {
        BravoHandle(self.0.reader())
    }
}

/// A thread's access to a [`Bravo`] table: its reader slot.
#[derive(Debug)]
pub struct BravoHandle<'s, R>(Reader<'s, IdMap<R>>);

impl<R: Record> Handle<R> for BravoHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.read(|map| map.get(&id).map(f))
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.lock().write(|map| map.insert(id, record))
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let write = |map: &mut IdMap<R>| Some(map.get_mut(&id)?.apply_in_place(&event));
        self.0.lock().write(write)
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.lock().write(|map| map.remove(&id))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.0
            .read(|map| map.iter().for_each(|(&id, record)| visit(id, record)));
    }
}

//! Exact accounting of the heap: what was allocated, what is still alive.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// The system allocator, counting while a [`Counting`] is alive and passing through otherwise.
///
/// The counters are shared by all threads, since a strategy may allocate on a thread of its own (an
/// actor answers from there). While nothing is counted, the price is one relaxed load of a flag that
/// nobody writes, so that installing the allocator does not disturb a measurement.
#[derive(Clone, Copy, Debug)]
pub struct CountingAllocator;

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED_BYTES: AtomicU64 = AtomicU64::new(0);
static FREED_BYTES: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);
/// Bytes allocated and not freed since counting began.
static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);
/// The highest [`LIVE_BYTES`] since it was last asked to begin anew.
static PEAK_BYTES: AtomicI64 = AtomicI64::new(0);

/// What the heap has seen since counting began. Relaxed counters: exact once the threads that
/// allocate have been joined or are idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls that allocated.
    pub allocations: u64,
    /// Bytes allocated.
    pub allocated_bytes: u64,
    /// Calls that freed.
    pub frees: u64,
    /// Bytes freed.
    pub freed_bytes: u64,
}

impl Usage {
    /// Bytes allocated and not freed; negative when more was freed than allocated.
    pub fn live_bytes(&self) -> i64 {
        self.allocated_bytes.cast_signed() - self.freed_bytes.cast_signed()
    }
}

impl std::ops::Sub for Usage {
    type Output = Usage;

    fn sub(self, earlier: Usage) -> Usage {
        Usage {
            allocations: self.allocations - earlier.allocations,
            allocated_bytes: self.allocated_bytes - earlier.allocated_bytes,
            frees: self.frees - earlier.frees,
            freed_bytes: self.freed_bytes - earlier.freed_bytes,
        }
    }
}

/// Turns counting on until it is dropped.
///
/// One at a time: the counters are those of the process.
#[derive(Debug)]
pub struct Counting {
    began: Usage,
}

impl Counting {
    /// Starts counting.
    pub fn start() -> Self {
        let began = totals();
        LIVE_BYTES.store(0, Ordering::SeqCst);
        PEAK_BYTES.store(0, Ordering::SeqCst);
        COUNTING.store(true, Ordering::SeqCst);
        Self { began }
    }

    /// What happened since [`start`](Counting::start).
    pub fn usage(&self) -> Usage {
        totals() - self.began
    }

    /// The highest level of live bytes since [`start`](Counting::start) or
    /// [`begin_peak`](Counting::begin_peak), what was allocated and freed within one operation
    /// included.
    pub fn peak_bytes(&self) -> i64 {
        PEAK_BYTES.load(Ordering::SeqCst)
    }

    /// Forgets the peak so far: from now on it is that of what follows.
    pub fn begin_peak(&self) {
        PEAK_BYTES.store(LIVE_BYTES.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        COUNTING.store(false, Ordering::SeqCst);
    }
}

/// Whether the running program uses the [`CountingAllocator`]: without it all counts are zero, and a
/// check that relies on them would pass for the wrong reason.
pub fn allocator_is_installed() -> bool {
    let counting = Counting::start();
    drop(std::hint::black_box(Box::new(0u64)));
    counting.usage().allocations > 0
}

fn totals() -> Usage {
    Usage {
        allocations: ALLOCATIONS.load(Ordering::SeqCst),
        allocated_bytes: ALLOCATED_BYTES.load(Ordering::SeqCst),
        frees: FREES.load(Ordering::SeqCst),
        freed_bytes: FREED_BYTES.load(Ordering::SeqCst),
    }
}

#[cold]
fn record_allocation(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    ALLOCATED_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    let added = (bytes as u64).cast_signed();
    let live = LIVE_BYTES.fetch_add(added, Ordering::Relaxed) + added;
    PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
}

#[cold]
fn record_free(bytes: usize) {
    FREES.fetch_add(1, Ordering::Relaxed);
    FREED_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    LIVE_BYTES.fetch_sub((bytes as u64).cast_signed(), Ordering::Relaxed);
}

#[inline]
fn counting() -> bool {
    // Relaxed: whoever starts counting also starts (or is joined with) the threads it counts.
    COUNTING.load(Ordering::Relaxed)
}

// SAFETY: every call is forwarded unchanged to `System`, whose guarantees are thereby ours; the
// counters are atomics and never allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if counting() {
            record_allocation(layout.size());
        }
        // SAFETY: the caller keeps `alloc`'s contract, and it is the same for `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if counting() {
            record_allocation(layout.size());
        }
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if counting() {
            record_free(layout.size());
            record_allocation(new_size);
        }
        // SAFETY: `block` came from `System` through `alloc`, with this layout.
        unsafe { System.realloc(block, layout, new_size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if counting() {
            record_free(layout.size());
        }
        // SAFETY: `block` came from `System` through `alloc`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

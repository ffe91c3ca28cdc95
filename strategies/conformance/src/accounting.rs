//! Exact accounting of the heap: what was allocated, what is still alive. And a heap that fails on
//! request.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

/// The system allocator, counting while a [`Counting`] is alive, failing while a [`Refusing`] is, and
/// passing through otherwise.
///
/// The counters are shared by all threads, since a strategy may allocate on a thread of its own (an
/// actor answers from there). While nothing is asked of it, the price is one relaxed load of a byte
/// that nobody writes, so that installing the allocator does not disturb a measurement.
#[derive(Clone, Copy, Debug)]
pub struct CountingAllocator;

/// What is asked of the allocator: a sum of [`COUNT`], [`REFUSE`], [`MARK`] and [`TELL`].
static ASKED: AtomicU8 = AtomicU8::new(0);
const COUNT: u8 = 1;
const REFUSE: u8 = 2;
const MARK: u8 = 4;
const TELL: u8 = 8;

/// Who is told of blocks.
static LISTENER: OnceLock<fn(Block)> = OnceLock::new();

thread_local! {
    /// Whether this thread is inside the system's allocator; kept while marking only.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

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

/// A block of the heap that comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// It was allocated, on the calling thread.
    Allocated {
        /// Where it is.
        address: usize,
        /// As much as was asked for.
        bytes: usize,
    },
    /// It is about to be freed.
    Freed {
        /// Where it is.
        address: usize,
    },
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
        ASKED.fetch_or(COUNT, Ordering::SeqCst);
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
        ASKED.fetch_and(!COUNT, Ordering::SeqCst);
    }
}

/// Every allocation of the process fails until it is dropped.
#[derive(Debug)]
pub struct Refusing(());

impl Refusing {
    /// From now on.
    pub fn start() -> Self {
        ASKED.fetch_or(REFUSE, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        ASKED.fetch_and(!REFUSE, Ordering::SeqCst);
    }
}

/// From now on, and for good, [`inside_allocator`] can tell.
pub fn mark_allocator() {
    ASKED.fetch_or(MARK, Ordering::SeqCst);
}

/// Whether the calling thread is in the middle of allocating or freeing; for signal handlers. The
/// system's allocator has locks of its own, and whoever is stopped there may hold one.
pub fn inside_allocator() -> bool {
    INSIDE.get()
}

/// From now on `listener` is told of every block, on the thread that allocates or frees it, outside the
/// system's allocator. What it allocates itself it is told of, too. The first listener stays.
pub fn tell_of_blocks(listener: fn(Block)) {
    LISTENER.get_or_init(|| listener);
    ASKED.fetch_or(TELL, Ordering::SeqCst);
}

/// From now on nobody is told of blocks, until somebody asks again.
pub fn tell_no_more() {
    ASKED.fetch_and(!TELL, Ordering::SeqCst);
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
fn asked() -> u8 {
    // Relaxed: whoever starts counting also starts (or is joined with) the threads it counts.
    ASKED.load(Ordering::Relaxed)
}

/// Calls the system's allocator for a block of `bytes`, as it is asked to.
#[cold]
fn attentively(asked: u8, bytes: usize, allocate: impl FnOnce() -> *mut u8) -> *mut u8 {
    if asked & REFUSE != 0 {
        return std::ptr::null_mut();
    }
    if asked & COUNT != 0 {
        record_allocation(bytes);
    }
    let block = marked(asked, allocate);
    if !block.is_null() {
        let address = block.addr();
        tell(asked, Block::Allocated { address, bytes });
    }
    block
}

/// Tells of a block, if that is asked for.
fn tell(asked: u8, block: Block) {
    if asked & TELL != 0
        && let Some(listener) = LISTENER.get()
    {
        listener(block);
    }
}

/// Calls the system's allocator, and says meanwhile that this thread is in there.
fn marked<T>(asked: u8, call: impl FnOnce() -> T) -> T {
    if asked & MARK == 0 {
        return call();
    }
    let outer = INSIDE.replace(true);
    let result = call();
    INSIDE.set(outer);
    result
}

// SAFETY: every call is forwarded unchanged to `System`, whose guarantees are thereby ours, or fails,
// which a caller has to expect; the counters are atomics and the mark is a plain byte of the thread,
// so nothing here allocates.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match asked() {
            // SAFETY: the caller keeps `alloc`'s contract, and it is the same for `System`.
            0 => unsafe { System.alloc(layout) },
            // SAFETY: as above.
            asked => attentively(asked, layout.size(), || unsafe { System.alloc(layout) }),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match asked() {
            // SAFETY: as in `alloc`.
            0 => unsafe { System.alloc_zeroed(layout) },
            // SAFETY: as in `alloc`.
            asked => attentively(asked, layout.size(), || unsafe {
                System.alloc_zeroed(layout)
            }),
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `block` came from `System` through `alloc`, with this layout.
        let reallocate = || unsafe { System.realloc(block, layout, new_size) };
        let asked = asked();
        if asked == 0 {
            return reallocate();
        }
        if asked & REFUSE == 0 {
            if asked & COUNT != 0 {
                record_free(layout.size());
            }
            let address = block.addr();
            tell(asked, Block::Freed { address });
        }
        attentively(asked, new_size, reallocate)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let asked = asked();
        if asked & COUNT != 0 {
            record_free(layout.size());
        }
        let address = block.addr();
        tell(asked, Block::Freed { address });
        // SAFETY: `block` came from `System` through `alloc`, with this layout.
        marked(asked, || unsafe { System.dealloc(block, layout) });
    }
}

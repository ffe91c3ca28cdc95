//! What loom or shuttle explores in place of `sync.rs`: its own atomics, and a small parking lot made of
//! its locks.

#[cfg(pivot_loom)]
pub(crate) use loom as checker;
#[cfg(not(pivot_loom))]
pub(crate) use shuttle as checker;

pub(crate) use checker::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use checker::sync::{Condvar, Mutex};
use checker::thread::yield_now;

pub(crate) use parking_lot_core::{FilterOp, UnparkResult};

macro_rules! const_fn {
    ($vis:vis fn $name:ident() -> $result:ty $body:block) => {
        $vis fn $name() -> $result $body
    };
}

macro_rules! array {
    ($value:expr; $length:expr) => {
        std::array::from_fn::<_, { $length }, _>(|_| $value)
    };
}

macro_rules! global {
    ($name:ident: $type:ty) => {
        $crate::sync::checker::lazy_static! {
            static ref $name: $type = <$type>::new();
        }
    };
}

macro_rules! per_thread {
    ($name:ident: $type:ty = $value:expr) => {
        $crate::sync::checker::thread_local! {
            static $name: $type = $value;
        }
    };
}

pub(crate) use {array, const_fn, global, per_thread};

/// Loom takes sequentially consistent accesses for acquire and release: a fence between them gives it
/// what they give by themselves. Shuttle knows nothing else.
pub(crate) fn store_load() {
    #[cfg(pivot_loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Patience is a matter of time, and there is none: at once it is time to park.
pub(crate) struct Spin;

impl Spin {
    pub(crate) fn to_write() -> Self {
        Self
    }

    pub(crate) fn to_read() -> Self {
        Self
    }

    pub(crate) fn patient() -> Self {
        Self
    }

    pub(crate) fn a_turn() {}

    pub(crate) fn spin(&mut self) -> bool {
        false
    }

    pub(crate) fn is_over(&self) -> bool {
        true
    }

    pub(crate) fn is_yielding(&self) -> bool {
        true
    }

    pub(crate) fn is_long(&self) -> bool {
        true
    }
}

std::thread_local! {
    /// Whether it is always somebody's turn, for the models that run on this thread.
    pub(crate) static IS_FAIR: Cell<bool> = const { Cell::new(false) };
}

/// All parked threads, in the order they came.
struct Lot(Mutex<VecDeque<Parked>>);

struct Parked {
    key: usize,
    kind: usize,
    thread: Arc<Parker>,
}

struct Parker {
    passed: Mutex<Option<usize>>,
    woken: Condvar,
}

impl Lot {
    fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
}

global!(LOT: Lot);

/// Parks like the original. Who sleeps for a while at most is awake at once.
pub(crate) unsafe fn park(
    key: usize,
    kind: usize,
    validate: impl FnOnce() -> bool,
    at_most: Option<Duration>,
) -> Option<usize> {
    if at_most.is_some() {
        yield_now();
        return None;
    }
    let mut queue = LOT.0.lock().expect("no panic");
    if !validate() {
        drop(queue);
        // Time passes, in which others go on.
        yield_now();
        return None;
    }
    let thread = Arc::new(Parker {
        passed: Mutex::new(None),
        woken: Condvar::new(),
    });
    queue.push_back(Parked {
        key,
        kind,
        thread: Arc::clone(&thread),
    });
    drop(queue);
    let mut passed = thread.passed.lock().expect("no panic");
    while passed.is_none() {
        passed = thread.woken.wait(passed).expect("no panic");
    }
    *passed
}

/// Wakes like the original.
pub(crate) unsafe fn unpark(
    key: usize,
    mut filter: impl FnMut(usize) -> FilterOp,
    pass: impl FnOnce(UnparkResult) -> usize,
) {
    let mut queue = LOT.0.lock().expect("no panic");
    let mut result = UnparkResult::default();
    let mut woken = Vec::new();
    let mut at = 0;
    while let Some(parked) = queue.get(at) {
        if parked.key != key {
            at += 1;
            continue;
        }
        match filter(parked.kind) {
            FilterOp::Unpark => woken.extend(queue.remove(at)),
            FilterOp::Skip => {
                result.have_more_threads = true;
                at += 1;
            }
            FilterOp::Stop => {
                result.have_more_threads = true;
                break;
            }
        }
    }
    result.unparked_threads = woken.len();
    result.be_fair = !woken.is_empty() && IS_FAIR.get();
    let passed = pass(result);
    for Parked { thread, .. } in &woken {
        *thread.passed.lock().expect("no panic") = Some(passed);
        thread.woken.notify_one();
    }
    drop(queue);
}

/// Whether a thread is in the queue of `key`.
#[cfg(pivot_shuttle)]
pub(crate) fn has_parked(key: usize) -> bool {
    let queue = LOT.0.lock().expect("no panic");
    queue.iter().any(|parked| parked.key == key)
}

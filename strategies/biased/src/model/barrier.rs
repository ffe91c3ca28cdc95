//! What loom explores in place of `barrier.rs`: both sides pay for a fence of their own. Shuttle knows nothing else.

use std::cell::Cell;

#[cfg(pivot_loom)]
fn fence() {
    loom::sync::atomic::fence(loom::sync::atomic::Ordering::SeqCst);
}

#[cfg(not(pivot_loom))]
fn fence() {}

std::thread_local! {
    /// Whether there are barriers, for the models that run on this thread.
    pub(crate) static IS_AVAILABLE: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn light() {
    fence();
}

pub(crate) fn heavy() {
    fence();
}

pub(crate) fn prepare() {}

pub(crate) fn is_available() -> bool {
    IS_AVAILABLE.get()
}

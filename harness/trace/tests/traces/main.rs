//! What is traced, and how far that can be relied upon.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere)))]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod exactness;
mod gates;
mod job;
mod stalls;

use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A test's turn: one thread is stepped at a time, and meanwhile the blocks of all threads are listened
/// to. Where nothing can be traced nothing is tested, which is said.
fn turn() -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match trace::available() {
        Ok(()) => Some(turn),
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

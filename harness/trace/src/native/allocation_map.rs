//! Every block of the heap that is alive, and who allocated it.
//!
//! While operations are stepped nobody is told of blocks, since that would be stepped, too: those
//! that an operation allocates or frees are entered afterwards, from what was seen of it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use conformance::{Block, tell_no_more, tell_of_blocks};

use super::execution::Execution;

/// A block of the heap.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) bytes: u64,
    /// Addresses in the functions that wanted it, the innermost first.
    pub(crate) calls: Vec<u64>,
}

/// By address.
static BLOCKS: Mutex<BTreeMap<u64, Owned>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Whether this thread is at the blocks: what it allocates for that is not entered.
    static IS_ENTERING: Cell<bool> = const { Cell::new(false) };
}

/// Functions that are looked at, outwards from the allocator: the strategy's are among them.
const CALLS_MAX: usize = 24;

/// From now on blocks are entered.
pub(crate) fn listen() {
    tell_of_blocks(enter);
}

/// From now on they are not.
pub(crate) fn pause() {
    tell_no_more();
}

/// Enters what an operation did that was stepped.
pub(crate) fn catch_up(execution: &Execution) {
    with(|blocks| {
        for freed in &execution.freed {
            blocks.remove(freed);
        }
        // An address may be used twice within one operation: the last owner counts, and if it is
        // gone again nobody asks.
        blocks.extend(execution.fresh.iter().cloned());
    });
}

/// The block that an address is in, and where it begins.
pub(crate) fn find(address: u64) -> Option<(u64, Owned)> {
    with(|blocks| {
        let (&begin, owned) = blocks.range(..=address).next_back()?;
        (address < begin + owned.bytes).then(|| (begin, owned.clone()))
    })?
}

fn enter(block: Block) {
    unless_entering(|| match block {
        Block::Allocated { address, bytes } => {
            // Before the blocks are locked: whoever names functions has the lock of call stacks, and may
            // allocate.
            let (bytes, calls) = (bytes as u64, calls());
            locked(|blocks| blocks.insert(address as u64, Owned { bytes, calls }));
        }
        Block::Freed { address } => drop(locked(|blocks| blocks.remove(&(address as u64)))),
    });
}

/// Does something with the blocks, unless this thread is at it already.
fn with<T>(work: impl FnOnce(&mut BTreeMap<u64, Owned>) -> T) -> Option<T> {
    unless_entering(|| locked(work))
}

fn unless_entering<T>(work: impl FnOnce() -> T) -> Option<T> {
    if IS_ENTERING.replace(true) {
        return None;
    }
    let result = work();
    IS_ENTERING.set(false);
    Some(result)
}

fn locked<T>(work: impl FnOnce(&mut BTreeMap<u64, Owned>) -> T) -> T {
    work(&mut BLOCKS.lock().unwrap_or_else(PoisonError::into_inner))
}

fn calls() -> Vec<u64> {
    let mut calls = Vec::with_capacity(CALLS_MAX);
    backtrace::trace(|frame| {
        // A return address belongs to the instruction before it.
        calls.push((frame.ip().addr() as u64).saturating_sub(1));
        calls.len() < CALLS_MAX
    });
    calls
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;
    use std::thread;

    use super::{BLOCKS, Block, calls, enter};
    use crate::native::threads::Quiescence;

    /// A test program's own thread may allocate while functions are named, which locks call stacks and
    /// allocates, too.
    #[test]
    fn whoever_waits_for_a_call_stack_keeps_nobody_from_the_blocks() {
        // Looked up as a return address, which is behind the call.
        let this = (calls as *mut c_void).wrapping_byte_add(1);
        let mut waiting = None;
        let mut is_free = false;
        backtrace::resolve(this, |_| {
            waiting.get_or_insert_with(|| {
                let (address, bytes) = (64, 8);
                thread::spawn(move || enter(Block::Allocated { address, bytes }))
            });
            let mut quiescence = Quiescence::default();
            while !quiescence.is_reached(3) {
                thread::yield_now();
            }
            is_free = BLOCKS.try_lock().is_ok();
        });
        waiting.expect("the function has a name").join().unwrap();
        assert!(
            is_free,
            "a thread that waits for a call stack holds the blocks"
        );
    }
}

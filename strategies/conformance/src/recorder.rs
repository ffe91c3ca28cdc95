//! When an operation was called and when it had returned, as other threads could tell.
//!
//! Both stamps may only widen the time of an operation: then a history that no order explains is a
//! fault of the strategy and not of the clock.

use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use histories::Operation;

/// What one thread did under a few keys, in order.
#[derive(Debug)]
pub(crate) struct Recorder<A> {
    process: u64,
    began: Instant,
    /// The key of each operation, and the operation.
    pub(crate) operations: Vec<(usize, Operation<A>)>,
}

impl<A> Recorder<A> {
    /// For a thread; all threads of a history are given the same beginning.
    pub(crate) fn new(process: usize, began: Instant, capacity: usize) -> Self {
        Self {
            process: process as u64,
            began,
            operations: Vec::with_capacity(capacity),
        }
    }

    /// Does `work` and keeps what `action` makes of its answer.
    pub(crate) fn record<T>(
        &mut self,
        key: usize,
        work: impl FnOnce() -> T,
        action: impl FnOnce(T) -> A,
    ) {
        let call = self.stamp();
        let answer = work();
        let ret = self.stamp();
        let operation = Operation {
            process: self.process,
            call,
            ret,
            action: action(answer),
        };
        self.operations.push((key, operation));
    }

    /// Nanoseconds since the beginning, later than everything that this thread did before, as others
    /// see it, and before everything that it does next.
    fn stamp(&self) -> u64 {
        // A store may still be on its way to the others when the instruction is long done.
        fence(Ordering::SeqCst);
        in_order();
        #[expect(
            clippy::disallowed_methods,
            reason = "histories are made of time stamps"
        )]
        let now = Instant::now();
        in_order();
        // Not 0: that is before everything.
        now.duration_since(self.began).as_nanos() as u64 + 1
    }
}

/// Nothing behind this begins before everything in front of it is done: a fence orders what touches
/// memory, and reading the clock does not.
fn in_order() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2, which has this instruction, is part of every x86-64 processor.
    unsafe {
        std::arch::x86_64::_mm_lfence();
    }
}

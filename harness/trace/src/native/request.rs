//! What a thread is asked to do, and what it does it with.

use basis::trace::Operation;
use contract::{Change, Event, ProcessId, ProcessStatus, Record};

/// What a thread is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    /// The process that it is about.
    pub(crate) id: ProcessId,
    /// Makes an event another than the one before.
    pub(crate) step: u64,
}

impl Request {
    pub(crate) const fn new(operation: Operation, id: ProcessId, step: u64) -> Self {
        Self {
            operation,
            id,
            step,
        }
    }
}

/// A running process, revision 1.
pub(crate) fn running(id: ProcessId) -> ProcessStatus {
    let started = ProcessStatus::pending(id).apply(&Event::at(0, Change::Start));
    started.expect("a pending process can be started")
}

pub(crate) fn heartbeat(step: u64) -> Event {
    let change = Change::Heartbeat {
        cpu_ns: step,
        rss_bytes: step << 12,
    };
    Event::at(step, change)
}

//! Where there are no single steps.

use basis::trace::{Operation, TraceSeen};
use trap::{Trap, Unavailable};

use crate::TraceTask;

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see(_trap: Trap, _task: &TraceTask) -> TraceSeen {
    unreachable!("there is no `Trap` here")
}

/// Cannot be called: there is no `Trap` here.
pub(crate) fn rehearse(
    _trap: Trap,
    _strategy: &str,
    _operation: Operation,
    _times: u64,
) -> Result<(), Unavailable> {
    unreachable!("there is no `Trap` here")
}

//! Where there are no single steps.

use basis::stall::StallSeen;
use basis::trace::{Operation, TraceSeen};
use contract::{ProcessStatus, Strategy};
use trap::{Trap, Unavailable};

use crate::task::{StallTask, TraceTask};

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see(_trap: Trap, _task: &TraceTask) -> TraceSeen {
    unreachable!("there is no `Trap` here")
}

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see_stalls(
    _trap: Trap,
    _task: &StallTask,
    _begin: impl FnMut(Operation),
) -> StallSeen {
    unreachable!("there is no `Trap` here")
}

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see_stalls_of<S: Strategy<ProcessStatus>>(
    _trap: Trap,
    _task: &StallTask,
) -> StallSeen {
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

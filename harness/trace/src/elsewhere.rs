//! Where there are no single steps.

use contract::{ProcessStatus, Strategy};
use model::stall::StallSeen;
use model::trace::{Operation, TraceSeen};
use trap::{Trap, Unavailable};

use crate::task::{StallTask, TraceTask};

/// A strategy. Nothing is seen of it here.
pub(crate) struct TracedStrategy;

impl TracedStrategy {
    pub(crate) fn of<S: Strategy<ProcessStatus>>() -> Self {
        Self
    }
}

/// A strategy.
pub(crate) fn named(_strategy: &str) -> TracedStrategy {
    TracedStrategy
}

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see(_trap: Trap, _task: &TraceTask) -> TraceSeen {
    unreachable!("there is no `Trap` here")
}

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see_stalls(
    _trap: Trap,
    _strategy: TracedStrategy,
    _task: &StallTask,
    _begin: impl FnMut(Operation),
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

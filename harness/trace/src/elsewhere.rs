//! Where there are no single steps.

use contract::{ProcessStatus, Strategy};
use model::stall::StallSeen;
use model::trace::{Operation, TraceSeen};
use trap::{Result, Trap};

use crate::{StallTask, TraceTask};

/// A strategy. Nothing is seen of it here.
pub(crate) struct TracedStrategy;

impl TracedStrategy {
    pub(crate) fn from_strategy<S: Strategy<ProcessStatus>>() -> Self {
        Self
    }
}

pub(crate) fn named(_: &str) -> TracedStrategy {
    TracedStrategy
}

pub(crate) fn see(trap: Trap, _: &TraceTask) -> Result<TraceSeen> {
    match trap {}
}

pub(crate) fn see_stalls(
    trap: Trap,
    _: TracedStrategy,
    _: &StallTask,
    _: impl FnMut(Operation),
) -> Result<StallSeen> {
    match trap {}
}

pub(crate) fn rehearse(trap: Trap, _: &str, _: Operation, _: u64) -> Result<()> {
    match trap {}
}

//! What needs single steps, the decoder and the symbols of the running program.

mod access_path;
mod allocation_map;
mod allocator;
mod comparison;
mod execution;
mod experiment;
mod fixture;
mod follower;
mod lines;
mod medians;
mod processes;
mod quiescence;
mod stall;
mod step_handle;
mod symbols;
mod threads;

use model::stall::StallSeen;
use model::trace::{Operation, TraceSeen};
use trap::{Trap, Unavailable};

use crate::task::{StallTask, TraceTask};
pub(crate) use step_handle::TracedStrategy;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, task: &TraceTask) -> TraceSeen {
    let strategy = named(&task.strategy);
    experiment::see(trap, strategy, task).unwrap_or_else(|why| panic!("{why}"))
}

/// Who can go on while a strategy's threads are stopped; `begin` is told of each operation that they
/// are stopped in.
pub(crate) fn see_stalls(
    trap: Trap,
    strategy: TracedStrategy,
    task: &StallTask,
    begin: impl FnMut(Operation),
) -> StallSeen {
    stall::see(trap, strategy, task, begin).unwrap_or_else(|why| panic!("{why}"))
}

/// See [`crate::rehearse`].
pub(crate) fn rehearse(
    trap: Trap,
    strategy: &str,
    operation: Operation,
    times: u64,
) -> Result<(), Unavailable> {
    experiment::rehearse(trap, named(strategy), operation, times)
}

/// The strategy of the registry that has this name.
pub(crate) fn named(strategy: &str) -> TracedStrategy {
    step_handle::strategy(strategy).expect("the parent names strategies of the registry only")
}

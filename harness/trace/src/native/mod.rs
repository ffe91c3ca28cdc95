//! What needs single steps, the decoder and the symbols of the running program.

mod allocator;
mod calls;
mod execution;
mod experiment;
mod hands;
mod ledger;
mod lines;
mod medians;
mod names;
mod quiet;
mod stage;
mod symbols;
mod threads;

use basis::trace::{Operation, TraceSeen};
use trap::{Trap, Unavailable};

use crate::TraceTask;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, task: &TraceTask) -> TraceSeen {
    let strategy = found(&task.strategy);
    experiment::see(trap, strategy, task).unwrap_or_else(|why| panic!("{why}"))
}

/// See [`crate::rehearse`].
pub(crate) fn rehearse(
    trap: Trap,
    strategy: &str,
    operation: Operation,
    times: u64,
) -> Result<(), Unavailable> {
    experiment::rehearse(trap, found(strategy), operation, times)
}

fn found(strategy: &str) -> hands::Found {
    hands::strategy(strategy).expect("the parent names strategies of the registry only")
}

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

use basis::trace::TraceSeen;
use trap::Trap;

use crate::TraceTask;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, task: &TraceTask) -> TraceSeen {
    let strategy =
        hands::strategy(&task.strategy).expect("the parent names strategies of the registry only");
    experiment::see(trap, strategy, task).unwrap_or_else(|why| panic!("{why}"))
}

//! Where there are no single steps.

use basis::trace::TraceSeen;
use trap::Trap;

use crate::TraceTask;

/// Cannot be called: there is no `Trap` here.
pub(crate) fn see(_trap: Trap, _task: &TraceTask) -> TraceSeen {
    unreachable!("there is no `Trap` here")
}

//! Traces of strategies, each in a process of its own.

use basis::environment;
use basis::error::Result;
use basis::sample::Line;
use basis::trace::TraceSeen;
use trace::TraceTask;

use super::Observer;
use super::faults::side_by_side;
use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;

/// Carries out `tasks`, as many at a time as there are processors, and says what was seen, in their
/// order.
///
/// # Errors
///
/// When it is interrupted, or no process can be started. A process that does not survive is a result.
pub fn trace(
    tasks: &[TraceTask],
    interrupt: &Interrupt,
    observer: &mut impl Observer,
) -> Result<Vec<TraceSeen>> {
    let mut all: Vec<TraceSeen> = Vec::new();
    let watch = |task: &TraceTask| watch(task, interrupt);
    side_by_side(environment::cpus(), tasks, watch, |seen| {
        all.push(seen);
        observer.stage("tracing", all.len() as f64 / tasks.len() as f64);
        Ok(())
    })?;
    let place = |seen: &TraceSeen| tasks.iter().position(|task| task.strategy == seen.strategy);
    all.sort_by_key(place);
    Ok(all)
}

/// What the process saw, or how it ended.
fn watch(task: &TraceTask, interrupt: &Interrupt) -> Result<TraceSeen> {
    let mut seen = TraceSeen {
        strategy: task.strategy.clone(),
        ..TraceSeen::default()
    };
    let ending = carry_out(&Task::Trace(task.clone()), interrupt, |line| {
        if let Line::Trace(found) = line {
            seen = found;
        }
        Ok(())
    })?;
    if let Ending::Failed(failed) = ending {
        seen.died = Some(failed.reason);
    }
    Ok(seen)
}

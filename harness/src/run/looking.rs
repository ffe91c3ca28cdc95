//! Looks at strategies, each in a process of its own and all ending in one line.

use basis::environment;
use basis::error::Result;
use basis::sample::Line;
use basis::stall::StallSeen;
use basis::trace::TraceSeen;
use trace::{StallTask, TraceTask};

use super::Observer;
use super::faults::side_by_side;
use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;

/// A look at one strategy.
pub trait Look: Clone + Sync {
    /// What it sees.
    type Seen: Send;
    /// What it is called while it lasts.
    const TITLE: &'static str;
    /// Whom it is at.
    fn strategy(&self) -> &str;
    /// What the process is to do.
    fn task(self) -> Task;
    /// What a line of the process says that it saw.
    fn seen(line: Line) -> Option<Self::Seen>;
    /// That the process did not survive, and why.
    fn died(&self, why: String) -> Self::Seen;
    /// Whom something was seen of.
    fn seen_of(seen: &Self::Seen) -> &str;
}

impl Look for TraceTask {
    type Seen = TraceSeen;
    const TITLE: &'static str = "tracing";

    fn strategy(&self) -> &str {
        &self.strategy
    }
    fn task(self) -> Task {
        Task::Trace(self)
    }
    fn seen(line: Line) -> Option<TraceSeen> {
        match line {
            Line::Trace(seen) => Some(seen),
            _ => None,
        }
    }
    fn died(&self, why: String) -> TraceSeen {
        TraceSeen {
            strategy: self.strategy.clone(),
            died: Some(why),
            ..TraceSeen::default()
        }
    }
    fn seen_of(seen: &TraceSeen) -> &str {
        &seen.strategy
    }
}

impl Look for StallTask {
    type Seen = StallSeen;
    const TITLE: &'static str = "stopping";

    fn strategy(&self) -> &str {
        &self.strategy
    }
    fn task(self) -> Task {
        Task::Stall(self)
    }
    fn seen(line: Line) -> Option<StallSeen> {
        match line {
            Line::Stall(seen) => Some(seen),
            _ => None,
        }
    }
    fn died(&self, why: String) -> StallSeen {
        StallSeen {
            strategy: self.strategy.clone(),
            died: Some(why),
            ..StallSeen::default()
        }
    }
    fn seen_of(seen: &StallSeen) -> &str {
        &seen.strategy
    }
}

/// Carries out `tasks`, as many at a time as there are processors, and says what was seen, in their
/// order.
///
/// # Errors
///
/// When it is interrupted, or no process can be started. A process that does not survive is a result.
pub fn look<L: Look>(
    tasks: &[L],
    interrupt: &Interrupt,
    observer: &mut impl Observer,
) -> Result<Vec<L::Seen>> {
    let mut all: Vec<L::Seen> = Vec::new();
    observer.stage(L::TITLE, 0.0);
    carry_out_all(tasks, interrupt, |seen| {
        all.push(seen);
        observer.stage(L::TITLE, all.len() as f64 / tasks.len() as f64);
        Ok(())
    })?;
    let place = |seen: &L::Seen| {
        let name = L::seen_of(seen);
        tasks.iter().position(|task| task.strategy() == name)
    };
    all.sort_by_key(place);
    Ok(all)
}

/// Carries out `tasks`, as many at a time as there are processors, and hands over what was seen, in
/// any order.
pub(super) fn carry_out_all<L: Look>(
    tasks: &[L],
    interrupt: &Interrupt,
    hand_over: impl FnMut(L::Seen) -> Result<()>,
) -> Result<()> {
    let watch = |task: &L| watch(task, interrupt);
    side_by_side(environment::cpus(), tasks, watch, hand_over)
}

/// What the process saw, or how it ended.
fn watch<L: Look>(look: &L, interrupt: &Interrupt) -> Result<L::Seen> {
    let mut seen = None;
    let ending = carry_out(&look.clone().task(), interrupt, |line| {
        seen = L::seen(line).or(seen.take());
        Ok(())
    })?;
    Ok(match (ending, seen) {
        (Ending::Failed(failed), _) => look.died(format!("{}: {}", failed.during, failed.reason)),
        (Ending::Done, Some(seen)) => seen,
        (Ending::Done, None) => look.died("it ended without a word".into()),
    })
}

//! What every strategy executes, instruction by instruction, in a process for each.

use basis::environment;
use basis::error::Result;
use basis::preset::Preset;
use basis::sample::Line;
use basis::scenario::RecordKind;
use basis::trace::{Operation, State, TraceSeen};
use registry::roster;
use trace::TraceTask;

use crate::run::Plan;
use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Traces strategies. A process that does not survive is a result.
#[derive(Clone, Debug)]
pub struct Traces(pub Vec<TraceTask>);

impl Traces {
    /// What a preset allows of every strategy that holds the traced record, controls included. A step takes a
    /// system call and more, and an operation has to be repeated in each layout.
    pub fn of(plan: &Plan, preset: Preset) -> Self {
        let (operations, states): (&[Operation], &[State]) = match preset {
            Preset::Quick => (
                &[Operation::ReadHit, Operation::ReadMiss, Operation::Apply],
                &[State::Quiescent],
            ),
            Preset::Default | Preset::Full => (Operation::ALL, State::ALL),
        };
        let task = |strategy: &str| TraceTask {
            strategy: strategy.to_owned(),
            operations: operations.to_vec(),
            states: states.to_vec(),
            layouts: if preset == Preset::Full { 5 } else { 1 },
        };
        let entries = roster::entries(RecordKind::Status);
        let names = entries
            .iter()
            .filter(|entry| entry.excluded.is_none())
            .map(|entry| entry.profile.name);
        Self(
            names
                .filter(|name| plan.strategies.iter().any(|planned| planned == name))
                .map(task)
                .collect(),
        )
    }
}

impl Stage for Traces {
    type Task = TraceTask;
    const NAME: &'static str = "tracing";

    fn tasks(&self) -> Vec<TraceTask> {
        self.0.clone()
    }

    fn is_done(&self, task: &TraceTask, done: &Done) -> bool {
        done.traced.contains(&task.strategy)
    }

    fn subject(&self, task: &TraceTask) -> String {
        task.strategy.clone()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }

    fn unavailable(&self) -> Option<String> {
        trace::available().err().map(|why| why.to_string())
    }

    fn carry_out(&self, task: &TraceTask, worker: &Worker<'_>) -> Result<()> {
        worker.keep_answer(&Task::Trace(task.clone()), |why| {
            Line::Trace(TraceSeen {
                strategy: task.strategy.clone(),
                died: Some(why),
                ..TraceSeen::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_time_sees_no_less() {
        let task = |preset| {
            let plan = Plan {
                scenarios: Vec::new(),
                strategies: vec!["mutex/std".into()],
                baseline: String::new(),
                assumptions: Vec::new(),
                preset,
                seed: 1,
            };
            Traces::of(&plan, preset).0.remove(0)
        };
        let tasks = [Preset::Quick, Preset::Default, Preset::Full].map(task);
        for pair in tasks.windows(2) {
            let (less, more) = (&pair[0], &pair[1]);
            assert!(less.layouts <= more.layouts && less.layouts > 0);
            let operations = &more.operations;
            assert!(less.operations.iter().all(|one| operations.contains(one)));
            assert!(less.states.iter().all(|one| more.states.contains(one)));
        }
    }
}

//! A process trace, replayed on every contender as one check more.

use std::path::Path;

use basis::environment;
use basis::error::Result;
use basis::sample::{CheckOutcome, Line};
use basis::scenario::RecordKind;
use basis::workload::Workload;

use crate::replay::{CHECK, ReplayTask};
use crate::run::Plan;
use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Replays a process trace on every contender: the outcome of a check is whether each ends with the model's table.
/// A wrong table is an outcome, and so is a process that does not survive.
#[derive(Clone, Debug)]
pub struct Replays(Vec<ReplayTask>);

impl Replays {
    /// A replay on each contender of a plan.
    ///
    /// # Errors
    ///
    /// When the trace cannot be read: said once, and not as the failure of each strategy.
    pub fn of(plan: &Plan, trace: &Path) -> Result<Self> {
        Workload::load(trace)?;
        let contenders = plan.contenders().into_iter();
        let task = |card: basis::sample::Card| ReplayTask {
            strategy: card.name,
            trace: trace.to_owned(),
        };
        Ok(Self(contenders.map(task).collect()))
    }
}

impl Stage for Replays {
    type Task = ReplayTask;
    const NAME: &'static str = "replaying on";

    fn tasks(&self) -> Vec<ReplayTask> {
        self.0.clone()
    }

    fn is_done(&self, task: &ReplayTask, done: &Done) -> bool {
        done.replayed.contains(&task.strategy)
    }

    fn subject(&self, task: &ReplayTask) -> String {
        task.strategy.clone()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }

    fn carry_out(&self, task: &ReplayTask, worker: &Worker<'_>) -> Result<()> {
        worker.keep_answer(&Task::Replay(task.clone()), |why| {
            Line::Check(CheckOutcome {
                strategy: task.strategy.clone(),
                record: RecordKind::Status,
                check: CHECK.into(),
                passed: false,
                evidence: why,
            })
        })
    }
}

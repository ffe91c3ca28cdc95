//! The checks of every contender.

use basis::error::Result;
use basis::preset::Preset;
use basis::sample::{CheckOutcome, Line};
use basis::scenario::RecordKind;
use checks::VerifyTask;

use crate::run::Plan;
use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Runs the checks on every contender. One that fails is an outcome, and so is a process that does not survive.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'p> {
    /// The contenders and the seed.
    pub plan: &'p Plan,
    /// How thorough the checks are.
    pub effort: Preset,
}

impl Stage for Checks<'_> {
    type Task = VerifyTask;
    const NAME: &'static str = "verifying";

    fn tasks(&self) -> Vec<VerifyTask> {
        let contenders = self.plan.contenders().into_iter();
        let task = |card: basis::sample::Card| VerifyTask {
            strategy: card.name,
            preset: self.effort,
            seed: self.plan.seed,
        };
        contenders.map(task).collect()
    }

    fn is_done(&self, task: &VerifyTask, done: &Done) -> bool {
        done.checked.contains(&task.strategy)
    }

    fn subject(&self, task: &VerifyTask) -> String {
        task.strategy.clone()
    }

    fn carry_out(&self, task: &VerifyTask, worker: &Worker<'_>) -> Result<()> {
        if let Some(failed) = worker.stream(&Task::Verify(task.clone()))? {
            worker.note(failed.to_string());
            worker.keep(Line::Check(CheckOutcome {
                strategy: task.strategy.clone(),
                record: RecordKind::Status,
                check: "checks end".into(),
                passed: false,
                evidence: failed.to_string(),
            }));
        }
        Ok(())
    }
}

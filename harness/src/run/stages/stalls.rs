//! Strategies' threads stopped instruction by instruction.

use std::time::Duration;

use basis::environment;
use basis::error::Result;
use basis::sample::Line;
use basis::stall::{StallPair, StallSeen};
use trace::StallTask;

use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Stops threads of strategies. A process that does not survive is a result.
#[derive(Clone, Debug)]
pub struct Stalls {
    /// Which threads, and what is tried meanwhile.
    pub tasks: Vec<StallTask>,
    /// What is not done after this time is left undone.
    pub budget: Duration,
}

impl Stage for Stalls {
    type Task = StallTask;
    const NAME: &'static str = "stopping";

    fn tasks(&self) -> Vec<StallTask> {
        self.tasks.clone()
    }

    fn is_done(&self, task: &StallTask, done: &Done) -> bool {
        is_seen(task, &done.stalls)
    }

    fn subject(&self, task: &StallTask) -> String {
        task.strategy.clone()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }

    fn budget(&self) -> Duration {
        self.budget
    }

    fn unavailable(&self) -> Option<String> {
        trace::available().err().map(|why| why.to_string())
    }

    fn carry_out(&self, task: &StallTask, worker: &Worker<'_>) -> Result<()> {
        worker.keep_answer(&Task::Stall(task.clone()), |why| {
            Line::Stall(StallSeen {
                strategy: task.strategy.clone(),
                died: Some(why),
                ..StallSeen::default()
            })
        })
    }
}

/// Whether a process has seen all that the task asks for, or has died: it would not survive the next time either.
fn is_seen(task: &StallTask, stalls: &[StallSeen]) -> bool {
    let is_of =
        |pair: &StallPair| task.stalled.contains(&pair.stalled) && task.peers.contains(&pair.peer);
    let mut of_strategy = stalls.iter().filter(|seen| seen.strategy == task.strategy);
    of_strategy.any(|seen| {
        let has = |stalled| {
            let mut pairs = seen.pairs.iter().filter(|pair| is_of(pair));
            pairs.any(|pair| pair.stalled == stalled)
        };
        seen.died.is_some() || task.stalled.iter().all(|&stalled| has(stalled))
    })
}

#[cfg(test)]
mod tests {
    use basis::trace::Operation;

    use super::*;

    fn task(stalled: &[Operation], peers: &[Operation]) -> StallTask {
        StallTask {
            strategy: "a/b".into(),
            stalled: stalled.to_vec(),
            peers: peers.to_vec(),
            every: false,
            two_stops: 0,
        }
    }

    fn seen(stalled: Operation, peer: Operation, died: Option<&str>) -> StallSeen {
        let pair = StallPair {
            stalled,
            peer,
            same_process: true,
            points: 10,
            blocked: 0,
            in_allocator: 0,
            untried: 0,
            first: None,
            last: None,
            held_by: None,
            wrong: 0,
            evidence: None,
        };
        StallSeen {
            strategy: "a/b".into(),
            pairs: vec![pair],
            died: died.map(str::to_owned),
            ..StallSeen::default()
        }
    }

    #[test]
    fn what_was_looked_at_is_not_looked_at_again() {
        use Operation::{Apply, Insert, ReadHit};
        let one = task(&[Apply], &[ReadHit]);
        assert!(!is_seen(&one, &[]));
        assert!(!is_seen(&one, &[seen(Apply, Apply, None)]));
        let lines = [seen(Apply, ReadHit, None)];
        assert!(is_seen(&one, &lines));
        assert!(!is_seen(&task(&[Apply, Insert], &[ReadHit]), &lines));
        let other = StallTask {
            strategy: "c/d".into(),
            ..one.clone()
        };
        assert!(!is_seen(&other, &lines));
        // Who did not survive would not the next time either.
        assert!(is_seen(&one, &[seen(Insert, Insert, Some("signal: 11"))]));
    }
}

//! Strategies' threads stopped instruction by instruction, as part of a run.

use std::time::Duration;

use basis::clock;
use basis::environment;
use basis::error::Result;
use basis::sample::Line;
use basis::stall::{StallPair, StallSeen};
use trace::StallTask;

use super::faults::side_by_side;
use super::session::{Ending, Interrupt, carry_out_within};
use super::task::Task;
use super::tracing::give_up;
use super::{Observer, Plan, Recording};

impl Plan {
    /// Stops threads of strategies of the plan as `tasks` say, and keeps what was seen. What the recording has
    /// already is not done again; what is not done when `budget` is over is left undone. Where no thread can be
    /// stopped, that is kept instead.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A process that does not survive is a
    /// result.
    pub fn stall(
        &self,
        tasks: &[StallTask],
        budget: Duration,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let of_plan = tasks
            .iter()
            .filter(|task| self.strategies.contains(&task.strategy));
        let left: Vec<&StallTask> = of_plan
            .filter(|task| !is_done(task, recording.lines()))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        if let Err(unavailable) = trace::available() {
            return give_up(unavailable.to_string(), recording, observer);
        }
        let began = clock::now();
        let look = |task: &&StallTask| {
            let left = budget.saturating_sub(began.elapsed());
            look_within(left, task, interrupt)
        };
        let mut done = 0;
        side_by_side(environment::cpus(), &left, look, |seen| {
            let Some(seen) = seen else { return Ok(()) };
            if let Some(why) = &seen.died {
                observer.note(&format!("{}: stopping: {why}", seen.strategy));
            }
            done += 1;
            observer.stage(
                &format!("stopping {}", seen.strategy),
                super::VERIFYING_SHARE + super::TRACING_SHARE * f64::from(done) / left.len() as f64,
            );
            recording.keep(Line::Stall(seen))
        })
    }
}

/// What the process saw, or how it ended; nothing if it was not done in time.
fn look_within(
    time: Duration,
    task: &StallTask,
    interrupt: &Interrupt,
) -> Result<Option<StallSeen>> {
    if time.is_zero() {
        return Ok(None);
    }
    let mut seen = None;
    let stall = Task::Stall(task.clone());
    let ending = carry_out_within(time, &stall, interrupt, |line| {
        if let Line::Stall(found) = line {
            seen = Some(found);
        }
        Ok(())
    })?;
    Ok(match ending {
        None => None,
        Some(Ending::Done) => seen,
        Some(Ending::Failed(failed)) => Some(StallSeen {
            strategy: task.strategy.clone(),
            died: Some(format!("{}: {}", failed.during, failed.reason)),
            ..StallSeen::default()
        }),
    })
}

/// Whether somebody has looked: at every pair, or until the process ended.
fn is_done(task: &StallTask, lines: &[Line]) -> bool {
    let is_of =
        |pair: &StallPair| task.stalled.contains(&pair.stalled) && task.peers.contains(&pair.peer);
    lines.iter().any(|line| match line {
        Line::Stall(seen) if seen.strategy == task.strategy => {
            let of_task = || seen.pairs.iter().filter(|pair| is_of(pair));
            let has = |stalled| of_task().any(|pair| pair.stalled == stalled);
            seen.died.is_some() || task.stalled.iter().all(|&stalled| has(stalled))
        }
        _ => false,
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

    fn seen(stalled: Operation, peer: Operation, died: Option<&str>) -> Line {
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
        Line::Stall(StallSeen {
            strategy: "a/b".into(),
            pairs: vec![pair],
            died: died.map(str::to_owned),
            ..StallSeen::default()
        })
    }

    #[test]
    fn what_was_looked_at_is_not_looked_at_again() {
        use Operation::{Apply, Insert, ReadHit};
        let one = task(&[Apply], &[ReadHit]);
        assert!(!is_done(&one, &[]));
        assert!(!is_done(&one, &[seen(Apply, Apply, None)]));
        let lines = [seen(Apply, ReadHit, None)];
        assert!(is_done(&one, &lines));
        assert!(!is_done(&task(&[Apply, Insert], &[ReadHit]), &lines));
        let other = StallTask {
            strategy: "c/d".into(),
            ..one.clone()
        };
        assert!(!is_done(&other, &lines));
        // Who did not survive would not the next time either.
        assert!(is_done(&one, &[seen(Insert, Insert, Some("signal: 11"))]));
    }
}

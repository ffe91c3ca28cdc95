//! A process trace, replayed on every strategy as one check more.

use std::collections::BTreeSet;
use std::path::Path;

use basis::environment;
use basis::error::Result;
use basis::sample::{Card, CheckOutcome, Line};
use basis::scenario::RecordKind;
use basis::workload::Workload;
use registry::roster;

use super::faults::side_by_side;
use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;
use super::{Observer, Plan, Recording};
use crate::replay::{CHECK, ReplayTask};

impl Plan {
    /// Replays a process trace on every contender, and keeps as the outcome of a check whether each ends with
    /// the model's table. What the recording has already is not done again.
    ///
    /// # Errors
    ///
    /// When the trace cannot be read, the run is interrupted, or a line cannot be kept. A wrong table
    /// is an outcome, and so is a process that does not survive.
    pub fn replay(
        &self,
        trace: &Path,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        // Said once, and not as the failure of each strategy.
        Workload::load(trace)?;
        let done: BTreeSet<&str> = replayed(recording.lines()).collect();
        let contenders = roster::entries(RecordKind::Status).into_iter();
        let tasks: Vec<ReplayTask> = contenders
            .map(|entry| Card::from(&entry.profile))
            .filter(|card| !card.control && self.strategies.contains(&card.name))
            .filter(|card| !done.contains(card.name.as_str()))
            .map(|card| ReplayTask {
                strategy: card.name,
                trace: trace.to_owned(),
            })
            .collect();
        let outcome = |task: &ReplayTask| outcome(task, interrupt);
        side_by_side(environment::cpus(), &tasks, outcome, |outcome| {
            let name = &outcome.strategy;
            observer.stage(&format!("replaying on {name}"), super::VERIFYING_SHARE);
            if !outcome.passed {
                observer.note(&format!("{name} fails the {CHECK} check"));
            }
            recording.keep(Line::Check(outcome))
        })
    }
}

/// On whom it was replayed.
fn replayed(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| match line {
        Line::Check(outcome) if outcome.check == CHECK => Some(outcome.strategy.as_str()),
        _ => None,
    })
}

/// What the process saw, or how it ended.
fn outcome(task: &ReplayTask, interrupt: &Interrupt) -> Result<CheckOutcome> {
    let mut outcome = CheckOutcome {
        strategy: task.strategy.clone(),
        record: RecordKind::Status,
        check: CHECK.into(),
        passed: false,
        evidence: "it said nothing".into(),
    };
    let ending = carry_out(&Task::Replay(task.clone()), interrupt, |line| {
        if let Line::Check(seen) = line {
            outcome = seen;
        }
        Ok(())
    })?;
    if let Ending::Failed(failed) = ending {
        outcome.passed = false;
        outcome.evidence = format!("{}: {}", failed.during, failed.reason);
    }
    Ok(outcome)
}

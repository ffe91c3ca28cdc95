//! What a child process is to do.

use std::time::Duration;

use experiments::checks::VerifyTask;
use experiments::faults::FaultTask;
use experiments::probes::ProbeTask;
use measure::worker::MeasureTask;
use model::fault::FaultSeen;
use model::message::Message;
use model::random;
use model::sample::{CheckOutcome, Line, SliceKey};
use model::scenario::RecordKind;
use model::stall::StallSeen;
use model::trace::TraceSeen;
use serde::{Deserialize, Serialize};
use trace::{StallTask, TraceTask};

use super::child::Failed;
use crate::replay::{CHECK, ReplayTask};

/// What a child process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Task {
    /// Measure blocks of one scenario.
    Measure(Box<MeasureTask>),
    /// Run the checks on one strategy.
    Verify(VerifyTask),
    /// Replay a process trace on one strategy.
    Replay(ReplayTask),
    /// Put one strategy under one fault.
    Fault(FaultTask),
    /// Make one probe of one strategy.
    Probe(ProbeTask),
    /// Look at one strategy instruction by instruction.
    Trace(TraceTask),
    /// Stop one strategy's threads at all their points.
    Stall(StallTask),
    /// Measure what handing a line over costs here.
    Calibrate,
}

/// Longer than a page, which is as far as an address on the stack matters.
const STACK_SHIFT_MAX: u64 = 4_096;
/// Tells it from what else a process draws.
const STACK_SHIFT: u64 = 3;

impl Task {
    /// The strategy, the scenario or whatever else it is about, for the progress display.
    pub(super) fn subject(&self) -> String {
        match self {
            Task::Measure(task) => task.part.scenario.clone(),
            Task::Verify(VerifyTask { strategy, .. })
            | Task::Replay(ReplayTask { strategy, .. })
            | Task::Trace(TraceTask { strategy, .. })
            | Task::Stall(StallTask { strategy, .. }) => strategy.clone(),
            Task::Fault(task) => task.fault.to_string(),
            Task::Probe(task) => task.probe.described().title.to_lowercase(),
            Task::Calibrate => "this machine".into(),
        }
    }

    /// What its process begins with; nothing of one that says so itself, step by step.
    pub fn begin(&self) -> Option<Message> {
        let mut slice = None;
        let what = match self {
            Task::Measure(_) | Task::Verify(_) | Task::Stall(_) => return None,
            Task::Replay(task) => format!("{}: replaying", task.strategy),
            Task::Fault(task) => format!("{}: {}", task.strategy, task.fault),
            Task::Trace(task) => format!("{}: tracing", task.strategy),
            Task::Calibrate => "calibrating what a line costs between processors".into(),
            Task::Probe(task) => {
                slice = Some(SliceKey {
                    scenario: task.probe.name().into(),
                    process: task.process,
                    block: 0,
                    position: 0,
                    strategy: task.strategy.clone(),
                });
                task.strategy.clone()
            }
        };
        Some(Message::Begin { what, slice })
    }

    /// The line that says that the process did not survive, if there is one; `answer` is what it said before.
    pub(super) fn died(&self, failed: Failed, answer: Option<Line>) -> Option<Line> {
        let why = failed.to_string();
        let failed_check = |strategy: &str, check: &str| {
            Line::Check(CheckOutcome {
                strategy: strategy.into(),
                record: RecordKind::Status,
                check: check.into(),
                passed: false,
                evidence: why.clone(),
            })
        };
        Some(match self {
            Task::Measure(_) | Task::Probe(_) | Task::Calibrate => Line::Failure(failed.slice?),
            Task::Verify(task) => failed_check(&task.strategy, "checks end"),
            Task::Replay(task) => failed_check(&task.strategy, CHECK),
            Task::Fault(task) => {
                let mut outcome = match answer {
                    Some(Line::Fault(outcome)) => outcome,
                    _ => FaultSeen::new(&task.strategy, task.fault),
                };
                outcome.died = Some(failed.reason);
                Line::Fault(outcome)
            }
            Task::Trace(task) => Line::Trace(TraceSeen {
                strategy: task.strategy.clone(),
                died: Some(why),
                ..TraceSeen::default()
            }),
            Task::Stall(task) => Line::Stall(StallSeen {
                strategy: task.strategy.clone(),
                died: Some(why),
                ..StallSeen::default()
            }),
        })
    }

    /// After so much silence it counts as hung, within a slice or elsewhere.
    pub(super) const fn silence_max(&self, in_slice: bool) -> Duration {
        match self {
            // A thousand windows: nothing is set up meanwhile, and no operation takes as long.
            Task::Measure(task) if in_slice && task.scenario.operations.is_none() => {
                Duration::from_secs(10)
            }
            // Checks watch themselves, by the work that gets done; a thorough one says nothing for minutes.
            Task::Verify(_) => Duration::from_hours(1),
            // Every single wait is bounded by work; a scan that copies nothing but takes a lock for each
            // record has so many points that one kind of peer takes minutes.
            Task::Stall(_) => Duration::from_mins(10),
            // Much longer than any fault, probe or filling of tables.
            _ => Duration::from_secs(90),
        }
    }

    /// By how many bytes the environment is to shift the stack: another length in each process.
    pub(super) fn stack_shift(&self) -> usize {
        let Task::Measure(task) = self else {
            return 0;
        };
        let process = u64::from(task.part.process);
        (random::seed(task.seed, &[process, STACK_SHIFT]) % STACK_SHIFT_MAX) as usize
    }

    /// What else the environment is to say. A copy by `rep movsb` traps once for each byte when it is
    /// stepped, so large copies are to be made in another way (glibc manual, 38.6 hardware tunables).
    pub(super) fn tunables(&self) -> Option<(&'static str, &'static str)> {
        let is_stepped = matches!(self, Task::Trace(_) | Task::Stall(_));
        is_stepped.then_some((
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=1000000000:\
             glibc.cpu.x86_rep_stosb_threshold=1000000000",
        ))
    }
}

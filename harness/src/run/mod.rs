//! A run: what is asked for, checked against what there is, and carried out.

mod calibrating;
mod faults;
mod looking;
mod probing;
mod recording;
mod replaying;
mod schedule;
mod session;
mod stalling;
mod standing;
mod task;
#[cfg(test)]
mod tests;
mod tracing;
mod verifying;

use std::collections::BTreeSet;
use std::time::Duration;

use basis::assumption::Assumption;
use basis::clock;
use basis::environment::{self, Environment};
use basis::error::Result;
use basis::preset::Preset;
use basis::sample::{Card, Exclusion, Header, Line, Part, PartDone, SCHEMA};
use basis::scenario::{RecordKind, Scenario};
pub use calibrating::calibrate;
pub use looking::{Look, look};
pub use probing::ProbeEffort;
pub use recording::Recording;
use registry::roster::{self, participants};
use schedule::{Assignment, Schedule};
pub use session::Interrupt;
use session::{Ending, carry_out};
use slices::worker::{MeasureTask, Place};
pub use task::Task;
pub use tracing::TraceEffort;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// The strategies, the baseline and the controls included, in the registry's order.
    pub strategies: Vec<String>,
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// What is assumed, and judged.
    pub assumptions: Vec<Assumption>,
    /// The time budget.
    pub preset: Preset,
    /// The seed of every random choice.
    pub seed: u64,
}

/// Someone who watches a run.
pub trait Observer {
    /// A stage begins: its name, and the share of the run that is over.
    fn stage(&mut self, what: &str, share_done: f64);
    /// Something worth a line of its own.
    fn note(&mut self, text: &str);
}

/// The share of a run that the checks take, for the progress display.
const VERIFYING_SHARE: f64 = 0.1;
/// The share that the traces take.
const TRACING_SHARE: f64 = 0.05;
/// The share that the probes take.
const PROBING_SHARE: f64 = 0.12;

impl Plan {
    /// The header of the plan's sample file.
    pub fn header(&self, environment: Environment) -> Header {
        let all = roster::entries_beside(&self.baseline, RecordKind::Status);
        let cards: Vec<Card> = all
            .iter()
            .map(|entry| Card::from(&entry.profile))
            .filter(|card| self.strategies.contains(&card.name))
            .collect();
        let exclusions: Vec<Exclusion> = self
            .scenarios
            .iter()
            .flat_map(|scenario| participants(scenario, &self.strategies, &self.baseline).1)
            .collect();
        Header {
            schema: SCHEMA.into(),
            baseline: self.baseline.clone(),
            controls_of: self.baseline.clone(),
            environment,
            scenarios: self.scenarios.clone(),
            strategies: cards,
            exclusions,
            window_ns: self.preset.window(false).as_nanos() as u64,
            assumptions: self.assumptions.clone(),
            looks: 1,
            runs: Vec::new(),
        }
    }

    /// Measures every scenario, and keeps every slice. Goes on where the recording ends; no slice is
    /// measured twice.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A strategy that hangs or panics is not
    /// an error: it is noted, and left out of what follows of that scenario.
    pub fn measure(
        &self,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        self.measure_within(self.preset.measuring(), recording, interrupt, observer)
    }

    /// The same in another time than the preset's.
    ///
    /// # Errors
    ///
    /// As [`measure`](Plan::measure).
    pub fn measure_within(
        &self,
        budget: Duration,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        const BEFORE: f64 = VERIFYING_SHARE + TRACING_SHARE + PROBING_SHARE;
        let mut schedule = Schedule::resume(self.task(budget), recording.lines());
        while let Some(assignment) = schedule.next(recording.lines()) {
            let share = schedule.share_done(recording.lines());
            observer.stage(
                &format!("measuring {}", assignment.part.scenario),
                BEFORE + (1.0 - BEFORE) * share,
            );
            self.part(assignment, recording, interrupt, observer)?;
        }
        Ok(())
    }

    /// Measures one part.
    fn part(
        &self,
        assignment: Assignment,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let Assignment {
            part,
            from,
            restarts,
        } = assignment;
        if restarts == 0 {
            recording.keep(Line::Part(part.clone()))?;
        }
        let began = clock::now();
        let account = unaccounted(&part, recording.lines());
        let task = self.measure_task(part.clone(), from, restarts, account);
        let ending = carry_out(&task, interrupt, |line| recording.keep(line))?;
        if let Ending::Failed(failed) = ending {
            observer.note(&format!(
                "{}: {}: {}",
                part.scenario, failed.during, failed.reason
            ));
            if let Some(line) = failed.slice {
                recording.keep(line)?;
            }
        }
        recording.keep(Line::PartDone(PartDone {
            scenario: part.scenario,
            process: part.process,
            took_ms: began.elapsed().as_millis() as u64,
        }))
    }

    fn measure_task(&self, part: Part, from: Place, restarts: u32, account: Vec<String>) -> Task {
        let scenario = self
            .scenarios
            .iter()
            .find(|scenario| scenario.name == part.scenario)
            .expect("the schedule names scenarios of the plan only")
            .clone();
        let window = self.preset.window(scenario.threads() > environment::cpus());
        let trace = scenario.replay.as_ref();
        Task::Measure(Box::new(MeasureTask {
            trace: trace.map(|trace| trace.place().to_owned()),
            scenario,
            part,
            from,
            restarts,
            account,
            baseline: self.baseline.clone(),
            seed: self.seed,
            ramp_ns: self.preset.ramp().as_nanos() as u64,
            window_ns: window.as_nanos() as u64,
        }))
    }

    fn task(&self, budget: Duration) -> schedule::Task {
        schedule::Task {
            scenarios: self
                .scenarios
                .iter()
                .map(|scenario| {
                    let (names, _) = participants(scenario, &self.strategies, &self.baseline);
                    (scenario.clone(), names)
                })
                .collect(),
            baseline: self.baseline.clone(),
            cpus: environment::cpus(),
            preset: self.preset,
            budget,
            seed: self.seed,
        }
    }
}

/// Whose heap is still to be accounted for. Counts are exact: once is enough.
fn unaccounted(part: &Part, lines: &[Line]) -> Vec<String> {
    let accounted: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Memory(memory) if memory.scenario == part.scenario => {
                Some(memory.strategy.as_str())
            }
            _ => None,
        })
        .collect();
    let names = part.strategies.iter();
    names
        .filter(|name| !accounted.contains(name.as_str()))
        .cloned()
        .collect()
}

//! A run: what is asked for, checked against what there is, and carried out stage by stage.

mod child;
mod measurement;
mod recording;
mod schedule;
mod stages;
mod task;
#[cfg(test)]
mod tests;
mod worker_pool;

use std::time::{Duration, Instant};

use model::assumption::Assumption;
use model::clock;
use model::environment::{self, Environment};
use model::error::Result;
use model::preset::{self, Preset};
use model::sample::{Card, Exclusion, Header, SCHEMA};
use model::scenario::{self, RecordKind, Scenario};
use registry::strategies::{self, participants};
use stats::GROUPS_95;

pub use child::{ChildGuard, INTERRUPT, is_interrupted};
pub use recording::Recording;
pub use schedule::Limits;
pub use stages::{calibration, replays, stalls, traces};
pub use task::Task;
pub use worker_pool::{Observer, Run, Stage};

/// What a run is to do.
#[derive(Clone, Debug, Default)]
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

/// The share of the main job that is over behind the checks and faults, for the progress display.
const VERIFIED: f64 = 0.1;
/// Behind the traces.
const TRACED: f64 = 0.15;
/// Behind the probes.
const PROBED: f64 = 0.27;

/// Fewer processes than this make no interval, and each has a block at least.
const PROCESSES_MIN: u32 = GROUPS_95 as u32;

impl Plan {
    /// The main job: verifies, traces, probes and measures.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn carry_out(&self, run: &mut Run<'_>) -> Result<()> {
        let began = clock::now();
        self.verify(self.preset.checks(), VERIFIED, run)?;
        run.carry_out(self.traces(self.preset), TRACED)?;
        self.sample(began, run)
    }

    /// What takes samples of the main job, which `began` then: probes and measures.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn sample(&self, began: Instant, run: &mut Run<'_>) -> Result<()> {
        run.carry_out(self.knee(run.recording.lines()), TRACED)?;
        let stages = self.probes(run.recording.lines());
        let share = (PROBED - run.share) / stages.len() as f64;
        for stage in stages {
            run.carry_out(stage, run.share + share)?;
        }
        run.carry_out(calibration(), PROBED)?;
        let most = self.preset.measuring();
        let left = self.preset.whole().saturating_sub(began.elapsed());
        let limits = Limits {
            budget: left.clamp(most * 5 / 8, most),
            rounds: self.preset.rounds(),
            one_answer: false,
        };
        self.measure(limits, 1.0, run)?;
        run.complete()
    }

    /// Runs the checks on every contender and puts it under every fault, behind which the share `until` of the run
    /// is over.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn verify(&self, effort: Preset, until: f64, run: &mut Run<'_>) -> Result<()> {
        run.carry_out(self.checks(effort), until / 2.0)?;
        run.carry_out(self.faults(effort, false), until)?;
        run.carry_out(self.faults(effort, true), until)
    }

    /// Refuses, before anything is done, sweeps that would take longer than the preset has.
    ///
    /// # Errors
    ///
    /// As [`scenario::affordable`].
    pub fn is_affordable(&self) -> Result<()> {
        // Whatever the machine.
        let shortest = |scenario| self.shortest_of(scenario, PROCESSES_MIN, usize::MAX);
        let scenarios = self.scenarios.iter();
        let timed = scenarios.map(|scenario| (scenario, shortest(scenario)));
        let is_largest = self.preset == Preset::Full;
        scenario::affordable(timed, self.preset.measuring(), is_largest)
    }

    /// What so many processes of every scenario take at least, with a block each.
    pub fn shortest(&self, processes: u32) -> Duration {
        let shortest = |scenario| self.shortest_of(scenario, processes, environment::cpus());
        self.scenarios.iter().map(shortest).sum()
    }

    fn shortest_of(&self, scenario: &Scenario, processes: u32, cpus: usize) -> Duration {
        let (names, _) = self.participants(scenario);
        // What is counted of a slice, and what is not.
        let slice = preset::slice(scenario, cpus);
        scenario::least(scenario, names.len(), processes, slice)
    }

    /// The strategies that take part in a scenario, and who does not, and why.
    fn participants(&self, scenario: &Scenario) -> (Vec<String>, Vec<Exclusion>) {
        participants(scenario, &self.strategies, &self.baseline)
    }

    /// The header of the plan's sample file.
    pub fn header(&self, environment: Environment) -> Header {
        let all = strategies::entries_beside(&self.baseline, RecordKind::Status);
        let cards = all.iter().map(|entry| Card::from(&entry.profile));
        let cards = cards.filter(|card| self.strategies.contains(&card.name));
        let scenarios = self.scenarios.iter();
        let exclusions = scenarios.flat_map(|scenario| self.participants(scenario).1);
        Header {
            schema: SCHEMA.into(),
            baseline: self.baseline.clone(),
            controls_of: self.baseline.clone(),
            environment,
            scenarios: self.scenarios.clone(),
            strategies: cards.collect(),
            exclusions: exclusions.collect(),
            window_ns: preset::WINDOW.as_nanos() as u64,
            assumptions: self.assumptions.clone(),
            looks: analysis::LOOKS,
            runs: Vec::new(),
        }
    }
}

//! A run: what is asked for, checked against what there is, and carried out stage by stage.

mod child;
mod convergence;
mod done;
mod measurement;
mod recording;
mod schedule;
mod stages;
mod task;
#[cfg(test)]
mod tests;
mod worker_pool;

use model::assumption::Assumption;
use model::environment::Environment;
use model::error::Result;
use model::preset::Preset;
use model::sample::{Card, Exclusion, Header, SCHEMA};
use model::scenario::{RecordKind, Scenario};
use registry::roster::{self, participants};

pub use child::Interrupt;
pub use done::Done;
pub use recording::Recording;
pub use stages::{Calibration, Checks, Faults, Probes, Replays, Stalls, Traces};
pub use task::Task;
pub use worker_pool::{Observer, Run, Stage, Worker};

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

/// The share of the main job that is over behind the checks and faults, for the progress display.
const VERIFIED: f64 = 0.1;
/// Behind the traces.
const TRACED: f64 = 0.15;
/// Behind the probes.
const PROBED: f64 = 0.27;

impl Plan {
    /// The main job: verifies, traces, probes and measures.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn carry_out(&self, run: &mut Run<'_>) -> Result<()> {
        self.verify(self.preset.checks(), VERIFIED, run)?;
        run.carry_out(&Traces::of(self, self.preset), TRACED)?;
        self.sample(run)
    }

    /// What takes samples of the main job: probes and measures.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn sample(&self, run: &mut Run<'_>) -> Result<()> {
        let probes = Probes {
            plan: self,
            effort: self.preset,
        };
        run.carry_out(&probes, PROBED)?;
        run.carry_out(&Calibration, PROBED)?;
        self.measure(self.preset.measuring(), run)?;
        run.complete()
    }

    /// Runs the checks on every contender and puts it under every fault, behind which the share `until` of the run
    /// is over.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn verify(&self, effort: Preset, until: f64, run: &mut Run<'_>) -> Result<()> {
        run.carry_out(&Checks { plan: self, effort }, until / 2.0)?;
        for are_busy in [false, true] {
            let faults = Faults {
                plan: self,
                effort,
                are_busy,
            };
            run.carry_out(&faults, until)?;
        }
        Ok(())
    }

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
}

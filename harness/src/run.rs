//! A run: what is asked for, checked against what there is, and carried out.

mod probes;

pub use probes::ProbeEffort;

use std::path::Path;
use std::time::Duration;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::measure::roster::{self, participants};
use crate::measure::session::{Ending, Interrupt, carry_out};
use crate::measure::worker::{MeasureTask, Task};
use crate::preset::Preset;
use crate::sample::{Card, CheckOutcome, Exclusion, Header, Line, SCHEMA, Writer};
use crate::scenario::{RecordKind, Scenario};
use crate::verify::VerifyTask;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// The strategies, the baseline and the controls included, in the registry's order.
    pub strategies: Vec<String>,
    /// The strategy that the others are compared with.
    pub baseline: String,
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

impl Plan {
    /// The header of the plan's sample file.
    pub fn header(&self, environment: Environment) -> Header {
        let all = roster::entries(RecordKind::Status);
        let cards: Vec<Card> = all
            .iter()
            .map(|entry| roster::card(&entry.profile))
            .filter(|card| self.strategies.contains(&card.name))
            .collect();
        let exclusions: Vec<Exclusion> = self
            .scenarios
            .iter()
            .flat_map(|scenario| participants(scenario, &self.strategies).1)
            .collect();
        Header {
            schema: SCHEMA.into(),
            baseline: self.baseline.clone(),
            environment,
            scenarios: self.scenarios.clone(),
            strategies: cards,
            exclusions,
            window_ns: self.preset.window().as_nanos() as u64,
        }
    }

    /// Runs the checks on every strategy, and keeps their outcomes.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A check that fails is not an error but
    /// an outcome.
    pub fn verify(
        &self,
        effort: Preset,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
        mut keep: impl FnMut(Line) -> Result<()>,
    ) -> Result<()> {
        let contenders: Vec<Card> = roster::entries(RecordKind::Status)
            .iter()
            .map(|entry| roster::card(&entry.profile))
            .filter(|card| !card.control && self.strategies.contains(&card.name))
            .collect();
        for (index, card) in contenders.iter().enumerate() {
            let share = VERIFYING_SHARE * index as f64 / contenders.len() as f64;
            observer.stage(&format!("verifying {}", card.name), share);
            let strategy = card.name.clone();
            let task = Task::Verify(VerifyTask {
                strategy,
                preset: effort,
                seed: self.seed,
            });
            let ending = carry_out(&task, interrupt, |line| {
                if let Line::Check(CheckOutcome {
                    strategy,
                    check,
                    passed: false,
                    ..
                }) = &line
                {
                    observer.note(&format!("{strategy} fails the {check} check"));
                }
                keep(line)
            })?;
            if let Ending::Failed(failed) = ending {
                observer.note(&format!("{}: {}", failed.during, failed.reason));
                keep(Line::Check(CheckOutcome {
                    strategy: card.name.clone(),
                    record: RecordKind::Status,
                    check: "checks end".into(),
                    passed: false,
                    evidence: format!("{}: {}", failed.during, failed.reason),
                }))?;
            }
        }
        Ok(())
    }

    /// Measures every scenario, and keeps every slice.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A strategy that hangs or panics is not
    /// an error: it is noted, and left out of what follows of that scenario.
    pub fn measure(
        &self,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
        mut keep: impl FnMut(Line) -> Result<()>,
    ) -> Result<()> {
        let processes = self.preset.processes();
        let parts = processes as usize * self.scenarios.len();
        let budget = self
            .preset
            .measuring()
            .checked_div(parts as u32)
            .unwrap_or(Duration::ZERO);
        // Process by process and not scenario by scenario: a machine that changes during the run
        // changes all scenarios a little instead of one of them much.
        let all = (0..processes).flat_map(|p| self.scenarios.iter().map(move |s| (p, s)));
        let mut failed_before: Vec<(String, String)> = Vec::new();
        for (part, (process, scenario)) in all.enumerate() {
            let share = part as f64 / parts as f64;
            observer.stage(
                &format!("measuring {}", scenario.name),
                VERIFYING_SHARE + (1.0 - VERIFYING_SHARE) * share,
            );
            let (mut strategies, _) = participants(scenario, &self.strategies);
            strategies
                .retain(|name| !failed_before.contains(&(scenario.name.clone(), name.clone())));
            let task = Task::Measure(Box::new(MeasureTask {
                scenario: scenario.clone(),
                strategies,
                baseline: self.baseline.clone(),
                process,
                seed: self.seed,
                ramp_ns: self.preset.ramp().as_nanos() as u64,
                window_ns: self.preset.window().as_nanos() as u64,
                budget_ms: budget.as_millis() as u64,
            }));
            if let Ending::Failed(failed) = carry_out(&task, interrupt, &mut keep)? {
                observer.note(&format!(
                    "{}: {}: {}",
                    scenario.name, failed.during, failed.reason
                ));
                if let Some(line) = failed.slice {
                    if let Line::Failure(failure) = &line {
                        failed_before.push((scenario.name.clone(), failure.key.strategy.clone()));
                    }
                    keep(line)?;
                }
            }
        }
        Ok(())
    }
}

/// Makes the folder of a run and the sample file in it, with its header.
///
/// # Errors
///
/// When the folder or the file cannot be written.
pub fn create(folder: &Path, header: Header) -> Result<Writer> {
    std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
    let mut writer = Writer::create(&folder.join("samples.jsonl"))?;
    writer.append(&Line::Header(Box::new(header)))?;
    Ok(writer)
}

//! `pivot run`: the main job: verify, trace, measure, judge and report. `pivot measure`: its samples alone.

use std::path::{Path, PathBuf};

use harness::run::{Plan, Recording};
use model::assumption;
use model::error::{Error, Result};
use model::preset::Preset;

use super::{attended, environment, kept_in, latest, report};
use crate::arguments::RunOptions;
use crate::{selection, terminal};

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    let (plan, folder, mut recording) = begin(options, "run")?;
    let outcome = if recording.is_complete() {
        Ok(())
    } else {
        attended(&mut recording, |run| plan.carry_out(run))
    };
    let write_report = || report::write(&[folder.join("samples.jsonl")], &folder);
    match outcome.map_err(kept_in(&folder)) {
        Ok(()) => write_report(),
        Err(Error::Interrupted(what)) => {
            write_report()?;
            Err(Error::Interrupted(format!(
                "{what}, and reported as partial"
            )))
        }
        Err(error) => Err(error),
    }
}

/// Measures without checks and without a report, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let (plan, folder, mut recording) = begin(options, "measure")?;
    if !recording.is_complete() {
        attended(&mut recording, |run| plan.sample(run)).map_err(kept_in(&folder))?;
    }
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

/// What the options ask for, the folder of its files, and a new recording in it, or with `--resume` the one that was
/// cut short.
fn begin(options: &RunOptions, verb: &str) -> Result<(Plan, PathBuf, Recording)> {
    let (choice, effort) = (&options.choice, &options.effort);
    let assumptions = options.assumptions.clone();
    let assumptions =
        assumptions.unwrap_or_else(|| selection::workspace().join("benches/assumptions.toml"));
    let plan = Plan {
        scenarios: selection::scenarios(choice, effort.preset == Preset::Full)?,
        strategies: selection::contest(&choice.contest)?,
        baseline: choice.contest.baseline.clone(),
        assumptions: assumption::load(&assumptions)?,
        preset: effort.preset,
        seed: effort.seed,
    };
    plan.is_affordable()?;
    let pattern = choice.scenario.as_ref();
    let path = |path: &Path| path.display().to_string();
    let others = [
        ("scenario", pattern.map(|pattern| format!("'{pattern}'"))),
        ("scenarios", choice.scenarios.as_deref().map(path)),
        ("assumptions", options.assumptions.as_deref().map(path)),
    ];
    let header = plan.header(environment(verb, &choice.contest, effort, &others));
    let folder = options.out.clone().unwrap_or_else(latest);
    let recording = if options.resume {
        Recording::resume(&folder, &header)?
    } else {
        Recording::begin(&folder, header)?
    };
    Ok((plan, folder, recording))
}

//! One file a command.

pub(crate) mod advise;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod measure;
pub(crate) mod new;
pub(crate) mod predict;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod selftest;
pub(crate) mod stall;
pub(crate) mod trace;
pub(crate) mod verify;
pub(crate) mod worker;

use std::path::{Path, PathBuf};

use basis::assumption;
use basis::environment::Environment;
use basis::error::{Error, Result};
use basis::preset::Preset;
use harness::run::{Plan, Recording, Run};

use crate::arguments::RunOptions;
use crate::progress::Progress;
use crate::{selection, signals};

/// Carries out `stages` into a recording. Progress is shown and signals are noted meanwhile.
fn attended<T>(
    recording: &mut Recording,
    stages: impl FnOnce(&mut Run<'_>) -> Result<T>,
) -> Result<T> {
    let interrupt = signals::listen()?;
    let mut progress = Progress::new();
    stages(&mut Run::new(recording, &interrupt, &mut progress))
}

/// What an interrupted run leaves, in an error that says so.
fn kept_in(folder: &Path) -> impl Fn(Error) -> Error {
    move |error| match error {
        Error::Interrupted(_) => Error::Interrupted(format!(
            "what was measured so far is kept in {}; --resume goes on with it",
            folder.display()
        )),
        other => other,
    }
}

/// What the options ask for.
fn plan(options: &RunOptions) -> Result<Plan> {
    let scenarios = selection::scenarios(&options.choice, options.preset == Preset::Full)?;
    let strategies = selection::contest(&options.choice)?;
    selection::affordable(
        &scenarios,
        &strategies,
        &options.choice.baseline,
        options.preset,
    )?;
    Ok(Plan {
        scenarios,
        strategies,
        baseline: options.choice.baseline.clone(),
        assumptions: assumption::load(&assumptions(options))?,
        preset: options.preset,
        seed: options.seed,
    })
}

/// The file of assumptions.
fn assumptions(options: &RunOptions) -> PathBuf {
    options
        .assumptions
        .clone()
        .unwrap_or_else(|| selection::workspace().join("benches/assumptions.toml"))
}

/// A new recording, or with `--resume` the one that was cut short.
fn recording(options: &RunOptions, plan: &Plan, folder: &Path, verb: &str) -> Result<Recording> {
    let header = plan.header(environment(options, verb));
    if options.resume {
        Recording::resume(folder, &header)
    } else {
        Recording::begin(folder, header)
    }
}

/// Where the run is to leave its files.
fn folder(options: &RunOptions) -> PathBuf {
    options
        .out
        .clone()
        .unwrap_or_else(|| selection::workspace().join("reports/latest"))
}

/// The machine, and the command that repeats the run.
fn environment(options: &RunOptions, verb: &str) -> Environment {
    let mut command = format!(
        "cargo run --release -- {verb} --preset {}",
        options.preset.name()
    );
    command.push_str(&format!(" --seed {}", options.seed));
    if options.choice.baseline != "mutex/std" {
        command.push_str(&format!(" --baseline {}", options.choice.baseline));
    }
    for (option, value) in [
        ("strategy", &options.choice.strategy),
        ("scenario", &options.choice.scenario),
    ] {
        if let Some(value) = value {
            command.push_str(&format!(" --{option} '{value}'"));
        }
    }
    if let Some(folder) = &options.choice.scenarios {
        command.push_str(&format!(" --scenarios {}", folder.display()));
    }
    if let Some(file) = &options.assumptions {
        command.push_str(&format!(" --assumptions {}", file.display()));
    }
    Environment::capture(
        &selection::workspace(),
        command,
        options.seed,
        options.preset.name(),
    )
}

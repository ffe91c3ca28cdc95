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

use harness::run::{Plan, Recording, Run};
use model::assumption;
use model::controls;
use model::environment::Environment;
use model::error::{Error, Result};
use model::preset::Preset;
use strum::VariantArray;

use crate::arguments::{Choice, RunOptions};
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

/// What was asked for: all if nothing was named.
fn or_all<T: VariantArray + Clone>(asked: &[T]) -> Vec<T> {
    match asked {
        [] => T::VARIANTS.to_vec(),
        _ => asked.to_vec(),
    }
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
    let RunOptions {
        choice,
        assumptions,
        preset,
        seed,
        ..
    } = options;
    let environment = environment(verb, choice, assumptions.as_deref(), *preset, *seed);
    let header = plan.header(environment);
    if options.resume {
        Recording::resume(folder, &header)
    } else {
        Recording::begin(folder, header)
    }
}

/// Where the run is to leave its files.
fn folder(options: &RunOptions) -> PathBuf {
    options.out.clone().unwrap_or_else(latest)
}

/// The folder of a run that nobody named.
fn latest() -> PathBuf {
    selection::workspace().join("reports/latest")
}

/// The machine, and the command that repeats the run: its verb, and the options that are not as they are by default.
fn environment(
    verb: &str,
    choice: &Choice,
    assumptions: Option<&Path>,
    preset: Preset,
    seed: u64,
) -> Environment {
    let quoted = |text: &String| format!("'{text}'");
    let path = |path: &Path| path.display().to_string();
    let baseline = (choice.baseline != controls::BASELINE).then(|| choice.baseline.clone());
    let options = [
        ("preset", Some(preset.name().to_owned())),
        ("seed", Some(seed.to_string())),
        ("baseline", baseline),
        ("strategy", choice.strategy.as_ref().map(quoted)),
        ("scenario", choice.scenario.as_ref().map(quoted)),
        ("scenarios", choice.scenarios.as_deref().map(path)),
        ("assumptions", assumptions.map(path)),
    ];
    let mut command = format!("cargo run --release -- {verb}");
    for (option, value) in options {
        if let Some(value) = value {
            command.push_str(&format!(" --{option} {value}"));
        }
    }
    Environment::capture(&selection::workspace(), command, seed, preset.name())
}

//! One file a command.

pub(crate) mod advise;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod list;
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

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use analysis::{Samples, analyse};
use harness::run::{Plan, Recording, Run};
use model::controls;
use model::environment::Environment;
use model::error::{Error, Result};
use results::Machine;

use crate::arguments::{Contest, Effort};
use crate::progress::Progress;
use crate::{selection, signals};

/// Carries out `stages` into a recording. Progress is shown and signals are noted meanwhile.
fn attended<T>(
    recording: &mut Recording,
    stages: impl FnOnce(&mut Run<'_>) -> Result<T>,
) -> Result<T> {
    let listening = signals::listen()?;
    let mut progress = Progress::new();
    stages(&mut Run::new(recording, listening.interrupt, &mut progress))
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

/// What a recording in memory says of the strategies of a plan.
fn analysed(plan: &Plan, recording: &Recording) -> Machine {
    analyse(&Samples {
        header: plan.header(Environment::default()),
        lines: recording.lines().to_vec(),
    })
}

/// The folder of a run that nobody named.
fn latest() -> PathBuf {
    selection::workspace().join("reports/latest")
}

/// What a file holds, or standard input for `-`, and what it is called in messages.
fn content(file: &Path) -> Result<(Vec<u8>, String)> {
    let (read, place) = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        (read.map(|_| bytes), "standard input".to_owned())
    } else {
        (std::fs::read(file), file.display().to_string())
    };
    let bytes = read.map_err(|error| Error::input(format!("cannot read {place}: {error}")))?;
    Ok((bytes, place))
}

/// The machine, and the command that repeats the run: its verb, and the options that are not as they are by default,
/// of which `others` are those that not every command has.
fn environment(
    verb: &str,
    contest: &Contest,
    effort: &Effort,
    others: &[(&str, Option<String>)],
) -> Environment {
    let baseline = (contest.baseline != controls::BASELINE).then(|| contest.baseline.clone());
    let strategy = contest.strategy.as_ref();
    let options = [
        ("preset", Some(effort.preset.name().to_owned())),
        ("seed", Some(effort.seed.to_string())),
        ("baseline", baseline),
        ("strategy", strategy.map(|pattern| format!("'{pattern}'"))),
    ];
    let mut command = format!("cargo run --release -- {verb}");
    for (option, value) in options.iter().chain(others) {
        if let Some(value) = value {
            command.push_str(&format!(" --{option} {value}"));
        }
    }
    Environment::capture(
        &selection::workspace(),
        command,
        effort.seed,
        effort.preset.name(),
    )
}

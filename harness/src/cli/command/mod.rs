//! The commands.

pub(crate) mod advise;
pub(crate) mod catalogue;
pub(crate) mod judge;
pub(crate) mod new;
pub(crate) mod observe;
pub(crate) mod predict;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod run;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use harness::run::{Recording, Run};
use model::environment::Environment;
use model::error::{Error, Result};

use crate::arguments::Effort;
use crate::progress::Progress;
use crate::{selection, signals};

/// Carries out `stages` into a recording. Progress is shown and signals are noted meanwhile; the error of an interruption
/// says where what was found is kept.
fn attended<T>(
    recording: &mut Recording,
    stages: impl FnOnce(&mut Run<'_>) -> Result<T>,
) -> Result<T> {
    let _listening = signals::listen()?;
    let mut progress = Progress::new();
    let outcome = stages(&mut Run::new(recording, &mut progress));
    outcome.map_err(|error| match (error, &recording.folder) {
        (Error::Interrupted(_), Some(folder)) => Error::Interrupted(format!(
            "what was measured so far is kept in {}; --resume goes on with it",
            folder.display()
        )),
        (other, _) => other,
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

/// The machine, and the command that repeats the run.
fn environment(effort: &Effort) -> Environment {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./=:,+@".contains(letter);
    let arguments = std::env::args().skip(1).map(|argument| {
        if !argument.is_empty() && argument.chars().all(is_plain) {
            return argument;
        }
        format!("'{}'", argument.replace('\'', "'\\''"))
    });
    let words = ["cargo run --release --".to_owned()].into_iter();
    let command = words.chain(arguments).collect::<Vec<_>>().join(" ");
    Environment::capture(
        &selection::workspace(),
        command,
        effort.seed,
        &effort.preset.to_string(),
    )
}

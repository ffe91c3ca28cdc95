//! Recorded runs: a folder for each, with its samples and all that is made of them, and what documents show
//! of them.
//!
//! Nothing in such a folder but the samples is written by hand or measured: it can be made again at any time,
//! and whatever differs then has drifted from its data. A merged report of several machines has no samples;
//! its folder names the runs, recorded beside it, that it is made of.

mod drift;
mod merging;
mod part;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use model::environment::Environment;
use model::error::{Error, Result};
use model::sample;
use regex_lite::Regex;

use analysis::{Samples, analyse};
use report::{self, Entry, Source};
use results::{Machine, Results};

pub use drift::{Drift, of_folder};
pub use merging::{Known, Read, locate, read};
pub use part::Part;

/// The folder that every run writes to unless told otherwise: the last one, and not recorded.
const LATEST: &str = "latest";

/// How the folder of an advice is called unless told otherwise, in front of the workload's name: an
/// answer to a question of the user's own, and not recorded either.
pub const ADVICE: &str = "advice-";

/// The document that lists the recorded runs, beside them.
pub const INDEX: &str = "README.md";

/// What the lines of one machine's runs say, with what a reader has to know about them.
fn machine_of(lines: Vec<sample::Line>, warnings: &[String]) -> Machine {
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    let mut machine = analyse(&samples);
    machine.warnings.splice(0..0, warnings.iter().cloned());
    machine
}

/// `2026-11-24-epyc-2cpu`: the day on which the run began, in UTC, and the machine: as named, or its
/// processor's model and how many there are. Of a merged report, the day of its last run, and the machines:
/// `2026-11-24-epyc-2cpu-and-xeon-2cpu`.
///
/// # Errors
///
/// When the samples do not say the day, or a name has other characters than letters, digits, `.`, `_` and
/// `-`.
///
/// # Panics
///
/// Never: the patterns are constants.
pub fn folder_name(machines: &[&Environment], name: Option<&str>) -> Result<String> {
    let started = machines.iter().map(|one| one.started_at.as_str());
    let started = started.max().unwrap_or_default();
    let regex = |pattern| Regex::new(pattern).expect("the pattern is a constant");
    let day = regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}").find(started);
    let day = day.map(|day| day.as_str()).ok_or_else(|| {
        Error::input(format!(
            "the samples began at {started:?}, which is no time like 2026-11-24T05:41:33Z: a recorded run is \
             named by its day"
        ))
    })?;
    let name = name.map_or_else(
        || Environment::short_names(machines).join("-and-"),
        str::to_owned,
    );
    if !regex("^[A-Za-z0-9][A-Za-z0-9._-]*$").is_match(&name) {
        return Err(Error::input(format!(
            "--record={name:?}: a machine's name has letters, digits, '.', '_' and '-', and begins with a \
             letter or digit"
        )));
    }
    Ok(format!("{day}-{name}"))
}

/// The folders of the recorded runs and merged reports, by name.
///
/// # Errors
///
/// When the folder that holds them cannot be read.
pub fn folders(reports: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Error::file("read", reports, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(reports).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_aside = name.starts_with('.');
        let sources = [sample::PLAIN, sample::PACKED, sample::MERGED];
        let is_run = sources.iter().any(|source| path.join(source).is_file());
        let is_unrecorded = name == LATEST || name.starts_with(ADVICE);
        if is_run && !is_aside && !is_unrecorded {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The table of the recorded runs and merged reports, in Markdown.
///
/// # Errors
///
/// As [`folders`] and [`read`].
pub fn index(reports: &Path, known: &mut Known) -> Result<String> {
    let entries = folders(reports)?.into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let read = read(&locate(&folder)?, Some(&folder), known)?;
        Ok(Entry::of(&name, &read.results))
    });
    Ok(report::index(&entries.collect::<Result<Vec<_>>>()?))
}

/// Files a report: its samples, packed, or the names of its runs, and all that is made of the results. One of the same
/// samples or runs that is there already is made again.
///
/// # Errors
///
/// When the folder cannot be written, or holds another report.
pub fn file(results: &Results, source: Source, folder: &Path) -> Result<()> {
    let read =
        |place: &Path| std::fs::read(place).map_err(|error| Error::file("read", place, &error));
    let source = match source {
        Source::Samples(content) => Source::Samples(packed(content)),
        Source::Beside(name) => Source::Samples(packed(read(&folder.join(name))?)),
        Source::Runs(runs) => Source::Runs(runs),
    };
    if !folder.exists() {
        return at_once(results, &source, folder);
    }
    let (kind, is_same) = match &source {
        Source::Samples(content) => {
            let known = read(&sample::locate(folder)?)?;
            ("run", packed(known) == *content)
        }
        Source::Runs(runs) => {
            let known = read(&folder.join(sample::MERGED));
            ("report", known.is_ok_and(|known| known == runs.as_bytes()))
        }
        Source::Beside(_) => ("run", true),
    };
    if is_same {
        return report::write(results, None, &source, folder).map(drop);
    }
    Err(Error::input(format!(
        "{} holds another {kind}; name this one with --record=NAME",
        folder.display()
    )))
}

/// Fills a folder to the side and puts it in its place when it is complete.
fn at_once(results: &Results, source: &Source, folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let aside = folder.with_file_name(format!(".{name}.partial"));
    // What an earlier attempt has left, if one was killed.
    let _ = std::fs::remove_dir_all(&aside);
    let filed = report::write(results, None, source, &aside).and_then(|_| {
        std::fs::rename(&aside, folder).map_err(|error| Error::file("write", folder, &error))
    });
    if filed.is_err() {
        let _ = std::fs::remove_dir_all(&aside);
    }
    filed
}

/// A sample file as it is kept.
fn packed(content: Vec<u8>) -> Vec<u8> {
    if sample::name_of(&content) == sample::PACKED {
        content
    } else {
        sample::pack(&content)
    }
}

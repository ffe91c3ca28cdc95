//! Recorded runs: a folder for each, with its samples and all that is made of them, and what documents show
//! of them.
//!
//! Nothing in such a folder but the samples is written by hand or measured: it can be made again at any time,
//! and whatever differs then has drifted from its data. A merged report of several machines has no samples;
//! its folder names the runs, recorded beside it, that it is made of.

mod drift;
mod known;
mod machine;
mod merging;
mod part;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::sample;

use crate::analysis::{Samples, analyse};
use crate::report;
use crate::results::{Merged, Results};

pub use drift::{Drift, of_folder, of_text};
pub use known::Known;
pub use machine::folder_name;
pub use merging::{Read, locate, names, read};
pub use part::Part;

/// The folder that every run writes to unless told otherwise: the last one, and not recorded.
const LATEST: &str = "latest";

/// How the folder of an advice is called unless told otherwise, in front of the workload's name: an
/// answer to a question of the user's own, and not recorded either.
pub const ADVICE: &str = "advice-";

/// The document that lists the recorded runs, beside them.
pub const INDEX: &str = "README.md";

/// The document beside it that says what the harness favours.
pub const BIASES: &str = "BIASES.md";

/// What a sample file says, and the warnings of reading it, which the results have, too. They name the file
/// by its last name: results do not depend on where their folder is.
///
/// # Errors
///
/// As [`sample::read`].
pub fn results(file: &Path) -> Result<(Results, Vec<String>)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let reading = sample::read(file)?;
    let (lines, warnings) = sample::pool(vec![(name.into_owned(), reading)])?;
    Ok((results_of(lines, &warnings), warnings))
}

/// What the lines of a pool say, with what a reader has to know about them.
///
/// # Panics
///
/// When the first line is no header; that of a pool is.
pub fn results_of(lines: Vec<sample::Line>, warnings: &[String]) -> Results {
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    let mut results = analyse(&samples);
    results.warnings.splice(0..0, warnings.iter().cloned());
    results
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
        let is_run = [sample::PLAIN, sample::PACKED, sample::MERGED]
            .iter()
            .any(|source| path.join(source).is_file());
        let is_unrecorded = name == LATEST || name.starts_with(ADVICE);
        if is_run && !is_aside && !is_unrecorded {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Files a run: its samples, packed, and all that is made of the results, which are what they say. A run that
/// is there already is packed and made again.
///
/// # Errors
///
/// When the samples cannot be read, the folder cannot be written, or it holds another run.
pub fn file(samples: &Path, results: &Results, folder: &Path) -> Result<()> {
    let packed = packed(samples)?;
    if folder.exists() {
        let known = sample::locate(folder)?;
        if self::packed(&known)? != packed {
            return Err(Error::input(format!(
                "{} holds another run; name this one's machine with --record=NAME",
                folder.display()
            )));
        }
        return report::write_with(results, &packed, folder).map(drop);
    }
    at_once(folder, |aside| report::write_with(results, &packed, aside))
}

/// Files a merged report of recorded runs, which `runs` names as [`names()`] does. One of the same runs that
/// is there already is made again.
///
/// # Errors
///
/// When the folder cannot be written, or holds another report.
pub fn file_merged(merged: &Merged, runs: &str, folder: &Path) -> Result<()> {
    if !folder.exists() {
        return at_once(folder, |aside| report::write_merged(merged, runs, aside));
    }
    let known = std::fs::read_to_string(folder.join(sample::MERGED));
    if known.is_ok_and(|known| known == runs) {
        return report::write_merged(merged, runs, folder).map(drop);
    }
    Err(Error::input(format!(
        "{} holds another report; name this one with --record=NAME",
        folder.display()
    )))
}

/// Fills a folder to the side and puts it in its place when it is complete.
fn at_once(folder: &Path, write: impl FnOnce(&Path) -> Result<report::Written>) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let aside = folder.with_file_name(format!(".{name}.partial"));
    // What an earlier attempt has left, if one was killed.
    let _ = std::fs::remove_dir_all(&aside);
    let filed = write(&aside).and_then(|_| {
        std::fs::rename(&aside, folder).map_err(|error| Error::file("write", folder, &error))
    });
    if filed.is_err() {
        let _ = std::fs::remove_dir_all(&aside);
    }
    filed
}

/// A sample file as it is kept.
fn packed(samples: &Path) -> Result<Vec<u8>> {
    let content = std::fs::read(samples);
    let content = content.map_err(|error| Error::file("read", samples, &error))?;
    Ok(if sample::name_of(&content) == sample::PACKED {
        content
    } else {
        sample::pack(&content)
    })
}

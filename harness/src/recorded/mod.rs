//! Recorded runs: a folder for each, with its samples and all that is made of them, and what documents show
//! of them.
//!
//! Nothing in such a folder but the samples is written by hand or measured: it can be made again at any time,
//! and whatever differs then has drifted from its data. A merged report of several machines has no samples;
//! its folder names the runs, recorded beside it, that it is made of.

mod merging;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use model::environment::Environment;
use model::error::{Error, Result};
use model::output::Existing;
use model::sample;
use regex_lite::{Captures, Regex};

use analysis::{Samples, analyse};
use report::{self, File, Source};
use results::{Machine, Results};

pub use merging::{Known, Read, locate, read};

/// The files that a report is made of: the folder of each has one.
const SOURCES: [&str; 3] = [sample::PLAIN, sample::PACKED, sample::MERGED];

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
    let started = machines.iter().map(|machine| &*machine.started_at);
    let started = started.max().unwrap_or_default();
    let regex = |pattern| Regex::new(pattern).expect("the pattern is a constant");
    let day = regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}").find(started);
    let day = day.map(|day| day.as_str()).ok_or_else(|| {
        Error::input(format!(
            "the samples began at {started:?}, which is no time like 2026-11-24T05:41:33Z: a recorded run is \
             named by its day"
        ))
    })?;
    let by_machines = || Environment::short_names(machines).join("-and-");
    let name = name.map_or_else(by_machines, str::to_owned);
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
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(reports).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_unrecorded = name == LATEST || name.starts_with(ADVICE) || name.starts_with('.');
        if !is_unrecorded && SOURCES.iter().any(|source| path.join(source).is_file()) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
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
        Ok(report::entry(&name, &read.results))
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
    let read = |name: &str| {
        let place = folder.join(name);
        std::fs::read(&place).map_err(|error| Error::file("read", &place, &error))
    };
    let source = match source {
        Source::Samples(content) => Source::Samples(packed(content)),
        Source::Beside(name) => Source::Samples(packed(read(name)?)),
        Source::Runs(runs) => Source::Runs(runs),
    };
    let is_other = |name: &&str| match &source {
        Source::Samples(content) => {
            read(name).is_ok_and(|existing| !sample::are_same(&existing, content))
        }
        Source::Runs(runs) => read(name).is_ok_and(|existing| existing != runs.as_bytes()),
        Source::Beside(_) => false,
    };
    if SOURCES.iter().any(is_other) {
        return Err(Error::input(format!(
            "{} holds another report; name this one with --record=NAME",
            folder.display()
        )));
    }
    report::write(results, None, &source, folder, Existing::Keep).map(drop)
}

/// A sample file as it is kept.
fn packed(content: Vec<u8>) -> Vec<u8> {
    if sample::name_of(&content) == sample::PACKED {
        content
    } else {
        sample::pack(&content)
    }
}

/// How a file has drifted from what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display)]
pub enum Drift {
    /// It is not there.
    #[strum(to_string = "is missing")]
    Missing,
    /// It is there, and would not be.
    #[strum(to_string = "is left over from an earlier report")]
    Obsolete,
    /// It says something else.
    #[strum(to_string = "differs first in line {line}: has {has:?}, would be {would:?}")]
    Differs {
        /// The first line that differs, counted from 1.
        line: usize,
        /// What it says there, from shortly before the difference on.
        has: String,
        /// What it would say.
        would: String,
    },
}

/// The files of a report that have drifted, with their names in its folder.
///
/// # Errors
///
/// When the folder, or a file that is there, cannot be read.
pub fn of_folder(folder: &Path, files: &[File]) -> Result<Vec<(String, Drift)>> {
    let mut drifted = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        let drift = match std::fs::read(&path) {
            Ok(bytes) => of_text(&bytes, &file.text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Drift::Missing),
            Err(error) => return Err(Error::file("read", &path, &error)),
        };
        drifted.extend(drift.map(|drift| (file.name.clone(), drift)));
    }
    let obsolete = report::obsolete(folder, files)?;
    drifted.extend(obsolete.into_iter().map(|name| (name, Drift::Obsolete)));
    Ok(drifted)
}

/// How much of a line is shown, in characters, and how much of that before the difference.
const SHOWN: usize = 60;
const BEFORE: usize = 20;

/// Where a file first differs from what it would be; `None` if not in a byte.
fn of_text(has: &[u8], would: &str) -> Option<Drift> {
    if has == would.as_bytes() {
        return None;
    }
    let has = String::from_utf8_lossy(has);
    let pairs = has.chars().zip(would.chars());
    let mut same: String = pairs.map_while(|(a, b)| (a == b).then_some(a)).collect();
    let length = same.chars().count();
    let ends = [&*has, would].map(|text| text.chars().nth(length));
    if ends.contains(&None) && ends.contains(&Some('\n')) {
        // One ends with a line, and the other goes on: they differ in the next.
        same.push('\n');
    }
    let in_line = same.chars().rev().take_while(|&letter| letter != '\n');
    let skipped = same.chars().count() - in_line.count().min(BEFORE);
    let shown = |text: &str| {
        let line = text
            .chars()
            .skip(skipped)
            .take_while(|&letter| letter != '\n');
        line.take(SHOWN).collect()
    };
    Some(Drift::Differs {
        line: same.matches('\n').count() + 1,
        has: shown(&has),
        would: shown(would),
    })
}

/// What a document shows between `<!-- pivot:NAME -->` and `<!-- pivot:NAME end -->`. The first comment may
/// say after the name what the part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Part {
    /// The headline table of a run; made of the run's folder.
    Headline,
    /// The recorded runs.
    Runs,
}

impl Part {
    /// What the part of a document is said to be made of, empty if that is not said; `None` if the document
    /// does not have it.
    pub fn source(self, text: &str) -> Option<&str> {
        let source = self.find(text)?.get(1);
        Some(source.map_or("", |source| source.as_str().trim()))
    }

    /// The document with this in the part's place.
    ///
    /// # Errors
    ///
    /// When the document, which `place` names, lacks one of the two comments.
    pub fn spliced(self, text: &str, place: &Path, source: &str, body: &str) -> Result<String> {
        let name = <&str>::from(self);
        let part = self.find(text).and_then(|part| part.get(0));
        let part = part.ok_or_else(|| {
            Error::input(format!(
                "{} lacks the lines <!-- pivot:{name} --> and <!-- pivot:{name} end --> that it belongs between",
                place.display()
            ))
        })?;
        let space = if source.is_empty() { "" } else { " " };
        Ok(format!(
            "{}<!-- pivot:{name}{space}{source} -->\n{body}<!-- pivot:{name} end -->{}",
            &text[..part.start()],
            &text[part.end()..]
        ))
    }

    /// Both comments and what is between them; the first group is what it is made of.
    fn find(self, text: &str) -> Option<Captures<'_>> {
        let name = <&str>::from(self);
        let pattern =
            format!("(?s)<!-- pivot:{name}(?: ([^\n]*?))? -->\n.*?<!-- pivot:{name} end -->");
        let regex = Regex::new(&pattern).expect("names have letters only");
        // The end of another part is no beginning.
        let is_whole = |part: &Captures<'_>| part.get(1).is_none_or(|it| it.as_str() != "end");
        regex.captures(text).filter(is_whole)
    }
}

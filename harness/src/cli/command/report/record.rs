//! `pivot report --record`: files a run among the recorded ones.

use std::path::{Path, PathBuf};

use harness::recorded::{self, INDEX, Known, Part};
use model::error::{Error, Result};
use model::lock::FolderLock;
use report::{self, Entry, Source};
use results::Results;

use crate::terminal;

/// What an index begins as.
const EMPTY: &str = "# Recorded runs\n\n<!-- pivot:runs -->\n<!-- pivot:runs end -->\n";

/// Files the run in the folder of the recorded ones, under its day and its machine, and lists it in their
/// index. Runs of several machines, which are recorded already, are filed as a merged report of them.
pub(super) fn record(files: &[PathBuf], machine: Option<&str>, reports: &Path) -> Result<()> {
    let document = reports.join(INDEX);
    // Its index is read now and written at the end.
    let _lock = reports
        .is_dir()
        .then(|| FolderLock::acquire(reports))
        .transpose()?;
    let text = read_index(&document)?;
    // Before anything is written.
    Part::Runs.spliced(&text, &document, "", "")?;
    let mut known = Known::default();
    // The names of its runs do not depend on what the folder is called.
    let read = recorded::read(files, Some(&reports.join("merged")), &mut known)?;
    super::say(&read.warnings);
    let machines = read.results.machines.iter();
    let environments: Vec<_> = machines.map(|machine| &machine.environment).collect();
    let folder = reports.join(recorded::folder_name(&environments, machine)?);
    let source = read.source(&folder)?;
    match (&source, files) {
        (Source::Runs(_), _) => are_recorded(files, reports)?,
        (_, [_]) => std::fs::create_dir_all(reports)
            .map_err(|error| Error::file("create", reports, &error))?,
        _ => {
            return Err(Error::input(format!(
                "--record files one run at a time, or a merged report of several machines, and {} runs of one \
                 machine were named",
                files.len()
            )));
        }
    }
    recorded::file(&read.results, source, &folder)?;
    let entries = entries(reports, &folder, &read.results, &mut known)?;
    let index = Part::Runs.spliced(&text, &document, "", &report::index(&entries))?;
    report::replace(&document, &index)?;
    terminal::print(&report::verdict_table(&read.results))?;
    terminal::print(&format!("recorded: {}", folder.display()))
}

/// A merged report names its runs, so they must be there as long as it is.
fn are_recorded(files: &[PathBuf], reports: &Path) -> Result<()> {
    let whole = |path: &Path| path.canonicalize().ok();
    let place = whole(reports);
    let is_recorded = |file: &&PathBuf| {
        let folder = file.parent().and_then(whole);
        folder.is_some_and(|folder| folder.parent() == place.as_deref())
    };
    match files.iter().find(|file| !is_recorded(file)) {
        None => Ok(()),
        Some(file) => Err(Error::input(format!(
            "{} is not among the recorded runs in {}, of which a merged report is made; file it first: `pivot \
             report {} --record`",
            file.display(),
            reports.display(),
            file.display()
        ))),
    }
}

fn read_index(document: &Path) -> Result<String> {
    match std::fs::read_to_string(document) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(EMPTY.into()),
        read => read.map_err(|error| Error::file("read", document, &error)),
    }
}

/// What the index says of each run, the one that was just filed among them.
fn entries(
    reports: &Path,
    filed: &Path,
    results: &Results,
    known: &mut Known,
) -> Result<Vec<Entry>> {
    let mut entry = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if folder == filed {
            return Ok(Entry::of(&name, results));
        }
        let read = recorded::read(&recorded::locate(folder)?, Some(folder), known)?;
        Ok(Entry::of(&name, &read.results))
    };
    recorded::folders(reports)?.iter().map(&mut entry).collect()
}

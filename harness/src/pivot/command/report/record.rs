//! `pivot report --record`: files a run among the recorded ones.

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::sample;
use harness::recorded::{self, INDEX, Part};
use harness::report::{self, Entry};
use harness::results::Results;

use crate::terminal;

/// What an index begins as.
const EMPTY: &str = "# Recorded runs\n\n<!-- pivot:runs -->\n<!-- pivot:runs end -->\n";

/// Files the run in the folder of the recorded ones, under its day and its machine, and lists it in their
/// index.
pub(super) fn record(files: &[PathBuf], machine: Option<&str>, reports: &Path) -> Result<()> {
    let [file] = files else {
        return Err(Error::input(format!(
            "--record files one run at a time, and {} were named",
            files.len()
        )));
    };
    let document = reports.join(INDEX);
    let text = read_index(&document)?;
    // Before anything is written.
    Part::Runs.spliced(&text, &document, "", "")?;
    let (results, warnings) = recorded::results(file)?;
    super::say(&warnings);
    let folder = reports.join(recorded::folder_name(&results.environment, machine)?);
    std::fs::create_dir_all(reports).map_err(|error| Error::file("create", reports, &error))?;
    recorded::file(file, &results, &folder)?;
    let entries = entries(reports, &folder, &results)?;
    let index = Part::Runs.spliced(&text, &document, "", &report::index(&entries))?;
    report::replace(&document, &index)?;
    terminal::print(&report::verdict_table(&results))?;
    terminal::print(&format!("recorded: {}", folder.display()))
}

fn read_index(document: &Path) -> Result<String> {
    match std::fs::read_to_string(document) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(EMPTY.into()),
        read => read.map_err(|error| Error::file("read", document, &error)),
    }
}

/// What the index says of each run, the one that was just filed among them.
fn entries(reports: &Path, filed: &Path, results: &Results) -> Result<Vec<Entry>> {
    let entry = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if folder == filed {
            return Ok(Entry::of(&name, results));
        }
        let (others, _) = recorded::results(&sample::locate(folder)?)?;
        Ok(Entry::of(&name, &others))
    };
    recorded::folders(reports)?.iter().map(entry).collect()
}

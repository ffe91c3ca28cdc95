//! `pivot report`: a report from a sample file.

use std::path::{Path, PathBuf};

use harness::analysis::{Samples, analyse};
use harness::error::{Error, Result};
use harness::results::Results;
use harness::{report, sample};

use crate::arguments::ReportOptions;
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    let file = sample_file(options.samples.as_deref());
    if let Some(document) = &options.splice {
        return splice(&file, document);
    }
    let beside = file.parent().unwrap_or(Path::new(".")).to_path_buf();
    write(&file, options.out.as_deref().unwrap_or(&beside))
}

/// The comments between which a document shows the headline table.
const MARKERS: [&str; 2] = ["<!-- pivot:headline -->\n", "<!-- pivot:headline end -->"];

/// Puts the headline table into a document, between its markers.
fn splice(file: &Path, document: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(document).map_err(|error| Error::file("read", document, &error))?;
    let [begin, end] = MARKERS;
    let (before, rest) = text
        .split_once(begin)
        .ok_or_else(|| missing(document, begin))?;
    let (_, after) = rest.split_once(end).ok_or_else(|| missing(document, end))?;
    let table = report::headline(&results(file)?);
    std::fs::write(document, format!("{before}{begin}{table}{end}{after}"))
        .map_err(|error| Error::file("write", document, &error))
}

fn missing(document: &Path, marker: &str) -> Error {
    let marker = marker.trim_end();
    Error::input(format!("{} lacks the line {marker}", document.display()))
}

/// The sample file that is meant: a file, one in a folder, or that of the last run.
pub(crate) fn sample_file(given: Option<&Path>) -> PathBuf {
    let given = given.map_or_else(
        || selection::workspace().join("reports/latest"),
        Path::to_path_buf,
    );
    if given.is_dir() {
        given.join("samples.jsonl")
    } else {
        given
    }
}

/// The samples in a file.
pub(crate) fn samples(file: &Path) -> Result<Samples> {
    Samples::from_lines(sample::read(file)?)
        .ok_or_else(|| Error::input(format!("{} has no header", file.display())))
}

/// What the samples in a file say.
fn results(file: &Path) -> Result<Results> {
    Ok(analyse(&samples(file)?))
}

/// Reads samples, writes the report into `folder`, and prints the verdicts.
pub(crate) fn write(file: &Path, folder: &Path) -> Result<()> {
    let results = results(file)?;
    report::write(&results, file, folder)?;
    terminal::print(&report::verdict_table(&results))?;
    terminal::print(&format!("report: {}", folder.join("report.html").display()))
}

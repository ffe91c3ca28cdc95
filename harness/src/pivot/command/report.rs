//! `pivot report`: a report from any number of sample files.

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::sample;
use basis::sample::Line;
use harness::analysis::{Samples, analyse};
use harness::report;
use harness::results::Results;

use crate::arguments::ReportOptions;
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    let files: Vec<PathBuf> = if options.samples.is_empty() {
        vec![selection::workspace().join("reports/latest/samples.jsonl")]
    } else {
        options
            .samples
            .iter()
            .map(|given| sample_file(given))
            .collect()
    };
    if let Some(document) = &options.splice {
        return splice(&files, document);
    }
    match (&options.out, files.as_slice()) {
        (Some(folder), _) => write_pooled(&files, folder),
        (None, [file]) => write(file, file.parent().unwrap_or(Path::new("."))),
        (None, _) => Err(Error::input(format!(
            "a report from {} sample files belongs beside none of them; say where with --out DIR",
            files.len()
        ))),
    }
}

/// What the user named: a sample file, or the folder that holds it.
pub(crate) fn sample_file(given: &Path) -> PathBuf {
    if given.is_dir() {
        given.join("samples.jsonl")
    } else {
        given.to_owned()
    }
}

/// The comments between which a document shows the headline table.
const MARKERS: [&str; 2] = ["<!-- pivot:headline -->\n", "<!-- pivot:headline end -->"];

/// Puts the headline table into a document, between its markers.
fn splice(files: &[PathBuf], document: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(document).map_err(|error| Error::file("read", document, &error))?;
    let [begin, end] = MARKERS;
    let (before, rest) = text
        .split_once(begin)
        .ok_or_else(|| missing(document, begin))?;
    let (_, after) = rest.split_once(end).ok_or_else(|| missing(document, end))?;
    let table = report::headline(&results(samples(files)?));
    std::fs::write(document, format!("{before}{begin}{table}{end}{after}"))
        .map_err(|error| Error::file("write", document, &error))
}

fn missing(document: &Path, marker: &str) -> Error {
    let marker = marker.trim_end();
    Error::input(format!("{} lacks the line {marker}", document.display()))
}

/// What several files hold together, and what a reader has to know about them. The latter is also said
/// on standard error.
pub(crate) fn samples(files: &[PathBuf]) -> Result<(Vec<Line>, Vec<String>)> {
    let readings = files
        .iter()
        .map(|file| Ok((file.display().to_string(), sample::read(file)?)))
        .collect::<Result<Vec<_>>>()?;
    let (lines, warnings) = sample::pool(readings)?;
    for warning in &warnings {
        terminal::warn(warning);
    }
    Ok((lines, warnings))
}

/// What the samples say.
fn results((lines, warnings): (Vec<Line>, Vec<String>)) -> Results {
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    let mut results = analyse(&samples);
    results.warnings.splice(0..0, warnings);
    results
}

/// Reads the samples of several files, writes the report and its samples into `folder`, and prints
/// the verdicts.
fn write_pooled(files: &[PathBuf], folder: &Path) -> Result<()> {
    if let [file] = files {
        return write(file, folder);
    }
    let (lines, warnings) = samples(files)?;
    let text = sample::text(&lines);
    let results = results((lines, warnings));
    report::write_with(&results, text.as_bytes(), folder)?;
    conclude(&results, folder)
}

/// Reads samples, writes the report into `folder`, and prints the verdicts.
pub(crate) fn write(file: &Path, folder: &Path) -> Result<()> {
    let results = results(samples(&[file.to_owned()])?);
    report::write(&results, file, folder)?;
    conclude(&results, folder)
}

fn conclude(results: &Results, folder: &Path) -> Result<()> {
    terminal::print(&report::verdict_table(results))?;
    terminal::print(&format!("report: {}", folder.join("report.html").display()))
}

//! `pivot report`: a report from any number of sample files, and what is kept of recorded runs.

mod check;
mod record;

use std::path::{Path, PathBuf};

use analysis::Samples;
use harness::recorded::{self, Known, Part};
use model::error::{Error, Result};
use model::sample;
use report::Written;
use results::Results;

use super::latest;
use crate::arguments::{ReportFormat, ReportOptions};
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    if options.check {
        return check::check(&options.samples, options.fix);
    }
    let mut given = options.samples.clone();
    if given.is_empty() {
        given.push(latest());
    }
    let located = given.iter().map(|given| recorded::locate(given));
    let files = located.collect::<Result<Vec<_>>>()?.concat();
    if let Some(document) = &options.splice {
        return splice(&options.samples, &files, document);
    }
    if let Some(machine) = &options.record {
        let reports = options.out.clone().unwrap_or_else(reports);
        return record::record(&files, machine.as_deref(), &reports);
    }
    if let Some(format) = options.format {
        return print(&results(&files)?, format);
    }
    let folder = options.out.as_deref().or_else(|| beside(&given, &files));
    let folder = folder.ok_or_else(|| {
        Error::input(format!(
            "a report from {} sample files belongs beside none of them; say where with --out DIR",
            files.len()
        ))
    })?;
    write(&files, folder)
}

/// Puts the headline table of the samples into a document, between its markers. Of one run the first marker
/// says which, so that `--check` can make the table again.
fn splice(given: &[PathBuf], files: &[PathBuf], document: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(document).map_err(|error| Error::file("read", document, &error))?;
    let source = match given {
        [run] => below(run, document).unwrap_or_default(),
        _ => String::new(),
    };
    let place = |table: &str| Part::Headline.spliced(&text, document, &source, table);
    // Before the samples are read, which takes longer.
    place("")?;
    let table = report::headline(&results(files)?);
    report::replace(document, &place(&table)?)
}

/// A path as seen from the folder of a document; `None` if it is not below that, or cannot stand in a
/// comment.
fn below(path: &Path, document: &Path) -> Option<String> {
    let folder = document.canonicalize().ok()?.parent()?.to_owned();
    let path = path.canonicalize().ok()?;
    let text = path.strip_prefix(&folder).ok()?.to_str()?;
    let is_plain = !text.contains("--") && !text.contains(['\n', '\r', '>']);
    is_plain.then(|| text.to_owned())
}

/// Where a report belongs if nobody says: beside the one file, or, merged, in the folder that names its runs.
fn beside<'p>(given: &'p [PathBuf], files: &'p [PathBuf]) -> Option<&'p Path> {
    match (given, files) {
        (_, [file]) => Some(file.parent().unwrap_or(Path::new("."))),
        ([folder], _) => Some(folder),
        _ => None,
    }
}

/// The folder of the recorded runs.
fn reports() -> PathBuf {
    selection::workspace().join("reports")
}

/// Prints a report in another form, and writes none.
fn print(results: &Results, format: ReportFormat) -> Result<()> {
    let text = match format {
        ReportFormat::Comment => report::comment(results),
        ReportFormat::Json => report::json(results),
        ReportFormat::Csv => report::csv(results),
    };
    terminal::print(text.strip_suffix('\n').unwrap_or(&text))
}

/// The samples of a run and where they are: in a file, in a folder, or in reports/latest. What a reader has to know
/// about them is said on standard error.
pub(crate) fn samples(given: Option<&Path>) -> Result<(PathBuf, Samples)> {
    let latest = latest();
    let file = sample::locate(given.unwrap_or(&latest))?;
    let place = file.display().to_string();
    let (lines, warnings) = sample::pool(vec![(place, sample::read(&file)?)])?;
    say(&warnings);
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    Ok((file, samples))
}

fn say(warnings: &[String]) {
    for warning in warnings {
        terminal::say(format!("pivot: warning: {warning}"));
    }
}

/// What the samples of one file or several say. What a reader has to know is also said on standard error.
fn results(files: &[PathBuf]) -> Result<Results> {
    let read = recorded::read(files, None, &mut Known::default())?;
    say(&read.warnings);
    Ok(read.results)
}

/// Reads the samples of several files, writes the report into `folder`, and prints the verdicts. Beside it
/// are the samples that were pooled, or, where they are of several machines, the names of the runs.
pub(crate) fn write(files: &[PathBuf], folder: &Path) -> Result<()> {
    let read = recorded::read(files, Some(folder), &mut Known::default())?;
    say(&read.warnings);
    let Written { html, .. } = report::write(&read.results, &read.source(folder)?, folder)?;
    terminal::print(&report::verdict_table(&read.results))?;
    terminal::print(&format!("report: {}", html.display()))
}

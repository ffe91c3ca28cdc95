//! `pivot report`: a report from any number of sample files, and what is kept of recorded runs.

mod check;
mod record;
mod splice;

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::sample;
use basis::sample::Line;
use harness::recorded;
use harness::report;
use harness::results::Results;

use crate::arguments::{ReportFormat, ReportOptions};
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    if options.check {
        return check::check(&options.samples, options.fix);
    }
    let files: Vec<PathBuf> = if options.samples.is_empty() {
        vec![sample::locate(
            &selection::workspace().join("reports/latest"),
        )?]
    } else {
        let given = options.samples.iter();
        given
            .map(|given| sample::locate(given))
            .collect::<Result<_>>()?
    };
    if let Some(document) = &options.splice {
        return splice::splice(&options.samples, &files, document);
    }
    if let Some(machine) = &options.record {
        let reports = options.out.clone().unwrap_or_else(reports);
        let machine = Some(machine.as_str()).filter(|name| !name.is_empty());
        return record::record(&files, machine, &reports);
    }
    if let Some(format) = options.format {
        return print(&results(&files)?, format);
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

/// What several files hold together, and what a reader has to know about them. The latter is also said
/// on standard error.
pub(crate) fn samples(files: &[PathBuf]) -> Result<(Vec<Line>, Vec<String>)> {
    let readings = files
        .iter()
        .map(|file| Ok((file.display().to_string(), sample::read(file)?)))
        .collect::<Result<Vec<_>>>()?;
    let (lines, warnings) = sample::pool(readings)?;
    say(&warnings);
    Ok((lines, warnings))
}

fn say(warnings: &[String]) {
    for warning in warnings {
        terminal::warn(warning);
    }
}

/// What the samples of one file or several say.
fn results(files: &[PathBuf]) -> Result<Results> {
    if let [file] = files {
        let (results, warnings) = recorded::results(file)?;
        say(&warnings);
        return Ok(results);
    }
    let (lines, warnings) = samples(files)?;
    Ok(recorded::results_of(lines, &warnings))
}

/// Reads the samples of several files, writes the report and its samples into `folder`, and prints
/// the verdicts.
fn write_pooled(files: &[PathBuf], folder: &Path) -> Result<()> {
    if let [file] = files {
        return write(file, folder);
    }
    let (lines, warnings) = samples(files)?;
    let text = sample::text(&lines);
    let results = recorded::results_of(lines, &warnings);
    report::write_with(&results, text.as_bytes(), folder)?;
    conclude(&results, folder)
}

/// Reads samples, writes the report into `folder`, and prints the verdicts.
pub(crate) fn write(file: &Path, folder: &Path) -> Result<()> {
    let results = results(&[file.to_owned()])?;
    report::write(&results, file, folder)?;
    conclude(&results, folder)
}

fn conclude(results: &Results, folder: &Path) -> Result<()> {
    terminal::print(&report::verdict_table(results))?;
    terminal::print(&format!("report: {}", folder.join("report.html").display()))
}

//! `pivot report`: a report from a sample file.

use std::path::Path;

use harness::analysis::{Samples, analyse};
use harness::error::{Error, Result};
use harness::{report, sample};

use crate::arguments::ReportOptions;
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    let given = options
        .samples
        .clone()
        .unwrap_or_else(|| selection::workspace().join("reports/latest"));
    let file = if given.is_dir() {
        given.join("samples.jsonl")
    } else {
        given
    };
    let beside = file.parent().unwrap_or(Path::new(".")).to_path_buf();
    write(&file, options.out.as_deref().unwrap_or(&beside))
}

/// Reads samples, writes the report into `folder`, and prints the verdicts.
pub(crate) fn write(file: &Path, folder: &Path) -> Result<()> {
    let lines = sample::read(file)?;
    let samples = Samples::from_lines(lines)
        .ok_or_else(|| Error::input(format!("{} has no header", file.display())))?;
    let results = analyse(&samples);
    report::write(&results, file, folder)?;
    terminal::print(&report::verdict_table(&results))?;
    terminal::print(&format!("report: {}", folder.join("report.html").display()))
}

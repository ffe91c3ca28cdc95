//! `pivot report`: a report from a sample file.

use std::path::Path;

use harness::analysis::{Samples, analyse};
use harness::error::{Error, Result};
use harness::sample;

use crate::arguments::ReportOptions;
use crate::selection;

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
pub(crate) fn write(samples: &Path, folder: &Path) -> Result<()> {
    let lines = sample::read(samples)?;
    let samples = Samples::from_lines(lines)
        .ok_or_else(|| Error::input(format!("{} has no header", samples.display())))?;
    let results = analyse(&samples);
    std::fs::write(
        folder.join("results.json"),
        serde_json::to_string_pretty(&results).expect("plain data"),
    )
    .map_err(|error| Error::file("write", folder, &error))?;
    Ok(())
}

//! `pivot selftest`: how often the statistics err, on samples where the truth is known.

use basis::error::{Error, Result};
use basis::sample;
use harness::analysis::Samples;
use harness::selftest::trials;

use super::report;
use crate::arguments::SelftestOptions;
use crate::selection;
use crate::table::Table;

/// Tries the statistics; an error that is too frequent is exit code 1.
pub(crate) fn selftest(options: &SelftestOptions) -> Result<()> {
    let given = options
        .samples
        .clone()
        .unwrap_or_else(|| selection::workspace().join("reports/latest"));
    let file = sample::locate(&given)?;
    let (lines, _) = report::samples(std::slice::from_ref(&file))?;
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    let trials = trials(&samples, options.runs);
    // Nothing to try a trial on is no error of the statistics.
    if let Some(trial) = trials.iter().find(|trial| trial.of == 0) {
        return Err(Error::input(format!(
            "{}: too few samples for the trial \"{}\": at least 16 measuring processes of a scenario are \
             needed, as a default run has them",
            file.display(),
            trial.what
        )));
    }
    let mut table = Table::new(["trial", "expected", "came out", "at least", "outcome"]);
    for trial in &trials {
        let share = 100.0 * trial.passed as f64 / trial.of.max(1) as f64;
        table.row([
            trial.what.clone(),
            trial.expected.clone(),
            format!("{} of {} ({share:.2} %)", trial.passed, trial.of),
            format!("{:.0} %", 100.0 * trial.least),
            if trial.holds() { "holds" } else { "FAILS" }.into(),
        ]);
    }
    table.print(options.format)?;
    let failed = trials.iter().filter(|trial| !trial.holds()).count();
    if failed > 0 {
        return Err(Error::Check(format!(
            "{failed} of {} trials err too often on {}",
            trials.len(),
            file.display()
        )));
    }
    Ok(())
}

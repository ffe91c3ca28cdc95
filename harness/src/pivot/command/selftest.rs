//! `pivot selftest`: how often the statistics err, on samples where the truth is known.

use basis::error::{Error, Result};
use harness::selftest::{LEVELS, Size, Trial, sizes, trials};

use super::report::samples;
use crate::arguments::SelftestOptions;
use crate::table::{Shown as _, Table};

/// Tries the statistics; an error that is too frequent is exit code 1.
pub(crate) fn selftest(options: &SelftestOptions) -> Result<()> {
    let (file, samples) = samples(options.samples.as_deref())?;
    let (trials, sizes) = (trials(&samples, options.runs), sizes());
    // Nothing to try a trial on is no error of the statistics.
    if let Some(trial) = trials.iter().find(|trial| trial.of == 0) {
        return Err(Error::input(format!(
            "{}: too few samples for the trial \"{}\": at least 16 measuring processes of a scenario are \
             needed, as a default run has them",
            file.display(),
            trial.what
        )));
    }
    let mut table = Table::new(["trial", "expected", "came out", "bound", "outcome"]);
    for trial in &trials {
        table.row(row(trial));
    }
    for size in &sizes {
        table.row(row_of_size(size));
    }
    table.print(options.format)?;
    let outcomes = trials.iter().map(Trial::holds);
    let outcomes: Vec<bool> = outcomes.chain(sizes.iter().map(Size::holds)).collect();
    let failed = outcomes.iter().filter(|holds| !**holds).count();
    if failed > 0 {
        return Err(Error::Check(format!(
            "{failed} of {} trials err too often on {}",
            outcomes.len(),
            file.display()
        )));
    }
    Ok(())
}

fn outcome(holds: bool) -> String {
    if holds { "holds" } else { "FAILS" }.into()
}

fn row(trial: &Trial) -> [String; 5] {
    let share = 100.0 * trial.passed as f64 / trial.of.max(1) as f64;
    [
        trial.what.clone(),
        trial.expected.clone(),
        format!("{} of {} ({share:.2} %)", trial.passed, trial.of),
        format!("at least {:.0} %", 100.0 * trial.least),
        outcome(trial.holds()),
    ]
}

fn row_of_size(size: &Size) -> [String; 5] {
    let percent = |share: f64| format!("{:.3} %", 100.0 * share);
    let rates = size
        .found
        .iter()
        .map(|&found| f64::from(found) / f64::from(size.of));
    let list =
        |shares: &mut dyn Iterator<Item = f64>| shares.map(percent).collect::<Vec<_>>().join(", ");
    [
        format!("{} planted processes: {}", size.processes, size.kind.name()),
        format!("no difference found, in {} runs", size.of),
        format!("found in {}", list(&mut rates.into_iter())),
        format!("at most {}", list(&mut LEVELS.into_iter())),
        outcome(size.holds()),
    ]
}

//! `pivot selftest`: how often the statistics err, on samples where the truth is known.

use analysis::selftest::{sizes, trials};
use model::error::{Error, Result};

use super::report::samples;
use crate::arguments::SelftestOptions;
use crate::table::{Shown as _, table};

/// Tries the statistics; an error that is too frequent is exit code 1.
pub(crate) fn selftest(options: &SelftestOptions) -> Result<()> {
    let (file, samples) = samples(options.samples.as_deref())?;
    let mut trials = trials(&samples, options.runs);
    // Nothing to try a trial on is no error of the statistics.
    if let Some(trial) = trials.iter().find(|trial| trial.of == 0) {
        return Err(Error::input(format!(
            "{}: too few samples for the trial \"{}\": at least 16 measuring processes of a scenario are \
             needed, as a default run has them",
            file.display(),
            trial.what
        )));
    }
    trials.extend(sizes());
    table(
        &trials,
        &[
            ("trial", |trial| trial.what.clone()),
            ("expected", |trial| trial.expected.clone()),
            ("came out", |trial| trial.came_out.clone()),
            ("bound", |trial| trial.bound.clone()),
            ("outcome", |trial| {
                if trial.holds { "holds" } else { "FAILS" }.into()
            }),
        ],
    )
    .print(options.format)?;
    let failed = trials.iter().filter(|trial| !trial.holds).count();
    if failed > 0 {
        return Err(Error::Check(format!(
            "{failed} of {} trials err too often on {}",
            trials.len(),
            file.display()
        )));
    }
    Ok(())
}

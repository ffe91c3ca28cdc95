//! `pivot selftest`: how often the statistics err, on samples where the truth is known.

use basis::error::{Error, Result};
use harness::selftest::{sizes, trials};

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
    let rows = trials.iter().map(|trial| {
        let outcome = if trial.holds { "holds" } else { "FAILS" };
        let [what, expected] = [&trial.what, &trial.expected].map(Clone::clone);
        let [came_out, bound] = [&trial.came_out, &trial.bound].map(Clone::clone);
        [what, expected, came_out, bound, outcome.to_owned()]
    });
    let heading = ["trial", "expected", "came out", "bound", "outcome"];
    table(heading, rows).print(options.format)?;
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

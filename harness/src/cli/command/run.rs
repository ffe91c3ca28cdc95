//! `pivot run`: the main job: verify, trace, measure, judge and report.

use model::error::{Error, Result};

use super::{attended, folder, kept_in, plan, recording, report};
use crate::arguments::RunOptions;

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let mut recording = recording(options, &plan, &folder, "run")?;
    let outcome = if recording.is_complete() {
        Ok(())
    } else {
        attended(&mut recording, |run| plan.carry_out(run))
    };
    match outcome.map_err(kept_in(&folder)) {
        Ok(()) => report::write(&folder.join("samples.jsonl"), &folder),
        Err(Error::Interrupted(what)) => {
            report::write(&folder.join("samples.jsonl"), &folder)?;
            Err(Error::Interrupted(format!(
                "{what}, and reported as partial"
            )))
        }
        Err(error) => Err(error),
    }
}

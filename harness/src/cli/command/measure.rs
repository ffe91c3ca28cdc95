//! `pivot measure`: samples without checks and without a report.

use model::error::Result;

use super::{attended, folder, kept_in, plan, recording};
use crate::arguments::RunOptions;
use crate::terminal;

/// Measures, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let mut recording = recording(options, &plan, &folder, "measure")?;
    if !recording.is_complete() {
        attended(&mut recording, |run| plan.sample(run)).map_err(kept_in(&folder))?;
    }
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

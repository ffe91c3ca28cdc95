//! `pivot measure`: samples without checks and without a report.

use basis::error::Result;
use basis::sample::Line;
use harness::run::ProbeEffort;

use super::{folder, interruptible, plan, recording};
use crate::arguments::RunOptions;
use crate::progress::Progress;
use crate::terminal;

/// Measures, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let interrupt = interruptible()?;
    let mut recording = recording(options, &plan, &folder, "measure")?;
    let mut progress = Progress::new();
    if !recording.is_complete() {
        let effort = ProbeEffort::of(options.preset);
        plan.probe(effort, &mut recording, interrupt, &mut progress)?;
        plan.calibrate(&mut recording, interrupt, &mut progress)?;
        plan.measure(&mut recording, interrupt, &mut progress)?;
        recording.keep(Line::Complete)?;
    }
    progress.finish();
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

//! `pivot measure`: samples without checks and without a report.

use basis::error::Result;
use basis::sample::Line;
use harness::run::ProbeEffort;

use super::{folder, kept_in, plan, recording};
use crate::arguments::RunOptions;
use crate::progress::Progress;
use crate::{signals, terminal};

/// Measures, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let interrupt = signals::listen()?;
    let mut recording = recording(options, &plan, &folder, "measure")?;
    let mut progress = Progress::new();
    if !recording.is_complete() {
        let effort = ProbeEffort::of(options.preset);
        plan.probe(effort, &mut recording, &interrupt, &mut progress)
            .and_then(|()| plan.calibrate(&mut recording, &interrupt, &mut progress))
            .and_then(|()| plan.measure(&mut recording, &interrupt, &mut progress))
            .map_err(kept_in(&folder))?;
        recording.keep(Line::Complete)?;
    }
    progress.finish();
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

//! `pivot run`: the main job: verify, trace, measure, judge and report.

use basis::error::{Error, Result};
use basis::sample::Line;
use harness::run::{ProbeEffort, TraceEffort};

use super::{folder, kept_in, plan, recording, report};
use crate::arguments::RunOptions;
use crate::progress::Progress;
use crate::signals;

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let interrupt = signals::listen()?;
    let mut recording = recording(options, &plan, &folder, "run")?;
    let mut progress = Progress::new();
    let outcome = if recording.is_complete() {
        Ok(())
    } else {
        let effort = options.preset.checks();
        plan.verify(effort, &mut recording, &interrupt, &mut progress)
            .and_then(|()| {
                let effort = TraceEffort::of(options.preset);
                plan.trace(effort, &mut recording, &interrupt, &mut progress)
            })
            .and_then(|()| {
                let effort = ProbeEffort::of(options.preset);
                plan.probe(effort, &mut recording, &interrupt, &mut progress)
            })
            .and_then(|()| plan.calibrate(&mut recording, &interrupt, &mut progress))
            .and_then(|()| plan.measure(&mut recording, &interrupt, &mut progress))
            .and_then(|()| recording.keep(Line::Complete))
    };
    progress.finish();
    // Reporting keeps nothing that a signal could lose.
    drop(interrupt);
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

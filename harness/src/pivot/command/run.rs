//! `pivot run`: the main job: verify, measure, judge and report.

use harness::error::{Error, Result};
use harness::run::{ProbeEffort, create};
use harness::sample::Line;

use super::{environment, folder, interruptible, plan, report};
use crate::arguments::RunOptions;
use crate::progress::Progress;

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let interrupt = interruptible()?;
    let mut samples = create(&folder, plan.header(environment(options, "run")))?;
    let mut progress = Progress::new();
    let mut keep = |line: Line| samples.append(&line);
    let outcome = plan
        .verify(options.preset.checks(), interrupt, &mut progress, &mut keep)
        .and_then(|()| {
            let effort = ProbeEffort::of(options.preset);
            plan.probe(effort, interrupt, &mut progress, &mut keep)
        })
        .and_then(|()| plan.measure(interrupt, &mut progress, &mut keep))
        .and_then(|()| keep(Line::Complete));
    progress.finish();
    match outcome {
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

//! `pivot measure`: samples without checks and without a report.

use harness::error::Result;
use harness::run::{ProbeEffort, create};
use harness::sample::Line;

use super::{environment, folder, interruptible, plan};
use crate::arguments::RunOptions;
use crate::progress::Progress;
use crate::terminal;

/// Measures, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let plan = plan(options)?;
    let folder = folder(options);
    let interrupt = interruptible()?;
    let mut samples = create(&folder, plan.header(environment(options, "measure")))?;
    let mut progress = Progress::new();
    let effort = ProbeEffort::of(options.preset);
    plan.probe(effort, interrupt, &mut progress, |line| {
        samples.append(&line)
    })?;
    plan.measure(interrupt, &mut progress, |line| samples.append(&line))?;
    samples.append(&Line::Complete)?;
    progress.finish();
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

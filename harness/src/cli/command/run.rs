//! `pivot run`: the main job: verify, trace, measure, judge and report. `pivot measure`: its samples alone. `pivot
//! worker`: one of its tasks.

use std::io;
use std::path::{Path, PathBuf};

use conformance::Check;
use experiments::checks::verify;
use experiments::faults::inject;
use experiments::probes::probe;
use harness::replay;
use harness::run::{Plan, Recording, Task};
use measure::calibration::calibration;
use measure::worker::measure as measure_task;
use model::assumption::{self, Assumption};
use model::clock;
use model::error::{Error, Result};
use model::message::{Message, say};
use model::preset::Preset;
use model::sample::{self, Line};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::{attended, environment, latest, report};
use crate::arguments::RunOptions;
use crate::{selection, terminal};

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    // Rather now than when all is measured.
    let folder = folder(options);
    ::report::check(&folder, [])?;
    let (plan, mut recording) = begin(options)?;
    let mut outcome = Ok(());
    if !recording.is_complete() {
        outcome = attended(&mut recording, |run| plan.carry_out(run));
    }
    if let Ok(()) | Err(Error::Interrupted(_)) = outcome {
        report::write(&[folder.join(sample::PLAIN)], &folder)?;
    }
    if let Err(Error::Interrupted(what)) = &mut outcome {
        what.push_str(", and reported as partial");
    }
    outcome
}

/// Measures without checks and without a report, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let (plan, mut recording) = begin(options)?;
    if !recording.is_complete() {
        attended(&mut recording, |run| plan.sample(clock::now(), run))?;
    }
    let samples = folder(options).join(sample::PLAIN);
    terminal::print(&samples.display().to_string())
}

/// The folder of a run.
fn folder(options: &RunOptions) -> PathBuf {
    options.out.clone().unwrap_or_else(latest)
}

/// What the options ask for, and its recording.
fn begin(options: &RunOptions) -> Result<(Plan, Recording)> {
    let (choice, effort) = (&options.choice, &options.effort);
    let assumptions = options.assumptions.clone();
    let assumptions =
        assumptions.unwrap_or_else(|| selection::workspace().join("benches/assumptions.toml"));
    let plan = Plan {
        scenarios: selection::scenarios(choice, effort.preset == Preset::Full)?,
        strategies: selection::contest(&choice.contest)?,
        baseline: choice.contest.baseline().to_owned(),
        assumptions: judgeable(&assumptions)?,
        preset: effort.preset,
        seed: effort.seed,
    };
    plan.is_affordable()?;
    let header = plan.header(environment(effort));
    let recording = Recording::open(&folder(options), header, options.resume)?;
    Ok((plan, recording))
}

/// The assumptions of a file.
fn judgeable(file: &Path) -> Result<Vec<Assumption>> {
    let assumptions = assumption::load(file)?;
    let checks: Vec<String> = Check::ALL.iter().map(ToString::to_string).collect();
    for Assumption { id, check, .. } in &assumptions {
        if let Some(check) = check
            && !checks.contains(check)
        {
            return Err(Error::input(format!(
                "{}: assumption {id:?} is about the check {check:?}, which does not exist; there are {}",
                file.display(),
                checks.join(", ")
            )));
        }
    }
    Ok(assumptions)
}

/// Reads a task of another pivot process from standard input, does it, and says what it finds on standard output; not
/// for people.
pub(crate) fn worker() -> Result<()> {
    // A parent that is killed cannot end what hangs, which would take a processor from all that is measured later.
    let _ = set_pdeathsig(Signal::SIGKILL);
    work().map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Error::Check(format!("the parent process has left: {error}")),
        _ => Error::Input(error.to_string()),
    })
}

fn work() -> io::Result<()> {
    let task: Task = serde_json::from_str(&io::read_to_string(io::stdin())?)?;
    let mut out = io::stdout().lock();
    if let Some(begin) = task.begin() {
        say(&mut out, &begin)?;
    }
    let line = match task {
        Task::Measure(task) => return measure_task(&task, &mut out),
        Task::Verify(task) => return verify(&task, &mut out),
        Task::Stall(task) => return trace::stall(&task, &mut out),
        Task::Replay(task) => Line::Check(replay::check(&task).map_err(io::Error::other)?),
        Task::Fault(task) => Line::Fault(inject(&task)),
        Task::Probe(task) => Line::Probe(probe(&task)),
        Task::Trace(task) => Line::Trace(trace::observe(&task)),
        Task::Calibrate => Line::Calibration(calibration()),
    };
    say(&mut out, &Message::Found { line })
}

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
use model::sample::Line;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::{attended, environment, kept_in, latest, report};
use crate::arguments::RunOptions;
use crate::{selection, terminal};

/// Runs the main job. Ends with the verdict table on standard output.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    // Rather now than when all is measured.
    ::report::check(&folder(options), [])?;
    let (plan, folder, mut recording) = begin(options)?;
    let outcome = if recording.is_complete() {
        Ok(())
    } else {
        attended(&mut recording, |run| plan.carry_out(run))
    };
    let write_report = || report::write(&[folder.join("samples.jsonl")], &folder);
    match outcome.map_err(kept_in(&folder)) {
        Ok(()) => write_report(),
        Err(Error::Interrupted(what)) => {
            write_report()?;
            Err(Error::Interrupted(format!(
                "{what}, and reported as partial"
            )))
        }
        Err(error) => Err(error),
    }
}

/// Measures without checks and without a report, and says where the samples are.
pub(crate) fn measure(options: &RunOptions) -> Result<()> {
    let (plan, folder, mut recording) = begin(options)?;
    if !recording.is_complete() {
        attended(&mut recording, |run| plan.sample(clock::now(), run)).map_err(kept_in(&folder))?;
    }
    terminal::print(&folder.join("samples.jsonl").display().to_string())
}

/// The folder of a run.
fn folder(options: &RunOptions) -> PathBuf {
    options.out.clone().unwrap_or_else(latest)
}

/// What the options ask for, the folder of its files, and a new recording in it, or with `--resume` the one that was
/// cut short.
fn begin(options: &RunOptions) -> Result<(Plan, PathBuf, Recording)> {
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
    let folder = folder(options);
    let recording = if options.resume {
        Recording::resume(&folder, &header)?
    } else {
        Recording::begin(&folder, header)?
    };
    Ok((plan, folder, recording))
}

/// The assumptions of a file.
fn judgeable(file: &Path) -> Result<Vec<Assumption>> {
    let assumptions = assumption::load(file)?;
    let checks: Vec<String> = Check::ALL.iter().map(ToString::to_string).collect();
    let about = assumptions
        .iter()
        .filter_map(|assumption| Some((&assumption.id, assumption.check.as_ref()?)));
    for (id, check) in about {
        if !checks.contains(check) {
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

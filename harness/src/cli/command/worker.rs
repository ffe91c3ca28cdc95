//! `pivot worker`: carries out one task of another pivot process; not for people.

use std::io::{self, Read};

use experiments::checks::verify;
use experiments::faults::inject;
use experiments::probes::probe;
use harness::replay;
use harness::run::Task;
use measure::calibration::calibration;
use measure::worker::measure;
use model::error::{Error, Result};
use model::message::{Message, say};
use model::sample::Line;

/// Reads a task from standard input, does it, and says what it finds on standard output.
pub(crate) fn worker() -> Result<()> {
    work().map_err(|error| Error::Check(format!("the parent process has left: {error}")))
}

fn work() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let task: Task = serde_json::from_str(&text)?;
    let mut out = io::stdout().lock();
    if let Some(begin) = task.begin() {
        say(&mut out, &begin)?;
    }
    let line = match task {
        Task::Measure(task) => return measure(&task, &mut out),
        Task::Verify(task) => return verify(&task, &mut out),
        Task::Stall(task) => return trace::stall(&task, &mut out),
        Task::Replay(task) => Line::Check(replay::check(&task).map_err(io::Error::other)?),
        Task::Fault(task) => Line::Fault(inject(&task)),
        Task::Probe(task) => Line::Probe(probe(&task)),
        Task::Trace(task) => Line::Trace(trace::seen(&task)),
        Task::Calibrate => Line::Calibration(calibration()),
    };
    say(&mut out, &Message::Found { line })
}

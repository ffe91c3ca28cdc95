//! `pivot worker`: carries out one task of another pivot process; not for people.

use std::io::{self, Read};

use checks::verify;
use faults::inject;
use harness::replay;
use harness::run::Task;
use probes::probe;
use slices::calibration::calibrate;
use slices::worker::measure;

/// Reads a task from standard input, does it, and says what it finds on standard output.
pub(crate) fn worker() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let task: Task = serde_json::from_str(&text)?;
    let mut out = io::stdout().lock();
    match task {
        Task::Measure(task) => measure(&task, &mut out),
        Task::Verify(task) => verify(&task, &mut out),
        Task::Replay(task) => replay::check(&task, &mut out),
        Task::Fault(task) => inject(&task, &mut out),
        Task::Probe(task) => probe(&task, &mut out),
        Task::Trace(task) => trace::trace(&task, &mut out),
        Task::Stall(task) => trace::stall(&task, &mut out),
        Task::Calibrate => calibrate(&mut out),
    }
}

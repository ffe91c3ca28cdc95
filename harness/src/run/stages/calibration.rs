//! What handing a line over costs on this machine.

use basis::error::Result;

use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Measures what handing a line over costs. Where the process does not survive, predictions are missing and
/// nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Calibration;

impl Stage for Calibration {
    type Task = ();
    const NAME: &'static str = "calibrating";

    fn tasks(&self) -> Vec<()> {
        vec![()]
    }

    fn is_done(&self, &(): &(), done: &Done) -> bool {
        done.is_calibrated
    }

    fn subject(&self, &(): &()) -> String {
        "this machine".into()
    }

    fn carry_out(&self, &(): &(), worker: &Worker<'_>) -> Result<()> {
        worker.stream_all(&Task::Calibrate, Self::NAME)
    }
}

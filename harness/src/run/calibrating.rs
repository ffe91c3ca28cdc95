//! What handing a line over costs on this machine, measured in a process of its own.

use basis::calibration::Calibration;
use basis::error::{Error, Result};
use basis::sample::Line;

use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;
use super::{Observer, Plan, Recording};

impl Plan {
    /// Measures what handing a line over costs, and keeps it, unless the recording has it.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A process that does not survive is noted:
    /// predictions are then missing, and nothing else.
    pub fn calibrate(
        &self,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let is_there = |line: &Line| matches!(line, Line::Calibration(_));
        if recording.lines().iter().any(is_there) {
            return Ok(());
        }
        observer.stage("calibrating", super::VERIFYING_SHARE + super::PROBING_SHARE);
        let ending = carry_out(&Task::Calibrate, interrupt, |line| recording.keep(line))?;
        if let Ending::Failed(failed) = ending {
            observer.note(&format!("{}: {}", failed.during, failed.reason));
        }
        Ok(())
    }
}

/// The same for its own sake.
///
/// # Errors
///
/// When it is interrupted, or the process does not survive.
pub fn calibrate(interrupt: &Interrupt) -> Result<Calibration> {
    let mut found = None;
    let ending = carry_out(&Task::Calibrate, interrupt, |line| {
        if let Line::Calibration(calibration) = line {
            found = Some(calibration);
        }
        Ok(())
    })?;
    match (ending, found) {
        (Ending::Done, Some(calibration)) => Ok(calibration),
        (Ending::Failed(failed), _) => Err(Error::Check(format!(
            "{}: {}",
            failed.during, failed.reason
        ))),
        (Ending::Done, None) => Err(Error::Check("calibrating found nothing".into())),
    }
}

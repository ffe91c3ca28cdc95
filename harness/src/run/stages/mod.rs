//! The stages of a run: what their tasks are, and what is kept of each.

mod calibration;
mod checks;
mod faults;
mod measurement;
mod probes;
mod replays;
mod stalls;
mod traces;

pub use calibration::Calibration;
pub use checks::Checks;
pub use faults::Faults;
pub use probes::Probes;
pub use replays::Replays;
pub use stalls::Stalls;
pub use traces::Traces;

use basis::sample::Card;
use basis::scenario::RecordKind;
use registry::roster;

use super::Plan;

impl Plan {
    /// The strategies that are compared, without controls.
    pub fn contenders(&self) -> Vec<Card> {
        roster::entries(RecordKind::Status)
            .iter()
            .map(|entry| Card::from(&entry.profile))
            .filter(|card| !card.control && self.strategies.contains(&card.name))
            .collect()
    }
}

//! How much time a run may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;

/// The counted window of most slices.
pub const WINDOW: Duration = Duration::from_millis(2);

/// A time budget. The number of blocks adapts to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Preset {
    /// Does everything work, and what is the order of magnitude?
    Quick,
    /// Enough for a decision.
    #[default]
    Default,
    /// Narrow intervals, long checks.
    Full,
}

/// Uncounted, before each window.
pub const RAMP: Duration = Duration::from_millis(1);

/// Figures in the order of the presets.
impl Preset {
    /// For measuring all scenarios, at most: the main job measures for what [`Preset::whole`] leaves, and for five
    /// eighths of this at least, which two quiet processors need for ten rounds of the default preset.
    pub const fn measuring(self) -> Duration {
        Duration::from_secs([13, 160, 1_500][self as usize])
    }

    /// For the main job, its last round and the report not counted: with them it is four minutes.
    pub const fn whole(self) -> Duration {
        [Duration::MAX, Duration::from_secs(228), Duration::MAX][self as usize]
    }

    /// How thoroughly the main job verifies before it measures.
    pub const fn checks(self) -> Preset {
        [Preset::Quick, Preset::Quick, Preset::Default][self as usize]
    }

    /// Measuring processes for each scenario, at most.
    pub const fn rounds(self) -> u32 {
        [48, 48, 96][self as usize]
    }
}

/// The counted window of a slice. Short, because contended locks have moods that last longer: many
/// short windows average over them, a few long ones do not. Longer where threads take turns on the
/// processors: it takes many times as long until each has had one, and a window should see more
/// than those that have a processor at the moment. And longer where threads pause: they meet seldom.
pub fn window(scenario: &Scenario, cpus: usize) -> Duration {
    if scenario.groups.iter().any(|group| group.pause_ns.is_some()) {
        Duration::from_millis(25)
    } else if scenario.threads() > cpus {
        Duration::from_millis(10)
    } else {
        WINDOW
    }
}

/// A slice: what is counted of it and what is not.
pub fn slice(scenario: &Scenario, cpus: usize) -> Duration {
    RAMP + window(scenario, cpus)
}

//! How much time a run may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scenario::{Group, Scenario};

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

impl Preset {
    /// For measuring all scenarios, at most: the main job measures for what [`Preset::whole`] leaves, and for three
    /// quarters of this at least.
    pub const fn measuring(self) -> Duration {
        Duration::from_secs(match self {
            Preset::Quick => 13,
            Preset::Default => 160,
            Preset::Full => 1_500,
        })
    }

    /// For the main job, its last round and the report not counted: with them it is four minutes.
    pub const fn whole(self) -> Duration {
        match self {
            Preset::Default => Duration::from_secs(228),
            Preset::Quick | Preset::Full => Duration::MAX,
        }
    }

    /// How thoroughly the main job verifies before it measures.
    pub const fn checks(self) -> Preset {
        match self {
            Preset::Quick | Preset::Default => Preset::Quick,
            Preset::Full => Preset::Default,
        }
    }

    /// The counted window of a slice. Short, because contended locks have moods that last longer: many
    /// short windows average over them, a few long ones do not. Longer where threads take turns on the
    /// processors: it takes many times as long until each has had one, and a window should see more
    /// than those that have a processor at the moment. And longer where threads pause: they meet seldom.
    pub fn window(self, scenario: &Scenario, cpus: usize) -> Duration {
        let pauses = |group: &Group| group.pause_ns.is_some();
        Duration::from_millis(match scenario {
            Scenario { groups, .. } if groups.iter().any(pauses) => 25,
            _ if scenario.threads() > cpus => 10,
            _ => return WINDOW,
        })
    }

    /// Uncounted, before each window.
    pub const fn ramp(self) -> Duration {
        Duration::from_millis(1)
    }

    /// Measuring processes for each scenario, at most.
    pub const fn rounds(self) -> u32 {
        match self {
            Preset::Quick | Preset::Default => 48,
            Preset::Full => 96,
        }
    }
}

//! How much time a run may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A time budget. The number of blocks adapts to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Half a minute: is everything in order, and roughly how fast?
    Quick,
    /// Under four minutes: the main job.
    #[default]
    Default,
    /// Half an hour: narrow intervals, long checks.
    Full,
}

impl Preset {
    /// For measuring all scenarios.
    pub const fn measuring(self) -> Duration {
        Duration::from_secs(match self {
            Preset::Quick => 8,
            Preset::Default => 150,
            Preset::Full => 1_500,
        })
    }

    /// How thoroughly the main job verifies before it measures.
    pub const fn checks(self) -> Preset {
        match self {
            Preset::Quick | Preset::Default => Preset::Quick,
            Preset::Full => Preset::Default,
        }
    }

    /// The counted window of a slice.
    pub const fn window(self) -> Duration {
        Duration::from_millis(match self {
            Preset::Quick => 2,
            Preset::Default | Preset::Full => 10,
        })
    }

    /// Uncounted, before each window.
    pub const fn ramp(self) -> Duration {
        Duration::from_millis(match self {
            Preset::Quick => 1,
            Preset::Default | Preset::Full => 3,
        })
    }

    /// Measuring processes for each scenario.
    pub const fn processes(self) -> u32 {
        match self {
            Preset::Quick => 1,
            Preset::Default => 3,
            Preset::Full => 10,
        }
    }

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Quick => "quick",
            Preset::Default => "default",
            Preset::Full => "full",
        }
    }
}

//! The probes by name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A probe. Its name stands where cells name a scenario.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray,
)]
pub enum Probe {
    /// Open loop at half of the strategy's own saturation: in recorded runs only, because no two strategies were
    /// asked for the same.
    #[serde(rename = "probe-latency-50")]
    OwnHalfLoad,
    /// The same at four fifths.
    #[serde(rename = "probe-latency-80")]
    OwnHighLoad,
    /// The highest rate that the baseline keeps.
    #[serde(rename = "probe-knee")]
    Knee,
    /// Open loop at a twentieth of the knee.
    #[serde(rename = "probe-latency-knee-5")]
    LowLoad,
    /// Open loop at a fifth of the knee.
    #[serde(rename = "probe-latency-knee-20")]
    ModerateLoad,
    /// From a write's return to its being seen.
    #[serde(rename = "probe-visibility")]
    Visibility,
    /// Updates, nobody reading.
    #[serde(rename = "probe-garbage-update")]
    GarbageOfUpdates,
    /// Insertions and removals, nobody reading.
    #[serde(rename = "probe-garbage-churn")]
    GarbageOfChurn,
    /// Updates while a reader holds its guard.
    #[serde(rename = "probe-held-guard-update")]
    HeldGuardUpdates,
    /// Insertions and removals while a reader holds its guard.
    #[serde(rename = "probe-held-guard-churn")]
    HeldGuardChurn,
    /// A thread is stuck in the middle of a read.
    #[serde(rename = "probe-stalled-reader")]
    StalledReader,
    /// A thread is stuck in the middle of an update.
    #[serde(rename = "probe-stalled-writer")]
    StalledWriter,
    /// A thread scans without pause.
    #[serde(rename = "probe-scan")]
    Scan,
    /// A reader and a writer, both as fast as they can.
    #[serde(rename = "probe-fairness-read-write")]
    FairnessReadWrite,
    /// Two writers, both as fast as they can.
    #[serde(rename = "probe-fairness-two-writers")]
    FairnessTwoWriters,
    /// The table is dropped while it is in use.
    #[serde(rename = "probe-shutdown")]
    Shutdown,
}

/// A probe in words, as results list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// What cells have as their scenario.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it asks, and how.
    pub question: String,
}

impl Probe {
    /// All probes, in the order of the report.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Those of latencies.
    pub const LATENCIES: [Self; 4] = [
        Self::OwnHalfLoad,
        Self::OwnHighLoad,
        Self::LowLoad,
        Self::ModerateLoad,
    ];

    /// At which share of the baseline's knee a latency is measured: the same rate for every strategy. None of what is no
    /// latency, and of those at a strategy's own rate.
    ///
    /// Far below it, because a knee moves: of the same mutex it was 9 million reads a second in one minute and 16 million
    /// in the next, as the host placed the two processors of a virtual machine. At half of one, another is near.
    pub const fn load(self) -> Option<f64> {
        match self {
            Self::LowLoad => Some(0.05),
            Self::ModerateLoad => Some(0.2),
            _ => None,
        }
    }

    /// Its name: what cells have as their scenario.
    pub fn name(self) -> &'static str {
        &self.described().name
    }

    /// Itself in words, from `probes.toml`.
    pub fn described(self) -> &'static Described {
        static ALL: LazyLock<BTreeMap<Probe, Described>> =
            LazyLock::new(|| toml::from_str(include_str!("probes.toml")).expect("a test reads it"));
        &ALL[&self]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_sample_lines_are_names_in_cells() {
        for &probe in Probe::ALL {
            let written = serde_json::to_value(probe).unwrap();
            assert_eq!(written, probe.name());
            assert!(!probe.described().title.is_empty());
        }
    }
}

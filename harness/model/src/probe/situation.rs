//! The situations that strategies are put into.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A situation. Its name stands where cells name a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(VariantArray)]
pub enum Situation {
    /// Open loop at half of the saturation.
    #[serde(rename = "probe-latency-50")]
    HalfLoad,
    /// Open loop at four fifths of the saturation.
    #[serde(rename = "probe-latency-80")]
    HighLoad,
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

/// A situation in words, as results list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// What cells have as their scenario.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it asks, and how.
    pub question: String,
}

impl Situation {
    /// All situations, in the order of the report.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Its name: what cells have as their scenario.
    pub fn name(self) -> &'static str {
        &self.described().name
    }

    /// Itself in words, from `situations.toml`.
    pub fn described(self) -> &'static Described {
        static ALL: LazyLock<BTreeMap<Situation, Described>> = LazyLock::new(|| {
            toml::from_str(include_str!("situations.toml")).expect("a test reads it")
        });
        &ALL[&self]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_sample_lines_are_names_in_cells() {
        for &situation in Situation::ALL {
            let written = serde_json::to_value(situation).unwrap();
            assert_eq!(written, situation.name());
            assert!(!situation.described().title.is_empty());
        }
    }
}

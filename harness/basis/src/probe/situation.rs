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

/// What stands of a situation in `situations.toml`.
#[derive(Deserialize)]
struct Words {
    title: String,
    question: String,
}

static WORDS: LazyLock<BTreeMap<Situation, Words>> =
    LazyLock::new(|| toml::from_str(include_str!("situations.toml")).expect("a test reads it"));

impl Situation {
    /// All situations, in the order of the report.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Its name: what cells have as their scenario.
    pub const fn name(self) -> &'static str {
        match self {
            Situation::HalfLoad => "probe-latency-50",
            Situation::HighLoad => "probe-latency-80",
            Situation::Visibility => "probe-visibility",
            Situation::GarbageOfUpdates => "probe-garbage-update",
            Situation::GarbageOfChurn => "probe-garbage-churn",
            Situation::HeldGuardUpdates => "probe-held-guard-update",
            Situation::HeldGuardChurn => "probe-held-guard-churn",
            Situation::StalledReader => "probe-stalled-reader",
            Situation::StalledWriter => "probe-stalled-writer",
            Situation::Scan => "probe-scan",
            Situation::FairnessReadWrite => "probe-fairness-read-write",
            Situation::FairnessTwoWriters => "probe-fairness-two-writers",
            Situation::Shutdown => "probe-shutdown",
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        &WORDS[&self].title
    }

    /// Itself in words.
    pub fn described(self) -> Described {
        Described {
            name: self.name().into(),
            title: self.title().into(),
            question: WORDS[&self].question.clone(),
        }
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
            assert!(!situation.title().is_empty());
        }
    }
}

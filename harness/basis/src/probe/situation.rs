//! The situations that strategies are put into.

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
    pub const fn title(self) -> &'static str {
        match self {
            Situation::HalfLoad => "Latency at 50 % of saturation",
            Situation::HighLoad => "Latency at 80 % of saturation",
            Situation::Visibility => "Visibility of a write",
            Situation::GarbageOfUpdates => "Garbage of updates",
            Situation::GarbageOfChurn => "Garbage of insertions and removals",
            Situation::HeldGuardUpdates => "Garbage of updates while a guard is held",
            Situation::HeldGuardChurn => "Garbage of insertions and removals while a guard is held",
            Situation::StalledReader => "Stalled reader",
            Situation::StalledWriter => "Stalled writer",
            Situation::Scan => "Writes under scans",
            Situation::FairnessReadWrite => "Fairness between a reader and a writer",
            Situation::FairnessTwoWriters => "Fairness between two writers",
            Situation::Shutdown => "Shutdown under load",
        }
    }

    /// What it asks, and how.
    pub const fn question(self) -> &'static str {
        match self {
            Situation::HalfLoad => {
                "How long does an operation take when requests come on a schedule, whatever the table \
                 is at? One reader and one writer, one operation per arrival, each at a share of the \
                 rate that it reached in a closed loop; counted from the intended start, so that a \
                 stall is charged to every request that came meanwhile. Rates and latencies include \
                 one look at the clock per operation: the no-op control shows this floor. Requests \
                 not begun when the schedule ended count by their age then, a lower bound."
            }
            Situation::HighLoad => "The same closer to saturation, where queues build up.",
            Situation::Visibility => {
                "How long after a write's return does another thread see it? One write every 10 us to \
                 one record, and a thread that reads it without pause; up to the end of the first \
                 read that saw the write, so one read is the floor. Age: how many revisions behind \
                 the newest that had returned before the read began. Pending: not seen 5 ms after the \
                 writer went quiet, but after an explicit publish. Lost: never seen. Strategies that \
                 batch run at the publish policy that their profile states."
            }
            Situation::GarbageOfUpdates | Situation::GarbageOfChurn => {
                "How much memory do 10,000 overwrites need for a time, and how much of it is not freed \
                 when the last one returns? Counted above the filled table, with no reader inside."
            }
            Situation::HeldGuardUpdates | Situation::HeldGuardChurn => {
                "The same while another thread is inside the closure of a read. A writer that makes \
                 no progress is blocked, and one is stopped at 64 MiB of garbage: the number of \
                 overwrites tells."
            }
            Situation::StalledReader => {
                "What can one other reader and one writer still do while a thread is stuck inside the \
                 closure of a read? Rates relative to the same threads undisturbed, and the longest \
                 time between the ends of two operations, in stalls of 5 ms. Identifiers are uniform, \
                 so a lock over a part of the table stops a thread as soon as it needs that part."
            }
            Situation::StalledWriter => {
                "The same while a thread is stuck in the middle of an update: inside the application \
                 of its event to the record."
            }
            Situation::Scan => {
                "How long does a writer wait while another thread scans all 1,024 records again and \
                 again? Time between the ends of two writes, and the rate relative to no scans."
            }
            Situation::FairnessReadWrite => {
                "Of a reader and a writer that both never pause, does one push the other aside? Each \
                 rate relative to the same thread alone; the smaller divided by the larger (1 is \
                 fair), and the longest time between the ends of two operations of a thread."
            }
            Situation::FairnessTwoWriters => {
                "The same of two writers that update the same records."
            }
            Situation::Shutdown => {
                "How long does it take from asking a reader, an updater and a thread that inserts and \
                 removes to stop until they are gone and the table is dropped? The worst of several \
                 tables; bytes and threads left after the last, above those after the first (a \
                 library may keep a stock of freed memory)."
            }
        }
    }

    /// Itself in words.
    pub fn described(self) -> Described {
        Described {
            name: self.name().into(),
            title: self.title().into(),
            question: self.question().into(),
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
        }
    }
}

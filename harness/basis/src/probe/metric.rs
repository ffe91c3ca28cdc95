//! What probes measure.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// A metric of a strategy in a [`Situation`](super::Situation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ProbeMetric {
    /// Reads that the schedule asked for.
    ReadsPerS,
    /// The median latency of reads, or wait between reads.
    ReadP50Ns,
    /// What 1 % of the reads exceed.
    ReadP99Ns,
    /// What 0.1 % of the reads exceed.
    ReadP999Ns,
    /// The worst.
    ReadMaxNs,
    /// Reads not begun when the schedule ended.
    ReadsUnfinished,
    /// Writes that the schedule asked for.
    WritesPerS,
    /// The median latency of writes, or wait between writes.
    WriteP50Ns,
    /// What 1 % of the writes exceed.
    WriteP99Ns,
    /// What 0.1 % of the writes exceed.
    WriteP999Ns,
    /// The worst.
    WriteMaxNs,
    /// Writes not begun when the schedule ended.
    WritesUnfinished,
    /// The median time from a write's return to its being seen.
    VisibleP50Ns,
    /// What 1 % of the writes exceed.
    VisibleP99Ns,
    /// What 0.1 % of the writes exceed.
    VisibleP999Ns,
    /// The worst.
    VisibleMaxNs,
    /// Writes not seen until an explicit publish.
    Pending,
    /// Writes never seen.
    Lost,
    /// What 1 % of the reads exceed in revisions behind.
    AgeP99,
    /// The oldest that a read returned, in revisions behind.
    AgeMax,
    /// Overwrites done, of those asked for.
    Overwrites,
    /// The share of the processes in which the writer was blocked.
    Blocked,
    /// The highest level of live bytes, above the filled table.
    PeakBytes,
    /// Live bytes after the last overwrite, above the filled table.
    UnfreedBytes,
    /// The rate of reads, relative to the undisturbed rate.
    ReadsKept,
    /// The rate of writes, relative to the undisturbed rate.
    WritesKept,
    /// Time per scan while a writer never pauses.
    ScanNsUnderWrites,
    /// The smaller share divided by the larger: 1 is fair.
    FairShare,
    /// The worst time from asking to stop until all is gone.
    TeardownMs,
    /// Live bytes left.
    BytesLeft,
    /// Threads left.
    ThreadsLeft,
}

/// How the processes' values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// The median, with its interval.
    Typical,
    /// The largest; the interval is the range. Of what happens rarely, the median says nothing.
    Worst,
}

impl ProbeMetric {
    /// All, in the order of results.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Its name in results and tables.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        use ProbeMetric as M;
        match self {
            M::ReadsPerS | M::WritesPerS => "1/s",
            M::TeardownMs => "ms",
            M::ReadsUnfinished => "reads",
            M::WritesUnfinished | M::Pending | M::Lost | M::Overwrites => "writes",
            M::AgeP99 | M::AgeMax => "revisions",
            M::Blocked | M::ReadsKept | M::WritesKept | M::FairShare => "share",
            M::PeakBytes | M::UnfreedBytes | M::BytesLeft => "B",
            M::ThreadsLeft => "threads",
            // All others are times.
            _ => "ns",
        }
    }

    /// How the processes' values become one.
    pub const fn summary(self) -> Summary {
        use ProbeMetric as M;
        match self {
            M::ReadMaxNs
            | M::ReadsUnfinished
            | M::WriteMaxNs
            | M::WritesUnfinished
            | M::VisibleMaxNs
            | M::Pending
            | M::Lost
            | M::AgeMax
            | M::Blocked
            | M::TeardownMs
            | M::BytesLeft
            | M::ThreadsLeft => Summary::Worst,
            _ => Summary::Typical,
        }
    }

    /// Whether a smaller value is better in proportion, so that a ratio to the baseline makes sense.
    /// Not where zero is common, and not of the worst of a few.
    pub const fn has_ratio(self) -> bool {
        use ProbeMetric as M;
        matches!(
            self,
            M::ReadP50Ns
                | M::ReadP99Ns
                | M::ReadP999Ns
                | M::WriteP50Ns
                | M::WriteP99Ns
                | M::WriteP999Ns
                | M::VisibleP50Ns
                | M::VisibleP99Ns
                | M::VisibleP999Ns
                | M::ScanNsUnderWrites
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_sample_lines_are_names_in_cells() {
        for &metric in ProbeMetric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }
}

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
        self.traits().0
    }

    /// How the processes' values become one.
    pub const fn summary(self) -> Summary {
        self.traits().1
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

    const fn traits(self) -> (&'static str, Summary) {
        use ProbeMetric as M;
        use Summary::{Typical, Worst};
        match self {
            M::ReadsPerS => ("1/s", Typical),
            M::ReadP50Ns => ("ns", Typical),
            M::ReadP99Ns => ("ns", Typical),
            M::ReadP999Ns => ("ns", Typical),
            M::ReadMaxNs => ("ns", Worst),
            M::ReadsUnfinished => ("reads", Worst),
            M::WritesPerS => ("1/s", Typical),
            M::WriteP50Ns => ("ns", Typical),
            M::WriteP99Ns => ("ns", Typical),
            M::WriteP999Ns => ("ns", Typical),
            M::WriteMaxNs => ("ns", Worst),
            M::WritesUnfinished => ("writes", Worst),
            M::VisibleP50Ns => ("ns", Typical),
            M::VisibleP99Ns => ("ns", Typical),
            M::VisibleP999Ns => ("ns", Typical),
            M::VisibleMaxNs => ("ns", Worst),
            M::Pending => ("writes", Worst),
            M::Lost => ("writes", Worst),
            M::AgeP99 => ("revisions", Typical),
            M::AgeMax => ("revisions", Worst),
            M::Overwrites => ("writes", Typical),
            M::Blocked => ("share", Worst),
            M::PeakBytes => ("B", Typical),
            M::UnfreedBytes => ("B", Typical),
            M::ReadsKept => ("share", Typical),
            M::WritesKept => ("share", Typical),
            M::ScanNsUnderWrites => ("ns", Typical),
            M::FairShare => ("share", Typical),
            M::TeardownMs => ("ms", Worst),
            M::BytesLeft => ("B", Worst),
            M::ThreadsLeft => ("threads", Worst),
        }
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

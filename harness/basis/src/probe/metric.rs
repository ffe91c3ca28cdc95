//! What probes measure.

use serde::{Deserialize, Serialize};

/// A metric of a strategy in a [`Situation`](super::Situation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    pub const ALL: [Self; 31] = [
        Self::ReadsPerS,
        Self::ReadP50Ns,
        Self::ReadP99Ns,
        Self::ReadP999Ns,
        Self::ReadMaxNs,
        Self::ReadsUnfinished,
        Self::WritesPerS,
        Self::WriteP50Ns,
        Self::WriteP99Ns,
        Self::WriteP999Ns,
        Self::WriteMaxNs,
        Self::WritesUnfinished,
        Self::VisibleP50Ns,
        Self::VisibleP99Ns,
        Self::VisibleP999Ns,
        Self::VisibleMaxNs,
        Self::Pending,
        Self::Lost,
        Self::AgeP99,
        Self::AgeMax,
        Self::Overwrites,
        Self::Blocked,
        Self::PeakBytes,
        Self::UnfreedBytes,
        Self::ReadsKept,
        Self::WritesKept,
        Self::ScanNsUnderWrites,
        Self::FairShare,
        Self::TeardownMs,
        Self::BytesLeft,
        Self::ThreadsLeft,
    ];

    /// Its name in results and tables.
    pub const fn name(self) -> &'static str {
        self.traits().0
    }

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        self.traits().1
    }

    /// How the processes' values become one.
    pub const fn summary(self) -> Summary {
        self.traits().2
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

    const fn traits(self) -> (&'static str, &'static str, Summary) {
        use ProbeMetric as M;
        use Summary::{Typical, Worst};
        match self {
            M::ReadsPerS => ("reads_per_s", "1/s", Typical),
            M::ReadP50Ns => ("read_p50_ns", "ns", Typical),
            M::ReadP99Ns => ("read_p99_ns", "ns", Typical),
            M::ReadP999Ns => ("read_p999_ns", "ns", Typical),
            M::ReadMaxNs => ("read_max_ns", "ns", Worst),
            M::ReadsUnfinished => ("reads_unfinished", "reads", Worst),
            M::WritesPerS => ("writes_per_s", "1/s", Typical),
            M::WriteP50Ns => ("write_p50_ns", "ns", Typical),
            M::WriteP99Ns => ("write_p99_ns", "ns", Typical),
            M::WriteP999Ns => ("write_p999_ns", "ns", Typical),
            M::WriteMaxNs => ("write_max_ns", "ns", Worst),
            M::WritesUnfinished => ("writes_unfinished", "writes", Worst),
            M::VisibleP50Ns => ("visible_p50_ns", "ns", Typical),
            M::VisibleP99Ns => ("visible_p99_ns", "ns", Typical),
            M::VisibleP999Ns => ("visible_p999_ns", "ns", Typical),
            M::VisibleMaxNs => ("visible_max_ns", "ns", Worst),
            M::Pending => ("pending", "writes", Worst),
            M::Lost => ("lost", "writes", Worst),
            M::AgeP99 => ("age_p99", "revisions", Typical),
            M::AgeMax => ("age_max", "revisions", Worst),
            M::Overwrites => ("overwrites", "writes", Typical),
            M::Blocked => ("blocked", "share", Worst),
            M::PeakBytes => ("peak_bytes", "B", Typical),
            M::UnfreedBytes => ("unfreed_bytes", "B", Typical),
            M::ReadsKept => ("reads_kept", "share", Typical),
            M::WritesKept => ("writes_kept", "share", Typical),
            M::ScanNsUnderWrites => ("scan_ns_under_writes", "ns", Typical),
            M::FairShare => ("fair_share", "share", Typical),
            M::TeardownMs => ("teardown_ms", "ms", Worst),
            M::BytesLeft => ("bytes_left", "B", Worst),
            M::ThreadsLeft => ("threads_left", "threads", Worst),
        }
    }
}

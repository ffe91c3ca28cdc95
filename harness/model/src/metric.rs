//! What can be measured.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::scenario::{Activity, Scenario};

/// What can be measured, in the order of results: times, then exact counts, then what probes measure of a strategy
/// ([`Probe`](crate::probe::Probe)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Metric {
    /// Wall time per read, over all readers.
    ReadNs,
    /// Wall time per update, insertion or removal, over all writers.
    WriteNs,
    /// Wall time per scan, over all scanners.
    ScanNs,
    /// Wall time per operation of a mix, over all threads that do it.
    OperationNs,
    /// Wall time of a given number of operations.
    ElapsedMs,
    /// Bytes allocated per read.
    AllocBytesRead,
    /// Allocations per read.
    AllocsRead,
    /// Bytes allocated per write.
    AllocBytesWrite,
    /// Allocations per write.
    AllocsWrite,
    /// Bytes allocated per scan.
    AllocBytesScan,
    /// Allocations per scan.
    AllocsScan,
    /// Live bytes per record of a filled table.
    LiveBytesPerRecord,
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
    /// Whether the writer was blocked: 1 if it was in any process.
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

impl Metric {
    /// All metrics.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        use Metric as M;
        match self {
            M::ElapsedMs | M::TeardownMs => "ms",
            M::AllocBytesRead | M::AllocBytesWrite | M::AllocBytesScan => "B/op",
            M::AllocsRead | M::AllocsWrite | M::AllocsScan => "1/op",
            M::LiveBytesPerRecord => "B/record",
            M::ReadsPerS | M::WritesPerS => "1/s",
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

    /// Whether it is a time: sampled, and compared slice by slice.
    pub fn is_timed(self) -> bool {
        self <= Self::ElapsedMs
    }

    /// Whether it is counted exactly, so that two runs of the same program agree on it.
    pub fn is_count(self) -> bool {
        (Self::AllocBytesRead..=Self::LiveBytesPerRecord).contains(&self)
    }

    /// Whether a probe measures it.
    pub fn is_probed(self) -> bool {
        self > Self::LiveBytesPerRecord
    }

    /// Whether the largest of the processes' values stands for all of them, and their range for an interval. Of what
    /// happens rarely, the median says nothing.
    pub const fn is_worst(self) -> bool {
        use Metric as M;
        matches!(
            self,
            M::ReadMaxNs
                | M::WriteMaxNs
                | M::VisibleMaxNs
                | M::AgeMax
                | M::ReadsUnfinished
                | M::WritesUnfinished
                | M::Pending
                | M::Lost
                | M::Blocked
                | M::TeardownMs
                | M::BytesLeft
                | M::ThreadsLeft
        )
    }

    /// Whether a smaller value of a probe is better in proportion, so that a ratio to the baseline makes sense.
    /// Not where zero is common, and not of the worst of a few.
    pub fn has_probed_ratio(self) -> bool {
        self.is_probed() && self.unit() == "ns" && !self.is_worst()
    }

    /// Whether results compare it with the baseline's.
    pub fn has_ratio(self) -> bool {
        self.is_timed() || self == Self::LiveBytesPerRecord || self.has_probed_ratio()
    }

    /// Its name in results and tables.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Activity {
    /// The metric that times it.
    pub const fn metric(self) -> Metric {
        match self {
            Activity::Read => Metric::ReadNs,
            Activity::Update | Activity::Churn | Activity::Replay => Metric::WriteNs,
            Activity::Scan => Metric::ScanNs,
            Activity::Mix => Metric::OperationNs,
        }
    }

    /// The metrics that what the heap sees of it is counted in: bytes and allocations. A mix is counted as what it is
    /// made of.
    pub const fn allocation_metrics(self) -> Option<(Metric, Metric)> {
        match self.metric() {
            Metric::ReadNs => Some((Metric::AllocBytesRead, Metric::AllocsRead)),
            Metric::WriteNs => Some((Metric::AllocBytesWrite, Metric::AllocsWrite)),
            Metric::ScanNs => Some((Metric::AllocBytesScan, Metric::AllocsScan)),
            _ => None,
        }
    }
}

impl Scenario {
    /// The metric that times its subject.
    ///
    /// # Panics
    ///
    /// As [`subject`](Scenario::subject).
    pub fn metric(&self) -> Metric {
        if self.operations.is_some() {
            Metric::ElapsedMs
        } else {
            self.subject().metric()
        }
    }

    /// The metrics whose time it measures.
    pub fn timed_metrics(&self) -> Vec<Metric> {
        if self.operations.is_some() {
            return vec![Metric::ElapsedMs];
        }
        let unpaced = self.groups.iter().filter(|group| !group.is_paced());
        let metrics: BTreeSet<Metric> = unpaced.map(|group| group.does.metric()).collect();
        metrics.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_sample_lines_are_names_in_cells() {
        for &metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }

    #[test]
    fn a_metric_is_timed_counted_or_probed() {
        let kinds = |metric: Metric| [metric.is_timed(), metric.is_count(), metric.is_probed()];
        for &metric in Metric::ALL {
            assert_eq!(
                kinds(metric).iter().filter(|is_so| **is_so).count(),
                1,
                "{metric:?}"
            );
        }
        assert!(Metric::ElapsedMs.is_timed() && Metric::ReadsPerS.is_probed());
    }
}

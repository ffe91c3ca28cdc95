//! What can be measured.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use crate::probe::ProbeMetric;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
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
    /// What a probe measures.
    #[strum(disabled)]
    Probe(ProbeMetric),
}

impl Metric {
    /// All metrics.
    pub fn all() -> impl Iterator<Item = Self> {
        let probed = ProbeMetric::ALL.iter().copied();
        Self::iter().chain(probed.map(Self::Probe))
    }

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        match self {
            Metric::ReadNs | Metric::WriteNs | Metric::ScanNs | Metric::OperationNs => "ns",
            Metric::ElapsedMs => "ms",
            Metric::AllocBytesRead | Metric::AllocBytesWrite | Metric::AllocBytesScan => "B/op",
            Metric::AllocsRead | Metric::AllocsWrite | Metric::AllocsScan => "1/op",
            Metric::LiveBytesPerRecord => "B/record",
            Metric::Probe(metric) => metric.unit(),
        }
    }

    /// Whether it is a time: sampled, and compared slice by slice.
    pub const fn is_timed(self) -> bool {
        matches!(
            self,
            Self::ReadNs | Self::WriteNs | Self::ScanNs | Self::OperationNs | Self::ElapsedMs
        )
    }

    /// Whether it is counted exactly, so that two runs of the same program agree on it.
    pub const fn is_count(self) -> bool {
        matches!(
            self,
            Self::AllocBytesRead
                | Self::AllocsRead
                | Self::AllocBytesWrite
                | Self::AllocsWrite
                | Self::AllocBytesScan
                | Self::AllocsScan
                | Self::LiveBytesPerRecord
        )
    }

    /// Its name in results and tables.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Probe(metric) => metric.name(),
            plain => plain.into(),
        }
    }
}

/// By its name.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::all()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::all().map(Self::name).collect();
                de::Error::custom(format!(
                    "unknown metric `{name}`, expected one of `{}`",
                    names.join("`, `")
                ))
            })
    }
}

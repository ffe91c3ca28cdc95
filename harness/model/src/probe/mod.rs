//! What the throughput does not show: the probes, and what they bring back.
//!
//! A [`Probe`] of one strategy has a process of its own, and brings back a [`ProbeSeen`]: raw counts and whole
//! histograms, never percentiles, so that a report can be made again from it. `experiments::probes` does it, and says
//! what a new probe needs; what follows from it is in `analysis::probes` and `analysis::latency`.

mod histogram;
mod kind;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use histogram::{Histogram, SparseHistogram};
pub use kind::{Described, Probe};

/// A rate is kept if this share of the requests, at least, is begun when the schedule ends.
pub const KEPT: f64 = 0.99;

/// What one process saw in one probe of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeSeen {
    /// The probe.
    #[serde(rename = "situation")]
    pub probe: Probe,
    /// `crate/variant`.
    pub strategy: String,
    /// Which of the probing processes this was, counted from 0.
    pub process: u32,
    /// What was counted.
    pub counts: BTreeMap<Count, i64>,
    /// What was timed, operation by operation, or otherwise distributed.
    pub histograms: BTreeMap<Distribution, SparseHistogram>,
}

/// What a probe counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Latency and knee: how long the schedule lasted, in nanoseconds.
    ScheduleNs,
    /// Latency: reads that the schedule asked for. Knee: those of the highest rate that was kept.
    ReadsOffered,
    /// The same of writes.
    WritesOffered,
    /// Latency: reads that the schedule asked for and that were not begun when it ended. In the
    /// histogram by their age then, which is a lower bound.
    ReadsUnfinished,
    /// Latency: the same of writes.
    WritesUnfinished,
    /// Visibility: writes that returned.
    Writes,
    /// Visibility: writes that readers did not see until the writer published explicitly.
    Pending,
    /// Visibility: writes that readers did not see even then.
    Lost,
    /// Garbage: overwrites that were done; fewer than asked for if the writer was blocked, the bytes
    /// reached their limit or the time was over.
    Overwrites,
    /// Garbage: 1 if the writer could not go on.
    Blocked,
    /// Garbage: 1 if the writer was stopped because too many bytes were not freed.
    Capped,
    /// Garbage: the highest level of live bytes during the overwrites, above that of the filled table.
    PeakBytes,
    /// Garbage: live bytes after the overwrites, above those of the filled table.
    UnfreedBytes,
    /// Disturbance: how long the others ran undisturbed, in nanoseconds.
    CalmNs,
    /// Disturbance: reads completed in that time.
    CalmReads,
    /// Disturbance: writes completed in that time.
    CalmWrites,
    /// Disturbance: how long the others ran disturbed, in nanoseconds.
    DisturbedNs,
    /// Disturbance: reads completed in that time.
    DisturbedReads,
    /// Disturbance: writes completed in that time.
    DisturbedWrites,
    /// Disturbance: scans completed in that time.
    Scans,
    /// Fairness: how long the first thread ran alone, in nanoseconds.
    FirstAloneNs,
    /// Fairness: what it completed in that time.
    FirstAlone,
    /// Fairness: how long the second thread ran alone, in nanoseconds.
    SecondAloneNs,
    /// Fairness: what it completed in that time.
    SecondAlone,
    /// Fairness: how long both ran, in nanoseconds.
    TogetherNs,
    /// Fairness: what the first thread completed in that time.
    FirstTogether,
    /// Fairness: what the second thread completed in that time.
    SecondTogether,
    /// Shutdown: tables dropped.
    Tables,
    /// Shutdown: live bytes after the last table was gone, above those after the first.
    BytesLeft,
    /// Shutdown: threads after the last table was gone, above those before the first.
    ThreadsLeft,
}

/// What a probe keeps a histogram of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Nanoseconds from a read's intended start to its end (latency), or from the end of one read of a
    /// thread to the end of its next (everywhere else).
    Reads,
    /// The same of writes. Where two threads write, of the first.
    Writes,
    /// The same of the second writer.
    OtherWrites,
    /// Undisturbed waits between reads, in nanoseconds.
    CalmReads,
    /// Undisturbed waits between writes, in nanoseconds.
    CalmWrites,
    /// Nanoseconds from a write's return to the end of the first read that saw it.
    Visibility,
    /// How many revisions older what a read returned was than the newest whose write had returned
    /// before the read began.
    Age,
    /// Nanoseconds from asking the threads to stop until they, the table and its threads are gone.
    Teardown,
}

impl ProbeSeen {
    /// Nothing yet.
    pub fn new(probe: Probe, strategy: &str, process: u32) -> Self {
        Self {
            probe,
            strategy: strategy.to_owned(),
            process,
            counts: BTreeMap::new(),
            histograms: BTreeMap::new(),
        }
    }

    /// Adds a count.
    pub fn add(&mut self, what: Count, number: u64) {
        self.counts.insert(what, number.cast_signed());
    }

    /// Keeps what is kept of a histogram.
    pub fn keep(&mut self, what: Distribution, histogram: &Histogram) {
        self.histograms.insert(what, histogram.sparse());
    }

    /// What was counted, if it was.
    pub fn count(&self, count: Count) -> Option<i64> {
        self.counts.get(&count).copied()
    }

    /// A count divided by another one, where there are both and the second is not zero.
    pub fn share(&self, part: Count, whole: Count) -> Option<f64> {
        let whole = self.count(whole).filter(|whole| *whole > 0)?;
        Some(self.count(part)? as f64 / whole as f64)
    }

    /// Requests that the schedule asked for in a second: a count of those offered.
    pub fn per_s(&self, offered: Count) -> Option<f64> {
        Some(self.share(offered, Count::ScheduleNs)? * 1e9)
    }

    /// A histogram that is not empty.
    pub fn histogram(&self, distribution: Distribution) -> Option<&SparseHistogram> {
        self.histograms
            .get(&distribution)
            .filter(|histogram| !histogram.is_empty())
    }
}

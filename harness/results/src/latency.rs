//! How long operations took under a schedule.

use model::probe::Distribution;
use serde::{Deserialize, Serialize};

/// The latencies of one strategy's reads or writes in one probe.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The probe's name, as in cells.
    pub scenario: String,
    /// `crate/variant`.
    pub strategy: String,
    /// What was timed.
    pub distribution: Distribution,
    /// How many operations, over all processes.
    pub operations: u64,
    /// So many were asked for in a second, of every strategy alike. None in runs recorded before there was a common
    /// rate: their latencies cannot be compared.
    pub per_s: Option<f64>,
    /// The share of them that was begun in time: the median over the processes.
    pub served: Option<f64>,
    /// Whether the rate was kept, by the reads and by the writes.
    pub kept: Option<bool>,
    /// From the median on, as far as there are operations enough. None if the rate was not kept.
    pub quantiles: Vec<Quantile>,
}

/// How long all but a share of the operations took at most: the median over the processes.
#[serde_with::skip_serializing_none]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The share of operations that took no longer, from 0 to 1.
    pub share: f64,
    /// Nanoseconds from the intended start.
    pub ns: f64,
    /// How many times longer it is of the baseline, at the same rate. Of the baseline's second name: by how many times the
    /// two differ, either way, which is the noise of this quantile.
    pub times: Option<f64>,
    /// What follows from that; none of the baseline itself, and without a common rate.
    pub rank: Option<Rank>,
}

/// How a quantile compares with the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// Shorter, by more than the noise.
    Better,
    /// Longer, by more than the noise.
    Worse,
    /// The difference is no larger than the noise.
    Alike,
    /// The noise is too large to rank anybody by this quantile, or unknown.
    NotRanked,
}

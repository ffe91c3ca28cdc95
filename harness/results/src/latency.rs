//! How long operations took under a schedule.

use model::probe::Distribution;
use serde::{Deserialize, Serialize};

/// The latencies of one strategy's reads or writes in one situation: of each quantile the median over the probing
/// processes, and the worst of any, as in cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The situation's name, as in cells.
    pub scenario: String,
    /// `crate/variant`.
    pub strategy: String,
    /// What was timed.
    pub distribution: Distribution,
    /// How many operations.
    pub operations: u64,
    /// From the median to the worst.
    pub quantiles: Vec<Quantile>,
}

/// How long all but a share of a process's operations took at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The share of operations that took no longer, from 0 to 1.
    pub share: f64,
    /// Nanoseconds from the intended start.
    pub ns: f64,
}

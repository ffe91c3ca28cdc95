//! The lines that say how a run was divided, and what disturbed it.

use serde::{Deserialize, Serialize};

/// What one measuring process was told to do. A part without its [`PartDone`] was cut short; a run
/// that goes on ends it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The scenario.
    pub scenario: String,
    /// The measuring process, counted from 0 in each scenario.
    pub process: u32,
    /// Who takes part, the baseline included.
    pub strategies: Vec<String>,
    /// How many blocks to measure.
    pub blocks: u32,
}

/// A measuring process has done its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDone {
    /// The scenario.
    pub scenario: String,
    /// The measuring process.
    pub process: u32,
    /// How long it took, its start included, in milliseconds.
    pub took_ms: u64,
}

/// What disturbed a block, seen from outside of its slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interference {
    /// The scenario.
    pub scenario: String,
    /// The measuring process.
    pub process: u32,
    /// The block.
    pub block: u32,
    /// Slices in it.
    pub slices: u32,
    /// How long the block took, in nanoseconds.
    pub took_ns: u64,
    /// Time that the hypervisor gave to others, over all processors, in nanoseconds; 0 where the
    /// system does not say.
    pub stolen_ns: u64,
    /// How often a thread of the process lost its processor without asking.
    pub preemptions: u64,
    /// A fixed amount of work before the block, in nanoseconds.
    pub spin_before_ns: u64,
    /// The same after it.
    pub spin_after_ns: u64,
}

//! What a process of its own is asked to trace.

use model::trace::{Operation, State};
use serde::{Deserialize, Serialize};

/// One strategy, to be traced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TraceTask {
    /// The strategy.
    pub strategy: String,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The states. Pairs of operations are looked at if [`State::Quiescent`] is among them.
    pub states: Vec<State>,
    /// In how many layouts of the heap.
    pub layouts: u32,
}

/// One strategy, whose threads are to be stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StallTask {
    /// The strategy.
    pub strategy: String,
    /// The operations that a thread is stopped in.
    pub stalled: Vec<Operation>,
    /// The operations that are tried meanwhile.
    pub peers: Vec<Operation>,
    /// Whether to try each point, and not one for each state that others could tell apart.
    pub every: bool,
    /// How many instructions of a read or scan to step, about, in stopping it twice, too, beside what `peers`
    /// can write, to judge its answers; of a write a fifth. 0: none is stopped twice. 500,000 are enough for
    /// all pairs of 65 points in a lookup of 250 instructions; of what is longer pairs are chosen.
    #[serde(default)]
    pub two_stops: usize,
}

//! Who can go on while somebody is stopped in the middle of an operation: progress guarantees, observed
//! at every instruction instead of claimed.
//!
//! The crate `stall` looks, in a process of its own for each strategy: it stops one thread before each
//! instruction of an operation, and lets another thread try one; and it stops one twice, lets another
//! write at both stops, and judges what the stopped operation answers.

use serde::{Deserialize, Serialize};

use crate::trace::Operation;

/// One operation tried by a peer, at every point of another that a thread was stopped in.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StallPair {
    /// What the stopped thread is in the middle of.
    pub stalled: Operation,
    /// What the peer tries.
    pub peer: Operation,
    /// Whether it is about the same process; always, if one is a scan.
    pub same_process: bool,
    /// The points that it was stopped at: one before each of its instructions.
    pub points: u64,
    /// The points at which the peer did not get done until the thread went on.
    pub blocked: u64,
    /// Those among them that lie inside the system's allocator: its lock, and not the strategy's.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub in_allocator: u64,
    /// The points that the operation did not come by again.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub untried: u64,
    /// The first blocked point, as the number of the instruction that comes next; from 0.
    pub first: Option<u64>,
    /// The last.
    pub last: Option<u64>,
    /// The function that the thread was in at the first blocked point.
    pub held_by: Option<String>,
    /// The points at which the peer saw what no order of the two operations explains.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub wrong: u64,
    /// The first of them, and what was seen there.
    pub evidence: Option<String>,
}

/// What another thread writes at each of two stops within one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// An event to the same record and one to another, at both stops.
    #[strum(serialize = "updates")]
    Updates,
    /// An event to the same record and one to a record of another table of the same strategy.
    #[strum(serialize = "another table")]
    AnotherTable,
    /// A record leaves and another comes; at the second stop the other way round.
    #[strum(serialize = "membership")]
    Membership,
}

/// One operation, stopped twice, with another thread's writes at each stop, and its own answer judged:
/// it has to be what some order of all of them explains.
///
/// A stop is before an instruction that accesses memory which other threads can reach: between two of
/// those it does not matter where another thread writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoStops {
    /// What the thread is in the middle of.
    pub stalled: Operation,
    /// What is written at each stop.
    pub writes: Writes,
    /// The stops of the undisturbed operation.
    pub points: u64,
    /// The pairs of stops that were tried.
    pub tried: u64,
    /// The pairs whose first stop keeps the writer from being done: it writes only when the operation
    /// has gone on.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub blocked: u64,
    /// The pairs that were not tried: there are too many, or the operation did not come by again.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub untried: u64,
    /// The executions, with one stop or with two, whose answers no order explains.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub wrong: u64,
    /// The first of them: where it was stopped, and what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl StallPair {
    /// The points at which the strategy itself blocks the peer.
    pub const fn blocked_by_strategy(&self) -> u64 {
        self.blocked.saturating_sub(self.in_allocator)
    }

    /// The share of the points at which the peer is blocked, the allocator's apart; from 0 to 1.
    pub fn share(&self) -> f64 {
        self.blocked_by_strategy() as f64 / self.points.max(1) as f64
    }
}

/// What was seen of one strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StallSeen {
    /// `crate/variant`.
    pub strategy: String,
    /// Each operation that a thread was stopped in, beside each that a peer tried.
    pub pairs: Vec<StallPair>,
    /// Each operation that a thread was stopped in twice, beside each kind of writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub two_stops: Vec<TwoStops>,
    /// Why the process ended, if it did not do all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
}

//! Who can go on while somebody is stopped in the middle of an operation: progress guarantees, observed
//! at every instruction instead of claimed.
//!
//! The crate `stall` looks, in a process of its own for each strategy: it stops one thread before each
//! instruction of an operation, and lets another thread try one.

use serde::{Deserialize, Serialize};

use crate::trace::Operation;

/// One operation tried by a peer, at every point of another that a thread was stopped in.
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
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_allocator: u64,
    /// The points that the operation did not come by again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untried: u64,
    /// The first blocked point, as the number of the instruction that comes next; from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The function that the thread was in at the first blocked point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// The points at which the peer saw what no order of the two operations explains.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wrong: u64,
    /// The first of them, and what was seen there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
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
    /// Why the process ended, if it did not do all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
}

impl StallSeen {
    /// The pair of a stalled operation and a peer's.
    pub fn pair(&self, stalled: Operation, peer: Operation, same: bool) -> Option<&StallPair> {
        self.pairs
            .iter()
            .find(|pair| (pair.stalled, pair.peer, pair.same_process) == (stalled, peer, same))
    }
}

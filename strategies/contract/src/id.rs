//! Process identifiers and the one hasher that contenders share.

use std::collections::HashMap;
use std::fmt;

/// The identifier of a process, chosen by the caller: any 64-bit value, dense or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u64);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// The hasher of every hash table in this workspace, but for those that multiply what they are given themselves:
/// they get the identifier as it is, so that all pay for one multiplication.
///
/// The hasher alone moves a map lookup by several nanoseconds, so it is pinned: one integer hash,
/// unseeded, the same for the baseline and for every contender.
pub type IdHasher = rustc_hash::FxBuildHasher;

/// A plain hash map from identifiers: what the mutex baseline protects.
pub type IdMap<V> = HashMap<ProcessId, V, IdHasher>;

/// An empty map with room for `processes` entries. A copy has the room of its original.
pub fn id_map<V>(processes: usize) -> IdMap<V> {
    IdMap::with_capacity_and_hasher(processes, IdHasher::default())
}

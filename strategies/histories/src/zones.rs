//! Registers whose writes all write something else: decided without a search.
//!
//! Gibbons and Korach (Testing Shared Memories, SIAM Journal on Computing 26, 1997): put each write
//! and the reads of its value into a cluster. Its *zone* stretches between the first return and the
//! last call in it. If a return comes first, the value must have been in the register all that time
//! (a forward zone); else all its operations overlap, and some instant within the zone is enough for
//! them (a backward zone). The history is linearizable exactly if no read returns before its write is
//! called, no two forward zones overlap, and no backward zone lies within a forward one.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::models::RegisterAction;
use crate::operation::{NEVER, Operation};

/// Why a history of a register is not linearizable: the operations that cannot all be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What is wrong with them.
    pub kind: ConflictKind,
    /// Them, as indices into the history, in the order of calls; at most four.
    pub operations: Vec<usize>,
}

/// What is wrong with the operations of a [`Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// A read of what nobody has written.
    Unwritten,
    /// A read that returned before its value was written.
    FromTheFuture,
    /// Two values, each of which must have been there throughout a time, and these times overlap.
    TwoAtOnce,
    /// A value that was written and read while another must have been there throughout.
    Between,
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConflictKind::Unwritten => "a read of what nobody has written",
            ConflictKind::FromTheFuture => "a read that returned before its value was written",
            ConflictKind::TwoAtOnce => "two values that must have been there at the same time",
            ConflictKind::Between => {
                "a value that came and went while another must have been there throughout"
            }
        })
    }
}

/// Why zones cannot decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// A value was written twice, by these operations: which of them a read has seen is open.
    WrittenTwice(usize, usize),
}

/// A write with its reads.
#[derive(Clone, Copy)]
struct Cluster {
    /// The operation that wrote it; none wrote what was there at first.
    write: Option<u32>,
    /// The first return, and whose it was.
    first_return: (u64, u32),
    /// The last call, and whose it was.
    last_call: (u64, u32),
    is_read: bool,
}

/// What stands for no operation: the beginning.
const BEGINNING: u32 = u32::MAX;

impl Cluster {
    /// Neither written nor read yet.
    const NEW: Cluster = Cluster {
        write: None,
        first_return: (NEVER, BEGINNING),
        last_call: (0, BEGINNING),
        is_read: false,
    };

    /// What was there before everything else.
    const INITIAL: Cluster = Cluster {
        write: Some(BEGINNING),
        first_return: (0, BEGINNING),
        ..Cluster::NEW
    };

    fn include(&mut self, index: u32, call: u64, ret: u64) {
        if ret < self.first_return.0 {
            self.first_return = (ret, index);
        }
        if call >= self.last_call.0 {
            self.last_call = (call, index);
        }
    }

    /// Whether the value must have been there from the first return to the last call.
    fn is_forward(&self) -> bool {
        self.first_return.0 < self.last_call.0
    }

    fn operations(&self) -> impl Iterator<Item = usize> {
        let write = self.write.unwrap_or(BEGINNING);
        [write, self.first_return.1, self.last_call.1]
            .into_iter()
            .filter(|&index| index != BEGINNING)
            .map(|index| index as usize)
    }
}

/// Checks a history of one register in which every value is written once; nothing is there at first.
/// Takes time in proportion to n log n, and memory in proportion to the number of values.
///
/// # Errors
///
/// When a value is written twice.
pub fn check(history: &[Operation<RegisterAction>]) -> Result<Result<(), Conflict>, Undecided> {
    let clusters = clusters(history)?;
    Ok(verdict(history, &clusters))
}

fn verdict(history: &[Operation<RegisterAction>], clusters: &[Cluster]) -> Result<(), Conflict> {
    let conflict = |kind, operations: Vec<usize>| {
        let mut operations = operations;
        operations.sort_by_key(|&index| (history[index].call, index));
        operations.dedup();
        Err(Conflict { kind, operations })
    };
    for cluster in clusters.iter().filter(|cluster| cluster.is_read) {
        let Some(write) = cluster.write else {
            let read = cluster.first_return.1 as usize;
            return conflict(ConflictKind::Unwritten, vec![read]);
        };
        if write != BEGINNING && cluster.first_return.0 < history[write as usize].call {
            return conflict(ConflictKind::FromTheFuture, cluster.operations().collect());
        }
    }
    let mut forward: Vec<&Cluster> = clusters
        .iter()
        .filter(|cluster| cluster.is_forward())
        .collect();
    forward.sort_unstable_by_key(|cluster| cluster.first_return.0);
    for pair in forward.windows(2) {
        if pair[1].first_return.0 < pair[0].last_call.0 {
            let both = pair[0].operations().chain(pair[1].operations());
            return conflict(ConflictKind::TwoAtOnce, both.collect());
        }
    }
    for cluster in clusters.iter().filter(|cluster| !cluster.is_forward()) {
        let (begin, end) = (cluster.last_call.0, cluster.first_return.0);
        let after = forward.partition_point(|zone| zone.first_return.0 < begin);
        let Some(around) = after.checked_sub(1).map(|index| forward[index]) else {
            continue;
        };
        if end < around.last_call.0 {
            let both = around.operations().chain(cluster.operations());
            return conflict(ConflictKind::Between, both.collect());
        }
    }
    Ok(())
}

/// The clusters of all values that were written or read.
fn clusters(history: &[Operation<RegisterAction>]) -> Result<Vec<Cluster>, Undecided> {
    let mut index = Index::from_history(history);
    let mut initial = Cluster::INITIAL;
    let mut clusters: Vec<Cluster> = Vec::with_capacity(history.len() / 2 + 1);
    for (number, operation) in history.iter().enumerate() {
        let Operation {
            call, ret, action, ..
        } = *operation;
        let value = match action {
            RegisterAction::Read(_) if ret == NEVER => continue,
            RegisterAction::Read(None) => {
                initial.include(number as u32, call, ret);
                initial.is_read = true;
                continue;
            }
            RegisterAction::Read(Some(value)) | RegisterAction::Write(value) => value,
        };
        let place = index.place(value, &mut clusters);
        let cluster = &mut clusters[place];
        cluster.include(number as u32, call, ret);
        if let RegisterAction::Write(_) = action {
            if let Some(earlier) = cluster.write.replace(number as u32) {
                return Err(Undecided::WrittenTwice(earlier as usize, number));
            }
        } else {
            cluster.is_read = true;
        }
    }
    // A write that perhaps never was, and that nobody saw, need not have been.
    clusters.retain(|cluster| cluster.first_return.0 != NEVER);
    clusters.push(initial);
    Ok(clusters)
}

/// Where the cluster of a value is. Values that are small numbers, as recorders like to give them,
/// need no hashing.
enum Index {
    Dense(Vec<u32>),
    Sparse(FxHashMap<u64, u32>),
}

impl Index {
    fn from_history(history: &[Operation<RegisterAction>]) -> Self {
        let largest = history
            .iter()
            .map(|operation| match operation.action {
                RegisterAction::Write(value) | RegisterAction::Read(Some(value)) => value,
                RegisterAction::Read(None) => 0,
            })
            .max();
        match largest {
            Some(largest) if largest <= 2 * history.len() as u64 => {
                Index::Dense(vec![u32::MAX; largest as usize + 1])
            }
            _ => Index::Sparse(FxHashMap::default()),
        }
    }

    fn place(&mut self, value: u64, clusters: &mut Vec<Cluster>) -> usize {
        let next = clusters.len() as u32;
        let place = match self {
            Index::Dense(places) => {
                let place = &mut places[value as usize];
                if *place == u32::MAX {
                    *place = next;
                }
                *place
            }
            Index::Sparse(places) => *places.entry(value).or_insert(next),
        };
        if place == next {
            clusters.push(Cluster::NEW);
        }
        place as usize
    }
}

//! The code of the recipes. Each file is compiled and run here, and the library shows the regions that it marks:
//! a line `// [name]` begins one, and the next such line ends it. All files do the same steps with the same
//! sessions, the first of them with the mutex that a recipe replaces.

#![allow(
    unreachable_pub,
    reason = "what a reader copies into a program is public there"
)]

mod actor;
mod arc_swap_cached;
mod arc_swap_cells;
mod arc_swap_persistent;
mod arc_swap_table;
mod biased;
mod bravo;
mod cas_table;
mod cells;
mod dashmap;
mod dashmap_shards;
mod epoch_cells;
mod epoch_table;
mod evmap;
mod handles;
mod left_right;
mod mutex;
mod mutex_arcs;
mod mutex_parking_lot;
mod mutex_plain;
mod papaya;
mod rwlock_parking_lot;
mod rwlock_std;
mod scc_hash_index;
mod scc_hash_map;
mod seq_table;
mod sharded;
mod sharded_rwlock;
mod sync_map;

// [record]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    user: String,
    hits: u64,
    expires: u64,
}
// [end]

/// The time at which sessions expire, and two of them: one lives on.
const NOW: u64 = 7;

fn ann() -> Session {
    session("Ann", 10)
}

fn bob() -> Session {
    session("Bob", 5)
}

fn session(user: &str, expires: u64) -> Session {
    Session {
        user: user.into(),
        hits: 0,
        expires,
    }
}

/// What the steps of every recipe must have come to: Ann's hits when she had none, when they were kept, and when she
/// was removed with one; the hits of both.
fn check(read: Option<u64>, kept: Option<&Session>, total: u64, removed: Option<u64>) {
    assert_eq!((read, kept), (Some(0), Some(&ann())));
    assert_eq!((total, removed), (2, Some(1)));
}

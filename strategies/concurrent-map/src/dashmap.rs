//! Shards, each a map behind a lock of its own: dashmap.

use contract::{
    AfterDeadThread, Handle, IdHasher, ProcessId, Profile, Record, Reentrancy, ScanConsistency,
    Strategy,
};

/// The number of shards of the pinned variant: what the library would choose on a machine with 16
/// processors.
///
/// It chooses four per processor, rounded up to a power of two. That number decides how often two
/// threads meet, so with the library's own choice results from two machines compare two different
/// tables.
pub const SHARDS: usize = 64;

/// Leaves the number of shards to the library.
const LIBRARYS: usize = 0;

/// [`dashmap::DashMap`](::dashmap::DashMap) with so many shards; see [`DashMap`] and
/// [`DashMapDefault`].
///
/// Each operation ends the library's guard before it returns: a guard that is kept deadlocks its
/// own thread at the next write to its shard.
#[derive(Debug)]
pub struct Sharded<R, const COUNT: usize>(::dashmap::DashMap<ProcessId, R, IdHasher>);

/// With [`SHARDS`] shards on every machine.
pub type DashMap<R> = Sharded<R, SHARDS>;

/// With as many shards as the library chooses: four for each processor that the process may use,
/// rounded up to a power of two.
pub type DashMapDefault<R> = Sharded<R, LIBRARYS>;

impl<R: Record, const COUNT: usize> Strategy<R> for Sharded<R, COUNT> {
    const PROFILE: Profile = Profile {
        library: "dashmap",
        avoid_when: "readers overlap on one process all the time: its lock prefers them, and a writer can starve",
        scan_consistency: ScanConsistency::PerShard,
        after_dead_thread: AfterDeadThread::BlocksWriters,
        inside_read: Reentrancy::Reads,
        inside_scan: Reentrancy::Reads,
        ..match COUNT {
            SHARDS => Profile::locked(
                "concurrent-map/dashmap",
                "64 maps, each behind its own reader-writer lock",
            ),
            LIBRARYS => Profile::locked(
                "concurrent-map/dashmap-default",
                "as many maps as the library chooses, 4 for each processor, each behind its own reader-writer lock",
            ),
            _ => panic!("no such variant"),
        }
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(if COUNT == LIBRARYS {
            ::dashmap::DashMap::with_capacity_and_hasher(processes, IdHasher::default())
        } else {
            ::dashmap::DashMap::with_capacity_and_hasher_and_shard_amount(
                processes,
                IdHasher::default(),
                COUNT,
            )
        })
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record, const COUNT: usize> Handle<R> for &Sharded<R, COUNT> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.view(&id, |_, record| f(record))
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        Some(self.0.get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.remove(&id).map(|(_, record)| record)
    }

    /// Holds the read lock of one shard after the other, each while its records are visited.
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for entry in &self.0 {
            visit(*entry.key(), entry.value());
        }
    }
}

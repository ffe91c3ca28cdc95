//! Shards, each a map behind a lock of its own: dashmap.

use contract::{
    AfterDeadThread, Handle, IdHasher, ProcessId, Profile, Record, Reentrancy, ScanConsistency,
    Strategy,
};

/// The number of shards: what the library would choose on a machine with 16 processors.
///
/// It chooses four per processor. That number decides how often two threads meet, so it is pinned:
/// otherwise results from two machines would compare two different tables.
pub const SHARDS: usize = 64;

/// [`dashmap::DashMap`](::dashmap::DashMap) with [`SHARDS`] shards.
///
/// Each operation ends the library's guard before it returns: a guard that is kept deadlocks its
/// own thread at the next write to its shard.
#[derive(Debug)]
pub struct DashMap<R>(::dashmap::DashMap<ProcessId, R, IdHasher>);

impl<R: Record> Strategy<R> for DashMap<R> {
    const PROFILE: Profile = Profile {
        library: "dashmap",
        avoid_when: "readers overlap on one process all the time: its lock prefers them, and a writer can starve",
        scan_consistency: ScanConsistency::PerShard,
        after_dead_thread: AfterDeadThread::BlocksWriters,
        inside_read: Reentrancy::Reads,
        inside_scan: Reentrancy::Reads,
        ..Profile::locked(
            "concurrent-map/dashmap",
            "64 maps, each behind its own reader-writer lock",
        )
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(
            ::dashmap::DashMap::with_capacity_and_hasher_and_shard_amount(
                processes,
                IdHasher::default(),
                SHARDS,
            ),
        )
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record> Handle<R> for &DashMap<R> {
    #[inline]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.view(&id, |_, record| f(record))
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.insert(id, record)
    }

    #[inline]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0
            .get_mut(&id)
            .map(|mut record| record.apply_in_place(&event))
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

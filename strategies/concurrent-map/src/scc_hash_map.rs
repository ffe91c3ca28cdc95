//! Buckets of 32 records, each with a lock of its own: scc's `HashMap`.

use contract::{
    Handle, IdHasher, ProcessId, Profile, Record, Reentrancy, ScanConsistency, Strategy,
};

/// [`scc::HashMap`], through its blocking operations.
#[derive(Debug)]
pub struct SccHashMap<R: Record>(scc::HashMap<ProcessId, R, IdHasher>);

impl<R: Record> Strategy<R> for SccHashMap<R> {
    const PROFILE: Profile = Profile {
        library: "scc",
        inside_read: Reentrancy::ReadsUnlessWriterWaits,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        avoid_when: "most operations read, since a reader writes to its bucket's lock, or few processes get all of them",
        scan_consistency: ScanConsistency::Weak,
        ..Profile::locked(
            "concurrent-map/scc-hashmap",
            "buckets of 32 records, each behind its own reader-writer lock",
        )
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(scc::HashMap::with_capacity_and_hasher(
            processes,
            IdHasher::default(),
        ))
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record> Handle<R> for &SccHashMap<R> {
    /// Not `get_sync`, which locks exclusively.
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.read_sync(&id, |_, record| f(record))
    }

    /// Not `insert_sync`, which leaves an existing record in place.
    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.upsert_sync(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0
            .update_sync(&id, |_, record| record.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.remove_sync(&id).map(|(_, record)| record)
    }

    /// Locks one bucket after the other. If the table shrinks meanwhile, a few may be visited
    /// again.
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.0.iter_sync(|&id, record| {
            visit(id, record);
            true
        });
    }
}

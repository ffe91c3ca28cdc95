//! An open-addressed table of atomic pointers: papaya.

use contract::{
    AfterDeadThread, AfterPanic, Handle, IdHasher, ProcessId, Profile, Progress, Reclamation,
    Record, Reentrancy, ScanConsistency, Strategy, WriteCost,
};
use papaya::{Compute, Operation};

/// [`papaya::HashMap`](::papaya::HashMap), pinned once per operation.
#[derive(Debug)]
pub struct Papaya<R>(::papaya::HashMap<ProcessId, R, IdHasher>);

impl<R: Record> Strategy<R> for Papaya<R> {
    const PROFILE: Profile = Profile {
        library: "papaya",
        avoid_when: "writes outnumber reads, since each allocates, or memory must not grow while a reader is stopped",
        reads: Progress::LockFree,
        // Lock-free but for one case: a record that is being moved while the table grows is waited
        // for. One case is enough.
        updates: Progress::Blocking,
        resizes: Progress::Blocking,
        scan_consistency: ScanConsistency::Weak,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsAllGarbage,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        reclamation: Reclamation::Deferred,
        write_cost: WriteCost::CopiesRecord,
        ..Profile::locked(
            "concurrent-map/papaya",
            "atomic pointers to immutable records, replaced by compare-and-swap",
        )
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(::papaya::HashMap::with_capacity_and_hasher(
            processes,
            IdHasher::default(),
        ))
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record> Handle<R> for &Papaya<R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.pin().get(&id).map(f)
    }

    /// The displaced record is cloned: readers may still look at the original.
    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.pin().insert(id, record).cloned()
    }

    /// The closure may run again when another writer came first, so it only computes; what counts
    /// is the outcome, which names the record that was installed, or carries the rejection by the
    /// very record that was there when the operation took effect.
    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let map = self.0.pin();
        let outcome = map.compute(id, |entry| match entry {
            None => Operation::Abort(None),
            Some((_, record)) => match record.apply(&event) {
                Ok(next) => Operation::Insert(next),
                Err(rejected) => Operation::Abort(Some(rejected)),
            },
        });
        match outcome {
            Compute::Updated { new: (_, new), .. } => Some(Ok(new.revision())),
            Compute::Aborted(rejected) => rejected.map(Err),
            Compute::Inserted(..) | Compute::Removed(..) => {
                unreachable!("an absent record aborts, a present one is never removed")
            }
        }
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.pin().remove(&id).cloned()
    }

    /// Helps a growing table to finish first, so that it has one place to look.
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, record) in &self.0.pin() {
            visit(id, record);
        }
    }
}

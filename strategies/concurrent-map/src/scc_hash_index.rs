//! Buckets of 32 immutable records, read without a lock: scc's `HashIndex`.

use contract::{
    AfterDeadThread, AfterPanic, Handle, IdHasher, ProcessId, Profile, Reclamation, Record,
    Reentrancy, ScanConsistency, Strategy, WriteCost,
};
use scc::Guard;
use scc::hash_index::Entry;

/// [`scc::HashIndex`], with misses confirmed under the bucket's lock.
///
/// # A read that finds nothing
///
/// Writers lock the bucket, readers do not: they load two bitmaps (which slots are occupied, which
/// are removed), compare the slots' hash bytes, then the keys. A record is replaced in three steps:
/// the new version is stored in a free slot and marked occupied, the old slot's hash byte is
/// overwritten with the epoch of its removal, the old slot is marked removed. A reader that loads
/// the bitmaps before the first step and the hash bytes after the second finds neither version: the
/// process seems absent, although it was never removed. `tests/bare_hash_index.rs` shows it.
///
/// So only a hit is believed. It names a version that was current when the bitmaps were loaded. A
/// miss is confirmed under the bucket's lock, where no replacement is half done: if the record is
/// there after all, the reader looks again. Reading a process that exists stays free of locks but
/// for that accident; reading one that does not costs a lock.
///
/// The hash bytes are not atomic. That a hit names a *current* version relies on the processor
/// showing the three steps in their order, as x86-64 does; scc leaves linearizability to the
/// architecture.
#[derive(Debug)]
pub struct SccHashIndex<R: Record>(scc::HashIndex<ProcessId, R, IdHasher>);

impl<R: Record> Strategy<R> for SccHashIndex<R> {
    const PROFILE: Profile = Profile {
        library: "scc",
        avoid_when: "records are large or change often: replaced ones stay until their bucket is written again",
        // `reads` stays blocking: lock-free as long as the record is found at the first look.
        scan_consistency: ScanConsistency::Weak,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::KeepsAllGarbage,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        reclamation: Reclamation::Deferred,
        write_cost: WriteCost::CopiesRecord,
        ..Profile::locked(
            "concurrent-map/scc-hashindex",
            "buckets of 32 immutable records, read without a lock",
        )
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(scc::HashIndex::with_capacity_and_hasher(
            processes,
            IdHasher::default(),
        ))
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record> SccHashIndex<R> {
    /// Whether there is a record, asked under the bucket's lock. (`contains` would only peek.)
    #[cold]
    fn exists(&self, id: ProcessId) -> bool {
        self.0.read_sync(&id, |_, _| ()).is_some()
    }
}

impl<R: Record> Handle<R> for &SccHashIndex<R> {
    /// `f` never runs under a lock: a reader that stops inside it keeps memory, but stops nobody.
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let guard = Guard::new();
        loop {
            if let Some(record) = self.0.peek(&id, &guard) {
                return Some(f(record));
            }
            if !self.exists(id) {
                return None;
            }
        }
    }

    /// The displaced record is cloned: readers may still look at the original.
    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        match self.0.entry_sync(id) {
            Entry::Occupied(mut entry) => {
                let displaced = entry.get().clone();
                entry.update(record);
                Some(displaced)
            }
            Entry::Vacant(entry) => {
                entry.insert_entry(record);
                None
            }
        }
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut entry = self.0.get_sync(&id)?;
        Some(entry.get().apply(&event).map(|next| {
            let revision = next.revision();
            entry.update(next);
            revision
        }))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let entry = self.0.get_sync(&id)?;
        let removed = entry.get().clone();
        entry.remove_entry();
        Some(removed)
    }

    /// Locks one bucket after the other. The iterator that does not lock could pass a record by, or
    /// show it twice, when it is only replaced.
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.0.iter_sync(|&id, record| {
            visit(id, record);
            true
        });
    }
}

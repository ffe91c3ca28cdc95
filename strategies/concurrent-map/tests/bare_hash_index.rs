//! Why [`concurrent_map::SccHashIndex`] does not believe a miss: the same table, believing it, is
//! found out.
#![allow(clippy::print_stdout, reason = "libtest shows it when a test fails")]

use conformance::{Check, CountingAllocator, Effort, Promise, Seed, YieldingRecord, run};
use contract::{
    Handle, IdHasher, ProcessId, ProcessStatus, Profile, Reclamation, Record, ScanConsistency,
    Strategy, WriteCost,
};
use scc::hash_index::Entry;
use scc::{Guard, HashIndex};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// [`HashIndex`] as it is.
#[derive(Debug)]
struct Bare<R: Record>(HashIndex<ProcessId, R, IdHasher>);

impl<R: Record> Strategy<R> for Bare<R> {
    const PROFILE: Profile = Profile {
        scan_consistency: ScanConsistency::Weak,
        reclamation: Reclamation::Deferred,
        write_cost: WriteCost::CopiesRecord,
        ..Profile::locked(
            "planted/bare-hash-index",
            "believes a read that finds nothing",
        )
    };
    type Handle<'s> = &'s Self;

    fn with_capacity(processes: usize) -> Self {
        Self(HashIndex::with_capacity_and_hasher(
            processes,
            IdHasher::default(),
        ))
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: Record> Handle<R> for &Bare<R> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.peek(&id, &Guard::new()).map(f)
    }

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

    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut entry = self.0.get_sync(&id)?;
        Some(entry.get().apply(&event).map(|next| {
            let revision = next.revision();
            entry.update(next);
            revision
        }))
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let entry = self.0.get_sync(&id)?;
        let removed = entry.get().clone();
        entry.remove_entry();
        Some(removed)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.0.iter_sync(|&id, record| {
            visit(id, record);
            true
        });
    }
}

/// One that is found at once where two threads run at a time, and later where they take turns.
const SEEDS: u64 = 64;

#[test]
#[ignore = "it is likely, and a minute is needed where threads take turns"]
fn a_process_that_is_only_updated_is_missed_by_chance() {
    assert_found(Check::Updates, Promise::Present);
    // The same as an interleaving.
    assert_found(Check::Histories, Promise::OneByOne);
}

fn assert_found(check: Check, promise: Promise) {
    for seed in 1..=SEEDS {
        let verdict =
            run::<Bare<YieldingRecord<ProcessStatus>>, _>(check, &Effort::default(), Seed(seed));
        if let Err(violation) = verdict {
            println!("{violation}");
            assert_eq!(violation.promise, promise);
            return;
        }
    }
    panic!("{SEEDS} {check} checks found nothing: does a miss need no confirmation?");
}

//! The whole table as a persistent map: still one snapshot, but copies share what did not change.
//!
//! The map is a hash array mapped trie (Bagwell, *Ideal Hash Trees*, 2001) with 32 entries a node. A
//! changed copy has new nodes on the path to the entry, two or three of them with a thousand records
//! and four or five with a million, and shares all others with its original.
//!
//! A node holds its entries in line, so copying it clones them all. The records are therefore behind
//! an [`Arc`] each: a write increments 32 counters a node rather than cloning 32 records with their
//! strings. A read follows one more pointer for it, and saves it again, since the nodes are small.

use std::sync::Arc;

use contract::{IdHasher, ProcessId, Profile, Progress, Record, Strategy, WriteCost};
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

use crate::published::{Published, Snapshot, SnapshotHandle};
use crate::table::snapshots;

/// A persistent map from identifiers, with the hasher that all contenders share.
type PersistentMap<R> = GenericHashMap<ProcessId, Arc<R>, IdHasher, DefaultSharedPtr>;

/// `ArcSwap<imbl::HashMap>`: snapshots as of [`WholeTable`](crate::WholeTable), and a write copies
/// the path to one record.
#[derive(Debug)]
pub struct PersistentTable<R: Record>(Published<PersistentMap<R>>);

impl<R: Record> Strategy<R> for PersistentTable<R> {
    const PROFILE: Profile = Profile {
        library: "arc-swap, imbl",
        avoid_when: "lookups must be as fast as in a flat hash map, or writes as cheap as under a lock",
        updates: Progress::LockFree,
        resizes: Progress::LockFree,
        write_cost: WriteCost::CopiesPath,
        ..snapshots(
            "arc-swap/persistent",
            "one persistent map behind an ArcSwap; a write copies a path of it",
        )
    };
    type Handle<'s> = SnapshotHandle<'s, PersistentMap<R>>;

    /// The hint is not used: a trie has no spare room.
    fn with_capacity(_processes: usize) -> Self {
        Self(Published::new(PersistentMap::default()))
    }

    fn handle(&self) -> Self::Handle<'_> {
        self.0.handle()
    }
}

impl<R: Record> Snapshot<R> for PersistentMap<R> {
    const WRITERS_QUEUE: bool = false;

    #[inline]
    fn get(&self, id: ProcessId) -> Option<&R> {
        self.get(&id).map(Arc::as_ref)
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.insert(id, Arc::new(record)).map(Arc::unwrap_or_clone)
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.remove(&id).map(Arc::unwrap_or_clone)
    }

    fn for_each(&self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, record) in self {
            visit(id, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Handle;
    use support::token::{Step, Token};

    #[test]
    fn a_write_shares_the_other_records() {
        let table = PersistentTable::<Token>::with_capacity(0);
        let mut handle = table.handle();
        for id in 0..1_000 {
            handle.insert(ProcessId(id), Token::new().0);
        }
        let before = table.0.pointer().load_full();
        assert_eq!(handle.apply(ProcessId(500), Step::Next), Some(Ok(1)));
        let after = table.0.pointer().load_full();
        for (id, record) in before.iter() {
            assert_eq!(Arc::ptr_eq(record, &after[id]), *id != ProcessId(500));
        }
    }

    #[test]
    fn an_old_record_goes_with_the_last_snapshot_of_it() {
        let (first, probe) = Token::new();
        let table = PersistentTable::<Token>::with_capacity(0);
        let (mut reader, mut writer) = (table.handle(), table.handle());
        writer.insert(ProcessId(1), first);
        reader.read(ProcessId(1), |_| {
            drop(writer.remove(ProcessId(1)));
            assert_eq!(probe.alive(), 1, "in the reader's snapshot");
        });
        assert_eq!(probe.alive(), 0);
    }
}

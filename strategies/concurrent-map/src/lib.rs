//! Four concurrent hash maps from the registry: what one gets for changing a dependency.
//!
//! All four promise what a map behind a mutex does for a single process: an operation on it takes
//! effect at one instant. They differ in what a reader pays, in where a writer waits, and in what
//! remains of a record that was replaced.
//!
//! # How it works
//!
//! | variant | reader path | writer path | a replaced record |
//! |---|---|---|---|
//! | [`DashMap`] | read lock of one of 64 shards | write lock of the shard | changes in place |
//! | [`DashMapDefault`] | the same, 4 shards for each processor | the same | the same |
//! | [`Papaya`] | one flag, then loads | new allocation, compare-and-swap | freed in batches |
//! | [`SccHashMap`] | read lock of a bucket of 32 records | write lock of the bucket | changes in place |
//! | [`SccHashIndex`] | one flag, then loads | bucket lock, new version in a free slot | stays in its slot |
//!
//! **dashmap** is the sharded lock as a library: the hash chooses a map, the map has a lock. Taking
//! it is a compare-and-swap (acquire) on the line of the shard, for readers as for writers. When
//! they meet, a reader is admitted as long as any reader is inside, whether or not a writer waits.
//! How often they meet is decided by the number of shards. [`DashMapDefault`] leaves it to the library,
//! which chooses 8 on two processors; [`DashMap`] has [`SHARDS`] everywhere.
//!
//! **papaya** keeps a table of pointers to immutable records. A reader announces itself by a store
//! in a slot of its own thread, and from then on nothing that it can reach is freed. The store must not
//! be passed by the loads that follow. On Linux no fence of the reader sees to that: who hands over a batch
//! makes all processors issue one (`membarrier`). A writer allocates the new record
//! and swings the pointer with a compare-and-swap (release; the reader's load acquires), again if
//! another writer came first. It puts the old one into a batch of its thread; a full batch is
//! handed to every thread that is announced, and the last of them to leave frees it. When they
//! meet, neither waits. While the table grows, every writer moves some records to the larger one,
//! and a writer whose record is just being moved waits. A record is there for readers once a byte beside its
//! pointer is stored (release). On processors with weaker ordering than x86-64 a later load may pass that
//! store: of two threads that each insert one identifier and then read the other's, both may miss.
//!
//! **scc's `HashMap`** goes as far as a lock per 32 records. The array of buckets is itself reached
//! under an epoch guard (sdd's, one collector for the whole process), so that it can grow bucket by
//! bucket while it is in use. When reader and writer meet in a bucket they queue, first come, first
//! served.
//!
//! **scc's `HashIndex`** is the same table with immutable records: writers lock the bucket, readers
//! hold an epoch guard only. A new version goes to a free slot, the old one is marked and its slot
//! reused when the bucket runs full and no guard can reach it. When they meet, the reader may find
//! *neither* version; [`SccHashIndex`] tells how this crate repairs that.
//!
//! # How the library is used
//!
//! All maps get room for all records, the [hasher](contract::IdHasher) that all contenders share, and their default
//! features. The hasher's product is rotated so that its best bits are the lowest of the hash; the bits that dashmap
//! takes for the shard (below the highest seven) and scc for the bucket (the highest) depend on the lower half of the
//! identifier, in which process identifiers differ.
//!
//! - **dashmap**: [`view`](::dashmap::DashMap::view) reads inside the lock without making a guard, and
//!   [`get_mut`](::dashmap::DashMap::get_mut) updates. Its author [measured](https://github.com/xacrimon/dashmap/issues/336)
//!   that four shards for each processor are right, and [advises against](https://github.com/xacrimon/dashmap/issues/257)
//!   one for each record: [`DashMapDefault`] takes his number for this machine, [`DashMap`] his number for 16 processors.
//!   The feature `inline`, hints for the compiler, changed neither reads nor updates when it was tried.
//! - **papaya**: [`pin`](::papaya::HashMap::pin) once for each operation, since a pin that is held keeps all garbage. Who
//!   works through many records at once should hold one. [`compute`](::papaya::HashMap::compute) updates, since
//!   [`update`](::papaya::HashMap::update) cannot reject. A batch has 32 records or one for each processor, and the table
//!   grows 64 records at a time: the defaults.
//! - **scc**: [`read_sync`](scc::HashMap::read_sync) shares the bucket, where `get_sync` would lock it alone: its author
//!   [corrects](https://github.com/xacrimon/conc-map-bench/pull/11) that in benchmarks. Of
//!   [`HashIndex`](scc::HashIndex), [`peek`](scc::HashIndex::peek) reads without a lock. No operation suspends: the
//!   `_async` forms are for executors.
//!
//! # Trade-offs
//!
//! - **Reads**: with papaya and `HashIndex` a reader writes to a line of its own thread only. With
//!   dashmap and scc's `HashMap` it writes to the lock of the shard or bucket, twice; readers of one
//!   busy process meet there.
//! - **Writes**: dashmap and scc's `HashMap` change the record in place and allocate nothing.
//!   papaya allocates for each write; `HashIndex` copies the record.
//! - **Owned results**: inserting and removing move the old record out of dashmap and scc's
//!   `HashMap`. papaya and `HashIndex` return a clone, since readers may still look at the
//!   original.
//! - **Memory**: papaya and `HashIndex` free late, and nothing at all while one reader stays inside
//!   a read; with scc that goes for every table of the process at once. 8 KiB of sdd's collector
//!   outlive the last table. dashmap spends a padded lock on each shard.
//! - **Waiting**: overlapping readers of a dashmap shard hold up a writer for as long as they
//!   overlap. A stopped reader blocks the writers of its shard there, and everyone who comes after
//!   the first writer in an scc bucket.
//! - **Scans**: none is a snapshot. dashmap shows each shard, scc each bucket at one instant;
//!   papaya goes record by record. An scc table that shrinks during a scan may show some records
//!   again.
//! - **Panics**: an update that panics half-way leaves a half-changed record in dashmap and scc's
//!   `HashMap`, which have no poisoning; papaya and `HashIndex` install a new record or nothing.
//! - **Re-entrancy**: papaya allows everything inside a read or a scan. With dashmap a guard that is held
//!   across a write to the same shard deadlocks, even with nobody else around; a read goes on, since
//!   its lock prefers readers. scc's `HashMap` queues: a read inside a read waits for ever if a writer
//!   waits, a write does at once. So it is in a scan of `HashIndex`, which locks a bucket; its reads lock
//!   none, and allow everything. Handles here never return a guard, so only a closure can do any of it.
//!
//! # When not to use it
//!
//! When a scan must be a snapshot. When the processes are few and one of them gets most operations:
//! a shard of one record is a lock again. When memory must not depend on the slowest reader, papaya
//! and `HashIndex` are out; when a writer must not depend on readers, dashmap is.
//!
//! # Example
//!
//! ```
//! use concurrent_map::Papaya;
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = Papaya::<ProcessStatus>::with_capacity(16);
//! let id = ProcessId(7);
//! table.handle().insert(id, ProcessStatus::pending(id));
//! std::thread::scope(|scope| {
//!     scope.spawn(|| {
//!         let mut handle = table.handle();
//!         assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     });
//! });
//! assert_eq!(table.handle().read(id, ProcessStatus::state), Some(State::Running));
//! ```
#![forbid(unsafe_code)]

mod dashmap;
mod papaya;
mod scc_hash_index;
mod scc_hash_map;

pub use self::dashmap::{DashMap, DashMapDefault, SHARDS};
pub use self::papaya::Papaya;
pub use self::scc_hash_index::SccHashIndex;
pub use self::scc_hash_map::SccHashMap;

use contract::{Family, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<DashMap<R>>();
        visitor.visit::<DashMapDefault<R>>();
        visitor.visit::<Papaya<R>>();
        visitor.visit::<SccHashMap<R>>();
        visitor.visit::<SccHashIndex<R>>();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use contract::{
        Change, Event, Handle, ProcessId, ProcessSnapshot, Profile, Record, Specimen, Strategy,
        Visitor,
    };

    use super::*;

    const WRITERS: u64 = 2;
    const UPDATES: u64 = 20_000;

    /// Two writers update one record while a reader watches it and the whole table. In a
    /// `HashIndex` each update takes a slot, so the bucket runs full, and slots are reused, many
    /// times.
    struct Updates;

    impl<R: Specimen> Visitor<R> for Updates {
        fn visit<S: Strategy<R>>(&mut self) {
            let name = S::PROFILE.name;
            let table = S::with_capacity(64);
            let id = ProcessId(1);
            for neighbour in 1..40 {
                let neighbour = ProcessId(neighbour);
                let mut handle = table.handle();
                handle.insert(neighbour, R::pending(neighbour));
                handle.apply(neighbour, Event::at(0, Change::Start));
            }
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    let mut handle = table.handle();
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let revision = handle.read(id, Record::revision);
                        let revision = revision.expect("updated, but never removed");
                        assert!(last <= revision, "{name}: from {last} back to {revision}");
                        last = revision;
                        let mut visits = 0;
                        handle.scan(|at, _| visits += u32::from(at == id));
                        assert_eq!(visits, 1, "{name}");
                    }
                });
                let writers: Vec<_> = (0..WRITERS)
                    .map(|_| scope.spawn(|| update(&table, id)))
                    .collect();
                let mut revisions: Vec<_> = writers
                    .into_iter()
                    .flat_map(|writer| writer.join().unwrap())
                    .collect();
                done.store(true, Ordering::Relaxed);
                // Each update returned the revision that it, and only it, installed.
                revisions.sort_unstable();
                assert!(revisions.into_iter().eq(2..2 + WRITERS * UPDATES), "{name}");
            });
            let last = table.handle().remove(id).map(|record| record.revision());
            assert_eq!(last, Some(1 + WRITERS * UPDATES), "{name}");
            assert_eq!(table.handle().read(id, |_| ()), None, "{name}");
        }

        fn exclude(&mut self, _: Profile, _: &'static str) {
            unreachable!("every variant holds every record");
        }
    }

    fn update<R: Specimen, S: Strategy<R>>(table: &S, id: ProcessId) -> Vec<u64> {
        let mut handle = table.handle();
        let heartbeat = Event::at(
            1,
            Change::Heartbeat {
                cpu_ns: 1,
                rss_bytes: 1,
            },
        );
        (0..UPDATES)
            .map(|_| handle.apply(id, heartbeat).unwrap().unwrap())
            .collect()
    }

    #[test]
    fn updates_are_never_lost_nor_hide_the_record() {
        Variants::any::<ProcessSnapshot>(&mut Updates);
    }
}

//! Sixty-four hash maps, each behind its own lock: threads meet only where their identifiers do.
//!
//! # How it works
//!
//! An identifier's hash names its shard. From there on every operation is that of one lock around
//! one map: lock the shard, work on its map, unlock.
//!
//! - **A reader** and **a writer** pay the same two atomic read-modify-writes as with a single lock,
//!   but on the line of their shard.
//! - **When they meet** in one shard, they exclude each other as that lock does; in different shards
//!   they do not meet at all. Of `n` threads that are always inside, one that arrives finds its
//!   shard taken with a probability of at most `(n - 1) / 64`, if the identifiers are equally
//!   popular.
//! - **A scan** locks one shard after the other. It holds one lock at a time, so there is no order of
//!   locks to respect, and no deadlock.
//! - **Orderings** are those of the lock: acquire on entry, release on exit. Nothing orders two shards.
//!
//! Three choices make the difference between a shard and a slower mutex.
//!
//! **How many.** [`SHARDS`] is four for each of the sixteen cores of an ordinary server, the ratio
//! that dashmap uses, and a constant, so that runs on different machines compare the same structure.
//! More would cost every scan a lock each, and small tables a half-empty map each.
//!
//! **Which bits.** The map inside uses the lowest bits of the hash for the bucket and the highest
//! seven for its tags. A shard chosen by either would hold records that agree in them, and so
//! collide. It is chosen by bits 20 to 25: the [hasher](contract::IdHasher) multiplies and then
//! rotates left by 26, so these are the *highest* bits of the product, the only ones that every bit
//! of the identifier reaches, and no map with less than 2^20 buckets looks at them. The obvious
//! choice, directly below the tags, are bits 25 to 30 of the product: identifiers that differ in the
//! upper half only would all share one shard.
//!
//! **Which lock.** std's and not `parking_lot`'s: the baseline is std's mutex, and so `sharded/mutex`
//! differs from it by the sharding and by nothing else, `sharded/rwlock` likewise from `rwlock/std`.
//!
//! # False sharing
//!
//! A shard is 40 bytes (mutex) or 48 (reader-writer lock), so neighbours share cache lines, and
//! threads that work on different shards still take lines from each other. [`PaddedMutex`] gives
//! each shard a pair of lines of its own, as the prefetcher of x86-64 fetches them: 8 KiB in all
//! instead of 2.5.
//!
//! # Trade-offs
//!
//! - **Scalability**: for readers and writers alike, up to the number of shards, if no identifier is
//!   hot. A hot one has one lock, as before.
//! - **Consistency**: a scan sees each shard at one instant, and the shards at different ones. No
//!   operation on two records can be atomic.
//! - **Memory**: a map per shard. They fill unevenly and grow one by one, and a small table is mostly
//!   empty buckets.
//! - **Tail latency**: an owner that is descheduled holds up one shard, not the table; so does the
//!   growth of a map, and it moves one sixty-fourth of the records.
//! - **Re-entrancy**: that of the lock inside, in its shard. What works on records of two shards fails on
//!   two of one shard, and a program does not choose its shards.
//! - **Simplicity**: as the lock inside: updates in place, nothing deferred, copied or allocated.
//!
//! # When not to use it
//!
//! When a scan must be an atomic snapshot, when most operations go to one record, or when one core
//! does nearly all of the work: it then pays for the shards and has nothing to share.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = sharded::PaddedMutex::<ProcessStatus>::with_capacity(1_000);
//! std::thread::scope(|scope| {
//!     for owner in 0..4 {
//!         let mut handle = table.handle();
//!         scope.spawn(move || {
//!             for id in (0..1_000).filter(|id| id % 4 == owner).map(ProcessId) {
//!                 handle.insert(id, ProcessStatus::pending(id));
//!                 handle.apply(id, Event::at(0, Change::Start));
//!             }
//!         });
//!     }
//! });
//! let mut running = 0;
//! table.handle().scan(|_, status| running += u32::from(status.state() == State::Running));
//! assert_eq!(running, 1_000);
//! ```
#![forbid(unsafe_code)]

use std::hash::BuildHasher;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError, RwLock};

use contract::{
    AfterDeadThread, AfterPanic, Family, Handle, IdHasher, IdMap, ProcessId, Profile, Record,
    Reentrancy, ScanConsistency, Strategy, Visitor, id_map,
};
use crossbeam_utils::CachePadded;

/// The number of shards: a power of two, the same on every machine.
pub const SHARDS: usize = 1 << SHARD_BITS;

const SHARD_BITS: u32 = 6;

/// How far [`IdHasher`] rotates its product to the left: the product's top bit ends up right below.
const HASHER_ROTATION: u32 = 26;

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<ShardedMutex<R>>();
        visitor.visit::<ShardedRwLock<R>>();
        visitor.visit::<PaddedMutex<R>>();
    }
}

/// Shards behind a [`Mutex`] each, side by side.
pub type ShardedMutex<R> = Sharded<Mutex<IdMap<R>>>;

/// Shards behind an [`RwLock`] each, side by side: readers of one shard share it.
pub type ShardedRwLock<R> = Sharded<RwLock<IdMap<R>>>;

/// Shards behind a [`Mutex`] each, on a pair of cache lines each.
pub type PaddedMutex<R> = Sharded<CachePadded<Mutex<IdMap<R>>>>;

/// A table split over [`SHARDS`] locks of type `L`.
///
/// Boxed, so that the shards count as what they are, memory of the table, and handles refer to
/// them directly.
#[derive(Debug)]
pub struct Sharded<L>(Box<[L; SHARDS]>);

impl<R: Record, L: Shard<R>> Strategy<R> for Sharded<L> {
    const PROFILE: Profile = L::PROFILE;
    type Handle<'s> = Locked<'s, L>;

    fn with_capacity(processes: usize) -> Self {
        let each = processes.div_ceil(SHARDS);
        Self(Box::new(std::array::from_fn(|_| L::around(id_map(each)))))
    }

    fn handle(&self) -> Locked<'_, L> {
        Locked(&self.0)
    }
}

/// The shard of `id`.
#[inline]
fn shard_of(id: ProcessId) -> usize {
    let hash = IdHasher::default().hash_one(id);
    (hash >> (HASHER_ROTATION - SHARD_BITS)) as usize % SHARDS
}

/// One lock around one map: all that the variants differ in.
trait Shard<R>: Send + Sync + 'static {
    /// What a table made of such shards claims.
    const PROFILE: Profile;

    /// A shard that holds `map`.
    fn around(map: IdMap<R>) -> Self;

    /// Access for a reader.
    fn shared(&self) -> impl Deref<Target = IdMap<R>>;

    /// Access for a writer.
    fn exclusive(&self) -> impl DerefMut<Target = IdMap<R>>;
}

/// What all three claim. A thread that is stopped for ever in a shard blocks everyone who comes to
/// that shard, and every scan; the other shards go on.
const fn profile(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        library: "own",
        avoid_when: "a scan must be an atomic snapshot, or most operations go to one record",
        scan_consistency: ScanConsistency::PerShard,
        after_panic: AfterPanic::Exposed,
        after_dead_thread: AfterDeadThread::BlocksEveryone,
        ..Profile::locked(name, summary)
    }
}

impl<R: Record> Shard<R> for Mutex<IdMap<R>> {
    const PROFILE: Profile = profile("sharded/mutex", "64 maps, each behind a std mutex");

    fn around(map: IdMap<R>) -> Self {
        Mutex::new(map)
    }

    #[inline]
    fn shared(&self) -> impl Deref<Target = IdMap<R>> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn exclusive(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Record> Shard<R> for RwLock<IdMap<R>> {
    const PROFILE: Profile = Profile {
        inside_read: Reentrancy::ReadsUnlessWriterWaits,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        ..profile(
            "sharded/rwlock",
            "64 maps, each behind a std reader-writer lock",
        )
    };

    fn around(map: IdMap<R>) -> Self {
        RwLock::new(map)
    }

    #[inline]
    fn shared(&self) -> impl Deref<Target = IdMap<R>> {
        self.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn exclusive(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same shard on lines of its own.
impl<R: Record> Shard<R> for CachePadded<Mutex<IdMap<R>>> {
    const PROFILE: Profile = profile(
        "sharded/padded",
        "64 maps, each behind a std mutex on cache lines of its own",
    );

    fn around(map: IdMap<R>) -> Self {
        CachePadded::new(Mutex::around(map))
    }

    #[inline]
    fn shared(&self) -> impl Deref<Target = IdMap<R>> {
        (**self).shared()
    }

    #[inline]
    fn exclusive(&self) -> impl DerefMut<Target = IdMap<R>> {
        (**self).exclusive()
    }
}

/// A thread's access: a reference to the shards, since a lock needs no per-thread state.
#[derive(Debug)]
pub struct Locked<'s, L>(&'s [L; SHARDS]);

impl<L> Locked<'_, L> {
    #[inline]
    fn shard(&self, id: ProcessId) -> &L {
        &self.0[shard_of(id)]
    }
}

impl<R: Record, L: Shard<R>> Handle<R> for Locked<'_, L> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.shard(id).shared().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.shard(id).exclusive().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut map = self.shard(id).exclusive();
        Some(map.get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.shard(id).exclusive().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for shard in self.0 {
            let map = shard.shared();
            map.iter().for_each(|(&id, record)| visit(id, record));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identifiers as callers make them: dense, strided, in the upper half only, from the top down.
    const SHAPES: [fn(u64) -> u64; 5] = [
        |n| n,
        |n| n * 77,
        |n| n << 16,
        |n| n << 32,
        |n| u64::MAX - n,
    ];

    const PER_SHARD: usize = 256;

    #[test]
    fn shards_fill_evenly() {
        for (shape, make) in SHAPES.iter().enumerate() {
            let mut filled = [0; SHARDS];
            for n in 0..(SHARDS * PER_SHARD) as u64 {
                filled[shard_of(ProcessId(make(n)))] += 1;
            }
            let (least, most) = (filled.iter().min().unwrap(), filled.iter().max().unwrap());
            assert!(
                PER_SHARD / 2 <= *least && *most <= PER_SHARD * 2,
                "shape {shape}: {least} to {most} records in a shard, {PER_SHARD} expected"
            );
        }
    }

    /// The identifiers of one shard still differ in the bits that its map uses: as many buckets and
    /// tags occur as in a table that is not sharded, give or take a half.
    #[test]
    fn a_shard_leaves_the_maps_bits_alone() {
        let distinct = |hashes: &[u64], part: fn(u64) -> u64| {
            let parts: std::collections::HashSet<u64> = hashes.iter().map(|&h| part(h)).collect();
            parts.len()
        };
        let hash = |id| IdHasher::default().hash_one(id);
        for (shape, make) in SHAPES.iter().enumerate() {
            let all = (0..(SHARDS * PER_SHARD) as u64).map(|n| ProcessId(make(n)));
            let unsharded: Vec<u64> = all.clone().take(PER_SHARD).map(hash).collect();
            let sharded: Vec<u64> = all.filter(|&id| shard_of(id) == 5).map(hash).collect();
            for part in [|h| h % 256, |h| h >> 57] {
                let (here, there) = (distinct(&sharded, part), distinct(&unsharded, part));
                assert!(
                    here * 2 >= there,
                    "shape {shape}: {here} values, {there} without shards"
                );
            }
        }
    }
}

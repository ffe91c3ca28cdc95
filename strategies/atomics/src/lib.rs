//! Plain data in arrays of atomics: two tables that readers use without storing anything.
//!
//! Both keep records that are [plain data](contract::PlainRecord) as 64-bit atomic words and find
//! them by open addressing. They differ in how a writer replaces the words:
//!
//! - [`SeqlockTable`] overwrites them in place, under a sequence lock per slot;
//! - [`CasTable`] writes the next version into a spare buffer and swings the slot's packed status
//!   word over to it with one compare-and-swap.
//!
//! The tables are those of [`podtable`], a library of its own for any key and any plain value: its
//! documentation says what is guaranteed and what is not, its modules argue each ordering, and its tests
//! have the models. Here they are put behind the contract. They multiply what they are given as a hash, so they are
//! given the identifier as it is: one multiplication, as in the hasher that all other contenders share.
//!
//! # How it works
//!
//! Every slot has a key and a *stamp*: flags, the number of the buffer that holds the record's words,
//! and a version in one word, which changes with every change of the slot.
//!
//! - **Readers** find the slot, load its stamp (acquire), copy the words (relaxed), pass an acquire
//!   fence and load the stamp again. If both loads agree, the copy is one version; otherwise they
//!   start again. They store nothing, so readers share no line that anyone writes.
//! - **Writers** compute the next record from a validated copy first. The sequence lock then sets the
//!   stamp's `LOCKED` flag by compare-and-swap, which fails if the slot has changed since it was
//!   copied, passes a release fence, stores the words (relaxed) and stores the next stamp (release).
//!   The packed status word needs no lock: the words go into a buffer that nobody has, and the
//!   compare-and-swap of the stamp (release) is the whole change.
//! - **When they meet**, the writer never waits for readers. A reader that sees `LOCKED` waits for
//!   those few stores; a reader that sees the stamp changed copies again. With `CasTable` nobody
//!   waits for a writer of the same record: whoever must retry lost to someone who finished. (Except when
//!   a table at its limit has no buffer left: then a writer without a spare writes in place, and readers of that
//!   record wait for it.)
//! - **Insert, remove and growth** are serialised by one mutex. Removing leaves no tombstone, so
//!   identifiers can come and go for ever. A full table is copied into one twice as large, slot by
//!   slot, each frozen first; reads go on meanwhile, writers wait until it is done. A handle that slept
//!   meanwhile makes one ordinary lookup in the table that it knows, and goes on in the newest.
//! - **Two identifiers**: a thread's write of one is there before it reads another. The accesses by which
//!   operations take effect are sequentially consistent, which on x86-64 costs reads and updates nothing.
//!
//! # Trade-offs
//!
//! - **Read cost**: a lookup, the copy, one more load; no read-modify-write, no store, no allocation.
//! - **Record size**: a read copies all of it before the closure runs, a write stores all of it.
//!   Beyond a few cache lines copying costs more than a lock would.
//! - **Plain data**: no strings, no `Arc`; the words must mean something without their history.
//! - **Waiting**: a sequence-lock writer that is descheduled between two stores holds up the readers
//!   of that one record. `CasTable` removes this, for a spare buffer per handle.
//! - **Re-entrancy**: the closure of a read or a scan gets a copy and nothing is held: a thread may read and
//!   write there.
//! - **Collisions**: where few identifiers share a home slot, a read costs what it costs in an
//!   unsynchronised hash map. Of random ones, every eighth to fifth is displaced, and the processor's wrong
//!   guess makes the average read a third to a half dearer. Of ascending ones, with gaps or
//!   without, few are.
//! - **Scans** see each record whole, but different records at different instants.
//! - **Memory**: that of a hash map with the same number of 64-byte records if it is half full, as for
//!   64 or 1,024 of them, up to a third more if it is nearly full. Tables outgrown are kept until the
//!   end, in sum less than the present one (at the limit: than two of it). A table holds at most 2^24
//!   records, with `CasTable` less one for each handle, and the strategy panics beyond, where the library
//!   returns an error.
//!
//! # When not to use it
//!
//! When records own heap memory, when scans must be snapshots, when records are large, or when
//! inserting and removing is most of the work: then the mutex behind it is a mutex.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = atomics::SeqlockTable::<ProcessStatus>::with_capacity(16);
//! let mut handle = table.handle();
//! let id = ProcessId(7);
//! handle.insert(id, ProcessStatus::pending(id));
//! assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//! assert_eq!(handle.read(id, ProcessStatus::state), Some(State::Running));
//! ```

use std::hash::{BuildHasherDefault, Hasher};

use contract::{
    AfterDeadThread, AfterPanic, Capacity, Family, Handle, PlainRecord, ProcessId, Profile,
    Progress, Reclamation, Record, Reentrancy, ScanConsistency, Strategy, Visitor, WriteCost,
};
use podtable::{InPlace, Replace, Swing};

/// The table whose records are overwritten in place, under a sequence lock per slot.
pub type SeqlockTable<R> = Table<R, InPlace>;

/// The table whose packed status words name the buffer of each record.
pub type CasTable<R> = Table<R, Swing>;

/// A [`podtable::Table`] of plain records; see the [crate] documentation.
#[derive(Debug)]
pub struct Table<R: PlainRecord, W>(podtable::Table<u64, R::Words, W, AsItIs>);

/// A thread's access.
#[derive(Debug)]
pub struct TableHandle<'s, R: PlainRecord, W: Claims>(
    podtable::Handle<'s, u64, R::Words, W, AsItIs>,
);

/// What a table claims whose writers replace a record this way.
pub trait Claims: Replace {
    /// The claims.
    const PROFILE: Profile;
}

/// What both tables claim, whatever plain record they hold.
const COMMON: Profile = Profile {
    library: "own",
    resizes: Progress::Blocking,
    scan_consistency: ScanConsistency::Weak,
    after_panic: AfterPanic::Intact,
    after_dead_thread: AfterDeadThread::Unaffected,
    inside_read: Reentrancy::ReadsAndWrites,
    inside_scan: Reentrancy::ReadsAndWrites,
    capacity: Capacity::GrowsAndKeeps,
    reclamation: Reclamation::Immediate,
    plain_data_only: true,
    ..Profile::locked("", "")
};

impl Claims for InPlace {
    const PROFILE: Profile = Profile {
        name: "atomics/seqlock",
        summary: "an open-addressing table of atomic words, a sequence lock per slot",
        avoid_when: "records have heap parts, are much larger than a cache line, or a reader must \
                     never wait for a writer that was descheduled between two stores",
        reads: Progress::Blocking,
        updates: Progress::Blocking,
        write_cost: WriteCost::InPlace,
        ..COMMON
    };
}

impl Claims for Swing {
    const PROFILE: Profile = Profile {
        name: "atomics/cas",
        summary: "an open-addressing table of packed status words, each naming the buffer of its record",
        avoid_when: "records have heap parts, or tens of thousands of threads each need a handle",
        // At the limit of the table a read may wait: for a writer without a spare, who writes in place. All
        // 2^24 buffers are in use there.
        reads: Progress::LockFree,
        // Lock-free, but for two situations. While the table grows, an update waits for its record to
        // thaw, and for the structure lock to be given a spare of the new generation. At the limit of the
        // table, who has no spare writes in place.
        updates: Progress::Blocking,
        write_cost: WriteCost::CopiesRecord,
        ..COMMON
    };
}

impl<R: PlainRecord, W: Claims> Strategy<R> for Table<R, W> {
    const PROFILE: Profile = W::PROFILE;
    type Handle<'s> = TableHandle<'s, R, W>;

    fn with_capacity(processes: usize) -> Self {
        let hasher = AsItIs::default();
        Self(podtable::Table::with_capacity_and_hasher(processes, hasher))
    }

    fn handle(&self) -> TableHandle<'_, R, W> {
        TableHandle(self.0.handle())
    }
}

impl<R: PlainRecord, W: Claims> Handle<R> for TableHandle<'_, R, W> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let words = self.0.get(&id.0)?;
        Some(f(&R::from_words(words)))
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let displaced = self.0.insert(id.0, record.to_words());
        displaced
            .unwrap_or_else(|full| panic!("{full}"))
            .map(R::from_words)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0.try_update(&id.0, move |words| {
            let next = R::from_words(*words).apply(&event)?;
            *words = next.to_words();
            Ok(next.revision())
        })
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.remove(&id.0).map(R::from_words)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let records = self.0.table().iter();
        records.for_each(|(id, words)| visit(ProcessId(id), &R::from_words(words)));
    }
}

/// The identifier itself is its hash.
type AsItIs = BuildHasherDefault<Identifier>;

#[derive(Debug, Default)]
struct Identifier(u64);

impl Hasher for Identifier {
    fn write(&mut self, _: &[u8]) {
        unreachable!("identifiers are words");
    }

    #[inline]
    fn write_u64(&mut self, identifier: u64) {
        self.0 = identifier;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        for profile in [InPlace::PROFILE, Swing::PROFILE] {
            visitor.exclude(profile, Profile::PLAIN_DATA_ONLY);
        }
    }

    fn plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<SeqlockTable<R>>();
        visitor.visit::<CasTable<R>>();
    }
}

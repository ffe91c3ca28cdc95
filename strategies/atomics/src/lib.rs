//! Plain data in arrays of atomics: two tables that readers use without storing anything.
//!
//! Both keep records that are [plain data](contract::PlainRecord) as 64-bit atomic words and find
//! them by open addressing. They differ in how a writer replaces the words:
//!
//! - [`SeqlockTable`] overwrites them in place, under a sequence lock per slot;
//! - [`CasTable`] writes the next version into a spare buffer and swings the slot's packed status
//!   word over to it with one compare-and-swap.
//!
//! Unsafe code is confined to `copy`, two blocks of four instructions that move a cache line 16 bytes
//! at a time; without them, as on other processors, everything works the same and reads cost half as
//! much again. A torn read is a useless value and never undefined behaviour, and memory that readers
//! may look at is not freed before the table is.
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
//!   waits for a writer of the same record: whoever must retry lost to someone who finished.
//! - **Insert, remove and growth** are serialised by one mutex. Removing leaves no tombstone, so
//!   identifiers can come and go for ever. A full table is copied into one twice as large, slot by
//!   slot, each frozen first; reads go on meanwhile, writers wait until it is done. A handle that slept
//!   meanwhile makes one ordinary lookup in the table that it knows, and goes on in the newest.
//!
//! # In which order to read
//!
//! The modules are stages that build on each other. Each argues its orderings, names the partner of
//! every one, and ends with the models by which loom explores it.
//!
//! 1. `seqlock`: one record under a sequence lock, how a reader knows that its copy is whole, and
//!    [`SeqCell`], which is that and nothing more. (`copy` moves the words; it has the unsafe code.)
//! 2. `stamp`, the packed word; `buffers`, the memory that it names; `replace`, the two ways to write.
//! 3. `slots`: a table of fixed size, and why a reader misses no record in it.
//! 4. `removal`: without tombstones.
//! 5. `growth`: the next, larger table, while the present one is read.
//!
//! `table` puts them together: what an operation tries first, and what it does when that fails.
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
//!   guess makes the average read a third to a half dearer. Identifiers in arithmetic progression,
//!   such as dense ones, do not collide.
//! - **Two identifiers**: acquire and release order what happens to one record. That a thread's write of
//!   one is there before it reads another is x86-64's doing, whose compare-and-swaps are full barriers; on
//!   a processor with weaker ones two threads that each write one and read the other's may both miss
//!   the other's write.
//! - **Scans** see each record whole, but different records at different instants.
//! - **Memory**: that of a hash map with the same number of 64-byte records if it is half full, as for
//!   64 or 1,024 of them, up to a third more if it is nearly full. Tables outgrown are kept until the
//!   end, in sum less than the present one. A table holds at most 2^24 records, with `CasTable` less
//!   one for each handle, and panics beyond.
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

#![deny(unsafe_code)]
#![expect(
    clippy::inline_always,
    reason = "the words of a record stay in registers only where lookup, copy and change are one function"
)]

mod buffers;
#[allow(
    unsafe_code,
    reason = "two assembly blocks: 16 bytes at a time instead of 8"
)]
mod copy;
mod growth;
#[cfg(all(test, pivot_loom))]
mod model;
mod removal;
mod replace;
mod seqlock;
mod slots;
mod stamp;
mod table;

pub use seqlock::SeqCell;
pub use table::{Table, TableHandle};

use contract::{Family, PlainRecord, Profile, Record, Visitor};
use replace::Replace;

/// The table whose records are overwritten in place, under a sequence lock per slot.
pub type SeqlockTable<R> = Table<R, replace::InPlace>;

/// The table whose packed status words name the buffer of each record.
pub type CasTable<R> = Table<R, replace::Swing>;

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        for profile in [replace::InPlace::PROFILE, replace::Swing::PROFILE] {
            visitor.exclude(profile, Profile::PLAIN_DATA_ONLY);
        }
    }

    fn plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<SeqlockTable<R>>();
        visitor.visit::<CasTable<R>>();
    }
}

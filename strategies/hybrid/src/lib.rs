//! Two structures in one, so that each operation gets the cheaper half: four tables in which the
//! common case takes no lock and the rare case may.
//!
//! - [`SyncMap`]: a map to read and a map to write that share their entries. The algorithm of Go's
//!   `sync.Map` (until Go 1.23).
//! - [`Bravo`]: a reader-writer lock that lends its readers slots of their own while no writer comes.
//!   The algorithm of Dice and Kogan ("BRAVO", USENIX ATC 2019).
//! - [`Biased`]: such a lock with a mutex's costs where its bias does not pay: the crate
//!   [`biased_rwlock`].
//! - [`Cells`]: a concurrent map whose values are sequence-locked cells, so that the map changes when
//!   a process comes or goes, and the cell when something happens to it.
//!
//! # How they work
//!
//! ## `sync-map`
//!
//! - **Readers** look the identifier up in the *read* map, whose keys never change, and borrow the
//!   record its entry points to. Only if the key is not there, and the map is marked *amended*, they
//!   lock and look into the *dirty* map; that is a *miss*.
//! - **Writers** change a known entry by compare-and-swap, without the lock. A new key takes the lock
//!   and goes to the dirty map, which holds all live entries of the read map as well. When there is
//!   none, it is rebuilt from the read map first. After as many misses as it has keys it is promoted:
//!   a single pointer store makes it the read map.
//! - **When they meet** on a record, the reader keeps the version it has and the writer publishes the
//!   next one; of two writers one goes again. When a promotion meets a reader, the reader finishes in
//!   the old map, which has the same entries.
//!
//! Every entry that changes hands does so through a sequentially consistent compare-and-swap inside
//! arc-swap, which is the release that a reader's load of the slot acquires. The amended mark is
//! relaxed: it sends readers to the lock, and the lock orders the rest. For one identifier this suffices
//! everywhere. For several together it does on x86-64. On processors with weaker ordering a thread that
//! has changed one may then miss another that was inserted before.
//!
//! Where it differs from Go, and why:
//! - A garbage collector lets Go's readers hold bare pointers. Here arc-swap lends them out: a load
//!   notes the pointer in a slot of the thread, and a writer that replaces it looks there before it
//!   drops its reference. A removed record is freed at once, unless a reader looks at it right then.
//! - A handle remembers the read map, and checks by address that it is still current. So a read has
//!   one protected load, not two; but an idle handle keeps one old map. That costs its keys and empty
//!   entries, never a record: what is in an old map and not in the current one is expunged.
//! - The amended mark is a flag in the map and not a second header for the same map; the dirty map is
//!   built in its final place. So a promotion allocates nothing, though a reader may carry it out.
//! - Removing an entry that is only in the dirty map empties it before the lock is released, so that
//!   whoever found it earlier, and uses it now without the lock, cannot write to it.
//!
//! Identifiers may come and go for ever. A key that only the dirty map has leaves with its record. A
//! key of the read map that is deleted is left out by the next rebuild, unless it comes back, and gone
//! with the promotion after it. So a map has keys only of records that were live at some time since it
//! was rebuilt: identifiers that do not return do not accumulate. Without new keys nothing is rebuilt,
//! and the empty entries of the last read map stay, as the room in any hash map does.
//!
//! ## `bravo`
//!
//! - **Readers** set the slot of their handle, check that the lock is *biased* to readers, read, and
//!   clear the slot: two stores to a line that nobody else writes. If it is not biased they take the
//!   underlying lock (`parking_lot`), and switch the bias on unless it is inhibited.
//! - **Writers** take the underlying lock. If it is biased they revoke that: clear the flag, and wait
//!   until every slot is clear. The bias then stays off for nine times as long as that took, which
//!   bounds what revoking can add to the writers' time to a tenth.
//! - **When they meet**, one of the two sees the other: store, fence, load on both sides.
//!
//! | reader | writer | what it decides |
//! |---|---|---|
//! | slot := true; `SeqCst` fence; loads flag | flag := false; `SeqCst` fence; loads slots | the reader steps back, or the writer waits |
//! | slot := false (release) | loads slots (acquire) | what was read comes before what is written |
//! | loads flag (acquire) | a slow reader after it: flag := true (release) | what was written is visible |
//!
//! The original keeps one table of 4096 slots for all locks of a program and hashes thread and lock
//! into it, so that a lock costs no memory; readers that collide take the lock. Here a handle owns
//! its slot: it never collides, needs no compare-and-swap to claim it, shares no cache line with a
//! neighbour, and a revocation visits as many slots as there are handles. The price is 256 bytes a
//! handle, which a table of processes can afford where a lock in every object could not. And the
//! original looks at the clock on every slow read, this one on every sixteenth, since that costs
//! more than the lock.
//!
//! ## `biased`
//!
//! - **Readers** of a biased lock swap its identifier into an entry of their handle, look again
//!   whether it is biased, read, and clear the entry with a plain store: one atomic instruction, on a
//!   line that nobody else writes. Otherwise they count themselves in the lock's word, and the eighth
//!   in a row without a write in between, or one that had to wait, switches the bias on. After 4096 reads of one thread
//!   without a write the lock is light: they store in place of the swap, and the next writer has the
//!   kernel issue a fence on all processors that run the program (`membarrier`), which takes microseconds.
//! - **Writers** claim the word with one compare-and-swap and leave with another. Only if the
//!   lock is biased they clear that, visit everyone's entries and wait for those that read.
//!   A bias that gave few reads makes the next one twice as hard to earn, a good one half.
//! - **When they meet**, one of the two sees the other: store, then load, on both sides, all four
//!   sequentially consistent. Whoever waits pauses, yields and then parks, in order of arrival; about
//!   every half millisecond the lock is handed over and not left to whoever comes by. A reader asks for a
//!   turn before it yields: writers then stay away for about as long as it has waited.
//!
//! | reader | writer | what it decides |
//! |---|---|---|
//! | swaps its entry (`SeqCst`); loads the word (`SeqCst`) | changes the word (`SeqCst`); loads entries (`SeqCst`) | the reader steps back, or the writer waits |
//! | clears its entry (release) | loads entries (acquire) | what was read comes before what is written |
//! | loads the word (acquire) | leaves the word (release); a slow reader after it sets the bias in the same release sequence | what was written is visible |
//!
//! Against `bravo`: the lock below costs a writer what a mutex costs; the bias is earned by reads and not
//! after some time, so no clock is read; the entries belong to threads or handles and serve all locks, so
//! a lock costs 24 bytes (on 32 bits: 16).
//!
//! ## `cells`
//!
//! - **Readers** find the cell in the map (papaya) and copy the record out under the cell's sequence
//!   lock ([`podtable::SeqCell`]); they write nothing shared. The closure runs on the copy, with no
//!   guard held.
//! - **Writers** replace the words in the cell. Neither the map nor the allocator is involved, and no
//!   other record is affected. An insert over an existing cell does the same.
//! - **Removing** *retires* the cell first, for ever, and then takes it out of the map. A racing write
//!   fails on the retired cell, and a racing insert takes it out itself instead of waiting.
//! - **Orderings** of several identifiers are those of papaya: on processors with weaker ordering than
//!   x86-64, a thread that has inserted one may then miss another that was inserted before.
//!
//! | cell | reads, applies and removes | inserts |
//! |---|---|---|
//! | live | work on it | overwrite it |
//! | retired, in the map | find no record | take it out of the map, and put in a new one |
//! | retired, out of the map | find no record, if they found the cell before | never see it |
//!
//! The orderings are those of the cell, argued in its crate, and of the map, which publishes a new
//! cell with release and finds it with acquire.
//!
//! # Trade-offs
//!
//! - **Reads** need no lock in the common case: one protected load (`sync-map`), one fence (`bravo`),
//!   one swap or, where writes are rare, none (`biased`), a copy (`cells`).
//! - **New keys** are where `sync-map` pays: the first one after each promotion copies the whole map
//!   under the lock, and until the next promotion every look-up of a new key locks.
//! - **Write cost**: `sync-map` allocates a version per write and asks every thread's slots about the
//!   old one; `bravo` pays two clock readings and a visit to every handle's slot when it revokes,
//!   `biased` a visit to everyone's entries, and after thousands of reads the kernel's fence;
//!   `cells` pays next to nothing beyond the words, but allocates twice for a new process.
//! - **Memory**: a pointer, a count and an entry per record (`sync-map`), a slot per handle (`bravo`),
//!   a record per handle (`biased`), two allocations per record (`cells`).
//! - **Snapshots**: only `bravo` and `biased` scan at one instant; they stop all writers meanwhile.
//! - **Waiting**: a reader that stops inside `bravo` stops the next writer, who spins and yields for
//!   it with the lock held, and so everyone. In `biased` the same, but they sleep. In `sync-map` it keeps one version and one map. In
//!   `cells` a stopped reader of a record holds nothing, except in the instant of the look-up; a scan
//!   that is stopped holds back the freeing of removed cells.
//! - **Re-entrancy**: inside a read or a scan of `sync-map` and `cells` a thread may read and write. Inside
//!   one of `bravo` or `biased` it may read, unless a writer waits: then both wait for ever, as it does itself if it
//!   writes.
//! - **Predictability**: each has a slow path that some operation runs into: a rebuild, a revocation,
//!   a resize of the map. Look at the tail, not only at the median.
//!
//! # When not to use it
//!
//! `sync-map` when identifiers keep coming; `bravo` when writes are frequent or readers stay inside
//! for long; `biased` when readers stay inside for long; `cells` when records own heap memory or are large. And none of them when the mutex is
//! not in the profile: four clever structures are four more things to understand.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! fn started<S: Strategy<ProcessStatus>>() -> Option<State> {
//!     let table = S::with_capacity(16);
//!     let mut handle = table.handle();
//!     let id = ProcessId(7);
//!     handle.insert(id, ProcessStatus::pending(id));
//!     assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     handle.read(id, ProcessStatus::state)
//! }
//! assert_eq!(started::<hybrid::SyncMap<_>>(), Some(State::Running));
//! assert_eq!(started::<hybrid::Bravo<_>>(), Some(State::Running));
//! assert_eq!(started::<hybrid::Biased<_>>(), Some(State::Running));
//! assert_eq!(started::<hybrid::Cells<_>>(), Some(State::Running));
//! ```
#![deny(unsafe_code)]

mod biased;
#[expect(
    unsafe_code,
    reason = "its lock lends the value to readers that hold no lock"
)]
mod bravo;
mod cells;
mod sync_map;

pub use biased::{Biased, BiasedHandle};
pub use bravo::{BiasedLock, Bravo, BravoHandle, Reader};
pub use cells::{Cells, CellsHandle};
pub use sync_map::{SyncMap, SyncMapHandle};

use contract::{Family, PlainRecord, Profile, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<SyncMap<R>>();
        visitor.visit::<Bravo<R>>();
        visitor.visit::<Biased<R>>();
        visitor.exclude(cells::PROFILE, Profile::PLAIN_DATA_ONLY);
    }

    fn plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<SyncMap<R>>();
        visitor.visit::<Bravo<R>>();
        visitor.visit::<Biased<R>>();
        visitor.visit::<Cells<R>>();
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests;

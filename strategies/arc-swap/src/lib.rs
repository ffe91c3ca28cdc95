//! Immutable snapshots behind an atomic pointer that counts references: readers take what is there,
//! writers put something new in its place.
//!
//! # How it works
//!
//! Nothing that a reader can see ever changes. A writer makes a changed copy and swaps one pointer;
//! the variants differ in what the pointer points to, and so in what a write copies:
//!
//! | variant | the pointer leads to | a write copies |
//! |---|---|---|
//! | [`WholeTable`] | a hash map of records | the map with all its records |
//! | [`PersistentTable`] | a persistent map (hash array mapped trie) | the nodes on one path |
//! | [`CachedTable`] | as [`WholeTable`]; each handle keeps a reference | the map with all its records |
//! | [`PerProcess`] | a map of cells, and from each cell one record | the record; the map of cells when an id comes or goes |
//!
//! **The reader** must get hold of the snapshot before a writer frees it, without writing to a line
//! that other readers write to. [`arc_swap`] lets it *owe* the reference: it loads the pointer, notes
//! it in one of the eight debt slots of its thread, and loads the pointer again; unchanged, it may
//! look. When it is done, it clears the slot. With all slots in use, or after a collision, it takes a
//! slower path with one more slot, in which writers help it, and pays for a real reference.
//!
//! **The writer** copies, changes the copy, and swaps the pointer on condition that it still is the
//! one it copied from. Then it walks over the slots of all threads and pays the debts on the old
//! pointer: it increments the reference count, so that those readers now own what they owed for.
//! Whoever drops the last reference frees the old snapshot; if readers are about, that is a reader.
//!
//! **When they meet**, neither waits. A reader that loaded the old pointer either has its debt paid,
//! or finds on its second look that the pointer has changed. Two writers: one of the two conditional
//! swaps fails, and the loser copies again, from the winner's snapshot. An address cannot come back
//! in between (ABA), since the loser still holds a reference to what it copied.
//!
//! **Orderings.** The library makes all of these sequentially consistent, and has to: a reader writes
//! its slot and then reads the pointer, a writer writes the pointer and then reads the slots. These
//! two are partners. If the slot comes first in the total order, the writer sees the debt; if the
//! swap comes first, the reader's second load sees the new pointer. With release and acquire alone
//! both could miss. The records themselves are published by the swap and acquired by the load of the
//! same pointer. The one relaxed load, in [`CachedTable`], is argued there.
//!
//! ## Race or queue?
//!
//! The library's `rcu` lets writers race. No writer can then hold up another by being descheduled,
//! but whoever loses repeats the whole copy. Two busy writers on two cores, 1,000 records of 64 bytes:
//! the race needed 1.7 to 1.9 whole-table copies for each write and was 1.1 to 2.5 times slower
//! than a mutex around the writers, which needs one, and shares more evenly. So [`WholeTable`] and
//! [`CachedTable`] have their writers queue at a mutex that readers never touch.
//! [`PersistentTable`] copies a microsecond's worth, repeated one write in four at most and was as
//! fast either way, so its writers race and stay lock-free; the price is their tail, since a writer
//! may lose many times in a row. In [`PerProcess`], events on different processes cannot collide, and
//! applying one never waits; inserting and removing change two pointers, the cell's and the
//! directory's, and queue.
//!
//! A rejected event, or one for a process that is absent, publishes nothing in any of them.
//!
//! # How the library is used
//!
//! - Readers call [`load`](arc_swap::ArcSwapAny::load), which owes the reference, as the library's [advice on
//!   performance](arc_swap::docs::performance) has it. [`load_full`](arc_swap::ArcSwapAny::load_full), which counts
//!   one on a line that all share, is left to [`PerProcess`]'s writers of the directory.
//! - A guard ends with its operation, and an operation holds two at most: the eight slots of a thread suffice.
//! - [`CachedTable`] has a [`Cache`](arc_swap::Cache) in each handle: one for each thread, which is how the author
//!   [means it](https://github.com/vorner/arc-swap/issues/199).
//! - A handle loads once when it is made, since a thread's first load allocates its slots.
//! - Writers loop around [`compare_and_swap`](arc_swap::ArcSwapAny::compare_and_swap), as
//!   [`rcu`](arc_swap::ArcSwapAny::rcu) does. `rcu` publishes in any case; here a rejected event must not.
//! - [`imbl`] gets the hasher that all contenders share, and records behind an [`Arc`](std::sync::Arc), so that
//!   copying a node copies pointers. The feature `triomphe`, another `Arc` for its nodes, changed neither look-ups nor
//!   updates when it was tried.
//! - All features are the defaults.
//!
//! # Trade-offs
//!
//! - **Readers** neither wait nor contend: about the price of an uncontended lock, the same on every
//!   core, whatever the writers do. The library promises a lock-free load that is wait-free except
//!   once in 2^62 times.
//! - **Snapshots**: a scan of a whole-table variant sees one instant and delays nobody, however long
//!   it takes. [`PerProcess`] gives this up.
//! - **Write cost** grows with the table: a copy of every record, of every string in it, for one
//!   heartbeat. [`PersistentTable`] copies about two nodes of 32 pointers, whose 64 reference counts
//!   lie next to the records that readers are reading; [`PerProcess`] copies one record.
//! - **Writers** slow each other down, racing or queueing, and every swap visits the debt slots of as
//!   many threads as were ever alive at once (slots are reused, never freed: a few hundred bytes each).
//! - **Memory**: two tables at least during a write, one more for each reader that is still looking at
//!   an older one. [`CachedTable`] keeps an old table until the handle reads again, be it for hours.
//!   [`PerProcess`] pays two allocations and about 50 bytes more for each process.
//! - **Reclamation** is prompt and exact, and may fall on a reader: the one that drops the last
//!   reference to a table frees it, all records of it.
//! - **Re-entrancy**: a thread may read and write inside a read or a scan; what it was lent stays as it
//!   is.
//! - **Nesting**: eight guards in one thread at a time; beyond that, a load costs three times as much.
//!
//! # When not to use it
//!
//! When writes are more than rare (whole table) or when processes come and go all the time (per
//! process); when a scan must be a snapshot *and* writes must be cheap, which is what a lock is for.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = arc_swap_table::WholeTable::<ProcessStatus>::with_capacity(16);
//! let (mut writer, mut reader) = (table.handle(), table.handle());
//! let id = ProcessId(7);
//! writer.insert(id, ProcessStatus::pending(id));
//! reader.read(id, |before| {
//!     // A write does not wait for this reader, and this reader does not see it.
//!     assert_eq!(writer.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     assert_eq!(before.state(), State::Pending);
//! });
//! assert_eq!(reader.read(id, ProcessStatus::state), Some(State::Running));
//! ```
#![forbid(unsafe_code)]

mod cached;
mod per_process;
mod persistent;
mod published;
mod table;

pub use cached::{CachedReader, CachedTable};
pub use per_process::{PerProcess, PerProcessHandle};
pub use persistent::PersistentTable;
pub use published::SnapshotHandle;
pub use table::WholeTable;

use contract::{Family, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<WholeTable<R>>();
        visitor.visit::<PersistentTable<R>>();
        visitor.visit::<PerProcess<R>>();
        visitor.visit::<CachedTable<R>>();
    }
}

//! Copies behind an atomic pointer, freed after a grace period: epoch-based reclamation.
//!
//! # How it works
//!
//! As with any snapshot, nothing that a reader can see changes: a writer makes a new version and swaps
//! one pointer. What is special is how old versions are freed. Readers count no references; they
//! announce *when* they started looking, and an old version is freed once everybody who could have
//! seen it has stopped (Fraser, *Practical lock-freedom*, 2004; the library is [`crossbeam_epoch`]).
//!
//! | variant | the pointer leads to | a write copies |
//! |---|---|---|
//! | [`WholeTable`] | a hash map of records | the map with all its records |
//! | [`PerProcess`] | a map of pointers to cells, and from each cell one record | the record; the map of pointers when an id comes or goes |
//!
//! Each table has a collector of its own, and each handle is a participant of it. Dropping the handles
//! and the table frees everything that was still waiting; with the global collector, which the library
//! offers as a default, it would wait for the next user of that.
//!
//! **The reader** *pins* its participant: it stores the current epoch into a word of its own and
//! issues a full fence. Then it loads the pointer and looks, for as long as it is pinned. It writes
//! to no line that another reader writes to. Every 128th time, pinning also tries to advance the
//! epoch and frees up to eight bags of other threads' garbage.
//!
//! **The writer** pins, too, builds the new version from the current one, swaps the pointer if it is
//! still the one it built from, and *retires* the old version: puts it into a bag with the epoch
//! of the day. The epoch advances when all pinned participants have seen the present one; two advances
//! later nobody can hold what was retired, and whoever notices frees it.
//!
//! **When they meet**, neither waits. A reader that got the old version keeps it until it unpins.
//! Two writers: one swap fails, and the loser drops its version and builds another from the winner's.
//! An address cannot come back in between (ABA), since the loser is pinned and what it built from
//! cannot have been freed.
//!
//! **Orderings.** The swap is a *release*, and its partner is the *acquire* of whoever loads the
//! pointer: the version's contents are complete before it can be seen. Nothing stronger is needed for
//! the contents, nor for the order of operations on different processes: every operation pins before
//! its first load, and so a sequentially consistent fence lies between any two operations of a
//! thread. If two threads each write one process and then read the other's, the fences are ordered,
//! and the one whose fence is later sees the other's write. (Unfenced, a release followed by an
//! acquire of something else may trade places, and both could read the old record.)
//!
//! The same fence makes reclamation sound: a participant announces its epoch *before* the fence and
//! loads pointers *after* it; whoever advances the epoch has a fence, too, after unlinking and before
//! looking at the announcements. Either it sees the announcement and does not advance, or the
//! participant's loads come after the unlinking and find the new version.
//!
//! # How the library is used
//!
//! - An own [`Collector`](crossbeam_epoch::Collector), although the library recommends
//!   [`pin`](crossbeam_epoch::pin) with the global one for most uses: a table can then be dropped with all its garbage.
//!   It also saves a look-up of a thread-local variable.
//! - A handle registers once, and pins for each operation. Held over many operations, a pin would spare their fences
//!   (the maps of [flurry](https://github.com/jonhoo/flurry/issues/50) are measured with one in a thousand) and
//!   keep all garbage meanwhile; a user whose reads come in bursts can do so.
//! - Garbage goes into bags of 64 objects, and every 128th pin collects. These are the library's constants. A whole map
//!   is worth more than its place in a bag: [`flush`](crossbeam_epoch::Guard::flush) follows each, and hands it over at
//!   once.
//! - Readers [take part](https://github.com/crossbeam-rs/crossbeam/issues/1001) in collecting even if nobody has
//!   written. There is no way to turn that off.
//!
//! # Trade-offs
//!
//! - **Readers** pay for the fence, whatever the table: 5 to 20 ns. The rest is a plain load, and no
//!   reference count is ever touched. Reads are lock-free rather than wait-free, because every 128th
//!   one helps to collect, and it may be the one that frees a large table.
//! - **Writers** are lock-free in every operation, and waste work when they race: two busy ones repeat
//!   nearly every second copy of a whole table. Whoever has several of them and can live with
//!   a blocking writer puts a mutex around them.
//! - **Garbage** is freed later, by somebody: within a few operations when every thread is running.
//!   One participant that stays pinned, because its read is long or its thread was descheduled or
//!   stopped, holds back *everything* retired since, without a limit: the price for not counting
//!   references. With two writers and two readers on two cores, a table of one kilobyte trailed up to
//!   20 MB behind it.
//! - **Memory**: about two kilobytes for a handle, and as much for a bag of retired records.
//! - **Allocation**: a read allocates nothing for itself; one that collects for the writers puts the
//!   emptied bags into its own, and now and then has to allocate a new one.
//! - **Re-entrancy**: a thread may read and write inside a read or a scan; what it was lent stays as it
//!   is, and nothing that it retires is freed before the outermost one ends.
//! - **Affinity**: a handle is not [`Send`]. It stays in the thread that made it.
//! - **Unsafe code**: the compiler checks none of the above. Here it is in `slot.rs` (one pointer and
//!   its versions) and `per_process.rs` (the cells' lifetime), each step with the reason why it is
//!   sound.
//!
//! # When not to use it
//!
//! When reads are long or threads can stall in them, since memory then grows with the write rate; when
//! memory is tight; when nobody in the team wants to answer for unsafe code: reference-counted
//! snapshots give nearly the same without.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = epoch::PerProcess::<ProcessStatus>::with_capacity(16);
//! let (mut writer, mut reader) = (table.handle(), table.handle());
//! let id = ProcessId(7);
//! writer.insert(id, ProcessStatus::pending(id));
//! reader.read(id, |before| {
//!     // A write does not wait for this reader; the record it replaces is not freed before it ends.
//!     assert_eq!(writer.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     assert_eq!(before.state(), State::Pending);
//! });
//! assert_eq!(reader.read(id, ProcessStatus::state), Some(State::Running));
//! ```

mod per_process;
mod slot;
mod table;

pub use per_process::{PerProcess, PerProcessHandle};
pub use table::{TableHandle, WholeTable};

use contract::{Family, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<WholeTable<R>>();
        visitor.visit::<PerProcess<R>>();
    }
}

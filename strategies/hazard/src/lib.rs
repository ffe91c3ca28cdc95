//! Copies behind an atomic pointer, freed once no hazard pointer names them.
//!
//! # How it works
//!
//! As with any snapshot, nothing that a reader can see changes: a writer makes a new version and swaps
//! one pointer. What is special is how old versions are freed. Each reader owns a *hazard pointer*, a word
//! that all can see, and writes into it the address that it is about to look at. An old version is freed
//! when no hazard pointer names it (Michael, *Hazard pointers: safe memory reclamation for lock-free
//! objects*, 2004; the library is [`haphazard`]).
//!
//! | variant | the pointer leads to | a write copies |
//! |---|---|---|
//! | [`WholeTable`] | a hash map of records | the map with all its records |
//! | [`PerProcess`] | a map of references to cells, and from each cell one record | the record; the map of references when an id comes or goes |
//!
//! **The reader** loads the pointer, writes the address into its hazard pointer, issues a full fence and
//! loads the pointer again. Unchanged, the version is protected from then on. A handle leaves its hazard
//! pointer on the map that it used last: while that map is the current one, a later operation finds it
//! with one plain load, without a fence. [`PerProcess`] protects the record anew in each read.
//!
//! **The writer** protects the current version, builds a new one from it, swaps the pointer if it is still
//! the one it built from, and *retires* the old version. From time to time whoever retires compares the
//! list of what is retired with the hazard pointers of all and frees what none names.
//!
//! **When they meet**, neither waits. A reader whose second load shows another version starts again with
//! that one. Two writers: one swap fails, and the loser starts from the winner's version. An address cannot
//! come back in between (ABA), since the loser's hazard pointer keeps it in use.
//!
//! **Orderings.** The swap is a *release*, and its partner is the *acquire* of whoever loads the pointer:
//! the version's contents are complete before it can be seen. Reclamation rests on two sequentially
//! consistent fences: the reader's between its hazard pointer and its second load, and the writer's
//! between its swap and its look at the hazard pointers. If the reader's comes first, the writer sees the
//! hazard pointer; if the writer's does, the reader sees the new version. A reader clears its hazard
//! pointer with a release, which the writer's look acquires: what the reader looked at was looked at
//! before it is freed.
//!
//! # How the library is used
//!
//! - A table has a [`Domain`](haphazard::Domain) of its own, as the library recommends for data that must
//!   not outlive its structure: dropping the table frees all that still waits.
//! - A handle makes its [`HazardPointer`](haphazard::HazardPointer)s once: making one takes it from a
//!   list that all share, under a lock of one bit. Safe
//!   [`AtomicPtr::safe_load`](haphazard::AtomicPtr::safe_load) needs a domain that is the only one of its
//!   family, and so one for each place in the code and not for each table. Instead
//!   [`protect_ptr`](haphazard::HazardPointer::protect_ptr) is used, with the reasons in `slot.rs`.
//! - Retiring allocates a list entry and asks the system for the time: the library frees when 1,000
//!   versions wait, or twice the number of hazard pointers if that is more, or at the first retirement after
//!   two seconds. These are constants. Records are left to them; whole maps and directories are not, and
//!   [`eager_reclaim`](haphazard::Domain::eager_reclaim) follows each of them.
//! - The fences are the processor's. The library has no `membarrier`, which would spare the reader its
//!   own.
//!
//! # Trade-offs
//!
//! - **Readers** pay for a fence where something is protected anew: in each read of [`PerProcess`], and
//!   after each write of another thread in [`WholeTable`]. No reference count is touched.
//! - **Garbage is bounded**, unlike with epochs: a reader that stops for ever keeps one version of what it
//!   looks at, and a thousand records wait otherwise.
//! - **An idle handle** keeps the map that it used last, until it is used again.
//! - **Writers** are lock-free in every operation, and waste work when they race. Each retirement is an
//!   allocation more and a call for the time.
//! - **Re-entrancy**: a thread may read and write inside a read or a scan; what it was lent stays as it is.
//! - **Affinity**: a handle is not [`Send`]. It stays in the thread that made it.
//! - **Unsafe code**: in `slot.rs`, one pointer with its versions, each step with the reason why it is
//!   sound.
//!
//! # When not to use it
//!
//! When [`arc_swap`](https://docs.rs/arc-swap) does as well, which it does in all that is measured here: it is
//! the same idea with reference counts behind it, and needs no unsafe code of yours.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = hazard::PerProcess::<ProcessStatus>::with_capacity(16);
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

//! Hash tables and a cell for plain data, for threads that read much: a read stores nothing, takes no lock, and
//! copies the value out.
//!
//! - [`SeqTable`]: writers overwrite a value where it is, under a sequence lock per record. Begin with this one.
//! - [`CasTable`]: writers put a new value in place with one compare-and-swap, so that no reader waits for a writer,
//!   except at the limit of the table (see *Room*). An update costs a little more, and each thread that updates
//!   should have a [`Handle`].
//! - [`SeqCell`]: one value, to be a value in a map of another library.
//!
//! Keys and values are plain data ([`Key`], [`Value`]): bytes without padding of which each pattern is a value,
//! as the `bytemuck` crate defines it. A read returns a copy and no guard, so there is nothing that could be held
//! across an `.await`, forgotten, or nested in the wrong order.
//!
//! ```
//! use podtable::SeqTable;
//!
//! #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
//! #[repr(C)]
//! struct Status {
//!     jobs: u64,
//!     failures: u64,
//! }
//!
//! # fn main() -> Result<(), podtable::CapacityError> {
//! let table = SeqTable::with_capacity(1000);
//! table.insert(7_u64, Status { jobs: 0, failures: 0 })?;
//! let jobs = table.update(&7, |status| {
//!     status.jobs += 1;
//!     status.jobs
//! });
//! assert_eq!(jobs, Some(1));
//! assert_eq!(table.get(&7), Some(Status { jobs: 1, failures: 0 }));
//! assert_eq!(table.remove(&8), None);
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **One key**: its operations are linearizable. Each takes effect at one instant between its call and its
//!   return; a read returns a value that was there as a whole.
//! - **All keys**: so are the operations on all keys, on all tables and on all cells of a program together, on
//!   each processor that Rust supports: they behave as if one were carried out after the other, in an order that
//!   agrees with each thread's. A thread's write to one key is seen before it reads another. (Each operation
//!   takes effect with a `SeqCst` access. On x86-64 reads and updates cost nothing more for it; on `AArch64` next
//!   to nothing; on Power and RISC-V a lookup pays for a barrier or two.)
//! - **Iteration** is weakly consistent: see [`Table::iter`]. [`Table::len`] is a number that vouches for nothing.
//! - **Progress**: reads store nothing shared and wait for nobody but a [`SeqTable`]'s writer that is in the
//!   middle of its stores to the same record. In a [`CasTable`] reads are lock-free: who has to look again was
//!   overtaken by a write that finished. Its updates through a [`Handle`] are lock-free too, except while the
//!   table grows. Neither holds at its limit (see *Room*).
//! - **Panics**: a closure, a hasher or an `Eq` that panics leaves the table as it was. There is no poison.
//! - **Threads that stop**: one that never goes on holds up others only if it stopped inside a [`SeqTable`]'s
//!   stores to a record, which no code of yours runs in, or with the table's lock. A [`Handle`] or an iterator
//!   that is kept or forgotten holds nobody up.
//! - **Re-entrancy**: closures and loops run with nothing held. They may use the same table. `Hash`, `Eq` and the
//!   hasher must not: insertions, removals and growth call them with the table's lock held, and would wait for
//!   themselves.
//!
//! # Limits
//!
//! - **Retries**: the closure of an update is called again each time another writer of the same record was
//!   faster, and a read copies again if it was overtaken. Neither bounds the number: a record that several
//!   threads change all the time is better behind a lock.
//! - **Preempted writers**: a [`SeqTable`]'s writer is between its two stores of the stamp for some nanoseconds.
//!   If its processor is taken away just there, readers and writers of that record spin, then yield, until it is
//!   back. Where priorities are fixed and a reader outranks a writer on one processor, that can be for ever: use
//!   [`CasTable`].
//! - **Large values**: a read copies all of it and a write stores all of it. From some hundreds of bytes on, the
//!   copy costs more than a lock.
//! - **Growth**: inserting into a full table copies all records under the table's lock. So does making a
//!   [`Handle`] of a full [`CasTable`], or a write to it that needs a buffer. Reads go on meanwhile; writers wait,
//!   and park if it takes long. Outgrown tables are kept until the table is dropped, in sum less than the present
//!   one, or at the limit less than two of it; a table never shrinks. Give
//!   [`with_capacity`](Table::with_capacity) the number that you expect, or [`reserve`](Table::reserve) before it
//!   matters.
//! - **Insertions and removals** take one lock. It is the standard library's, and parks who waits; without the
//!   feature `std` it is a spin lock.
//! - **Room**: at most [`RECORDS_MAX`](Table::RECORDS_MAX) records, 2^24. Beyond, [`insert`](Table::insert)
//!   returns a [`CapacityError`]. A writer of a [`CasTable`] for which no buffer is left there writes in place, as
//!   in a [`SeqTable`]. If the system has no memory left, growth aborts, as the standard library's collections do.
//! - **Versions repeat** after 2^37 writes to one record. A reader that sleeps through exactly that many, in the
//!   middle of a read, would accept a mixture; at 10 ns a write that is a sleep of 20 minutes to the nanosecond.
//! - **Hashes**: keys that an adversary chooses need a hasher with a secret. The default has one.
//! - **Targets** without 64-bit atomics are refused when this crate is compiled.
//!
//! # When not to use it
//!
//! When keys or values own memory, when you need a snapshot of several records, when values are large, or when
//! most operations insert and remove: that is a mutex's work. And where a mutex is not in the profile, a mutex.
//!
//! # Features
//!
//! - `std` (default): the standard library's mutex and hasher. Without it the crate is `no_std` and needs `alloc`;
//!   a table is then made [with a hasher](Table::with_hasher). Do not use the spin lock that comes with it where
//!   a thread of higher priority may write (insert, update, remove, reserve, make or drop a handle) while one of
//!   lower priority inserts, removes or makes the table grow on its processor: it would spin for ever.
//!
//! The minimal supported Rust version is 1.85. Raising it is a minor version.
//!
//! # How it was verified
//!
//! - **Orderings**: the modules are stages that build on each other; each argues its orderings, names the partner
//!   of every one, and ends with the models by which loom explores it. A script weakens one after the other of
//!   those that a model covers, and loom has to find each. Loom models no total order of `SeqCst` accesses; for
//!   the order across keys fences stand in, and part of it rests on the written argument (in `order`) alone.
//! - **Schedules**: more threads than loom can exhaust run under shuttle.
//! - **Operations**: random ones are compared with a map of the standard library, for keys and values of several
//!   shapes; a stress test with keys that collide looks for torn, lost and missed records; the thread, address and
//!   leak sanitizers run it too.
//! - **Unsafe code**: four places. `copy` moves a cache line 16 bytes at a time, on x86-64 with SSE2 only; `array`
//!   leaves out comparisons; `growth` owns tables through a pointer; `lock` is the spin lock. A torn read is a
//!   useless value and never undefined behaviour, and memory that readers may look at is not freed before the table
//!   is.
//!
//! In which order to read the source: `seqlock` and `cell`, `stamp`, `buffers` and `replace`, `array` and `slots`,
//! `removal`, `growth`, `order`; `handle` puts them together.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "std", test, pivot_loom, pivot_shuttle))]
extern crate std;

#[cfg(not(target_has_atomic = "64"))]
compile_error!("podtable needs 64-bit atomics");

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod array;
mod buffers;
mod cell;
#[allow(
    unsafe_code,
    reason = "two assembly blocks: 16 bytes at a time instead of 8"
)]
mod copy;
mod error;
mod growth;
mod handle;
mod iter;
mod lock;
mod memory;
#[cfg(all(test, pivot_loom))]
mod model;
mod order;
mod plain;
mod removal;
mod replace;
mod seqlock;
mod slots;
mod stamp;
mod sync;
mod table;

pub use cell::SeqCell;
pub use error::CapacityError;
pub use handle::Handle;
pub use iter::Iter;
pub use plain::{Key, Value};
pub use replace::{InPlace, Replace, Swing};
pub use table::{CasTable, DefaultHashBuilder, SeqTable, Table};

//! Two copies of the map: readers use one while the writer prepares the other.
//!
//! The scheme is close to Ramalhete and Correia's left-right (2015); [`evmap`](::evmap) and
//! [`left_right`] are Jon Gjengset's libraries of it.
//!
//! # How it works
//!
//! A pointer says which copy is published. Each handle owns a *reader*: a counter of its own, on a
//! cache line of its own, that the writer can see. The counter is odd while the reader is inside a
//! copy.
//!
//! **A reader** adds one to its counter, loads the pointer, looks the record up in an ordinary hash
//! map, and adds one again. It takes no lock, never retries, and shares no line with other readers:
//! it is wait-free. Nothing is copied, the record is lent to the closure where it lies.
//!
//! **A writer** takes the mutex that guards the one write handle, computes what is to be written,
//! and appends it to a log. To *publish*, it first waits until no reader is left in the hidden
//! copy, carries out there what that copy has not seen yet, and swaps the pointer. The copy that
//! readers have just been sent away from catches up at the next publish. So every write is carried
//! out twice, and what it displaced is freed one publish later.
//!
//! **When they meet**, the reader goes on undisturbed and the writer waits; it spins 20 times and
//! then yields its time slice in a loop. What must not happen is that the writer judges a reader
//! absent that has already loaded the old pointer. Reader: counter (read-modify-write), `SeqCst`
//! fence, load of the pointer. Writer: swap of the pointer, `SeqCst` fence, load of the counter.
//! One fence comes first in their total order. If the reader's does, the writer sees an odd counter
//! and waits for it to change; if the writer's does, the reader sees the new pointer. Nothing
//! weaker than two `SeqCst` fences orders a store before a later load of another location. The
//! reader's second increment is a release, and the writer's load of the counter acquires it:
//! whatever the reader looked at was looked at before the writer changes it.
//!
//! Publishing every write makes the table linearizable: a write returns after its swap, and a read
//! takes effect at its load of the pointer. Publishing every sixteenth write ([`EvmapBatched`])
//! does not: readers then lag by up to a batch, never going back. Updates must not lag, or the
//! second in a batch would undo the first. The writer therefore keeps an overlay of the records
//! written since the last publish and computes from there.
//!
//! # The three variants
//!
//! The module `table` has all that a variant does; `map` and `evmap` say how their libraries keep the two
//! copies.
//!
//! | variant | a record is | an update |
//! |---|---|---|
//! | [`Evmap`] | shared by the two maps, one to a bag | goes into both maps as it is |
//! | [`EvmapBatched`] | the same | the same, and is cloned into the overlay |
//! | [`LeftRightMap`] | in both maps | goes into one map; on the other the event is replayed |
//!
//! # How the library is used
//!
//! - Each handle has a [`ReadHandle`](left_right::ReadHandle) of its own. Both libraries ask for one in each thread:
//!   it is not [`Sync`], since sharing one would share its counter. It is cloned when the handle is made, which locks.
//! - The one [`WriteHandle`](left_right::WriteHandle) is behind a mutex, as
//!   [evmap's documentation](::evmap) shows for several writers.
//! - evmap keeps *bags* of values. One value lies in the bag itself, without an allocation;
//!   [`get_one`](::evmap::handles::ReadHandle::get_one) reads it, and
//!   [`update`](::evmap::handles::WriteHandle::update) replaces the bag, where `insert` would add to it.
//! - [`publish`](left_right::WriteHandle::publish) after every write is what evmap's documentation calls emulating a
//!   regular map, and fit for loads that mostly read; [`EvmapBatched`] is what it suggests for more writes.
//! - The documentation of [`left_right`] sends those who want a map to evmap. [`LeftRightMap`] implements
//!   [`Absorb`](left_right::Absorb) itself to show what evmap's bags cost: the second copy replays the event.
//! - Room for all records from the start, the hasher that all contenders share, no features: `indexed` and
//!   `eviction` exchange the map for one with an order, `amortize` needs an unstable compiler.
//!
//! # Trade-offs
//!
//! - **Reads**: as fast on each of many cores as on one; a scan is an atomic snapshot
//!   at the same price.
//! - **Writes**: one at a time, all work twice, and a publish looks at every reader's line. Each
//!   write costs more the more readers there are.
//! - **Waiting**: a write waits for the slowest read that began before the previous publish,
//!   burning processor time meanwhile. A reader that stops inside a copy for ever lets one more
//!   publish pass; the next hangs, and with it every write and every thread that makes or drops a
//!   handle.
//! - **Re-entrancy**: a thread may read inside a read or a scan. If it writes there, the second publish
//!   waits for the copy that the thread itself is in, for ever.
//! - **Memory**: two maps. Shared records help less than it seems: they are shared bit for bit, so
//!   that only what they point to is stored once, and a bag adds 16 bytes to each.
//! - **Owned results**: inserting and removing return a clone, since readers may still look at the
//!   original.
//! - **Panics**: the new record is computed before anything is logged, so that a panic in it
//!   changes nothing. (A panic while the log is carried out would poison the library's list of
//!   readers; no code of the record runs there except its drop and the replay of an event that has
//!   succeeded before.)
//!
//! # When not to use it
//!
//! When writes are frequent, when a reader may stay inside a record for long (or be stopped there),
//! or when memory is short. With [`EvmapBatched`], also when somebody writes and expects another
//! thread to read it.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//! use left_right_table::{Evmap, EvmapBatched};
//!
//! let id = ProcessId(7);
//! let start = Event::at(0, Change::Start);
//!
//! let table = Evmap::<ProcessStatus>::with_capacity(16);
//! let (mut writer, mut reader) = (table.handle(), table.handle());
//! writer.insert(id, ProcessStatus::pending(id));
//! assert_eq!(writer.apply(id, start), Some(Ok(1)));
//! assert_eq!(reader.read(id, ProcessStatus::state), Some(State::Running));
//!
//! let batched = EvmapBatched::<ProcessStatus>::with_capacity(16);
//! let (mut writer, mut reader) = (batched.handle(), batched.handle());
//! writer.insert(id, ProcessStatus::pending(id));
//! assert_eq!(writer.apply(id, start), Some(Ok(1)), "writers see what is unpublished");
//! assert_eq!(reader.read(id, ProcessStatus::state), None, "readers do not, yet");
//! writer.publish();
//! assert_eq!(reader.read(id, ProcessStatus::state), Some(State::Running));
//! ```
// Not forbidden: evmap takes a hasher and a foreign value type on trust only. One function, in `evmap`.
#![deny(unsafe_code)]

mod evmap;
mod map;
mod table;

pub use self::evmap::{BATCH, BagReader, Bags, Evmap, EvmapBatched, Version};
pub use self::map::{LeftRightMap, MapReader, Maps};
pub use self::table::{Access, Copies, Reader, Table};

use contract::{Family, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<Evmap<R>>();
        visitor.visit::<EvmapBatched<R>>();
        visitor.visit::<LeftRightMap<R>>();
    }
}

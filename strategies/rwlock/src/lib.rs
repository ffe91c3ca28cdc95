//! A hash map behind one reader-writer lock: readers share it, a writer has it alone.
//!
//! # How it works
//!
//! The state of the lock is one word: how many readers are inside, whether a writer is, and who
//! waits.
//!
//! - **A reader** loads the word and, unless a writer is inside or waiting, adds itself with a
//!   compare-and-swap; when it is done it subtracts itself. Two atomic read-modify-writes, exactly
//!   as many as a mutex takes, and on a line that every other reader writes as well.
//! - **A writer** swaps the word from *nobody* to *writer* with a compare-and-swap, and back.
//! - **When they meet**, the writer announces itself in the word and waits for the readers inside to
//!   leave; readers that come later queue up behind it. That is what keeps a steady stream of
//!   readers from starving it, and it is why a thread must not read while it reads: the inner read
//!   waits for the writer, the writer for the outer read.
//! - **Orderings**: entering is an acquire, leaving a release. A reader's entry pairs with the
//!   previous writer's exit (it sees the whole change), a writer's entry with the exits of all
//!   previous readers (nobody still looks at what it changes).
//!
//! Who comes next is where the two locks differ. std leaves the policy to the platform; on Linux,
//! whoever unlocks wakes a writer if one waits and the readers only if none does, so writers that
//! keep coming can starve readers. `parking_lot` serves its queue in order of arrival: a writer that
//! unlocks wakes the readers that queued up ahead of the next writer, and reading and writing
//! alternate.
//!
//! # How the library is used
//!
//! - parking_lot's [`read`](parking_lot::RwLock::read) and [`write`](parking_lot::RwLock::write), and the drop of their
//!   guards. [`read_recursive`](parking_lot::RwLock::read_recursive) would let a thread read while it reads, and
//!   passes waiting writers: the library warns that these may then starve.
//! - No upgradable reads: [`apply`](contract::Handle::apply) knows from the start that it writes.
//! - Default features, which are none: `hardware-lock-elision` lets readers run in a transaction, on processors with
//!   Intel's TSX only.
//!
//! # Trade-offs
//!
//! - **Parallelism**: of the read-side sections only. Readers stay in the map together, but they
//!   enter and leave it one at a time, through one cache line; a lookup is over before that pays.
//! - **Simplicity**: as the mutex. Scans are atomic snapshots that do not hold up readers, updates
//!   happen in place, nothing is deferred, copied or allocated.
//! - **Tail latency**: a waiting writer stops the readers behind it, so one slow reader and one writer
//!   hold up everyone. A reader that never leaves does so for ever, as with a mutex.
//! - **Re-entrancy**: a thread that reads inside a read goes on, unless a writer waits: then both wait
//!   for ever. One that writes there waits for itself.
//! - **Fairness**: `parking_lot` promises that nobody starves, and pays with the throughput that its
//!   hand-overs cost under contention; std promises nothing.
//!
//! # When not to use it
//!
//! When the read-side section is as short as a lookup: the lock word is then the bottleneck, as it
//! is with a mutex, and taking it shared costs no less. Nor when a reader might read again before it
//! has finished.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = rwlock::StdRwLock::<ProcessStatus>::with_capacity(16);
//! let id = ProcessId(7);
//! let mut writer = table.handle();
//! writer.insert(id, ProcessStatus::pending(id));
//! assert_eq!(writer.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!
//! // Both readers are inside at once: each waits there for the other.
//! let meeting = std::sync::Barrier::new(2);
//! let read = || {
//!     table.handle().read(id, |status| {
//!         meeting.wait();
//!         status.state()
//!     })
//! };
//! let states = std::thread::scope(|scope| {
//!     let other = scope.spawn(read);
//!     (read(), other.join().unwrap())
//! });
//! assert_eq!(states, (Some(State::Running), Some(State::Running)));
//! ```
#![forbid(unsafe_code)]

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use contract::{
    AfterDeadThread, AfterPanic, Family, Handle, IdMap, ProcessId, Profile, Record, Reentrancy,
    Strategy, Visitor, id_map,
};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<StdRwLock<R>>();
        visitor.visit::<ParkingLotRwLock<R>>();
    }
}

/// [`std::sync::RwLock`]: two futex words on Linux, prefers writers.
///
/// Poisoning is ignored, as most services do: the map is taken as the panicking writer left it. A
/// panicking reader does not poison.
#[derive(Debug)]
pub struct StdRwLock<R>(std::sync::RwLock<IdMap<R>>);

/// [`parking_lot::RwLock`]: one word, no poisoning, readers and writers take turns.
#[derive(Debug)]
pub struct ParkingLotRwLock<R>(parking_lot::RwLock<IdMap<R>>);

/// What both locks claim.
///
/// A reader that is stopped for ever inside blocks everyone and not just the writers: the first
/// writer that comes waits for it, and the readers that come later wait for that writer.
const fn profile(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        avoid_when: "the read-side section is as short as a lookup, which the lock itself outlasts",
        after_panic: AfterPanic::Exposed,
        after_dead_thread: AfterDeadThread::BlocksEveryone,
        inside_read: Reentrancy::ReadsUnlessWriterWaits,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        ..Profile::locked(name, summary)
    }
}

impl<R: Record> Strategy<R> for StdRwLock<R> {
    const PROFILE: Profile = profile("rwlock/std", "a map behind one std reader-writer lock");
    type Handle<'s> = Locked<'s, Self>;

    fn with_capacity(processes: usize) -> Self {
        Self(std::sync::RwLock::new(id_map(processes)))
    }

    fn handle(&self) -> Locked<'_, Self> {
        Locked(self)
    }
}

impl<R: Record> Strategy<R> for ParkingLotRwLock<R> {
    const PROFILE: Profile = Profile {
        library: "parking_lot",
        ..profile(
            "rwlock/parking_lot",
            "a map behind one parking_lot reader-writer lock",
        )
    };
    type Handle<'s> = Locked<'s, Self>;

    fn with_capacity(processes: usize) -> Self {
        Self(parking_lot::RwLock::new(id_map(processes)))
    }

    fn handle(&self) -> Locked<'_, Self> {
        Locked(self)
    }
}

/// Access to the map for as long as the lock is held: all that the two locks differ in.
trait Lock<R> {
    /// Together with other readers.
    fn read(&self) -> impl Deref<Target = IdMap<R>>;

    /// Alone.
    fn write(&self) -> impl DerefMut<Target = IdMap<R>>;
}

impl<R> Lock<R> for StdRwLock<R> {
    #[inline]
    fn read(&self) -> impl Deref<Target = IdMap<R>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Lock<R> for ParkingLotRwLock<R> {
    #[inline]
    fn read(&self) -> impl Deref<Target = IdMap<R>> {
        self.0.read()
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.0.write()
    }
}

/// A thread's access: a reference, since a lock needs no per-thread state.
#[derive(Debug)]
pub struct Locked<'s, L>(&'s L);

impl<R: Record, L: Lock<R>> Handle<R> for Locked<'_, L> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.read().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.write().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        Some(self.0.write().get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.write().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let map = self.0.read();
        map.iter().for_each(|(&id, record)| visit(id, record));
    }
}

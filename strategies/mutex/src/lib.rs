//! A hash map behind one mutex: the baseline that every other strategy is compared with.
//!
//! # How it works
//!
//! Every operation locks, works on the map, and unlocks: two atomic read-modify-writes on one cache
//! line for a reader as for a writer. Uncontended, both locks take the same fast path, a
//! compare-and-swap from *unlocked* to *locked* (acquire), and back (release): with a swap in std, with
//! another compare-and-swap in parking_lot. Contended, a thread spins a little and then sleeps in the kernel, on a futex (std) or in parking_lot's global
//! table of queues.
//!
//! # How the library is used
//!
//! - parking_lot's [`lock`](parking_lot::Mutex::lock), and the guard's drop: the library then hands the lock over
//!   every 0.5 ms on average, which it calls [eventual fairness](parking_lot::Mutex#fairness).
//!   [`unlock_fair`](parking_lot::MutexGuard::unlock_fair) would do so each time, at the price of a switch of threads.
//! - Default features, which are none. `deadlock_detection` would slow each lock down, and
//!   `hardware-lock-elision` concerns the reader-writer lock of processors with Intel's TSX.
//!
//! # Trade-offs
//!
//! - **Simplicity**: arbitrary updates, scans that are atomic snapshots, nothing deferred, nothing
//!   copied, nothing allocated except when the map grows.
//! - **Scalability**: none. Readers exclude each other, and the line that holds the lock moves to
//!   each of them in turn.
//! - **Tail latency**: an owner that is descheduled holds up everyone. parking_lot hands the lock
//!   over about every 0.5 ms so that no thread starves; std never does.
//! - **Re-entrancy**: none. A thread that uses the table inside a read or a scan waits for itself.
//!
//! # When not to use it
//!
//! When several cores read the same table all the time, or when a reader must not wait for a writer
//! that was descheduled.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = mutex::StdMutex::<ProcessStatus>::with_capacity(16);
//! let mut handle = table.handle();
//! let id = ProcessId(7);
//! handle.insert(id, ProcessStatus::pending(id));
//! assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//! assert_eq!(handle.read(id, ProcessStatus::state), Some(State::Running));
//! ```
#![forbid(unsafe_code)]

use std::ops::DerefMut;
use std::sync::PoisonError;

use contract::{
    AfterPanic, Family, Handle, IdMap, ProcessId, Profile, Record, Strategy, Visitor, id_map,
};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<StdMutex<R>>();
        visitor.visit::<ParkingLotMutex<R>>();
    }
}

/// [`std::sync::Mutex`]: the baseline.
///
/// Poisoning is ignored, as most services do: the map is taken as the panicking thread left it.
#[derive(Debug)]
pub struct StdMutex<R>(std::sync::Mutex<IdMap<R>>);

/// [`parking_lot::Mutex`]: one byte, no poisoning, eventually fair.
#[derive(Debug)]
pub struct ParkingLotMutex<R>(parking_lot::Mutex<IdMap<R>>);

impl<R: Record> Strategy<R> for StdMutex<R> {
    const PROFILE: Profile = Profile {
        avoid_when: "several cores read the table all the time",
        after_panic: AfterPanic::Exposed,
        ..Profile::locked("mutex/std", "a map behind one std mutex")
    };
    type Handle<'s> = Locked<'s, Self>;

    fn with_capacity(processes: usize) -> Self {
        Self(std::sync::Mutex::new(id_map(processes)))
    }

    fn handle(&self) -> Locked<'_, Self> {
        Locked(self)
    }
}

impl<R: Record> Strategy<R> for ParkingLotMutex<R> {
    const PROFILE: Profile = Profile {
        library: "parking_lot",
        avoid_when: "several cores read the table all the time",
        after_panic: AfterPanic::Exposed,
        ..Profile::locked("mutex/parking_lot", "a map behind one parking_lot mutex")
    };
    type Handle<'s> = Locked<'s, Self>;

    fn with_capacity(processes: usize) -> Self {
        Self(parking_lot::Mutex::new(id_map(processes)))
    }

    fn handle(&self) -> Locked<'_, Self> {
        Locked(self)
    }
}

/// All that the two locks differ in.
trait Lock<R> {
    /// Access to the map for as long as the lock is held.
    fn lock(&self) -> impl DerefMut<Target = IdMap<R>>;
}

impl<R> Lock<R> for StdMutex<R> {
    #[inline]
    fn lock(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Lock<R> for ParkingLotMutex<R> {
    #[inline]
    fn lock(&self) -> impl DerefMut<Target = IdMap<R>> {
        self.0.lock()
    }
}

/// A thread's access: a reference, since a lock needs no per-thread state.
#[derive(Debug)]
pub struct Locked<'s, L>(&'s L);

impl<R: Record, L: Lock<R>> Handle<R> for Locked<'_, L> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.lock().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.lock().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        Some(self.0.lock().get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.lock().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let map = self.0.lock();
        map.iter().for_each(|(&id, record)| visit(id, record));
    }
}

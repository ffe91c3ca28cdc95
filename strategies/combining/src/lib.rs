//! A hash map behind one lock whose holder also carries out the operations of those who wait: flat
//! combining.
//!
//! With a mutex the data travels to each thread in turn. Here the operations travel: whoever has the
//! lock works through the queue of the others, with the map in its cache (Hendler, Incze, Shavit and
//! Tzafrir, *Flat combining and the synchronization-parallelism tradeoff*, 2010).
//!
//! # How it works
//!
//! **Alone**, a thread takes the lock with one compare-and-swap, works on the map and unlocks: as with
//! a mutex.
//!
//! **When threads meet**, each puts its operation into a node on its own stack and appends the node to
//! a queue by one swap of the tail. The first in the queue waits for the lock, then carries out its own
//! operation and those behind it, one after the other, and tells each owner that it is done. The others
//! look at their own node a hundred times and then sleep on a futex.
//!
//! **A read** is shipped like every other operation. The closure of a [`read`](contract::Handle::read)
//! need not be [`Send`] and so cannot run in another thread: what is shipped copies the record, and the
//! closure looks at the copy. A scan copies the table.
//!
//! **Orderings.** The lock is acquired and released as a mutex is. A node's owner writes it before the
//! release of its swap and of the link to it, which the combiner acquires; the combiner writes the
//! answer before the release that ends the wait, which the owner acquires.
//!
//! # How the library is used
//!
//! A search of the registry found one lock that combines, [`lamlock`], and
//! [`Lock::run`](lamlock::Lock::run) is its only way in. Default features: `nightly` adds a prefetch and
//! needs an unstable compiler.
//!
//! - An operation that panics would do so in the combiner's thread, poison the lock and leave the
//!   closures of all who wait undropped. So a panic is caught inside the operation and goes on in the
//!   thread that asked for it; the lock is never poisoned. The compiler does not see through the barrier
//!   that catches it: an update that meets nobody costs several times what it costs without one, which is
//!   what it costs under a mutex. Updates that meet are slow with and without.
//! - The combiner takes as many operations as it finds; the library has no limit to set. A thread can
//!   be kept at work for others as long as they keep coming.
//! - What waits for the lock behind one that took it alone spins without a pause: the library has no
//!   setting for that either.
//! - After the word that ends a wait is written, the library still makes a reference to it for the
//!   call that wakes the sleeper, when its stack frame may be gone. Nothing is read through it, and the
//!   worst that the call can do is wake somebody early; by the letter of the language it is undefined.
//!
//! # Trade-offs
//!
//! - **Contended operations** move less data between cores than under a mutex: the node instead of the
//!   map. With two cores there is one thread to combine for.
//! - **Reads** copy the record, and do not share.
//! - **Tail latency**: an operation may wait for a whole queue, and the combiner works for others.
//! - **Re-entrancy**: a thread may read and write inside a read or a scan, since they look at copies.
//! - **Panics**: an operation that panics leaves a record half changed, as with a mutex.
//!
//! # When not to use it
//!
//! When operations seldom meet, since it is then a mutex that copies; when records are large or own
//! memory; when reads are most of the work, since they could share.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = combining::Lamlock::<ProcessStatus>::with_capacity(16);
//! let (mut writer, mut reader) = (table.handle(), table.handle());
//! let id = ProcessId(7);
//! writer.insert(id, ProcessStatus::pending(id));
//! reader.read(id, |before| {
//!     // The reader looks at a copy.
//!     assert_eq!(writer.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     assert_eq!(before.state(), State::Pending);
//! });
//! assert_eq!(reader.read(id, ProcessStatus::state), Some(State::Running));
//! ```
#![forbid(unsafe_code)]

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use contract::{
    AfterDeadThread, AfterPanic, Family, Handle, IdMap, ProcessId, Profile, Record, Reentrancy,
    Strategy, Visitor, id_map,
};
use lamlock::Lock;

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<Lamlock<R>>();
    }
}

/// A map behind a [`lamlock::Lock`].
pub struct Lamlock<R>(Lock<IdMap<R>>);

impl<R> fmt::Debug for Lamlock<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lamlock").finish_non_exhaustive()
    }
}

impl<R: Record> Strategy<R> for Lamlock<R> {
    /// A dead thread is one that stops in the closure of a read, and there it holds nothing but its copy.
    const PROFILE: Profile = Profile {
        library: "lamlock",
        optional: true,
        avoid_when: "operations seldom meet, or most of them read",
        after_panic: AfterPanic::Exposed,
        after_dead_thread: AfterDeadThread::Unaffected,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        // The copy of a record that owns memory does.
        read_allocates: std::mem::needs_drop::<R>(),
        ..Profile::locked(
            "combining/lamlock",
            "a map behind a lock whose holder works for those who wait",
        )
    };
    type Handle<'s> = Caller<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self(Lock::new(id_map(processes)))
    }

    fn handle(&self) -> Caller<'_, R> {
        Caller(self)
    }
}

/// A thread's access: a reference, since a node lies on the stack of the call.
#[derive(Debug)]
pub struct Caller<'s, R>(&'s Lamlock<R>);

impl<R: Record> Caller<'_, R> {
    /// Carries out `work` here or in another thread, and panics here if it panicked there.
    ///
    /// It leaves its answer with the caller, who waits: so a record is copied once, and not again with each
    /// value that this function and the library would return.
    #[inline]
    fn run(&self, work: impl FnOnce(&mut IdMap<R>) + Send) {
        let mut panic = None;
        let caught = |map: &mut IdMap<R>| {
            // What a panic leaves behind is claimed: the map is as good as under a mutex.
            panic = catch_unwind(AssertUnwindSafe(|| work(map))).err();
        };
        let Ok(()) = self.0.0.run(caught) else {
            unreachable!("nothing that is shipped unwinds, so nobody poisons the lock")
        };
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl<R: Record> Handle<R> for Caller<'_, R> {
    #[inline]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let mut copy = None;
        self.run(|map| copy = map.get(&id).cloned());
        copy.as_ref().map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let mut displaced = None;
        self.run(|map| displaced = map.insert(id, record));
        displaced
    }

    #[inline]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut answer = None;
        self.run(|map| {
            let record = map.get_mut(&id);
            answer = record.map(|record| record.apply_in_place(&event));
        });
        answer
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let mut removed = None;
        self.run(|map| removed = map.remove(&id));
        removed
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let mut copies = IdMap::default();
        self.run(|map| copies.clone_from(map));
        for (&id, record) in &copies {
            visit(id, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ProcessId = ProcessId(7);

    /// Panics on request, half-way through the change.
    #[derive(Clone, Debug, PartialEq)]
    struct Fragile(u64);

    impl Record for Fragile {
        type Event = bool;
        type Rejected = ();

        fn apply(&self, &panics: &bool) -> Result<Self, ()> {
            let mut next = self.clone();
            next.apply_in_place(&panics).map(|_| next)
        }

        fn apply_in_place(&mut self, &panics: &bool) -> Result<u64, ()> {
            self.0 += 1;
            assert!(!panics, "fragile");
            Ok(self.0)
        }

        fn revision(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn a_panic_reaches_the_thread_that_asked_for_it_and_nobody_else() {
        const EACH: u64 = 200;
        let table = Lamlock::<Fragile>::with_capacity(1);
        table.handle().insert(ID, Fragile(0));
        std::thread::scope(|scope| {
            for panics in [false, true, false, true] {
                let mut handle = table.handle();
                scope.spawn(move || {
                    for _ in 0..EACH {
                        let done = catch_unwind(AssertUnwindSafe(|| handle.apply(ID, panics)));
                        let message = done.map_err(|panic| *panic.downcast::<&str>().unwrap());
                        assert_eq!(message.err(), panics.then_some("fragile"));
                    }
                });
            }
        });
        let last = table.handle().read(ID, Fragile::revision);
        assert_eq!(last, Some(4 * EACH), "each left its half-done change");
    }
}

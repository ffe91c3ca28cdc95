//! A thread that owns the hash map, and everyone else asks it: share memory by communicating.
//!
//! This is the design that a report measured and rejected, 15 to 67 times slower than the mutex. It is
//! here as it was, and tuned, to show how much of that was the channel and how much the idea.
//!
//! # How it works
//!
//! The thread, the *actor*, takes one request after the other from a queue, carries it out on a map
//! that nobody else can see, and sends the answer back.
//!
//! - **A reader** sends the identifier, sleeps until the answer comes, and is given a copy of the
//!   record; its closure runs on that copy, on its own thread. A scan is given copies of all records.
//! - **A writer** sends the record or the event, and waits as well: the answer says what was displaced
//!   or whether the event was accepted. This is where writes as data pay off, a closure that borrows
//!   could not be sent.
//! - **When they meet**, they queue. The order of the queue is the order of the operations: each
//!   takes effect while the actor works on it, between its call and its return.
//! - **Orderings** are the channel's. Sending is a release and receiving an acquire, so the actor sees
//!   everything that the caller did before it asked, and the caller everything that the actor did
//!   before it answered. The map itself is plain memory of one thread.
//!
//! Two hand-overs per operation, each of which may have to wake a sleeping thread: that is the price,
//! and it is the same for one caller as for many. The variants differ in what comes on top of it.
//!
//! | | [`StdMpsc`] | [`Crossbeam`] |
//! |---|---|---|
//! | queue of requests | unbounded, a new block of memory every 31 requests | [`QUEUE`] slots, allocated once |
//! | way back | a new channel for every call: with its first block, and the list that the caller goes to sleep on, about 3 allocations and 3 KiB for a record of 64 bytes | one slot, made with the handle: no allocation |
//!
//! **Panics.** If carrying out a request panics (in practice: the record's code does), the actor
//! catches it, sends it to the caller, where it goes on, and serves the next request. So the panic
//! surfaces where it would with a mutex, and the table lives on, with the record as the panic left
//! it.
//!
//! **Shutting down.** Handles borrow the table's only sender, so the table cannot be dropped, nor its
//! actor end, while one of them is alive. Dropping the table closes the queue, which ends the actor,
//! and joins it. Should the actor's thread be lost all the same, a call panics: each request carries
//! the only sender of its answer, so a request that is lost closes the way back and wakes its caller.
//!
//! # How the library is used
//!
//! `std`'s channel has been crossbeam's since Rust 1.67, so the variants differ in how a channel is used.
//!
//! - Requests go through [`bounded`](crossbeam_channel::bounded), an array that is allocated once;
//!   [`unbounded`](crossbeam_channel::unbounded) allocates as it goes. [`QUEUE`] says why it is no narrow place.
//! - The way back is a `bounded(1)` of the handle, filled at once. With `bounded(0)` the actor would wait until the
//!   caller is there to take the answer.
//! - Both ends block in [`send`](crossbeam_channel::Sender::send) and [`recv`](crossbeam_channel::Receiver::recv), which
//!   spin and yield a little before they sleep; there is nothing to set. A caller that polled would have its answer
//!   sooner and take a processor for it.
//! - No `select!`: it registers with each channel anew in each call, and nobody here waits for two.
//!
//! # Trade-offs
//!
//! - **Latency**: a lookup of nanoseconds waits for two hand-overs between threads.
//! - **Scalability**: none. One thread does all of the work, however many cores ask for it.
//! - **Copies**: every read copies the record, every scan the table. A record that owns memory is
//!   cloned with its strings, on the actor, and freed by the caller.
//! - **Isolation**: no caller can hold anything up. A reader that is slow, is descheduled in the middle
//!   of its closure, or panics there does so with its own copy. It may use the table there: nothing
//!   is held.
//! - **Dependence**: on one thread. While the actor is descheduled or works on a long scan, everyone
//!   waits.
//! - **Simplicity**: no lock, no deadlock, scans are atomic snapshots, updates happen in place. On the
//!   other hand there is a thread to start, to name and to end.
//!
//! # When not to use it
//!
//! For a table in memory, hardly ever: an operation that is shorter than waking a thread is faster
//! under any lock. An actor earns its keep when an operation is long, must happen on one thread
//! (a file, a connection), or when callers do not wait for an answer.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = channel::Crossbeam::<ProcessStatus>::with_capacity(16);
//! let id = ProcessId(7);
//! std::thread::scope(|scope| {
//!     // Handles are made by whoever has the table and moved to the thread that uses them.
//!     let mut writer = table.handle();
//!     scope.spawn(move || {
//!         writer.insert(id, ProcessStatus::pending(id));
//!         assert_eq!(writer.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//!     });
//! });
//! assert_eq!(table.handle().read(id, ProcessStatus::state), Some(State::Running));
//! drop(table); // The actor has ended when this returns.
//! ```
#![forbid(unsafe_code)]

mod actor;
mod line;

use std::panic::resume_unwind;
use std::sync::mpsc;

use contract::{
    AfterDeadThread, AfterPanic, Family, Handle, ProcessId, Profile, Record, Reentrancy, Strategy,
    Visitor,
};

use crate::actor::{Answer, Envelope, JoinOnDrop, Request};
pub use crate::line::{FreshLine, ReusedLine};
use crate::line::{FreshReply, LentReply, Line};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<StdMpsc<R>>();
        visitor.visit::<Crossbeam<R>>();
    }
}

/// What both claim.
///
/// A dead thread is one that stops in the closure of a read, and there it holds nothing but its own
/// copy. Should the actor stop, so does everyone; but no caller can make it.
const fn profile(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        avoid_when: "operations are short: each waits for two hand-overs between threads",
        after_panic: AfterPanic::Exposed,
        after_dead_thread: AfterDeadThread::Unaffected,
        inside_read: Reentrancy::ReadsAndWrites,
        inside_scan: Reentrancy::ReadsAndWrites,
        ..Profile::locked(name, summary)
    }
}

/// The design that was measured and rejected: an unbounded [`mpsc`] channel of requests, and a
/// second one made for every call to bring the answer back.
///
/// Like [`Crossbeam`], it panics when it is made if the operating system refuses a thread.
#[derive(Debug)]
pub struct StdMpsc<R: Record> {
    /// The only sender: handles borrow it. Declared first, so that the actor is told to end before
    /// it is waited for.
    requests: mpsc::Sender<Envelope<R, FreshReply<R>>>,
    _actor: JoinOnDrop,
}

impl<R: Record> Strategy<R> for StdMpsc<R> {
    const PROFILE: Profile = Profile {
        read_allocates: true,
        ..profile(
            "channel/std-mpsc",
            "a thread owns the map; a new std reply channel for every call",
        )
    };
    type Handle<'s> = Caller<FreshLine<'s, R>>;

    fn with_capacity(processes: usize) -> Self {
        let (requests, inbox) = mpsc::channel();
        Self {
            requests,
            _actor: actor::start(processes, inbox),
        }
    }

    fn handle(&self) -> Self::Handle<'_> {
        Caller(FreshLine::new(&self.requests))
    }
}

/// The actor tuned: a bounded crossbeam channel of requests, whose slots are allocated once, and one
/// reply slot per handle, used again for every call.
#[derive(Debug)]
pub struct Crossbeam<R: Record> {
    /// As in [`StdMpsc`].
    requests: crossbeam_channel::Sender<Envelope<R, LentReply<R>>>,
    _actor: JoinOnDrop,
}

/// Requests that wait in [`Crossbeam`]'s queue. A caller has one on its way at most, so as many
/// threads never wait for a place; a further thread does, which costs it no more than the wait for
/// its answer.
pub const QUEUE: usize = 32;

impl<R: Record> Strategy<R> for Crossbeam<R> {
    const PROFILE: Profile = Profile {
        library: "crossbeam-channel",
        // The message does not, but the copy of a record that owns memory does.
        read_allocates: std::mem::needs_drop::<R>(),
        ..profile(
            "channel/crossbeam",
            "a thread owns the map; bounded crossbeam channels, a reply slot per handle",
        )
    };
    type Handle<'s> = Caller<ReusedLine<'s, R>>;

    fn with_capacity(processes: usize) -> Self {
        let (requests, inbox) = crossbeam_channel::bounded(QUEUE);
        Self {
            requests,
            _actor: actor::start(processes, inbox),
        }
    }

    fn handle(&self) -> Self::Handle<'_> {
        Caller(ReusedLine::new(&self.requests))
    }
}

/// A thread's access: every operation is one call to the actor.
#[derive(Debug)]
pub struct Caller<L>(L);

impl<L> Caller<L> {
    /// Asks the actor, and panics here if carrying out the request panicked there.
    fn call<R: Record>(&mut self, request: Request<R>) -> Answer<R>
    where
        L: Line<R>,
    {
        match self.0.ask(request) {
            Some(Ok(answer)) => answer,
            Some(Err(panic)) => resume_unwind(panic),
            None => panic!("the actor's thread has ended while its table is in use"),
        }
    }

    fn call_for_record<R: Record>(&mut self, request: Request<R>) -> Option<R>
    where
        L: Line<R>,
    {
        match self.call(request) {
            Answer::Record(record) => record,
            Answer::Applied(_) | Answer::Records(_) => mismatch(),
        }
    }
}

#[cold]
fn mismatch() -> ! {
    unreachable!("each kind of request has one kind of answer")
}

impl<R: Record, L: Line<R>> Handle<R> for Caller<L> {
    #[inline]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.call_for_record(Request::Read(id)).as_ref().map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.call_for_record(Request::Insert(id, record))
    }

    #[inline]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        match self.call(Request::Apply(id, event)) {
            Answer::Applied(result) => result,
            Answer::Record(_) | Answer::Records(_) => mismatch(),
        }
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.call_for_record(Request::Remove(id))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        match self.call(Request::Scan) {
            Answer::Records(copies) => copies.iter().for_each(|(id, record)| visit(*id, record)),
            Answer::Record(_) | Answer::Applied(_) => mismatch(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    const ID: ProcessId = ProcessId(7);

    /// A counter whose event is the revision from which on it panics, half-way through the change.
    #[derive(Clone, Debug, PartialEq)]
    struct Fragile {
        begun: u64,
        done: u64,
    }

    impl Record for Fragile {
        type Event = u64;
        type Rejected = ();

        fn apply(&self, &limit: &u64) -> Result<Self, ()> {
            let mut next = self.clone();
            next.apply_in_place(&limit).map(|_| next)
        }

        fn apply_in_place(&mut self, &limit: &u64) -> Result<u64, ()> {
            self.begun += 1;
            assert!(self.begun < limit, "fragile");
            self.done += 1;
            Ok(self.done)
        }

        fn revision(&self) -> u64 {
            self.done
        }
    }

    fn survives_panics<S: Strategy<Fragile>>() {
        let table = S::with_capacity(1);
        let mut handle = table.handle();
        handle.insert(ID, Fragile { begun: 0, done: 0 });
        assert_eq!(handle.apply(ID, 5), Some(Ok(1)));

        let at_the_actor = catch_unwind(AssertUnwindSafe(|| handle.apply(ID, 0)));
        let message = *at_the_actor.unwrap_err().downcast::<&str>().unwrap();
        assert_eq!(
            message, "fragile",
            "the caller goes on with the actor's panic"
        );

        let at_the_caller = catch_unwind(AssertUnwindSafe(|| handle.read(ID, |_| panic!("mine"))));
        assert!(at_the_caller.is_err());

        let exposed = Fragile { begun: 2, done: 1 };
        assert_eq!(handle.read(ID, Fragile::clone), Some(exposed.clone()));
        assert_eq!(table.handle().remove(ID), Some(exposed), "others as well");
    }

    #[test]
    fn the_table_survives_panics() {
        survives_panics::<StdMpsc<_>>();
        survives_panics::<Crossbeam<_>>();
    }

    /// A stopped reader holds up neither the writers nor the end of the actor's work.
    fn readers_hold_nothing<S: Strategy<Fragile>>() {
        let table = S::with_capacity(1);
        let mut reader = table.handle();
        reader.insert(ID, Fragile { begun: 0, done: 0 });
        let observed = reader.read(ID, |before| {
            let outcome = std::thread::scope(|scope| {
                let other = scope.spawn(|| table.handle().apply(ID, 9));
                other.join().unwrap()
            });
            (before.revision(), outcome)
        });
        assert_eq!(observed, Some((0, Some(Ok(1)))));
    }

    #[test]
    fn a_reader_holds_nothing() {
        readers_hold_nothing::<StdMpsc<_>>();
        readers_hold_nothing::<Crossbeam<_>>();
    }

    /// More callers than the queue has slots: the rest wait and none is lost.
    #[test]
    fn callers_beyond_the_queue_wait() {
        const EACH: u64 = 50;
        let table = Crossbeam::<Fragile>::with_capacity(1);
        table.handle().insert(ID, Fragile { begun: 0, done: 0 });
        std::thread::scope(|scope| {
            for _ in 0..2 * QUEUE {
                let mut handle = table.handle();
                scope.spawn(move || (0..EACH).for_each(|_| _ = handle.apply(ID, u64::MAX)));
            }
        });
        let all = 2 * QUEUE as u64 * EACH;
        assert_eq!(table.handle().read(ID, Fragile::revision), Some(all));
    }
}

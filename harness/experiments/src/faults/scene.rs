//! The table that a fault happens to, and the threads that use it.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use crate::subject::{MakeTable, Subject, TableHandle};
use contract::{ErasedTable, Handle, ProcessId};

/// Records that nobody inserts or removes.
const RESIDENTS: u64 = 64;
/// Identifiers that come and go begin here.
const GUESTS: u64 = 1 << 32;

/// How long a thread that has nothing to wait for may take to get where it is to be stopped.
pub(crate) const CATCHING: Duration = Duration::from_secs(5);

/// A filled table, for as long as the process lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) table: &'static ErasedTable<Subject>,
    /// What does not end within this is held up.
    pub(crate) patience: Duration,
}

impl Scene {
    pub(crate) fn new(make: MakeTable, patience: Duration) -> Self {
        let table = Box::leak(Box::new(make(RESIDENTS as usize)));
        let mut handle = table.handle();
        for id in residents() {
            handle.insert(id, Subject::running(id));
        }
        // The one that a witness removes.
        handle.insert(guest(0), Subject::running(guest(0)));
        handle.publish();
        drop(handle);
        Self { table, patience }
    }

    /// A thread of its own, which nobody joins, with a handle that it keeps.
    pub(crate) fn spawn(self, work: impl FnOnce(&mut TableHandle<'static>) + Send + 'static) {
        std::thread::spawn(move || work(&mut self.table.handle()));
    }

    /// The same, which does `work` each time it is asked to. Its handle is made when this returns.
    pub(crate) fn worker<A: Send + 'static, T: Send + 'static>(
        self,
        mut work: impl FnMut(&mut TableHandle<'static>, A) -> T + Send + 'static,
    ) -> Worker<A, T> {
        let (asks, asked) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let (ready, is_ready) = sync_channel(1);
        self.spawn(move |handle| {
            let _ = ready.send(());
            for ask in asked {
                let _ = answer.send(work(handle, ask));
            }
        });
        let _ = is_ready.recv_timeout(CATCHING);
        Worker {
            asks,
            answers,
            is_busy: Cell::new(false),
        }
    }
}

/// A thread that does what it is asked to, one thing after the other.
pub(crate) struct Worker<A, T> {
    asks: SyncSender<A>,
    answers: Receiver<T>,
    /// Whether it has not answered what it was asked.
    pub(crate) is_busy: Cell<bool>,
}

impl<A, T> Worker<A, T> {
    /// Asks it for something more, of which there is nothing else under way.
    pub(crate) fn ask(&self, ask: A) {
        // Fails only if it has died, and then it does not answer.
        let _ = self.asks.send(ask);
        self.is_busy.set(true);
    }

    /// What came of it, if it is done within `patience`.
    pub(crate) fn answer(&self, patience: Duration) -> Option<T> {
        let answer = self.answers.recv_timeout(patience).ok();
        self.is_busy.set(answer.is_none());
        answer
    }
}

/// The processes that are always in the table.
pub(crate) fn residents() -> impl Iterator<Item = ProcessId> + Clone {
    (0..RESIDENTS).map(resident)
}

/// The `n`th of them; the fault is about number 0.
pub(crate) const fn resident(n: u64) -> ProcessId {
    // Neighbours, as process identifiers are, but not all in the same shard.
    ProcessId(4_000 + 7 * (n % RESIDENTS))
}

/// The `n`th of those that come and go; number 0 is in the table at first.
pub(crate) const fn guest(n: u64) -> ProcessId {
    ProcessId(GUESTS + n)
}

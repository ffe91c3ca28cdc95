//! A filled table, and two threads that know it.

use contract::ProcessId;
use model::trace::Operation;
use trap::{Result, Trap};

use super::processes::{
    GUESTS_THERE, Request, Which, elsewhere, guest_absent, guest_there, steady, target,
};
use super::threads::{Actor, Table, TracedStrategy, disarrange_heap};

/// How often a thread does something before it is looked at: deferred work has begun by then, what is
/// set up at first use is there, and what adapts to reads or to writes has adapted.
const WARM_UP: u64 = 200;
/// How often two threads do a pair of operations before that is looked at.
const WARM_UP_PAIR: u64 = 16;

/// A filled table and the threads that use it.
pub(crate) struct Fixture {
    trap: Trap,
    table: Table,
    /// Two, or one if the table is for one thread only.
    pub(crate) threads: Vec<Actor>,
    /// Which layout of the heap it has.
    pub(crate) layout: u64,
}

impl Fixture {
    /// Sets it, for as long as the process lives.
    pub(crate) fn set(trap: Trap, strategy: TracedStrategy, layout: u64) -> Result<Self> {
        disarrange_heap(layout);
        let table = (strategy.make)();
        let threads = if strategy.is_shared() { 2 } else { 1 };
        let threads = (0..threads).map(|_| Actor::start(trap, vec![table], layout));
        let fixture = Self {
            trap,
            table,
            threads: threads.collect::<Result<_>>()?,
            layout,
        };
        fill(&fixture.threads[0], steady());
        for thread in &fixture.threads {
            for &operation in Operation::ALL {
                warm_up(thread, (operation, target(operation, 0)));
            }
        }
        Ok(fixture)
    }

    /// A thread that has not done anything yet.
    pub(crate) fn newcomer(&self) -> Result<Actor> {
        Actor::start(self.trap, vec![self.table], self.layout)
    }

    /// A thread that knows another table, too, which is filled alike; both are for as long as the process
    /// lives.
    pub(crate) fn writer(&self, strategy: TracedStrategy) -> Result<Actor> {
        let other = (strategy.make)();
        let writer = Actor::start(self.trap, vec![self.table, other], self.layout)?;
        fill(&writer, steady().map(elsewhere));
        for &operation in Operation::ALL {
            warm_up(&writer, (operation, target(operation, 0)));
            warm_up(&writer, (operation, elsewhere(target(operation, 0))));
        }
        Ok(writer)
    }

    /// Has each of two threads do its part of a pair until it is used to it.
    pub(crate) fn warm_up_pair(&self, pair: [Request; 2]) {
        for _ in 0..WARM_UP_PAIR {
            self.threads[0].run(pair[0]);
            self.threads[1].run(pair[1]);
            self.put_back(pair);
        }
    }

    /// Makes the processes of a pair be in the table, or not, as they were.
    pub(crate) fn put_back(&self, pair: [Request; 2]) {
        if !pair.iter().any(|(operation, _)| operation.is_write()) {
            return;
        }
        let thread = &self.threads[0];
        for (_, id) in pair {
            if (0..GUESTS_THERE).any(|n| guest_there(n) == id) {
                thread.run((Operation::Insert, id));
            } else if id >= guest_absent(0) {
                thread.run((Operation::Remove, id));
            }
        }
        thread.publish();
    }

    /// The operations of a pair with the processes that they are about: the same, or another than usual for the
    /// second, and another one in each layout.
    pub(crate) fn requests(&self, (first, second, same_process): Which) -> [Request; 2] {
        use Operation::{Apply, ReadHit, Remove, Scan};
        let another = 1 + self.layout % (GUESTS_THERE - 1);
        let ids = match (same_process, first, second) {
            (false, ..) => [target(first, 0), target(second, another)],
            // No resident is ever removed.
            (true, Apply | ReadHit | Scan, Remove) => [target(second, 0); 2],
            (true, ..) => [target(first, 0); 2],
        };
        [(first, ids[0]), (second, ids[1])]
    }
}

/// Has a thread put processes into the table that is theirs.
fn fill(thread: &Actor, processes: impl Iterator<Item = ProcessId>) {
    processes.for_each(|id| thread.run((Operation::Insert, id)));
    thread.publish();
}

/// Has a thread do an operation until it is used to it.
pub(crate) fn warm_up(thread: &Actor, request: Request) {
    for _ in 0..WARM_UP {
        thread.run(request);
        restore(thread, request);
    }
}

/// Undoes an operation, on the thread that did it.
pub(crate) fn restore(thread: &Actor, (operation, id): Request) {
    let undo = match operation {
        Operation::Insert => Operation::Remove,
        Operation::Remove => Operation::Insert,
        _ => return,
    };
    thread.run((undo, id));
    thread.publish();
}

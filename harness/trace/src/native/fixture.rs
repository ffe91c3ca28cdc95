//! A filled table, and two threads that know it.

use contract::ProcessId;
use model::trace::Operation;
use trap::{Result, Trap};

use super::processes::{GUESTS_THERE, Which, elsewhere, guest_absent, guest_there, steady, target};
use super::step_handle::{Request, Table, TracedStrategy};
use super::threads::{Actor, disarrange_heap};

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
        let threads = threads.collect::<Result<Vec<_>>>()?;
        let fixture = Self {
            trap,
            table,
            threads,
            layout,
        };
        fill(&fixture.threads[0], steady());
        fixture.threads.iter().for_each(warm_up_all);
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
            for id in [target(operation, 0), elsewhere(target(operation, 0))] {
                warm_up(&writer, operation, id);
            }
        }
        Ok(writer)
    }

    /// The two threads, and what each is to do, ready to be looked at.
    pub(crate) fn prepare(&self, pair: [(Operation, ProcessId); 2]) -> [(&Actor, Request); 2] {
        let at = |step, n: usize| Request::new(pair[n].0, pair[n].1, 2 * step + n as u64);
        let [first, second] = [&self.threads[0], &self.threads[1]];
        for step in 0..WARM_UP_PAIR {
            first.run(at(step, 0));
            second.run(at(step, 1));
            self.put_back(pair);
        }
        [(first, at(WARM_UP_PAIR, 0)), (second, at(WARM_UP_PAIR, 1))]
    }

    /// Makes the processes of a pair be in the table, or not, as they were.
    pub(crate) fn put_back(&self, pair: [(Operation, ProcessId); 2]) {
        if !pair.iter().any(|(operation, _)| operation.is_write()) {
            return;
        }
        let thread = &self.threads[0];
        for (_, id) in pair {
            if (0..GUESTS_THERE).any(|n| guest_there(n) == id) {
                thread.run(Request::new(Operation::Insert, id, 0));
            } else if id >= guest_absent(0) {
                thread.run(Request::new(Operation::Remove, id, 0));
            }
        }
        thread.publish();
    }

    /// The processes that the operations of a pair are about: the same, or another than usual for the
    /// second, and another one in each layout.
    pub(crate) fn processes(&self, (first, second, same_process): Which) -> [ProcessId; 2] {
        let another = 1 + self.layout % (GUESTS_THERE - 1);
        match (same_process, first, second) {
            (false, ..) => [target(first, 0), target(second, another)],
            // No resident is ever removed.
            (true, Operation::Apply | Operation::ReadHit | Operation::Scan, Operation::Remove) => {
                [target(second, 0); 2]
            }
            (true, ..) => [target(first, 0); 2],
        }
    }
}

/// Has a thread put processes into the table that is theirs.
fn fill(thread: &Actor, processes: impl Iterator<Item = ProcessId>) {
    processes.for_each(|id| thread.run(Request::new(Operation::Insert, id, 0)));
    thread.publish();
}

/// Has a thread do each operation until it is used to it.
pub(crate) fn warm_up_all(thread: &Actor) {
    for &operation in Operation::ALL {
        warm_up(thread, operation, target(operation, 0));
    }
}

/// Has a thread do an operation until it is used to it.
pub(crate) fn warm_up(thread: &Actor, operation: Operation, id: ProcessId) {
    for step in 0..WARM_UP {
        thread.run(Request::new(operation, id, step));
        restore(thread, operation, id);
    }
}

/// Undoes an operation, on the thread that did it.
pub(crate) fn restore(thread: &Actor, operation: Operation, id: ProcessId) {
    let undo = match operation {
        Operation::Insert => Operation::Remove,
        Operation::Remove => Operation::Insert,
        _ => return,
    };
    thread.run(Request::new(undo, id, 0));
    thread.publish();
}

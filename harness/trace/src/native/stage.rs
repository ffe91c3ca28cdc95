//! A filled table, the processes in it, and two threads that know it.

use basis::trace::Operation;
use contract::ProcessId;
use trap::{Trap, Unavailable};

use super::hands::{Both, Deed, Found, Table};
use super::threads::{Actor, disarrange_heap};

/// Records that are always in the table.
pub(crate) const RESIDENTS: u64 = 16;
/// Guests that are in the table unless an operation removes them.
const GUESTS_THERE: u64 = 4;
/// The processes that are in the table whenever nobody is at work.
pub(crate) const STEADY: u64 = RESIDENTS + GUESTS_THERE;
/// How often a thread does something before it is looked at: deferred work has begun by then, what is
/// set up at first use is there, and what adapts to reads or to writes has adapted.
const WARM_UP: u64 = 200;
/// How often two threads do a pair of operations before that is looked at.
const WARM_UP_PAIR: u64 = 16;

/// A filled table and the threads that use it.
pub(crate) struct Stage {
    trap: Trap,
    table: &'static dyn Table,
    /// Two, or one if the table is for one thread only.
    pub(crate) threads: Vec<Actor>,
    /// Which layout of the heap it has.
    pub(crate) layout: u64,
}

impl Stage {
    /// Sets it, for as long as the process lives.
    pub(crate) fn set(trap: Trap, strategy: Found, layout: u64) -> Result<Self, Unavailable> {
        disarrange_heap(layout);
        let table: &'static dyn Table = Box::leak((strategy.make)(RESIDENTS as usize));
        let threads = if strategy.is_shared() { 2 } else { 1 };
        let threads = (0..threads)
            .map(|_| Actor::start(trap, table, layout))
            .collect::<Result<Vec<_>, _>>()?;
        let stage = Self {
            trap,
            table,
            threads,
            layout,
        };
        stage.fill();
        for thread in &stage.threads {
            for operation in Operation::ALL {
                warm_up(thread, operation);
            }
        }
        Ok(stage)
    }

    fn fill(&self) {
        let insert = |id| self.threads[0].run(Deed::new(Operation::Insert, id, 0));
        (0..RESIDENTS).map(resident).for_each(insert);
        (0..GUESTS_THERE).map(guest_there).for_each(insert);
        self.threads[0].publish();
    }

    /// A thread that has not done anything yet.
    pub(crate) fn newcomer(&self) -> Result<Actor, Unavailable> {
        Actor::start(self.trap, self.table, self.layout)
    }

    /// A thread that knows another table, too, which is filled alike; both are for as long as the process
    /// lives.
    pub(crate) fn writer(&self, strategy: Found) -> Result<Actor, Unavailable> {
        let both: &'static dyn Table = Box::leak(Box::new(Both {
            here: self.table,
            elsewhere: (strategy.make)(RESIDENTS as usize),
        }));
        let writer = Actor::start(self.trap, both, self.layout)?;
        for id in steady().map(elsewhere) {
            writer.run(Deed::new(Operation::Insert, id, 0));
        }
        writer.publish();
        for operation in Operation::ALL {
            for id in [target(operation, 0), elsewhere(target(operation, 0))] {
                warm_up_with(&writer, operation, id);
            }
        }
        Ok(writer)
    }

    /// The two threads, and what each is to do, ready to be looked at.
    pub(crate) fn prepare(&self, pair: [(Operation, ProcessId); 2]) -> [(&Actor, Deed); 2] {
        let at = |step, n: usize| Deed::new(pair[n].0, pair[n].1, 2 * step + n as u64);
        let [one, two] = [&self.threads[0], &self.threads[1]];
        for step in 0..WARM_UP_PAIR {
            one.run(at(step, 0));
            two.run(at(step, 1));
            self.put_back(pair);
        }
        [(one, at(WARM_UP_PAIR, 0)), (two, at(WARM_UP_PAIR, 1))]
    }

    /// Makes the processes of a pair be in the table, or not, as they were.
    pub(crate) fn put_back(&self, pair: [(Operation, ProcessId); 2]) {
        if !pair.iter().any(|(operation, _)| operation.is_write()) {
            return;
        }
        let thread = &self.threads[0];
        for (_, id) in pair {
            if (0..GUESTS_THERE).any(|n| guest_there(n) == id) {
                thread.run(Deed::new(Operation::Insert, id, 0));
            } else if id >= guest_absent(0) {
                thread.run(Deed::new(Operation::Remove, id, 0));
            }
        }
        thread.publish();
    }

    /// The processes that the operations of a pair are about: the same, or another than usual for the
    /// second, and another one in each layout.
    pub(crate) fn processes(
        &self,
        first: Operation,
        second: Operation,
        same_process: bool,
    ) -> [ProcessId; 2] {
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

/// Has a thread do an operation until it is used to it.
pub(crate) fn warm_up(thread: &Actor, operation: Operation) {
    warm_up_with(thread, operation, target(operation, 0));
}

fn warm_up_with(thread: &Actor, operation: Operation, id: ProcessId) {
    for step in 0..WARM_UP {
        thread.run(Deed::new(operation, id, step));
        restore(thread, operation, id);
    }
}

/// Which of the [`STEADY`] processes it is, counted from 0.
pub(crate) fn number_of(id: ProcessId) -> Option<u64> {
    let number = steady().position(|steady| steady == id);
    number.map(|number| number as u64)
}

/// The processes that are in the table whenever nobody is at work.
fn steady() -> impl Iterator<Item = ProcessId> {
    let residents = (0..RESIDENTS).map(resident);
    residents.chain((0..GUESTS_THERE).map(guest_there))
}

/// All processes that are ever in a table, in both tables.
pub(crate) fn all_processes() -> impl Iterator<Item = ProcessId> {
    let here = || steady().chain([guest_absent(0)]);
    here().chain(here().map(elsewhere))
}

/// The process of the other table that is like this one.
pub(crate) const fn elsewhere(id: ProcessId) -> ProcessId {
    ProcessId(id.0 | ELSEWHERE)
}

pub(crate) const fn is_elsewhere(id: ProcessId) -> bool {
    id.0 & ELSEWHERE != 0
}

/// A bit that no process of the first table has.
const ELSEWHERE: u64 = 1 << 40;

/// Undoes an operation, on the thread that did it.
pub(crate) fn restore(thread: &Actor, operation: Operation, id: ProcessId) {
    let undo = match operation {
        Operation::Insert => Operation::Remove,
        Operation::Remove => Operation::Insert,
        _ => return,
    };
    thread.run(Deed::new(undo, id, 0));
    thread.publish();
}

/// The process that an operation is about: number 0 is the same for all that it makes sense for.
pub(crate) const fn target(operation: Operation, number: u64) -> ProcessId {
    match operation {
        Operation::ReadHit | Operation::Apply | Operation::Scan => resident(number),
        Operation::Remove => guest_there(number),
        Operation::ReadMiss | Operation::Insert => guest_absent(number),
    }
}

const fn resident(n: u64) -> ProcessId {
    // Neighbours, as process identifiers are, but not all in the same shard.
    ProcessId(4_000 + 7 * (n % RESIDENTS))
}

const fn guest_there(n: u64) -> ProcessId {
    ProcessId((1 << 32) + n)
}

const fn guest_absent(n: u64) -> ProcessId {
    ProcessId((1 << 33) + n)
}

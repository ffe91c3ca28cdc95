//! What is done in which order, in one layout of the heap after the other.

use basis::trace::{Operation, State, TraceSeen};
use trap::{Trap, Unavailable};

use super::hands::{Deed, Found};
use super::ledger;
use super::medians::Findings;
use super::names::Namer;
use super::stage::{RESIDENTS, Stage, restore, target, warm_up};
use super::threads::Beside;
use crate::TraceTask;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, strategy: Found, task: &TraceTask) -> Result<TraceSeen, Unavailable> {
    ledger::listen();
    let mut findings = Findings::default();
    let mut namer = Namer::new();
    for layout in 0..task.layouts {
        let stage = Stage::set(trap, strategy, u64::from(layout))?;
        let mut look = Look {
            stage: &stage,
            task,
            findings: &mut findings,
            namer: &mut namer,
        };
        look.at_rest();
        if strategy.is_shared() {
            look.beside_others()?;
        }
    }
    ledger::pause();
    Ok(TraceSeen {
        strategy: task.strategy.clone(),
        records: RESIDENTS,
        layouts: task.layouts,
        footprints: findings.footprints(&task.operations, &task.states),
        pairs: findings.pairs(),
        died: None,
    })
}

/// One look at everything, in one layout.
struct Look<'s> {
    stage: &'s Stage,
    task: &'s TraceTask,
    findings: &'s mut Findings,
    namer: &'s mut Namer,
}

impl Look<'_> {
    /// Where nobody else does anything. What only reads comes first: a table that has adapted to
    /// writes may need time to adapt to reads again, and nothing here is to depend on time.
    fn at_rest(&mut self) {
        if !self.task.states.contains(&State::Quiescent) {
            return;
        }
        for is_write in [false, true] {
            for &operation in &self.task.operations {
                if operation.is_write() == is_write {
                    self.alone(operation);
                }
            }
            if self.stage.threads.len() == 2 {
                self.pairs(is_write);
            }
        }
    }

    fn alone(&mut self, operation: Operation) {
        let id = target(operation, 0);
        for thread in &self.stage.threads {
            warm_up(thread, operation);
            let seen = thread.step(Deed::new(operation, id, 1));
            restore(thread, operation, id);
            self.findings.add(operation, State::Quiescent, &seen, 0);
        }
    }

    /// The pairs that write, or those that do not.
    fn pairs(&mut self, is_write: bool) {
        let is_asked = |operation| self.task.operations.contains(&operation);
        for (first, second) in in_order() {
            let is_of_kind = (first.is_write() || second.is_write()) == is_write;
            let is_enough = self.stage.layout > 0 && !(is_frequent(first) && is_frequent(second));
            if !is_of_kind || is_enough || !is_asked(first) || !is_asked(second) {
                continue;
            }
            for same_process in [true, false] {
                if has_pair(first, second, same_process) {
                    self.pair(first, second, same_process);
                }
            }
        }
    }

    fn pair(&mut self, first: Operation, second: Operation, same_process: bool) {
        let ids = self.stage.processes(first, second, same_process);
        let pair = [(first, ids[0]), (second, ids[1])];
        let [(one, first_deed), (two, second_deed)] = self.stage.prepare(pair);
        let (first_seen, second_seen) = (one.step(first_deed), two.step(second_deed));
        let shared = self.namer.compare(&first_seen, &second_seen);
        self.findings
            .add_pair((first, second, same_process), shared);
        self.stage.put_back(pair);
    }

    /// Where another thread has done something, or is at it, or knows the table while this does not.
    fn beside_others(&mut self) -> Result<(), Unavailable> {
        let is_asked = |state| self.task.states.contains(&state);
        for &operation in &self.task.operations {
            if is_asked(State::AfterWrite) {
                self.after_write(operation);
            }
            // What is waited for, and what is set up, does not depend on the layout.
            if self.stage.layout > 0 {
                continue;
            }
            if is_asked(State::GuardHeld) {
                self.beside_guard(operation);
            }
            if is_asked(State::FirstUse) {
                self.first(operation)?;
            }
        }
        Ok(())
    }

    fn after_write(&mut self, operation: Operation) {
        let [writer, thread] = [&self.stage.threads[0], &self.stage.threads[1]];
        let write = Operation::Apply;
        let written = writer.step(Deed::new(write, target(write, 0), 2));
        writer.publish();
        let id = target(operation, 0);
        let seen = thread.step(Deed::new(operation, id, 3));
        restore(thread, operation, id);
        let dirtied = seen.own_lines().dirtied_by(&written.lines);
        self.findings
            .add(operation, State::AfterWrite, &seen, dirtied);
    }

    fn beside_guard(&mut self, operation: Operation) {
        let [holder, thread] = [&self.stage.threads[0], &self.stage.threads[1]];
        let id = target(operation, 0);
        let held = match operation {
            Operation::Remove => id,
            _ => target(Operation::ReadHit, 0),
        };
        let seen = thread.step_beside(Deed::new(operation, id, 4), holder, held);
        restore(thread, operation, id);
        match seen {
            Beside::Went(seen) => self.findings.add(operation, State::GuardHeld, &seen, 0),
            Beside::Waited => self.findings.hold_up(operation),
        }
    }

    fn first(&mut self, operation: Operation) -> Result<(), Unavailable> {
        let id = target(operation, 0);
        let seen = self.stage.newcomer()?.step(Deed::new(operation, id, 5));
        restore(&self.stage.threads[0], operation, id);
        self.findings.add(operation, State::FirstUse, &seen, 0);
        Ok(())
    }
}

/// What programs do most, so that chance is to play no part in what is said of two of them: looked at
/// in each layout. For pairs with another, which step long, the first layout has to do.
const fn is_frequent(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ReadHit | Operation::ReadMiss | Operation::Apply
    )
}

/// Each pair of operations once, in an order in which both make sense on the same process: what is
/// inserted is missed before and found afterwards, and what is removed the other way round.
fn in_order() -> impl Iterator<Item = (Operation, Operation)> {
    const ORDER: [Operation; 6] = [
        Operation::ReadMiss,
        Operation::Insert,
        Operation::Apply,
        Operation::ReadHit,
        Operation::Scan,
        Operation::Remove,
    ];
    let from = |one: usize| ORDER[one..].iter().map(move |&two| (ORDER[one], two));
    (0..ORDER.len()).flat_map(from).map(|pair| match pair {
        (Operation::ReadMiss, Operation::Remove) => (Operation::Remove, Operation::ReadMiss),
        _ => pair,
    })
}

/// Whether there is such a pair: a scan is about all processes, and what is there cannot be missed.
pub(crate) fn has_pair(first: Operation, second: Operation, same_process: bool) -> bool {
    let has = |operation| first == operation || second == operation;
    if has(Operation::Scan) {
        return same_process;
    }
    let finds = has(Operation::ReadHit) || has(Operation::Apply);
    !(same_process && has(Operation::ReadMiss) && finds)
}

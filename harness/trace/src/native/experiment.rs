//! What is done in which order, in one layout of the heap after the other; and one value of many: over layouts, threads
//! and repetitions.

use std::collections::{BTreeMap, BTreeSet};

use model::trace::{Counts, Footprint, Operation, Pair, State, TraceSeen};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trap::{Result, Trap};

use super::allocation_map;
use super::comparison::compare;
use super::execution::Execution;
use super::fixture::{Fixture, restore, warm_up};
use super::processes::{RESIDENTS, Which, has_pair, target};
use super::symbols::Symbols;
use super::threads::named;
use crate::TraceTask;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, task: &TraceTask) -> Result<TraceSeen> {
    let strategy = named(&task.strategy);
    allocation_map::listen();
    let mut observed = TraceSeen {
        strategy: task.strategy.clone(),
        records: RESIDENTS,
        layouts: task.layouts,
        ..TraceSeen::default()
    };
    let mut symbols = Symbols::load();
    for layout in 0..task.layouts {
        let fixture = Fixture::set(trap, strategy, u64::from(layout))?;
        let mut look = Look {
            fixture: &fixture,
            task,
            observed: &mut observed,
            symbols: &mut symbols,
        };
        if task.states.contains(&State::Quiescent) {
            look.at_rest();
        }
        if strategy.is_shared() {
            look.one_after_the_other();
            look.beside_others()?;
        }
    }
    allocation_map::pause();
    observed.footprints = footprints(task, &observed.footprints);
    observed.pairs = pairs_of_all_layouts(observed.pairs);
    Ok(observed)
}

/// What [`Look::alone`] does on the first thread, so many times and at full speed.
pub(crate) fn rehearse(trap: Trap, strategy: &str, operation: Operation, times: u64) -> Result<()> {
    let fixture = Fixture::set(trap, named(strategy), 0)?;
    let (thread, request) = (&fixture.threads[0], (operation, target(operation, 0)));
    warm_up(thread, request);
    for _ in 0..times {
        thread.run(request);
        restore(thread, request);
    }
    Ok(())
}

/// One look at everything, in one layout.
struct Look<'s> {
    fixture: &'s Fixture,
    task: &'s TraceTask,
    /// With a footprint for each execution, and each pair once for each layout.
    observed: &'s mut TraceSeen,
    symbols: &'s mut Symbols,
}

impl Look<'_> {
    /// Where nobody else does anything. What only reads comes first: a table that has adapted to writes
    /// may need time to adapt to reads again, and nothing here is to depend on time.
    fn at_rest(&mut self) {
        self.reads();
        for operation in self.operations(Operation::is_write) {
            self.alone(0, operation);
            if operation == Operation::Apply && self.fixture.threads.len() > 1 {
                self.alone(1, operation);
            }
        }
    }

    /// What only reads leaves the table as it was: one execution on each thread is part of every pair.
    fn reads(&mut self) {
        let reads = self.operations(|operation| !operation.is_write());
        let (mut firsts, mut seconds) = (BTreeMap::new(), BTreeMap::new());
        for &operation in &reads {
            firsts.insert(operation, self.alone(0, operation));
        }
        let Some(other_thread) = self.fixture.threads.get(1) else {
            return;
        };
        for &operation in &reads {
            seconds.insert((operation, true), self.alone(1, operation));
            let apart = (operation, operation, false);
            if has_pair(apart) {
                let [_, another] = self.fixture.requests(apart);
                seconds.insert((operation, false), other_thread.step(another));
            }
        }
        for which @ (first, second, same_process) in pairs() {
            let both = firsts.get(&first).zip(seconds.get(&(second, same_process)));
            if let Some((first_run, second_run)) = both {
                self.add_pair(which, [first_run, second_run]);
            }
        }
    }

    fn alone(&mut self, thread: usize, operation: Operation) -> Execution {
        let (thread, request) = (
            &self.fixture.threads[thread],
            (operation, target(operation, 0)),
        );
        warm_up(thread, request);
        let execution = thread.step(request);
        restore(thread, request);
        self.add(operation, State::Quiescent, Some(&execution));
        execution
    }

    /// The pairs that write, and what is only about the second of a pair: that it comes after a write.
    fn one_after_the_other(&mut self) {
        let task = self.task;
        let is_asked = |operation| task.operations.contains(&operation);
        for which @ (first, second, _) in pairs() {
            let is_of_use = self.is_of_use(first) && self.is_of_use(second);
            if !is_of_use || !is_asked(second) || !(first.is_write() || second.is_write()) {
                continue;
            }
            let is_pair = is_asked(first) && task.states.contains(&State::Quiescent);
            let is_after_write = is_after_write(which) && task.states.contains(&State::AfterWrite);
            if !is_pair && !is_after_write {
                continue;
            }
            let [first_run, mut second_run] = self.step_both(which);
            if is_pair {
                self.add_pair(which, [&first_run, &second_run]);
            }
            if is_after_write {
                second_run.counts.lines_dirtied =
                    second_run.own_lines().dirtied_by(&first_run.lines);
                self.add(second, State::AfterWrite, Some(&second_run));
            }
        }
    }

    fn step_both(&self, which: Which) -> [Execution; 2] {
        let pair = self.fixture.requests(which);
        self.fixture.warm_up_pair(pair);
        let [first, second] = [0, 1].map(|thread| &self.fixture.threads[thread]);
        let first_run = first.step(pair[0]);
        if pair[0].0.is_write() {
            first.publish();
        }
        let runs = [first_run, second.step(pair[1])];
        self.fixture.put_back(pair);
        runs
    }

    /// Where another thread is at it, or knows the table while this does not. What is waited for, and
    /// what is set up, does not depend on the layout.
    fn beside_others(&mut self) -> Result<()> {
        if self.fixture.layout > 0 {
            return Ok(());
        }
        let fixture = self.fixture;
        let [holder, thread] = [&fixture.threads[0], &fixture.threads[1]];
        for &operation in &self.task.operations {
            let request @ (_, id) = (operation, target(operation, 0));
            if self.task.states.contains(&State::GuardHeld) {
                let held = match operation {
                    Operation::Remove => id,
                    _ => target(Operation::ReadHit, 0),
                };
                let execution = thread.step_beside(request, holder, held);
                restore(thread, request);
                self.add(operation, State::GuardHeld, execution.as_ref());
            }
            if self.task.states.contains(&State::FirstUse) {
                let newcomer = fixture.newcomer()?;
                let execution = newcomer.step(request);
                restore(holder, request);
                self.add(operation, State::FirstUse, Some(&execution));
            }
        }
        Ok(())
    }

    /// Adds one execution of an operation; none if it waits for a guard.
    fn add(&mut self, operation: Operation, state: State, went: Option<&Execution>) {
        let called = went.filter(|_| state == State::Quiescent);
        let called = called.map(|execution| self.symbols.all_called(&execution.called));
        self.observed.footprints.push(Footprint {
            operation,
            state,
            counts: went.map(|execution| execution.counts),
            is_cut_short: went.is_some_and(|execution| execution.is_cut_short),
            called: called.unwrap_or_default(),
        });
    }

    fn add_pair(&mut self, which: Which, runs: [&Execution; 2]) {
        self.observed.pairs.push(compare(self.symbols, which, runs));
    }

    /// The operations of a kind that are looked at in this layout.
    fn operations(&self, is_of_kind: fn(Operation) -> bool) -> Vec<Operation> {
        let mut asked = self.task.operations.clone();
        asked.retain(|&operation| is_of_kind(operation) && self.is_of_use(operation));
        asked
    }

    /// Whether an operation is looked at in this layout. Chance is to play no part in what is said of
    /// what programs do most; for the others, which step long, the first layout has to do.
    fn is_of_use(&self, operation: Operation) -> bool {
        use Operation::{Apply, ReadHit, ReadMiss};
        self.fixture.layout == 0 || matches!(operation, ReadHit | ReadMiss | Apply)
    }
}

/// Each pair of operations once, in an order in which both make sense on the same process: what is
/// inserted is missed before and found afterwards, and what is removed the other way round. About
/// another process an event comes first, since much is asked about what comes after it.
fn pairs() -> impl Iterator<Item = Which> {
    use Operation::{Apply, Insert, ReadHit, ReadMiss, Remove, Scan};
    const ORDER: [Operation; 6] = [ReadMiss, Insert, Apply, ReadHit, Scan, Remove];
    let from = |at: usize| ORDER[at..].iter().map(move |&second| (ORDER[at], second));
    let all = (0..ORDER.len()).flat_map(from);
    all.flat_map(|(first, second)| [(first, second, true), (first, second, false)])
        .filter(|&which| has_pair(which))
        .map(|which| match which {
            (ReadMiss, Remove, same_process) => (Remove, ReadMiss, same_process),
            (first, Apply, false) => (Apply, first, false),
            _ => which,
        })
}

/// Whether the second of a pair is what [`State::AfterWrite`] is about: an event comes first, and to
/// the same record if the second needs one.
const fn is_after_write((first, second, same_process): Which) -> bool {
    let needs_record = !matches!(second, Operation::ReadMiss | Operation::Insert);
    matches!(first, Operation::Apply) && same_process == needs_record
}

/// Of all executions, each operation in each state that it was looked at in, in the order of the task.
fn footprints(task: &TraceTask, all: &[Footprint]) -> Vec<Footprint> {
    let asked = |&operation| task.states.iter().map(move |&state| (operation, state));
    let merged = |which @ (operation, state)| {
        let alike = || {
            all.iter()
                .filter(move |run| (run.operation, run.state) == which)
        };
        alike().next()?;
        let counts: Option<Vec<Counts>> = alike().map(|run| run.counts).collect();
        let called: BTreeSet<&String> = alike().flat_map(|run| &run.called).collect();
        Some(Footprint {
            operation,
            state,
            counts: counts.map(|counts| medians(counts.into_iter())),
            is_cut_short: alike().any(|run| run.is_cut_short),
            called: called.into_iter().cloned().collect(),
        })
    };
    let all_asked = task.operations.iter().flat_map(asked);
    all_asked.filter_map(merged).collect()
}

/// Each pair that was looked at, of those of all layouts.
fn pairs_of_all_layouts(mut all: Vec<Pair>) -> Vec<Pair> {
    let which = |pair: &Pair| (pair.first, pair.second, pair.same_process);
    all.sort_by_key(which);
    let merged = |all: &[Pair]| {
        let middle = median(all.iter().map(|pair| pair.conflict));
        let at_64 = medians(all.iter().map(|pair| pair.at_64));
        // Names and ways are those of a layout that is like the middle one.
        let alike = || all.iter().filter(|pair| pair.conflict == middle);
        let named = alike().next().expect("the middle is that of one");
        let followed = alike().find(|pair| pair.at_64 == at_64).unwrap_or(named);
        Pair {
            at_64,
            at_128: medians(all.iter().map(|pair| pair.at_128)),
            paths: followed.paths.clone(),
            ..named.clone()
        }
    };
    let by_pair = all.chunk_by(|one, next| which(one) == which(next));
    by_pair.map(merged).collect()
}

/// The middle value, of two the lower.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

/// The median of each field, of records of whole numbers.
fn medians<T: Serialize + DeserializeOwned>(records: impl Iterator<Item = T>) -> T {
    let mut fields: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for record in records {
        let record = serde_json::to_value(record).and_then(serde_json::from_value);
        let record: BTreeMap<String, u64> = record.expect("its fields are whole numbers");
        for (field, number) in record {
            fields.entry(field).or_default().push(number);
        }
    }
    let middle = |(field, numbers): (String, Vec<u64>)| (field, median(numbers.into_iter()).into());
    let medians = serde_json::Value::Object(fields.into_iter().map(middle).collect());
    serde_json::from_value(medians).expect("these are its fields")
}

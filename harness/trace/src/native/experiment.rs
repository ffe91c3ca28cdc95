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
use super::step_handle::{Request, named};
use super::symbols::Symbols;
use crate::TraceTask;

/// What is seen of a strategy.
pub(crate) fn see(trap: Trap, task: &TraceTask) -> Result<TraceSeen> {
    let strategy = named(&task.strategy);
    allocation_map::listen();
    let mut findings = Findings::default();
    let mut symbols = Symbols::load();
    for layout in 0..task.layouts {
        let fixture = Fixture::set(trap, strategy, u64::from(layout))?;
        let mut look = Look {
            fixture: &fixture,
            task,
            findings: &mut findings,
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
    Ok(TraceSeen {
        strategy: task.strategy.clone(),
        records: RESIDENTS,
        layouts: task.layouts,
        footprints: findings.footprints(task, &mut symbols),
        pairs: findings.pairs(),
        died: None,
    })
}

/// What [`Look::alone`] does on the first thread, so many times and at full speed.
pub(crate) fn rehearse(trap: Trap, strategy: &str, operation: Operation, times: u64) -> Result<()> {
    let fixture = Fixture::set(trap, named(strategy), 0)?;
    let (thread, id) = (&fixture.threads[0], target(operation, 0));
    warm_up(thread, operation, id);
    for _ in 0..times {
        thread.run(Request::new(operation, id, 1));
        restore(thread, operation, id);
    }
    Ok(())
}

/// One look at everything, in one layout.
struct Look<'s> {
    fixture: &'s Fixture,
    task: &'s TraceTask,
    findings: &'s mut Findings,
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
            if has_pair((operation, operation, false)) {
                let [_, another] = self.fixture.processes((operation, operation, false));
                let execution = other_thread.step(Request::new(operation, another, 1));
                seconds.insert((operation, false), execution);
            }
        }
        for which @ (first, second, same_process) in pairs() {
            if let Some(first_run) = firsts.get(&first)
                && let Some(second_run) = seconds.get(&(second, same_process))
            {
                let pair = compare(self.symbols, which, [first_run, second_run]);
                self.findings.add_pair(pair);
            }
        }
    }

    fn alone(&mut self, thread: usize, operation: Operation) -> Execution {
        let (thread, id) = (&self.fixture.threads[thread], target(operation, 0));
        warm_up(thread, operation, id);
        let execution = thread.step(Request::new(operation, id, 1));
        restore(thread, operation, id);
        self.findings
            .add(operation, State::Quiescent, Some(&execution));
        execution
    }

    /// The pairs that write, and what is only about the second of a pair: that it comes after a write.
    fn one_after_the_other(&mut self) {
        let states = &self.task.states;
        let is_asked = |operation| self.task.operations.contains(&operation);
        for which @ (first, second, _) in pairs() {
            let is_of_use = self.is_of_use(first) && self.is_of_use(second);
            if !is_of_use || !is_asked(second) || !(first.is_write() || second.is_write()) {
                continue;
            }
            let is_pair = is_asked(first) && states.contains(&State::Quiescent);
            let is_after_write = is_after_write(which) && states.contains(&State::AfterWrite);
            if !is_pair && !is_after_write {
                continue;
            }
            let [first_run, mut second_run] = self.step_both(which);
            if is_pair {
                let pair = compare(self.symbols, which, [&first_run, &second_run]);
                self.findings.add_pair(pair);
            }
            if is_after_write {
                second_run.counts.lines_dirtied =
                    second_run.own_lines().dirtied_by(&first_run.lines);
                self.findings
                    .add(second, State::AfterWrite, Some(&second_run));
            }
        }
    }

    fn step_both(&self, which @ (first, second, _): Which) -> [Execution; 2] {
        let ids = self.fixture.processes(which);
        let pair = [(first, ids[0]), (second, ids[1])];
        let [(first_actor, first_request), (second_actor, second_request)] =
            self.fixture.prepare(pair);
        let first_run = first_actor.step(first_request);
        if first.is_write() {
            first_actor.publish();
        }
        let runs = [first_run, second_actor.step(second_request)];
        self.fixture.put_back(pair);
        runs
    }

    /// Where another thread is at it, or knows the table while this does not. What is waited for, and
    /// what is set up, does not depend on the layout.
    fn beside_others(&mut self) -> Result<()> {
        if self.fixture.layout > 0 {
            return Ok(());
        }
        for &operation in &self.task.operations {
            if self.task.states.contains(&State::GuardHeld) {
                self.beside_guard(operation);
            }
            if self.task.states.contains(&State::FirstUse) {
                self.first(operation)?;
            }
        }
        Ok(())
    }

    fn beside_guard(&mut self, operation: Operation) {
        let [holder, thread] = [&self.fixture.threads[0], &self.fixture.threads[1]];
        let id = target(operation, 0);
        let held = match operation {
            Operation::Remove => id,
            _ => target(Operation::ReadHit, 0),
        };
        let execution = thread.step_beside(Request::new(operation, id, 4), holder, held);
        restore(thread, operation, id);
        let execution = execution.as_ref();
        self.findings.add(operation, State::GuardHeld, execution);
    }

    fn first(&mut self, operation: Operation) -> Result<()> {
        let id = target(operation, 0);
        let newcomer = self.fixture.newcomer()?;
        let execution = newcomer.step(Request::new(operation, id, 5));
        restore(&self.fixture.threads[0], operation, id);
        self.findings
            .add(operation, State::FirstUse, Some(&execution));
        Ok(())
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

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    operations: BTreeMap<(Operation, State), Observed>,
    pairs: BTreeMap<Which, Vec<Pair>>,
}

/// What was seen of an operation in a state.
#[derive(Debug, Default)]
struct Observed {
    counts: Vec<Counts>,
    is_cut_short: bool,
    /// Where functions begin that are called.
    called: BTreeSet<u64>,
    /// It waits for a guard.
    waits: bool,
}

impl Findings {
    /// One execution of an operation; none if it waits for a guard.
    pub(crate) fn add(&mut self, operation: Operation, state: State, went: Option<&Execution>) {
        let observed = self.operations.entry((operation, state)).or_default();
        let Some(execution) = went else {
            observed.waits = true;
            return;
        };
        observed.counts.push(execution.counts);
        if state == State::Quiescent {
            observed.called.extend(&execution.called);
        }
        observed.is_cut_short |= execution.is_cut_short;
    }

    pub(crate) fn add_pair(&mut self, pair: Pair) {
        let which = (pair.first, pair.second, pair.same_process);
        self.pairs.entry(which).or_default().push(pair);
    }

    /// Each operation in each state that it was looked at in, in the order of the task.
    pub(crate) fn footprints(&self, task: &TraceTask, symbols: &mut Symbols) -> Vec<Footprint> {
        let states = task.states.iter();
        let all = task.operations.iter();
        let all = all.flat_map(|&operation| states.clone().map(move |&state| (operation, state)));
        let footprint = |(operation, state)| {
            let observed = self.operations.get(&(operation, state))?;
            Some(Footprint {
                operation,
                state,
                counts: (!observed.waits).then(|| medians(observed.counts.iter().copied())),
                is_cut_short: observed.is_cut_short,
                called: symbols.all_called(&observed.called),
            })
        };
        all.filter_map(footprint).collect()
    }

    /// Each pair that was looked at.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let pairs = self.pairs.values().map(|all| {
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
        });
        pairs.collect()
    }
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

//! On one thread, a table is a map: every operation returns what it returns on a plain `HashMap`
//! with the same [`Record::apply`](contract::Record::apply).
//!
//! How it could fail: an operation returns the wrong thing or acts on the wrong record; identifiers
//! that a table treats specially (0, all ones) or confuses (equal low bits); a handle that does not
//! see what another one wrote; a capacity of 0; a scan that visits a record twice or not at all.
//! Where the profile says that reads are published in batches, the weaker promise is held to: no
//! older than `every` writes, never before the last publish, never back.
//!
//! Random sequences of operations through two handles are generated and, when one fails, shrunk to
//! a minimal one by proptest. It sees nothing that takes two threads.

use std::collections::HashMap;
use std::fmt;

use contract::{Change, Concurrency, Event, Handle, ProcessId, Specimen};
use proptest::arbitrary::any;
use proptest::collection::vec;
use proptest::strategy::{BoxedStrategy, Just, Strategy as Generator, Union};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::model::Model;
use crate::panics::caught;
use crate::specimens::{IDS, advance, brief, difference, drive, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

const HANDLES: usize = 2;
/// Identifiers of a case beside [`IDS`], any 64-bit value.
const RANDOM_IDS: usize = 3;
const STEPS_MAX: usize = 60;

/// One operation through one of the handles.
#[derive(Clone, Debug)]
struct Step {
    handle: usize,
    operation: Operation,
}

#[derive(Clone, Debug)]
enum Operation {
    Read(Key),
    Insert(Key, Shape),
    /// Of this key, the next one, and this one again.
    Fill(Key, Shape),
    Apply(Key, Change),
    Remove(Key),
    Scan,
    Publish,
}

/// An index into the identifiers of a case.
#[derive(Clone, Copy, Debug)]
struct Key(usize);

/// What state an inserted record is in.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Pending,
    Running,
    Stopped,
    Failed,
}

/// A sequence of operations, and the table it is played on.
#[derive(Clone, Debug)]
struct Case {
    capacity: usize,
    random_ids: Vec<u64>,
    steps: Vec<Step>,
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let operations = std::cell::Cell::new(0);
    let failing = search(trial, &|case| {
        operations.set(operations.get() + case.steps.len());
        play::<R>(trial, case)
    });
    match failing {
        None => Ok(Evidence::Observed(format!(
            "{} random sequences, {} operations, each as on a plain map",
            trial.effort.cases,
            operations.get()
        ))),
        Some(breach) => Err(breach),
    }
}

/// The breach of the shortest failing case, if `play` fails any.
fn search<R: Specimen>(
    trial: &Trial<'_, R>,
    play: &dyn Fn(&Case) -> Result<(), Breach>,
) -> Option<Breach> {
    let mut seed = [0; 32];
    trial.seed.dice(0).fill(&mut seed);
    let config = Config {
        cases: trial.effort.cases,
        failure_persistence: None,
        max_shrink_iters: 4_096,
        verbose: 0,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let outcome = TestRunner::new_with_rng(config, rng).run(&cases(), |case| {
        trial.progress.tick();
        play(&case).map_err(|breach| TestCaseError::fail(breach.account))
    });
    let (reason, case) = match outcome {
        Ok(()) => return None,
        Err(TestError::Fail(reason, case)) => (reason, case),
        Err(TestError::Abort(reason)) => panic!("the check is wrong: {reason}"),
    };
    let case = shorten(case, |shorter| play(shorter).is_err());
    let breach = play(&case).err().unwrap_or_else(|| {
        let account = format!("{}\n(and not again when it was repeated)", reason.message());
        Promise::Fresh.broken(account)
    });
    Some(Breach {
        account: format!("{}\n{case}", breach.account),
        ..breach
    })
}

/// Leaves out groups of steps as long as it still fails. Proptest leaves out one step at a time, and
/// stops where only several together are superfluous: where every fourth write is published, say.
fn shorten(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    for group in [32, 16, 8, 4, 3, 2, 1] {
        let mut start = 0;
        while start + group <= case.steps.len() {
            let mut shorter = case.clone();
            shorter.steps.drain(start..start + group);
            if fails(&shorter) {
                case = shorter;
            } else {
                start += 1;
            }
        }
    }
    case
}

/// Plays `case` on a new table and on the model, and compares every result.
fn play<R: Specimen>(trial: &Trial<'_, R>, case: &Case) -> Result<(), Breach> {
    caught(|| {
        let handles = match trial.profile.concurrency {
            Concurrency::Any => HANDLES,
            Concurrency::OneThread => 1,
        };
        let table = trial.table(case.capacity);
        let mut game = Game {
            handles: (0..handles).map(|_| table.handle()).collect(),
            model: Model::new(trial.profile.read_consistency, handles),
            ids: case.ids(),
        };
        for (number, step) in (1..).zip(&case.steps) {
            game.step(number, step)
                .map_err(|breach| breach.during(&format!("step {number}")))?;
        }
        game.finish()
            .map_err(|breach| breach.during("looking at everything after the last step"))
    })
}

impl Breach {
    fn during(self, when: &str) -> Self {
        Breach {
            account: format!("{when}: {}", self.account),
            ..self
        }
    }
}

/// A table and its model, side by side.
struct Game<H, R> {
    handles: Vec<H>,
    model: Model<R>,
    ids: Vec<ProcessId>,
}

impl<H: Handle<R>, R: Specimen> Game<H, R> {
    fn step(&mut self, number: u64, step: &Step) -> Result<(), Breach> {
        let reader = step.handle % self.handles.len();
        match step.operation {
            Operation::Read(key) => self.read(reader, self.ids[key.0]),
            Operation::Insert(key, shape) => {
                let id = self.ids[key.0];
                self.insert(reader, id, shape.record(id, number))
            }
            Operation::Fill(key, shape) => {
                self.fill(reader, &shape.fill(&self.ids, key, number));
                Ok(())
            }
            Operation::Apply(key, change) => {
                self.apply(reader, self.ids[key.0], Event::at(number, change))
            }
            Operation::Remove(key) => self.remove(reader, self.ids[key.0]),
            Operation::Scan => self.scan(reader),
            Operation::Publish => {
                self.handles[reader].publish();
                self.model.publish();
                Ok(())
            }
        }
    }

    /// After a publish every handle sees the present, whatever the strategy.
    fn finish(&mut self) -> Result<(), Breach> {
        self.handles[0].publish();
        self.model.publish();
        for reader in 0..self.handles.len() {
            self.scan(reader)?;
            for id in self.ids.clone() {
                self.read(reader, id)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, reader: usize, id: ProcessId) -> Result<(), Breach> {
        let actual = self.handles[reader].read(id, R::clone);
        if let Some(record) = &actual {
            whole(id, record)?;
        }
        self.model.sees(reader, id, actual.as_ref())
    }

    fn insert(&mut self, reader: usize, id: ProcessId, record: R) -> Result<(), Breach> {
        let displaced = self.handles[reader].insert(id, record.clone());
        let expected = self.model.latest(id);
        if displaced.as_ref() != expected {
            let difference = difference(displaced.as_ref(), expected);
            return Err(Promise::Displaces.broken(format!("insert {id} displaced {difference}")));
        }
        self.model.write(id, Some(record));
        Ok(())
    }

    fn fill(&mut self, reader: usize, records: &[(ProcessId, R)]) {
        self.handles[reader].fill(records);
        for (id, record) in records {
            self.model.write(*id, Some(record.clone()));
        }
    }

    fn apply(&mut self, reader: usize, id: ProcessId, event: Event) -> Result<(), Breach> {
        let outcome = self.handles[reader].apply(id, event);
        let next = self.model.latest(id).map(|record| record.apply(&event));
        let expected = match &next {
            None => None,
            Some(Ok(record)) => Some(Ok(record.revision())),
            Some(Err(rejected)) => Some(Err(*rejected)),
        };
        if outcome != expected {
            let promise = match expected {
                None => Promise::Unknown,
                Some(Ok(_)) => Promise::AppliesOnce,
                Some(Err(_)) => Promise::RejectsUnchanged,
            };
            return Err(promise.broken(format!(
                "{} to {id} gave {outcome:?} instead of {expected:?}",
                event.change
            )));
        }
        if let Some(Ok(record)) = next {
            self.model.write(id, Some(record));
        }
        Ok(())
    }

    fn remove(&mut self, reader: usize, id: ProcessId) -> Result<(), Breach> {
        let removed = self.handles[reader].remove(id);
        let expected = self.model.latest(id);
        if removed.as_ref() != expected {
            let difference = difference(removed.as_ref(), expected);
            return Err(Promise::Removes.broken(format!("remove {id} gave {difference}")));
        }
        if expected.is_some() {
            self.model.write(id, None);
        }
        Ok(())
    }

    /// Without writers a scan visits each record once and nothing else.
    fn scan(&mut self, reader: usize) -> Result<(), Breach> {
        let mut visits: HashMap<ProcessId, Vec<R>> = HashMap::new();
        self.handles[reader].scan(|id, record| visits.entry(id).or_default().push(record.clone()));
        for (&id, records) in &visits {
            whole(id, &records[0])?;
            if records.len() > 1 {
                return Err(Promise::VisitsOnce
                    .broken(format!("a scan visited {id} {} times", records.len())));
            }
            if !self.ids.contains(&id) {
                return Err(Promise::VisitsOnce
                    .broken(format!("a scan visited {id}, which was never inserted")));
            }
        }
        for &id in &self.ids {
            let visited = visits.get(&id).map(|records| &records[0]);
            self.model.sees(reader, id, visited).map_err(|breach| {
                let promise = match breach.promise {
                    Promise::Present | Promise::Absent => Promise::VisitsOnce,
                    other => other,
                };
                promise.broken(format!("a scan: {}", breach.account))
            })?;
        }
        Ok(())
    }
}

impl Shape {
    /// A record in this state whose revision tells apart by which step it was inserted.
    fn record<R: Specimen>(self, id: ProcessId, number: u64) -> R {
        let mut record = R::pending(id);
        if matches!(self, Shape::Pending) {
            return record;
        }
        drive(&mut record, Change::Start);
        advance(&mut record, 3 * number);
        match self {
            Shape::Pending | Shape::Running => {}
            Shape::Stopped => drive(&mut record, Change::Stop),
            Shape::Failed => drive(&mut record, Change::Exit { code: 1 }),
        }
        record
    }

    /// What is filled in: the key's record pending, the next one's so, and the key's so, which stays.
    fn fill<R: Specimen>(
        self,
        ids: &[ProcessId],
        Key(key): Key,
        number: u64,
    ) -> [(ProcessId, R); 3] {
        let (id, next) = (ids[key], ids[(key + 1) % ids.len()]);
        let filled = [(id, Shape::Pending), (next, self), (id, self)];
        filled.map(|(id, shape)| (id, shape.record(id, number)))
    }
}

impl Case {
    fn ids(&self) -> Vec<ProcessId> {
        let random = self.random_ids.iter().map(|&id| ProcessId(id));
        let mut ids: Vec<_> = IDS.into_iter().chain(random).collect();
        // Should two be equal, the key stays valid and means the same identifier.
        ids.resize(IDS.len() + RANDOM_IDS, IDS[0]);
        ids
    }
}

fn cases() -> impl Generator<Value = Case> {
    let capacity = Union::new([0, 1, 4, 64].map(Just));
    let random_ids = vec(any::<u64>(), RANDOM_IDS);
    let step =
        (0..HANDLES, operations()).prop_map(|(handle, operation)| Step { handle, operation });
    (capacity, random_ids, vec(step, 1..=STEPS_MAX)).prop_map(|(capacity, random_ids, steps)| {
        Case {
            capacity,
            random_ids,
            steps,
        }
    })
}

fn operations() -> Union<BoxedStrategy<Operation>> {
    let shapes = [
        Shape::Pending,
        Shape::Running,
        Shape::Stopped,
        Shape::Failed,
    ];
    let [inserts, fills] = [(); 2].map(|()| (keys(), Union::new(shapes.map(Just))));
    let applies = (keys(), Union::new(Change::EXAMPLES.map(Just)));
    Union::new_weighted(vec![
        (3, keys().prop_map(Operation::Read).boxed()),
        (
            3,
            inserts
                .prop_map(|(key, shape)| Operation::Insert(key, shape))
                .boxed(),
        ),
        (
            1,
            fills
                .prop_map(|(key, shape)| Operation::Fill(key, shape))
                .boxed(),
        ),
        (
            4,
            applies
                .prop_map(|(key, change)| Operation::Apply(key, change))
                .boxed(),
        ),
        (2, keys().prop_map(Operation::Remove).boxed()),
        (1, Just(Operation::Scan).boxed()),
        (1, Just(Operation::Publish).boxed()),
    ])
}

/// Mostly a few hot identifiers, so that operations meet.
fn keys() -> impl Generator<Value = Key> {
    Union::new_weighted(vec![(3, 0..4), (1, 0..IDS.len() + RANDOM_IDS)]).prop_map(Key)
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.ids();
        write!(
            f,
            "the shortest sequence that shows it, with_capacity({}):",
            self.capacity
        )?;
        for (number, step) in (1..).zip(&self.steps) {
            write!(f, "\n{number:>4}. handle {}: ", step.handle)?;
            match step.operation {
                Operation::Read(key) => write!(f, "read {}", ids[key.0])?,
                Operation::Insert(key, shape) => {
                    let record: contract::ProcessStatus = shape.record(ids[key.0], number);
                    write!(f, "insert {}, {}", ids[key.0], brief(&record))?;
                }
                Operation::Fill(key, shape) => {
                    let records = shape.fill::<contract::ProcessStatus>(&ids, key, number);
                    let records = records
                        .iter()
                        .map(|(id, record)| format!("{id}, {}", brief(record)));
                    write!(f, "fill {}", records.collect::<Vec<_>>().join("; "))?;
                }
                Operation::Apply(key, change) => write!(f, "apply {change} to {}", ids[key.0])?,
                Operation::Remove(key) => write!(f, "remove {}", ids[key.0])?,
                Operation::Scan => f.write_str("scan")?,
                Operation::Publish => f.write_str("publish")?,
            }
        }
        Ok(())
    }
}

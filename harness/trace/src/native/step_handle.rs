//! One thread's access to a table, ready to do each operation step by step.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::{
    Concurrency, Event, Handle, ProcessId, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};
use model::trace::Operation;
use trap::{Recording, Stepper};

use super::processes::{RESIDENTS, STEADY};
use super::stall::{Observation, Scan};
use super::threads::{Answer, Mode};

/// What a thread is to do: an operation on a process.
pub(crate) type Request = (Operation, ProcessId);

/// A table without its type, for as long as the process lives: makes a thread's access to it.
pub(crate) type Table = &'static (dyn Fn() -> Box<dyn StepHandle> + Send + Sync);

/// A thread's access without its type. The stepping is on this side of the dynamic call, so what is
/// stepped is the very code that a user's program would run.
pub(crate) trait StepHandle {
    /// Does something: step by step if that is the mode, and says what came of it if that is.
    fn perform(&mut self, request: Request, stepper: &Stepper, mode: Mode) -> Answer;
    /// Reads a record, and is in the middle of that while `meanwhile` runs.
    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut());
    fn publish(&mut self);
}

/// A strategy of the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TracedStrategy {
    /// Makes a table with room for the residents.
    pub(crate) make: fn() -> Table,
    pub(crate) profile: Profile,
}

impl TracedStrategy {
    pub(crate) fn from_strategy<S: Strategy<ProcessStatus>>() -> Self {
        Self {
            make: || {
                let table: &S = Box::leak(Box::new(S::with_capacity(RESIDENTS as usize)));
                Box::leak(Box::new(move || {
                    Box::new(table.handle()) as Box<dyn StepHandle>
                }))
            },
            profile: S::PROFILE,
        }
    }

    /// Whether more than one thread may use a table.
    pub(crate) fn is_shared(&self) -> bool {
        self.profile.concurrency == Concurrency::Any
    }
}

/// The strategy of the registry that has this name.
///
/// # Panics
///
/// When there is none: the parent names strategies of the registry only.
pub(crate) fn named(name: &str) -> TracedStrategy {
    struct Find(Option<TracedStrategy>);
    impl Visitor<ProcessStatus> for Find {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            self.0 = Some(TracedStrategy::from_strategy::<S>());
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut find = Find(None);
    registry::visit_plain::<ProcessStatus>(&mut registry::Only(name, &mut find));
    find.0.expect("it is registered")
}

/// What a scan may come by, at most: thrice what is in the table.
const VISITED_MAX: usize = 3 * STEADY as usize;

/// Makes each event another than all before.
static EVENTS: AtomicU64 = AtomicU64::new(0);

impl<H: Handle<ProcessStatus>> StepHandle for H {
    fn perform(&mut self, (operation, id): Request, stepper: &Stepper, mode: Mode) -> Answer {
        let armed = matches!(mode, Mode::Step | Mode::StepAndObserve);
        let judges = matches!(mode, Mode::Observe | Mode::StepAndObserve);
        let id = black_box(id);
        let event = black_box(Event::heartbeat(EVENTS.fetch_add(1, Ordering::Relaxed)));
        let record = black_box(ProcessStatus::running(id));
        let nothing = Observation::default();
        // Records are copied while the operation lasts, and examined once it is over.
        let examine = |record| Observation::from_record(id, record);
        let (observed, recording) = match operation {
            Operation::ReadHit | Operation::ReadMiss if judges => {
                let (record, recording) = stepper.run(armed, || self.read(id, |record| *record));
                (examine(record), recording)
            }
            Operation::ReadHit | Operation::ReadMiss => {
                // Not only whether there is one: a record that nobody looks at is not loaded.
                let read = || black_box(self.read(id, ProcessStatus::touch));
                (nothing, stepper.run(armed, read).1)
            }
            Operation::Apply => {
                let apply = || self.apply(id, event);
                run(
                    stepper,
                    armed,
                    apply,
                    judges.then_some(Observation::applied),
                )
            }
            Operation::Insert => {
                let insert = || self.insert(id, record);
                run(stepper, armed, insert, judges.then_some(examine))
            }
            Operation::Remove => run(
                stepper,
                armed,
                || self.remove(id),
                judges.then_some(examine),
            ),
            Operation::Scan if judges => {
                let nobody = (ProcessId(0), ProcessStatus::pending(ProcessId(0)));
                let (mut visited, mut count) = ([nobody; VISITED_MAX], 0);
                let visit = |id, record: &ProcessStatus| {
                    if let Some(next) = visited.get_mut(count) {
                        *next = (id, *record);
                        count += 1;
                    }
                };
                let ((), recording) = stepper.run(armed, || self.scan(visit));
                let scan = Scan::from_visited(&visited[..count]);
                (Observation::Scanned(scan), recording)
            }
            Operation::Scan => {
                let visit = |_, record: &ProcessStatus| {
                    black_box(record.touch());
                };
                (nothing, stepper.run(armed, || self.scan(visit)).1)
            }
        };
        Answer {
            observed,
            recording,
        }
    }

    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut()) {
        self.read(id, |_| meanwhile());
    }

    fn publish(&mut self) {
        Handle::publish(self);
    }
}

/// Runs an operation, and says what came of it as `judge` has it; without that, what it returns is only made to be there.
#[inline(always)]
fn run<T>(
    stepper: &Stepper,
    armed: bool,
    operate: impl FnOnce() -> Option<T>,
    judge: Option<impl FnOnce(Option<T>) -> Observation>,
) -> (Observation, Option<Recording>) {
    if let Some(judge) = judge {
        let (result, recording) = stepper.run(armed, operate);
        return (judge(result), recording);
    }
    let (_, recording) = stepper.run(armed, || black_box(operate().is_some()));
    (Observation::default(), recording)
}

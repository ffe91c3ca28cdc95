//! One thread's access to a table, ready to do each operation step by step.

use basis::trace::Operation;
use contract::{
    Concurrency, Handle, ProcessId, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};
use trap::{Recording, Stepper};

use super::processes::is_elsewhere;
use super::request::{Request, heartbeat, running};
use super::stall::{Observation, Visited};

/// A table without its type, for as long as the process lives.
pub(crate) trait Table: Send + Sync {
    fn step_handle(&self) -> Box<dyn StepHandle + '_>;
}

/// A thread's access without its type. The stepping is on this side of the dynamic call, so what is
/// stepped is the very code that a user's program would run.
pub(crate) trait StepHandle {
    /// Does something; if `armed`, step by step.
    fn perform(&mut self, request: Request, stepper: &Stepper, armed: bool) -> Option<Recording>;
    /// Does something at full speed, and says what came of it.
    fn attempt(&mut self, request: Request) -> Observation;
    /// Does something step by step, and says what came of it, too.
    fn answer(&mut self, request: Request, stepper: &Stepper) -> (Observation, Option<Recording>);
    /// Reads a record, and is in the middle of that while `meanwhile` runs.
    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut());
    fn publish(&mut self);
}

/// Makes a table with room for so many records.
pub(crate) type MakeTable = fn(usize) -> Box<dyn Table>;

/// A strategy of the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TracedStrategy {
    pub(crate) make: MakeTable,
    pub(crate) profile: Profile,
}

impl TracedStrategy {
    pub(crate) fn of<S: Strategy<ProcessStatus>>() -> Self {
        Self {
            make: |records| Box::new(Owned(S::with_capacity(records))),
            profile: S::PROFILE,
        }
    }

    /// Whether more than one thread may use a table.
    pub(crate) fn is_shared(&self) -> bool {
        self.profile.concurrency == Concurrency::Any
    }
}

/// The strategy of that name, if there is one.
pub(crate) fn strategy(name: &str) -> Option<TracedStrategy> {
    struct Find<'n> {
        name: &'n str,
        found: Option<TracedStrategy>,
    }
    impl Visitor<ProcessStatus> for Find<'_> {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            if S::PROFILE.name == self.name {
                self.found = Some(TracedStrategy::of::<S>());
            }
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut find = Find { name, found: None };
    registry::visit_plain::<ProcessStatus>(&mut find);
    find.found
}

struct Owned<S>(S);

impl<S: Strategy<ProcessStatus>> Table for Owned<S> {
    fn step_handle(&self) -> Box<dyn StepHandle + '_> {
        Box::new(self.0.handle())
    }
}

/// Two tables of the same kind: the identifiers of the second are those that are [`is_elsewhere`].
pub(crate) struct Both {
    pub(crate) here: &'static dyn Table,
    pub(crate) elsewhere: Box<dyn Table>,
}

impl Table for Both {
    fn step_handle(&self) -> Box<dyn StepHandle + '_> {
        Box::new(BothHands {
            here: self.here.step_handle(),
            elsewhere: self.elsewhere.step_handle(),
        })
    }
}

struct BothHands<'t> {
    here: Box<dyn StepHandle + 't>,
    elsewhere: Box<dyn StepHandle + 't>,
}

impl<'t> BothHands<'t> {
    fn of(&mut self, id: ProcessId) -> &mut (dyn StepHandle + 't) {
        if is_elsewhere(id) {
            &mut *self.elsewhere
        } else {
            &mut *self.here
        }
    }
}

impl StepHandle for BothHands<'_> {
    fn perform(&mut self, request: Request, stepper: &Stepper, armed: bool) -> Option<Recording> {
        self.of(request.id).perform(request, stepper, armed)
    }

    fn attempt(&mut self, request: Request) -> Observation {
        self.of(request.id).attempt(request)
    }

    fn answer(&mut self, request: Request, stepper: &Stepper) -> (Observation, Option<Recording>) {
        self.of(request.id).answer(request, stepper)
    }

    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut()) {
        self.of(id).hold(id, meanwhile);
    }

    fn publish(&mut self) {
        self.here.publish();
        self.elsewhere.publish();
    }
}

impl<H: Handle<ProcessStatus>> StepHandle for H {
    fn perform(&mut self, request: Request, stepper: &Stepper, armed: bool) -> Option<Recording> {
        use std::hint::black_box;
        let id = black_box(request.id);
        match request.operation {
            Operation::ReadHit | Operation::ReadMiss => {
                // Not only whether there is one: a record that nobody looks at is not loaded.
                let read = || black_box(self.read(id, ProcessStatus::touch));
                stepper.run(armed, read).1
            }
            Operation::Apply => {
                let event = black_box(heartbeat(request.step));
                stepper
                    .run(armed, || black_box(self.apply(id, event).is_some()))
                    .1
            }
            Operation::Insert => {
                let record = black_box(running(id));
                stepper
                    .run(armed, || black_box(self.insert(id, record).is_some()))
                    .1
            }
            Operation::Remove => {
                stepper
                    .run(armed, || black_box(self.remove(id).is_some()))
                    .1
            }
            Operation::Scan => {
                let visit = |_, record: &ProcessStatus| {
                    black_box(record.touch());
                };
                stepper.run(armed, || self.scan(visit)).1
            }
        }
    }

    fn attempt(&mut self, request: Request) -> Observation {
        Observation::of(self, request)
    }

    fn answer(&mut self, request: Request, stepper: &Stepper) -> (Observation, Option<Recording>) {
        use std::hint::black_box;
        let id = black_box(request.id);
        let armed = true;
        // Records are copied while the operation lasts, and examined once it is over.
        match request.operation {
            Operation::ReadHit | Operation::ReadMiss => {
                let (found, recording) = stepper.run(armed, || self.read(id, |record| *record));
                (Observation::found(id, found.as_ref()), recording)
            }
            Operation::Apply => {
                let event = black_box(heartbeat(request.step));
                let (applied, recording) = stepper.run(armed, || self.apply(id, event));
                (Observation::applied(applied), recording)
            }
            Operation::Insert => {
                let record = black_box(running(id));
                let (old, recording) = stepper.run(armed, || self.insert(id, record));
                (Observation::found(id, old.as_ref()), recording)
            }
            Operation::Remove => {
                let (old, recording) = stepper.run(armed, || self.remove(id));
                (Observation::found(id, old.as_ref()), recording)
            }
            Operation::Scan => {
                let mut visited = Visited::new();
                let scan = || self.scan(|id, record| visited.visit(id, record));
                let ((), recording) = stepper.run(armed, scan);
                (Observation::Scanned(visited.scan()), recording)
            }
        }
    }

    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut()) {
        self.read(id, |_| meanwhile());
    }

    fn publish(&mut self) {
        Handle::publish(self);
    }
}

//! The table that a fault happens to, the threads that use it, and those that try to while something is wrong with it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use contract::{ErasedTable, Event, Handle, ProcessId};
use model::clock;
use model::fault::{Action, Fate, FaultSeen};

use crate::instrumented_record::{InstrumentedRecord, MakeTable, TableHandle, insert_running};

/// Records that nobody inserts or removes.
const RESIDENTS: u64 = 64;
/// Identifiers that come and go begin here.
const GUESTS: u64 = 1 << 32;

/// How long a thread that has nothing to wait for may take to get where it is to be stopped.
pub(crate) const CATCHING: Duration = Duration::from_secs(5);

/// A filled table, for as long as the process lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) table: &'static ErasedTable<InstrumentedRecord>,
    /// What does not end within this is held up.
    pub(crate) patience: Duration,
}

impl Scene {
    pub(crate) fn new(make: MakeTable, patience: Duration) -> Self {
        let table = Box::leak(Box::new(make(RESIDENTS as usize)));
        // A witness removes the guest.
        insert_running(&mut table.handle(), residents().chain([guest(0)]));
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
        // Fails only if it has died, which its answer says.
        let _ = self.asks.send(ask);
        self.is_busy.set(true);
    }

    /// What came of it, if it is done within `patience`; if not, why not.
    pub(crate) fn answer(&self, patience: Duration) -> Result<T, Fate> {
        let answer = self.answers.recv_timeout(patience).map_err(unanswered);
        self.is_busy.set(matches!(answer, Err(Fate::HeldUp)));
        answer
    }
}

/// What became of a thread that does not answer.
pub(crate) fn unanswered(reason: RecvTimeoutError) -> Fate {
    match reason {
        RecvTimeoutError::Timeout => Fate::HeldUp,
        RecvTimeoutError::Disconnected => Fate::Panicked,
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

/// The actions that change nothing.
pub(crate) const LOOKS: &[Action] = &[Action::Read, Action::ReadOthers, Action::Scan];
/// The actions that change something.
pub(crate) const WRITES: &[Action] = &[
    Action::Update,
    Action::UpdateOther,
    Action::Insert,
    Action::Remove,
];

/// One thread for each action, with its handle made before anything goes wrong.
pub(crate) struct Witnesses {
    threads: BTreeMap<Action, Worker<Work, Fate>>,
    patience: Duration,
}

/// An action, or its undoing; of records that the fault is about.
type Work = fn(Action, &mut TableHandle<'_>, &[ProcessId]) -> Fate;

impl Witnesses {
    /// Ready to do `actions`; `targets` are the records that the fault is about.
    pub(crate) fn assemble(
        scene: Scene,
        actions: &[Action],
        targets: &'static [ProcessId],
    ) -> Self {
        let witness = |&action: &Action| {
            let worker = scene.worker(move |handle, work: Work| {
                let went = catch_unwind(AssertUnwindSafe(|| work(action, handle, targets)));
                went.unwrap_or(Fate::Panicked)
            });
            (action, worker)
        };
        Self {
            threads: actions.iter().map(witness).collect(),
            patience: scene.patience,
        }
    }

    /// Has them do `actions` at the same time. What does not end is left running, and nothing more is
    /// asked of whoever does it.
    pub(crate) fn ask(&self, actions: &[Action], observed: &mut FaultSeen) {
        let begun = clock::now();
        for action in actions {
            self.threads[action].ask(perform);
        }
        for &action in actions {
            let left = self.patience.saturating_sub(begun.elapsed());
            let (Ok(fate) | Err(fate)) = self.threads[&action].answer(left);
            observed.add(action, fate);
        }
    }

    /// The fault is over: waits for those who were held up; who still is will never get done.
    pub(crate) fn settle(&self, observed: &mut FaultSeen) {
        for (&action, witness) in &self.threads {
            if witness.is_busy.get() && witness.answer(CATCHING) == Err(Fate::HeldUp) {
                observed.never.push(action);
            }
        }
    }

    /// Brings the table back to where it was; `false` if that cannot be done.
    pub(crate) fn tidy(&self) -> bool {
        self.threads.values().all(|witness| {
            witness.ask(undo);
            witness.answer(CATCHING).is_ok()
        })
    }

    /// Whether somebody is held up.
    pub(crate) fn someone_waits(&self) -> bool {
        self.threads.values().any(|witness| witness.is_busy.get())
    }
}

pub(crate) fn perform(action: Action, handle: &mut TableHandle<'_>, targets: &[ProcessId]) -> Fate {
    match action {
        Action::Read | Action::ReadAgain => worst(targets.iter().map(|&id| read(handle, id))),
        Action::ReadOthers => {
            let others = residents().filter(|id| !targets.contains(id));
            worst(others.map(|id| read(handle, id)))
        }
        Action::Scan => {
            let mut is_torn = false;
            handle.scan(|id, record| is_torn |= record.examine(id).is_err());
            if is_torn { Fate::Torn } else { Fate::Done }
        }
        Action::Update => worst(targets.iter().map(|&id| update(handle, id))),
        // One that no fault is about.
        Action::UpdateOther => update(handle, resident(33)),
        Action::Insert => {
            handle.insert(guest(1), InstrumentedRecord::running(guest(1)));
            Fate::Done
        }
        Action::Remove => done_if_there(handle.remove(guest(0))),
    }
}

/// What was inserted goes, what was removed comes back.
fn undo(action: Action, handle: &mut TableHandle<'_>, _: &[ProcessId]) -> Fate {
    match action {
        Action::Insert => drop(handle.remove(guest(1))),
        Action::Remove => drop(handle.insert(guest(0), InstrumentedRecord::running(guest(0)))),
        _ => {}
    }
    handle.publish();
    Fate::Done
}

fn worst(fates: impl Iterator<Item = Fate>) -> Fate {
    fates.max().unwrap_or(Fate::Done)
}

fn read(handle: &mut TableHandle<'_>, id: ProcessId) -> Fate {
    match handle.read(id, |record| record.examine(id)) {
        Some(Ok(())) => Fate::Done,
        Some(Err(_)) => Fate::Torn,
        None => Fate::Missing,
    }
}

fn update(handle: &mut TableHandle<'_>, id: ProcessId) -> Fate {
    done_if_there(handle.apply(id, Event::heartbeat(1)))
}

fn done_if_there<T>(answer: Option<T>) -> Fate {
    answer.map_or(Fate::Missing, |_| Fate::Done)
}

//! Threads that try to use the table while something is wrong with it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::subject::{Subject, TableHandle, heartbeat};
use contract::{Handle, ProcessId};
use model::clock;
use model::fault::{Deed, Fate, FaultSeen};

use crate::faults::scene::{CATCHING, Scene, Worker, guest, resident, residents};

/// The deeds that change nothing.
pub(crate) const LOOKS: &[Deed] = &[Deed::Read, Deed::ReadOthers, Deed::Scan];
/// The deeds that change something.
pub(crate) const WRITES: &[Deed] = &[Deed::Update, Deed::UpdateOther, Deed::Insert, Deed::Remove];

/// One thread for each deed, with its handle made before anything goes wrong.
pub(crate) struct Witnesses {
    threads: BTreeMap<Deed, Worker<Work, Fate>>,
    patience: Duration,
}

/// A deed, or its undoing; of records that the fault is about.
type Work = fn(Deed, &mut TableHandle<'_>, &[ProcessId]) -> Fate;

impl Witnesses {
    /// Ready to do `deeds`; `targets` are the records that the fault is about.
    pub(crate) fn assemble(scene: Scene, deeds: &[Deed], targets: &'static [ProcessId]) -> Self {
        let witness = |&deed: &Deed| {
            let worker = scene.worker(move |handle, work: Work| {
                let went = catch_unwind(AssertUnwindSafe(|| work(deed, handle, targets)));
                went.unwrap_or(Fate::Panicked)
            });
            (deed, worker)
        };
        Self {
            threads: deeds.iter().map(witness).collect(),
            patience: scene.patience,
        }
    }

    /// Has them do `deeds` at the same time. What does not end is left running, and nothing more is
    /// asked of whoever does it.
    pub(crate) fn ask(&self, deeds: &[Deed], seen: &mut FaultSeen) {
        let begun = clock::now();
        for deed in deeds {
            self.threads[deed].ask(perform);
        }
        for &deed in deeds {
            let left = self.patience.saturating_sub(begun.elapsed());
            let fate = self.threads[&deed].answer(left);
            seen.add(deed, fate.unwrap_or(Fate::HeldUp));
        }
    }

    /// The fault is over: waits for those who were held up; who still is will never get done.
    pub(crate) fn settle(&self, seen: &mut FaultSeen) {
        for (&deed, witness) in &self.threads {
            if witness.is_busy.get() && witness.answer(CATCHING).is_none() {
                seen.never.push(deed);
            }
        }
    }

    /// Brings the table back to where it was; `false` if that cannot be done.
    pub(crate) fn tidy(&self) -> bool {
        self.threads.values().all(|witness| {
            witness.ask(undo);
            witness.answer(CATCHING).is_some()
        })
    }

    /// Whether somebody is held up.
    pub(crate) fn someone_waits(&self) -> bool {
        self.threads.values().any(|witness| witness.is_busy.get())
    }
}

pub(crate) fn perform(deed: Deed, handle: &mut TableHandle<'_>, targets: &[ProcessId]) -> Fate {
    match deed {
        Deed::Read | Deed::ReadAgain => worst(targets.iter().map(|&id| read(handle, id))),
        Deed::ReadOthers => worst(
            residents()
                .filter(|id| !targets.contains(id))
                .map(|id| read(handle, id)),
        ),
        Deed::Scan => {
            let mut fate = Fate::Done;
            handle.scan(|id, record| {
                if record.examine(id).is_err() {
                    fate = Fate::Torn;
                }
            });
            fate
        }
        Deed::Update => worst(targets.iter().map(|&id| update(handle, id))),
        // One that no fault is about.
        Deed::UpdateOther => update(handle, resident(33)),
        Deed::Insert => {
            handle.insert(guest(1), Subject::running(guest(1)));
            Fate::Done
        }
        Deed::Remove => match handle.remove(guest(0)) {
            Some(_) => Fate::Done,
            None => Fate::Missing,
        },
    }
}

/// What was inserted goes, what was removed comes back.
fn undo(deed: Deed, handle: &mut TableHandle<'_>, _: &[ProcessId]) -> Fate {
    match deed {
        Deed::Insert => drop(handle.remove(guest(1))),
        Deed::Remove => drop(handle.insert(guest(0), Subject::running(guest(0)))),
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
    match handle.apply(id, heartbeat(1)) {
        Some(_) => Fate::Done,
        None => Fate::Missing,
    }
}

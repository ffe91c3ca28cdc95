//! Threads that try to use the table while something is wrong with it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use basis::clock;
use basis::fault::{Deed, Fate};
use contract::{Handle, ProcessId};
use subject::{Subject, TableHandle, heartbeat};

use crate::scene::{CATCHING, Scene, Seen, guest, resident, residents};

/// One thread for each deed, with its handle made before anything goes wrong.
pub(crate) struct Witnesses {
    threads: BTreeMap<Deed, Witness>,
    patience: Duration,
}

struct Witness {
    asks: SyncSender<Ask>,
    /// Whether it is ready, and then how each deed went.
    answers: Receiver<Fate>,
    is_busy: bool,
}

#[derive(Clone, Copy)]
enum Ask {
    Do,
    /// Undo: what was inserted goes, what was removed comes back.
    Undo,
}

impl Witnesses {
    /// Ready to do `deeds`; `targets` are the records that the fault is about.
    pub(crate) fn assemble(scene: Scene, deeds: &[Deed], targets: &'static [ProcessId]) -> Self {
        let threads = deeds
            .iter()
            .map(|&deed| (deed, Witness::start(scene, deed, targets)))
            .collect();
        Self {
            threads,
            patience: scene.patience,
        }
    }

    /// Has them do `deeds` at the same time. What does not end is left running, and nothing more is
    /// asked of whoever does it.
    pub(crate) fn ask(&mut self, deeds: &[Deed], seen: &mut Seen) {
        let begun = clock::now();
        for deed in deeds {
            self.threads[deed].begin(Ask::Do);
        }
        for &deed in deeds {
            let witness = self.threads.get_mut(&deed).expect("assembled");
            let left = self.patience.saturating_sub(begun.elapsed());
            let fate = witness.answers.recv_timeout(left);
            witness.is_busy = fate.is_err();
            seen.add(deed, fate.unwrap_or(Fate::HeldUp));
        }
    }

    /// The fault is over: waits for those who were held up; who still is will never get done.
    pub(crate) fn settle(&mut self, seen: &mut Seen) {
        for (&deed, witness) in &mut self.threads {
            if witness.is_busy {
                witness.is_busy = witness.answers.recv_timeout(CATCHING).is_err();
                if witness.is_busy {
                    seen.never.push(deed);
                }
            }
        }
    }

    /// Brings the table back to where it was; `false` if that cannot be done.
    pub(crate) fn tidy(&mut self) -> bool {
        self.threads.values().all(|witness| {
            witness.begin(Ask::Undo);
            witness.answers.recv_timeout(CATCHING).is_ok()
        })
    }

    /// Whether somebody is held up.
    pub(crate) fn someone_waits(&self) -> bool {
        self.threads.values().any(|witness| witness.is_busy)
    }
}

impl Witness {
    fn start(scene: Scene, deed: Deed, targets: &'static [ProcessId]) -> Self {
        let (asks, asked) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        scene.spawn(move |handle| {
            let _ = answer.send(Fate::Done);
            for ask in asked {
                let went = catch_unwind(AssertUnwindSafe(|| match ask {
                    Ask::Do => perform(deed, handle, targets),
                    Ask::Undo => undo(deed, handle),
                }));
                let _ = answer.send(went.unwrap_or(Fate::Panicked));
            }
        });
        let witness = Self {
            asks,
            answers,
            is_busy: false,
        };
        // Its handle is made.
        let _ = witness.answers.recv_timeout(CATCHING);
        witness
    }

    fn begin(&self, ask: Ask) {
        let _ = self.asks.send(ask);
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
        Deed::UpdateOther => update(handle, resident(RESIDENT_UPDATED)),
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

fn undo(deed: Deed, handle: &mut TableHandle<'_>) -> Fate {
    match deed {
        Deed::Insert => drop(handle.remove(guest(1))),
        Deed::Remove => drop(handle.insert(guest(0), Subject::running(guest(0)))),
        _ => {}
    }
    handle.publish();
    Fate::Done
}

/// One that no fault is about.
const RESIDENT_UPDATED: u64 = 33;

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

//! A thread that stops for good in the middle of an operation, and comes back once all has been seen.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use basis::fault::{Deed, Fate, OVERWRITES, Tally};
use conformance::Counting;
use contract::{Handle, ProcessId};
use subject::{Gate, IN_UPDATE, Subject, heartbeat, held_up};

use crate::scene::{CATCHING, Scene, Seen, guest, resident, residents};
use crate::witness::Witnesses;

/// Reads before the one that stops: so many that it is one like all others, and not the first.
const READS_BEFORE: u32 = 64;

static IN_READ: Gate = Gate::new();
/// Where a thread that came back waits, its handle kept: to drop it may free what it held.
static BACK: Gate = Gate::new();

const TARGET: &[ProcessId] = &[resident(0)];
/// The one that comes and goes while the thread is gone; no witness's.
const GUEST: ProcessId = guest(2);
const LOOKS: &[Deed] = &[Deed::Read, Deed::ReadOthers, Deed::Scan];
const WRITES: &[Deed] = &[Deed::Update, Deed::UpdateOther, Deed::Insert, Deed::Remove];

pub(crate) fn reader(scene: Scene) -> Seen {
    see(scene, &IN_READ, |scene| {
        scene.spawn(|handle| {
            // A version that nobody else has read or keeps.
            let _ = handle.apply(TARGET[0], heartbeat(0));
            for _ in 0..READS_BEFORE {
                handle.read(TARGET[0], |_| {});
            }
            handle.read(TARGET[0], |_| IN_READ.pass());
            // Whoever keeps a version for the next read lets go of the old one now.
            handle.read(TARGET[0], |_| {});
            BACK.pass();
        });
    })
}

pub(crate) fn writer(scene: Scene) -> Seen {
    see(scene, &IN_UPDATE, |scene| {
        scene.spawn(|handle| {
            let _ = handle.apply(TARGET[0], held_up());
            BACK.pass();
        });
    })
}

fn see(scene: Scene, gate: &'static Gate, stop: impl FnOnce(Scene)) -> Seen {
    let counting = Counting::start();
    let mut seen = Seen::default();
    let all: Vec<Deed> = [LOOKS, WRITES, &[Deed::ReadAgain]].concat();
    let mut witnesses = Witnesses::assemble(scene, &all, TARGET);
    let overwriter = Overwriter::start(scene);
    gate.shut();
    BACK.shut();
    stop(scene);
    if !gate.catches(CATCHING) {
        // Nothing was held, so there is nothing to be seen.
        return seen;
    }
    witnesses.ask(LOOKS, &mut seen);
    witnesses.ask(WRITES, &mut seen);
    let live = || counting.usage().live_bytes();
    if witnesses.someone_waits() {
        witnesses.ask(&[Deed::ReadAgain], &mut seen);
    } else if overwriter.overwrites() {
        let once = live();
        if overwriter.overwrites() {
            seen.tallies.insert(Tally::GarbageBytes, live() - once);
        }
    } else {
        // Only one write in so many waits, where many are published at once.
        seen.add(Deed::UpdateOther, Fate::HeldUp);
    }
    let nobody_waits = seen.tallies.contains_key(&Tally::GarbageBytes);
    if nobody_waits {
        // Whoever keeps what it read last keeps the newest now.
        witnesses.ask(LOOKS, &mut seen);
    }
    let before = live();
    gate.open();
    witnesses.settle(&mut seen);
    if nobody_waits && BACK.catches(CATCHING) {
        seen.tallies
            .insert(Tally::KeptBytes, (before - live()).max(0));
    }
    seen
}

/// A thread that updates every record, over and over, and inserts and removes one.
struct Overwriter {
    asks: SyncSender<()>,
    done: Receiver<()>,
    patience: Duration,
}

/// How much longer than one deed of a witness its many writes may take.
const FOR_MANY: u32 = 20;

impl Overwriter {
    fn start(scene: Scene) -> Self {
        let (asks, asked) = sync_channel::<()>(1);
        let (say_done, done) = sync_channel(1);
        scene.spawn(move |handle| {
            let _ = say_done.send(());
            for () in asked {
                for (step, id) in residents().cycle().take(OVERWRITES as usize).enumerate() {
                    match step % 4 {
                        0 => drop(handle.insert(GUEST, Subject::running(GUEST))),
                        1 => drop(handle.remove(GUEST)),
                        _ => drop(handle.apply(id, heartbeat(step))),
                    }
                }
                let _ = say_done.send(());
            }
        });
        let _ = done.recv_timeout(CATCHING);
        Self {
            asks,
            done,
            patience: scene.patience * FOR_MANY,
        }
    }

    /// Whether it could.
    fn overwrites(&self) -> bool {
        let _ = self.asks.send(());
        self.done.recv_timeout(self.patience).is_ok()
    }
}

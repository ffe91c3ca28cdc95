//! A thread that dies of a panic in the middle of an operation.

use std::sync::mpsc::sync_channel;

use basis::fault::Deed;
use contract::{Handle, ProcessId};
use subject::failing;

use crate::scene::{CATCHING, Scene, Seen, resident};
use crate::witness::Witnesses;

/// Who dies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Victim {
    Updater,
    Reader,
    Scanner,
}

const TARGET: &[ProcessId] = &[resident(0)];
const DEEDS: &[Deed] = &[
    Deed::Read,
    Deed::ReadOthers,
    Deed::Scan,
    Deed::Update,
    Deed::UpdateOther,
    Deed::Insert,
    Deed::Remove,
];

/// Nothing is printed about panics: they are what this process is for.
pub(crate) fn be_quiet() {
    std::panic::set_hook(Box::new(|_| {}));
}

pub(crate) fn see(scene: Scene, victim: Victim) -> Seen {
    let mut seen = Seen::default();
    let mut witnesses = Witnesses::assemble(scene, DEEDS, TARGET);
    let (alive, died) = sync_channel::<()>(0);
    scene.spawn(move |handle| {
        // Dropped last, when the thread has unwound: its handle is then gone, too.
        let _alive = alive;
        match victim {
            Victim::Updater => drop(handle.apply(TARGET[0], failing())),
            Victim::Reader => drop(handle.read(TARGET[0], |_| panic!("in a read"))),
            Victim::Scanner => handle.scan(|_, _| panic!("in a scan")),
        }
    });
    // It may hang as well, waiting for an actor that died: others try then all the same.
    let _ = died.recv_timeout(CATCHING.min(scene.patience));
    for &deed in DEEDS {
        // One after the other, so that each is about what the panic left and not about each other.
        witnesses.ask(&[deed], &mut seen);
    }
    witnesses.settle(&mut seen);
    seen
}

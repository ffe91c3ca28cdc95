//! A thread that dies of a panic in the middle of an operation.

use std::sync::mpsc::sync_channel;

use crate::subject::failing;
use contract::{Handle, ProcessId};
use model::fault::{Fault, FaultSeen};

use crate::faults::scene::{CATCHING, Scene, resident};
use crate::faults::witness::{LOOKS, WRITES, Witnesses};

const TARGET: &[ProcessId] = &[resident(0)];
pub(crate) fn observe(scene: Scene, seen: &mut FaultSeen) {
    let deeds = [LOOKS, WRITES].concat();
    let witnesses = Witnesses::assemble(scene, &deeds, TARGET);
    let (alive, died) = sync_channel::<()>(0);
    let fault = seen.fault;
    scene.spawn(move |handle| {
        // Dropped last, when the thread has unwound: its handle is then gone, too.
        let _alive = alive;
        match fault {
            Fault::PanicInUpdate => drop(handle.apply(TARGET[0], failing())),
            Fault::PanicInRead => drop(handle.read(TARGET[0], |_| panic!("in a read"))),
            _ => handle.scan(|_, _| panic!("in a scan")),
        }
    });
    // It may hang as well, waiting for an actor that died: others try then all the same.
    let _ = died.recv_timeout(CATCHING.min(scene.patience));
    for deed in deeds {
        // One after the other, so that each is about what the panic left and not about each other.
        witnesses.ask(&[deed], seen);
    }
    witnesses.settle(seen);
}

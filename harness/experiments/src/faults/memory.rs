//! No memory is left: every allocation of the process fails.
//!
//! What needs memory then ends the process, as Rust's collections do; whoever watches it sees that.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::instrumented_record::{InstrumentedRecord, TableHandle};
use conformance::Refusing;
use contract::{Event, Handle};
use model::fault::{Action, Fate, Fault, FaultSeen};
use nix::sys::resource::{Resource, setrlimit};

use crate::faults::scene::{Scene, guest, resident};

/// How often: what needs memory only now and then shall need it here.
const TIMES: u64 = 256;
/// How often with memory, before: whatever is set up at first use.
const WARM_UP: u64 = 8;

pub(crate) fn observe(scene: Scene, observed: &mut FaultSeen) {
    // A process that is meant to end so leaves no image of itself on the disk. Where that cannot be forbidden, it is not
    // harmful.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let action = match observed.fault {
        Fault::NoMemoryToRead => Action::Read,
        Fault::NoMemoryToUpdate => Action::Update,
        _ => Action::Insert,
    };
    let mut handle = scene.table.handle();
    (0..WARM_UP).for_each(|n| carry_out(action, &mut handle, n));
    let refusing = Refusing::start();
    let went = catch_unwind(AssertUnwindSafe(|| {
        (WARM_UP..WARM_UP + TIMES).for_each(|n| carry_out(action, &mut handle, n));
    }));
    drop(refusing);
    observed.add(action, went.map_or(Fate::Panicked, |()| Fate::Done));
}

fn carry_out(action: Action, handle: &mut TableHandle<'_>, n: u64) {
    let id = resident(n);
    match action {
        Action::Read => drop(std::hint::black_box(
            handle.read(id, InstrumentedRecord::touch),
        )),
        Action::Update => drop(handle.apply(id, Event::heartbeat(n))),
        _ => drop(handle.insert(guest(1 + n), InstrumentedRecord::running(guest(1 + n)))),
    }
}

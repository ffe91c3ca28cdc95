//! A thread that stops for good in the middle of an operation, and comes back once all has been seen; and one that dies
//! there of a panic.

use std::sync::mpsc::sync_channel;

use conformance::Counting;
use contract::{Event, Handle, ProcessId};
use model::fault::{Action, Fault, FaultSeen, OVERWRITES, Tally};

use crate::faults::scene::{CATCHING, LOOKS, Scene, WRITES, Witnesses, guest, resident, residents};
use crate::instrumented_record::{
    Gate, IN_UPDATE, InstrumentedRecord, TableHandle, failing, held_up,
};

/// Reads before the one that stops: so many that it is one like all others, and not the first.
const READS_BEFORE: u32 = 64;

static IN_READ: Gate = Gate::new();
/// Where a thread that came back waits, its handle kept: to drop it may free what it held.
static BACK: Gate = Gate::new();

const TARGET: &[ProcessId] = &[resident(0)];
/// The one that comes and goes while the thread is gone; no witness's.
const GUEST: ProcessId = guest(2);

pub(crate) fn observe(scene: Scene, observed: &mut FaultSeen) {
    let counting = Counting::start();
    let all: Vec<Action> = [LOOKS, WRITES, &[Action::ReadAgain]].concat();
    let witnesses = Witnesses::assemble(scene, &all, TARGET);
    let writer = scene.worker(|handle, ()| overwrite(handle));
    let overwrites = || {
        writer.ask(());
        writer.answer(scene.patience * FOR_MANY)
    };
    let (gate, stop): (&Gate, fn(&mut TableHandle<'static>)) = match observed.fault {
        Fault::ReaderGone => (&IN_READ, stop_in_read),
        _ => (&IN_UPDATE, stop_in_update),
    };
    gate.shut();
    BACK.shut();
    scene.spawn(stop);
    if !gate.catches(CATCHING) {
        // Nothing was held, so there is nothing to be seen.
        return;
    }
    witnesses.ask(LOOKS, observed);
    witnesses.ask(WRITES, observed);
    let live = || counting.usage().live_bytes();
    if witnesses.someone_waits() {
        witnesses.ask(&[Action::ReadAgain], observed);
    } else {
        let first = overwrites().map(|()| live());
        match first.and_then(|once| overwrites().map(|()| live() - once)) {
            Ok(garbage) => drop(observed.tallies.insert(Tally::GarbageBytes, garbage)),
            // Only one write in so many waits, where many are published at once.
            Err(fate) => observed.add(Action::UpdateOther, fate),
        }
    }
    let nobody_waits = observed.tallies.contains_key(&Tally::GarbageBytes);
    if nobody_waits {
        // Whoever keeps what it read last keeps the newest now.
        witnesses.ask(LOOKS, observed);
    }
    let before = live();
    gate.open();
    witnesses.settle(observed);
    if nobody_waits && BACK.catches(CATCHING) {
        let kept = (before - live()).max(0);
        observed.tallies.insert(Tally::KeptBytes, kept);
    }
}

fn stop_in_read(handle: &mut TableHandle<'static>) {
    // A version that nobody else has read or keeps.
    let _ = handle.apply(TARGET[0], Event::heartbeat(0));
    for _ in 0..READS_BEFORE {
        handle.read(TARGET[0], |_| {});
    }
    handle.read(TARGET[0], |_| IN_READ.pass());
    // Whoever keeps a version for the next read lets go of the old one now.
    handle.read(TARGET[0], |_| {});
    BACK.pass();
}

fn stop_in_update(handle: &mut TableHandle<'static>) {
    let _ = handle.apply(TARGET[0], held_up());
    BACK.pass();
}

/// How much longer than one action of a witness the many writes of [`overwrite`] may take.
const FOR_MANY: u32 = 20;

/// Updates every record, over and over, and inserts and removes one.
fn overwrite(handle: &mut TableHandle<'_>) {
    for (step, id) in (0..u64::from(OVERWRITES)).zip(residents().cycle()) {
        match step % 4 {
            0 => drop(handle.insert(GUEST, InstrumentedRecord::running(GUEST))),
            1 => drop(handle.remove(GUEST)),
            _ => drop(handle.apply(id, Event::heartbeat(step))),
        }
    }
}

/// A thread that dies of a panic in the middle of an operation.
pub(crate) fn observe_panic(scene: Scene, observed: &mut FaultSeen) {
    let actions = [LOOKS, WRITES].concat();
    let witnesses = Witnesses::assemble(scene, &actions, TARGET);
    let (alive, died) = sync_channel::<()>(0);
    let fault = observed.fault;
    std::thread::spawn(move || {
        // Dropped last, when the thread has unwound: its handle is then gone, too.
        let _alive = alive;
        let mut handle = scene.table.handle();
        match fault {
            Fault::PanicInUpdate => drop(handle.apply(TARGET[0], failing())),
            Fault::PanicInRead => drop(handle.read(TARGET[0], |_| panic!("in a read"))),
            _ => handle.scan(|_, _| panic!("in a scan")),
        }
    });
    // However long it has no processor: before it, others would find nothing wrong. It may hang as well, waiting for an
    // actor that died: others try then all the same.
    let _ = died.recv_timeout(CATCHING);
    for action in actions {
        // One after the other, so that each is about what the panic left and not about each other.
        witnesses.ask(&[action], observed);
    }
    witnesses.settle(observed);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use contract::{ErasedHandle, ErasedTable, Profile, Strategy};
    use model::fault::Fate;

    use super::*;
    use crate::instrumented_record;

    const PATIENCE: Duration = Duration::from_millis(20);

    /// A table behind a lock whose last handle takes a while; and how many handles it gave.
    struct LastHandleIsLate(ErasedTable<InstrumentedRecord>, AtomicUsize);

    impl Strategy<InstrumentedRecord> for LastHandleIsLate {
        const PROFILE: Profile = Profile::locked("planted/late", "its last handle is late");
        type Handle<'s> = ErasedHandle<'s, InstrumentedRecord>;

        fn with_capacity(processes: usize) -> Self {
            let make = instrumented_record::strategy("mutex/std").expect("it is registered");
            Self(make(processes), AtomicUsize::new(0))
        }

        fn handle(&self) -> ErasedHandle<'_, InstrumentedRecord> {
            // Of whoever fills it, of each witness, and of the thread that dies.
            if self.1.fetch_add(1, Ordering::SeqCst) == 1 + LOOKS.len() + WRITES.len() {
                std::thread::sleep(10 * PATIENCE);
            }
            self.0.handle()
        }
    }

    #[test]
    fn nobody_tries_before_the_panic() {
        let mut observed = FaultSeen::new("", Fault::PanicInUpdate);
        let scene = Scene::new(ErasedTable::new::<LastHandleIsLate>, PATIENCE);
        observe_panic(scene, &mut observed);
        // A busy machine may hold a reader up; but it does not find the record as it was.
        assert_ne!(observed.meanwhile[&Action::Read].fate, Fate::Done);
    }
}

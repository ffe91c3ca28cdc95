//! What others can still do while one thread is stuck in a read or an update, or scans.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use contract::Handle;
use model::probe::{Count, Distribution, Probe, ProbeSeen};

use crate::instrumented_record::{Gate, IN_UPDATE, OpenOnExit, held_up};
use crate::probes::join;
use crate::probes::support::fixture::Fixture;
use crate::probes::support::phases::{EndOnExit, Phases, SLICE, rounds};

const CALM: u32 = 0;
const DISTURBED: u32 = 1;

/// Whoever is to be stuck has the table to itself until it is: if it is not by then, there is nothing
/// to be stuck in.
const PATIENCE: Duration = Duration::from_millis(100);

/// What disturbs is a thread inside the closure of a read, one inside the application of an event, or one that
/// scans without pause.
pub(crate) fn probe(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    let table = fixture.table();
    let (phases, in_read) = (Phases::new(), Gate::new());
    let scans = outcome.probe == Probe::Scan;
    let is_writer = outcome.probe == Probe::StalledWriter;
    let gate = if is_writer { &IN_UPDATE } else { &in_read };
    let always = [true, true];
    let read = || phases.perform(&table, always, |handle, step| fixture.read(handle, 0, step));
    let write = || {
        phases.perform(&table, always, |handle, step| {
            fixture.update(handle, 1, step);
        })
    };
    let scan = || phases.perform(&table, [false, true], |handle, _| Fixture::scan(handle));
    std::thread::scope(|scope| {
        // A rendezvous, so that no command waits for a thread that is still stuck.
        let (command, commands) = sync_channel(0);
        let reader = (!scans).then(|| scope.spawn(read));
        let writer = scope.spawn(write);
        let scanner = scans.then(|| scope.spawn(scan));
        if !scans {
            let (table, in_read) = (&table, &in_read);
            scope.spawn(move || {
                let mut handle = table.handle();
                for () in commands {
                    if is_writer {
                        let _ = handle.apply(fixture.held(), held_up());
                    } else {
                        handle.read(fixture.held(), |_| in_read.pass());
                    }
                }
            });
        }
        let [calm_ns, disturbed_ns] = {
            let _end = (EndOnExit(&phases), OpenOnExit(gate));
            phases.wait_for(2);
            let begin = || scans || catch(gate, &command);
            alternate(&phases, rounds(budget, 2), begin, || gate.open())
        };
        drop(command);
        outcome.add(Count::CalmNs, calm_ns);
        outcome.add(Count::DisturbedNs, disturbed_ns);
        if let Some([calm, disturbed]) = reader.map(join) {
            outcome.add(Count::CalmReads, calm.completed);
            outcome.add(Count::DisturbedReads, disturbed.completed);
            outcome.keep(Distribution::CalmReads, &calm.waits);
            outcome.keep(Distribution::Reads, &disturbed.waits);
        }
        let [calm, disturbed] = join(writer);
        outcome.add(Count::CalmWrites, calm.completed);
        outcome.add(Count::DisturbedWrites, disturbed.completed);
        outcome.keep(Distribution::CalmWrites, &calm.waits);
        outcome.keep(Distribution::Writes, &disturbed.waits);
        if let Some([_, scans]) = scanner.map(join) {
            outcome.add(Count::Scans, scans.completed);
        }
    });
}

/// Calm and disturbed slices in turn. Returns how long each kind was in all, in nanoseconds; none is
/// disturbed if the disturbance does not come about.
fn alternate(phases: &Phases, rounds: u32, begin: impl Fn() -> bool, end: impl Fn()) -> [u64; 2] {
    let mut lengths = [0, 0];
    for _ in 0..rounds {
        lengths[0] += phases.run(CALM, SLICE);
        // In the pause, so that nobody who never pauses keeps the disturber out.
        if !begin() {
            break;
        }
        lengths[1] += phases.run(DISTURBED, SLICE);
        end();
    }
    lengths
}

/// Has the other thread get stuck; whether it did.
fn catch(gate: &Gate, command: &SyncSender<()>) -> bool {
    gate.shut();
    // Fails only if the thread has panicked, and then nobody is caught.
    let _ = command.send(());
    gate.catches(PATIENCE)
}

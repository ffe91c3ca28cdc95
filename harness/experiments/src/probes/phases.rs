//! Threads that work in phases, each as fast as it can, and what each did in which phase: whether one of two that never
//! pause pushes the other aside, and what others can still do while one is stuck in a read or an update, or scans.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use contract::{ErasedTable, Handle};
use model::clock;
use model::probe::{Count, Distribution, Histogram, Probe, ProbeSeen};

use crate::instrumented_record::{
    Gate, IN_UPDATE, InstrumentedRecord, OpenOnExit, TableHandle, held_up,
};
use crate::probes::fixture::Fixture;
use crate::probes::join;
use crate::probes::open_loop::Timeline;

/// Tells threads which phase it is. All accesses are relaxed: nothing is published through it, and
/// what the threads saw is returned when they are joined.
#[derive(Debug)]
struct Phases {
    time: Instant,
    /// [`PAUSE`], [`OVER`], or a phase's number plus one.
    phase: AtomicU32,
    ready: AtomicUsize,
}

const PAUSE: u32 = 0;
const OVER: u32 = u32::MAX;

/// How often a thread that has nothing to do looks whether it has. Asleep between two looks: it must
/// not take the processor from those that work.
const IDLE: Duration = Duration::from_micros(50);

/// What one thread did in one phase.
#[derive(Clone, Debug, Default)]
struct PhaseResult {
    /// Operations that ended in the phase in which they began.
    completed: u64,
    /// Nanoseconds from the end of one operation to the end of the next, of all that began in the
    /// phase. One that was held up until after its end is here and not among the completed.
    waits: Histogram,
}

impl Phases {
    fn new() -> Self {
        Self {
            time: clock::now(),
            phase: AtomicU32::new(PAUSE),
            ready: AtomicUsize::new(0),
        }
    }

    /// A thread's part: does `operation` on the table in the phases in which it takes part, until the end.
    /// Returns a result for each phase.
    fn perform<const PHASES: usize>(
        &self,
        table: &ErasedTable<InstrumentedRecord>,
        takes_part: [bool; PHASES],
        mut operation: impl FnMut(&mut TableHandle<'_>, usize),
    ) -> [PhaseResult; PHASES] {
        let mut handle = table.handle();
        let mut results = [(); PHASES].map(|()| PhaseResult::default());
        let mut step = 0;
        // In which phase the last operation ended, and when.
        let mut last = (PAUSE, 0);
        self.ready.fetch_add(1, Ordering::Relaxed);
        loop {
            let begun = self.phase.load(Ordering::Relaxed);
            if begun == OVER {
                return results;
            }
            let index = begun.wrapping_sub(1) as usize;
            if begun == PAUSE || !takes_part[index] {
                last.0 = PAUSE;
                std::thread::sleep(IDLE);
                continue;
            }
            let from_ns = if last.0 == begun {
                last.1
            } else {
                self.time.now_ns()
            };
            operation(&mut handle, step);
            step += 1;
            let now_ns = self.time.now_ns();
            results[index].waits.record(now_ns - from_ns);
            results[index].completed += u64::from(self.phase.load(Ordering::Relaxed) == begun);
            last = (begun, now_ns);
        }
    }

    /// Waits until so many threads are there.
    fn wait_for(&self, threads: usize) {
        while self.ready.load(Ordering::Relaxed) < threads {
            std::thread::sleep(IDLE);
        }
    }

    /// Runs a slice of a phase, followed by a pause. Returns how long it was, in nanoseconds.
    fn run(&self, phase: u32) -> u64 {
        let from_ns = self.time.now_ns();
        self.phase.store(phase + 1, Ordering::Relaxed);
        std::thread::sleep(SLICE);
        self.phase.store(PAUSE, Ordering::Relaxed);
        self.time.now_ns() - from_ns
    }
}

/// Ends the phases when it goes out of scope, however that comes.
#[derive(Debug)]
struct EndOnExit<'s>(&'s Phases);

impl Drop for EndOnExit<'_> {
    fn drop(&mut self) {
        self.0.phase.store(OVER, Ordering::Relaxed);
    }
}

/// How many rounds of `phases` slices fit into a budget; at least one.
fn rounds(budget: Duration, phases: u32) -> u32 {
    let fit = budget.as_nanos() / (SLICE * phases).as_nanos();
    (fit as u32).max(1)
}

/// A slice of a phase. Short, so that calm and disturbed ones see the same machine, and so that what a
/// stuck reader keeps from being freed stays small.
const SLICE: Duration = Duration::from_millis(5);

/// One reads and one updates, or both update: the first alone, the second alone, and both together.
pub(crate) fn fairness(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    let table = fixture.table();
    let phases = Phases::new();
    let reads = outcome.probe == Probe::FairnessReadWrite;
    let mut lengths = [0; 3];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            phases.perform(&table, [true, false, true], |handle, step| {
                if reads {
                    fixture.read(handle, 0, step);
                } else {
                    fixture.update(handle, 0, step);
                }
            })
        });
        let second = scope.spawn(|| {
            phases.perform(&table, [false, true, true], |handle, step| {
                fixture.update(handle, 1, step);
            })
        });
        let end = EndOnExit(&phases);
        phases.wait_for(2);
        for _ in 0..rounds(budget, 3) {
            for (phase, length) in (0..).zip(&mut lengths) {
                *length += phases.run(phase);
            }
        }
        drop(end);
        (join(first), join(second))
    });
    let [first_alone, _, first] = first;
    let [_, second_alone, second] = second;
    outcome.add(Count::FirstAloneNs, lengths[0]);
    outcome.add(Count::FirstAlone, first_alone.completed);
    outcome.add(Count::SecondAloneNs, lengths[1]);
    outcome.add(Count::SecondAlone, second_alone.completed);
    outcome.add(Count::TogetherNs, lengths[2]);
    outcome.add(Count::FirstTogether, first.completed);
    outcome.add(Count::SecondTogether, second.completed);
    let (of_first, of_second) = if reads {
        (Distribution::Reads, Distribution::Writes)
    } else {
        (Distribution::Writes, Distribution::OtherWrites)
    };
    outcome.keep(of_first, &first.waits);
    outcome.keep(of_second, &second.waits);
}

const CALM: u32 = 0;
const DISTURBED: u32 = 1;

/// Whoever is to be stuck has the table to itself until it is: if it is not by then, there is nothing
/// to be stuck in.
const PATIENCE: Duration = Duration::from_millis(100);

/// What disturbs is a thread inside the closure of a read, one inside the application of an event, or one that
/// scans without pause.
pub(crate) fn disturbance(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
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
        // Calm and disturbed slices in turn; none is disturbed if the disturbance does not come about.
        let (mut calm_ns, mut disturbed_ns) = (0, 0);
        let end = (EndOnExit(&phases), OpenOnExit(gate));
        phases.wait_for(2);
        for _ in 0..rounds(budget, 2) {
            calm_ns += phases.run(CALM);
            // In the pause, so that nobody who never pauses keeps the disturber out.
            if !(scans || catch(gate, &command)) {
                break;
            }
            disturbed_ns += phases.run(DISTURBED);
            gate.open();
        }
        drop((end, command));
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

/// Has the other thread get stuck; whether it did.
fn catch(gate: &Gate, command: &SyncSender<()>) -> bool {
    gate.shut();
    // Fails only if the thread has panicked, and then nobody is caught.
    let _ = command.send(());
    gate.catches(PATIENCE)
}

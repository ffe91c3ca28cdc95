//! Threads that work in phases, each as fast as it can, and what each did in which phase.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contract::ErasedTable;
use model::clock;
use model::probe::Histogram;

use crate::instrumented_record::{InstrumentedRecord, TableHandle};
use crate::probes::support::clock::Timeline;

/// Tells threads which phase it is. All accesses are relaxed: nothing is published through it, and
/// what the threads saw is returned when they are joined.
#[derive(Debug)]
pub(crate) struct Phases {
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
pub(crate) struct PhaseResult {
    /// Operations that ended in the phase in which they began.
    pub(crate) completed: u64,
    /// Nanoseconds from the end of one operation to the end of the next, of all that began in the
    /// phase. One that was held up until after its end is here and not among the completed.
    pub(crate) waits: Histogram,
}

impl Phases {
    pub(crate) fn new() -> Self {
        Self {
            time: clock::now(),
            phase: AtomicU32::new(PAUSE),
            ready: AtomicUsize::new(0),
        }
    }

    /// A thread's part: does `operation` on the table in the phases in which it takes part, until the end.
    /// Returns a result for each phase.
    pub(crate) fn perform<const PHASES: usize>(
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
    pub(crate) fn wait_for(&self, threads: usize) {
        while self.ready.load(Ordering::Relaxed) < threads {
            std::thread::sleep(IDLE);
        }
    }

    /// Runs a phase, followed by a pause. Returns how long it was, in nanoseconds.
    pub(crate) fn run(&self, phase: u32, length: Duration) -> u64 {
        let from_ns = self.time.now_ns();
        self.phase.store(phase + 1, Ordering::Relaxed);
        std::thread::sleep(length);
        self.phase.store(PAUSE, Ordering::Relaxed);
        self.time.now_ns() - from_ns
    }
}

/// Ends the phases when it goes out of scope, however that comes.
#[derive(Debug)]
pub(crate) struct EndOnExit<'s>(pub(crate) &'s Phases);

impl Drop for EndOnExit<'_> {
    fn drop(&mut self) {
        self.0.phase.store(OVER, Ordering::Relaxed);
    }
}

/// How many rounds of `phases` slices fit into a budget; at least one.
pub(crate) fn rounds(budget: Duration, phases: u32) -> u32 {
    let fit = budget.as_nanos() / (SLICE * phases).as_nanos();
    (fit as u32).max(1)
}

/// A slice of a phase. Short, so that calm and disturbed ones see the same machine, and so that what a
/// stuck reader keeps from being freed stays small.
pub(crate) const SLICE: Duration = Duration::from_millis(5);

//! What the threads of a scenario work on, prepared before any time is taken.
//!
//! No random number is drawn and nothing is allocated inside a timed loop: every thread walks a tape
//! of identifiers. All readers and updaters share one tape and begin at different places, so that
//! they meet on the same records, and so that ten threads' tapes do not push the table out of the
//! cache.

use contract::{Change, ErasedHandle, Event, Handle, ProcessId, Specimen};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::scenario::{Identifiers, Scenario};

/// Entries of a tape: 64 KiB of identifiers, too long for a branch predictor to learn and short
/// enough for a second-level cache.
pub const TAPE_LENGTH: usize = 8_192;

/// Pids begin somewhere in the range that a kernel starts from.
const PID_START_SPAN: u64 = 30_000;
/// The largest step from one process that still lives to the next.
const PID_GAP_MAX: u64 = 8;

/// How many of a churning thread's processes are in the table at a time.
const CHURN_WINDOW: usize = 32;

/// The identifiers of a scenario and the order in which they are used.
#[derive(Clone, Debug)]
pub struct Field {
    /// The processes in the table.
    pub processes: Vec<ProcessId>,
    /// The shared tape.
    tape: Vec<ProcessId>,
    seed: u64,
}

impl Field {
    /// Draws identifiers and tape. Equal seeds give equal fields.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut pid = 300 + random.next_u64() % PID_START_SPAN;
        let mut name = || match scenario.ids {
            Identifiers::Random => random.next_u64(),
            Identifiers::Pids => {
                pid += 1 + random.next_u64() % PID_GAP_MAX;
                pid
            }
        };
        let processes: Vec<ProcessId> =
            (0..scenario.processes).map(|_| ProcessId(name())).collect();
        let tape = (0..TAPE_LENGTH)
            .map(|_| {
                let product = u128::from(random.next_u64()) * processes.len() as u128;
                processes[(product >> 64) as usize]
            })
            .collect();
        Self {
            processes,
            tape,
            seed,
        }
    }

    /// Puts every process into an empty table, running.
    pub fn fill<R: Specimen>(&self, mut handle: ErasedHandle<'_, R>) {
        for &id in &self.processes {
            handle.insert(id, R::pending(id));
            handle.apply(id, Event::at(0, Change::Start));
        }
        handle.publish();
    }

    /// A number that differs from process to process.
    pub fn turn(&self) -> usize {
        self.seed as usize
    }

    /// The shared tape, and where thread `index` of `threads` begins.
    pub fn tape(&self, index: usize, threads: usize) -> (&[ProcessId], usize) {
        (&self.tape, TAPE_LENGTH / threads.max(1) * index)
    }

    /// A tape of identifiers that nobody else uses, for a thread that inserts and removes.
    pub fn churn_tape(&self, index: usize) -> Churn {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ (index as u64 + 1) << 32);
        Churn {
            ids: (0..TAPE_LENGTH)
                .map(|_| ProcessId(random.next_u64()))
                .collect(),
        }
    }
}

/// The tape of a churning thread: at each step one identifier comes and an older one goes.
#[derive(Clone, Debug)]
pub struct Churn {
    ids: Vec<ProcessId>,
}

impl Churn {
    /// The identifier that comes at this step.
    #[inline]
    pub fn comes(&self, step: usize) -> ProcessId {
        self.ids[step % TAPE_LENGTH]
    }

    /// The identifier that goes at this step: it came as many steps ago as a thread keeps
    /// processes in the table.
    #[inline]
    pub fn goes(&self, step: usize) -> ProcessId {
        self.ids[(step + TAPE_LENGTH - CHURN_WINDOW) % TAPE_LENGTH]
    }

    /// The identifiers that are in the table before this step.
    pub fn present(&self, step: usize) -> impl Iterator<Item = ProcessId> {
        (step.saturating_sub(CHURN_WINDOW)..step).map(|step| self.ids[step % TAPE_LENGTH])
    }
}

/// The heartbeat that a writer applies.
#[inline]
pub fn heartbeat(step: usize) -> Event {
    let step = step as u64;
    Event::at(
        step,
        Change::Heartbeat {
            cpu_ns: step,
            rss_bytes: step << 12,
        },
    )
}

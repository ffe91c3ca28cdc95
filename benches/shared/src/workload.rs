//! What is in the table and the order in which it is used, drawn before any time is taken.

use contract::{Event, Handle, ProcessId, ProcessStatus, Specimen, Strategy};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Records in the table: 64 KiB of them, more than a first-level cache and less than a second-level
/// one holds.
pub const PROCESSES: usize = 1_024;

/// Operations in one iteration. A scan visits as many records, so that an iteration is the same amount
/// of work in every group.
pub const PASS: usize = PROCESSES;

/// Passes until the order repeats: 64 KiB of identifiers, too long for a branch predictor to learn.
const PASSES: usize = 8;

/// Equal on every machine and in every run, so that saved baselines are comparable.
const SEED: u64 = 0x7069_766f_7400_0001;

/// The identifiers of the processes, and a tape of them: every entry uniformly drawn.
#[derive(Clone, Debug)]
pub struct Workload {
    processes: Vec<ProcessId>,
    tape: Vec<[ProcessId; PASS]>,
}

impl Workload {
    /// The one workload of these benches.
    #[expect(clippy::new_without_default, reason = "drawing it is work")]
    pub fn new() -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
        let processes: Vec<_> = (0..PROCESSES)
            .map(|_| ProcessId(random.next_u64()))
            .collect();
        let mut draw = || {
            let product = u128::from(random.next_u64()) * PROCESSES as u128;
            processes[(product >> 64) as usize]
        };
        let tape = (0..PASSES)
            .map(|_| std::array::from_fn(|_| draw()))
            .collect();
        Self { processes, tape }
    }

    /// What the table holds: every process, running.
    pub fn records(&self) -> impl Iterator<Item = (ProcessId, ProcessStatus)> {
        self.processes
            .iter()
            .map(|&id| (id, ProcessStatus::running(id)))
    }

    /// A table that holds them.
    ///
    /// # Panics
    ///
    /// When the table does not hold what was put into it: nothing is timed that does nothing.
    pub fn table<S: Strategy<ProcessStatus>>(&self) -> S {
        let table = S::with_capacity(PROCESSES);
        let mut handle = table.handle();
        for (id, record) in self.records() {
            handle.insert(id, record);
        }
        handle.publish();
        for &id in &self.processes {
            let record = handle.read(id, |_| ());
            assert!(record.is_some(), "{}: {id} is missing", S::PROFILE.name);
        }
        drop(handle);
        table
    }

    /// The tape, one pass after the other, without end.
    pub fn passes(&self) -> impl Iterator<Item = &[ProcessId; PASS]> {
        self.tape.iter().cycle()
    }
}

/// The heartbeat that a writer applies at a step of its tape.
#[inline]
pub(crate) fn heartbeat(step: usize) -> Event {
    Event::heartbeat(step as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_finds_a_running_process() {
        let workload = Workload::new();
        let table: mutex::StdMutex<ProcessStatus> = workload.table();
        let mut handle = table.handle();
        for pass in workload.passes().take(PASSES) {
            for (step, &id) in pass.iter().enumerate() {
                let applied = handle.apply(id, heartbeat(step));
                assert!(matches!(applied, Some(Ok(_))), "{id}: {applied:?}");
            }
        }
    }

    #[test]
    fn the_workload_is_the_same_every_time() {
        let (first, second) = (Workload::new(), Workload::new());
        assert!(first.passes().take(PASSES).eq(second.passes().take(PASSES)));
    }
}

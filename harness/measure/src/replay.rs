//! A process trace, prepared to be replayed in slices.
//!
//! A slice is shorter than most traces: each block begins at another place, evenly spaced in time, and
//! all strategies of a block at the same one. Behind the last event everybody who is left is removed,
//! so that the trace can go round and round: as if the machine were started anew.

use std::collections::BTreeSet;

use contract::{ErasedHandle, Handle, ProcessId, Specimen};
use model::random::below;
use model::sample::Kinds;
use model::workload::{Operation, Step, Workload};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::field::{TAPE_LENGTH, passes};

/// In how many places a slice may begin.
const STARTS: u32 = 16;

/// A trace, with the places where slices begin.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    /// The trace's operations, and the removal of everybody who is left.
    pub(crate) operations: Vec<Operation>,
    starts: Vec<Start>,
    /// Those who live when most do.
    pub(crate) fullest: Vec<ProcessId>,
    pub(crate) period_ns: u64,
}

/// Where a slice begins.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// The next operation.
    pub(crate) at: usize,
    /// Who lives then.
    alive: Vec<ProcessId>,
    /// Whom a health checker asks for: those. Some will have exited by the time, which it then finds
    /// out.
    pub(crate) tape: Vec<ProcessId>,
}

impl Replay {
    pub(crate) fn new(workload: &Workload, random: &mut Xoshiro256PlusPlus) -> Self {
        let mut operations = workload.operations();
        let period_ns = workload.summary.duration_ns;
        let begins = |part: u32| {
            // In the middle of each part: at the very beginning nobody lives yet.
            let at_ns = period_ns / u64::from(2 * STARTS) * u64::from(2 * part + 1);
            operations.partition_point(|operation| operation.at_ns < at_ns)
        };
        let begins: BTreeSet<usize> = (0..STARTS).map(begins).collect();
        let mut alive: BTreeSet<ProcessId> = BTreeSet::new();
        let mut fullest = alive.clone();
        let mut starts: Vec<Start> = Vec::new();
        for (at, operation) in operations.iter().enumerate() {
            if begins.contains(&at) {
                let (alive, tape) = (alive.iter().copied().collect(), Vec::new());
                starts.push(Start { at, alive, tape });
            }
            match operation.step {
                Step::Insert => drop(alive.insert(operation.id)),
                Step::Remove => drop(alive.remove(&operation.id)),
                Step::Apply(_) => {}
            }
            if alive.len() > fullest.len() {
                fullest.clone_from(&alive);
            }
        }
        let removed = |&id: &ProcessId| Operation {
            at_ns: period_ns,
            id,
            step: Step::Remove,
        };
        operations.extend(alive.iter().map(removed));
        let fullest: Vec<ProcessId> = fullest.into_iter().collect();
        for Start { alive, tape, .. } in &mut starts {
            *tape = draw(if alive.is_empty() { &fullest } else { alive }, random);
        }
        Self {
            operations,
            starts,
            fullest,
            period_ns,
        }
    }

    /// Where the slices of a block begin.
    pub(crate) fn start(&self, block: u32) -> &Start {
        &self.starts[block as usize % self.starts.len()]
    }

    /// Of which kind `total` operations from `at` on are.
    pub(crate) fn kinds(&self, at: usize, total: u64) -> Kinds {
        let mut kinds = Kinds::default();
        for (entry, times) in passes(self.operations.len(), at, total) {
            *match self.operations[entry].step {
                Step::Insert => &mut kinds.inserts,
                Step::Apply(_) => &mut kinds.writes,
                Step::Remove => &mut kinds.removes,
            } += times;
        }
        kinds
    }
}

impl Start {
    /// Makes a table hold exactly those who live here.
    pub(crate) fn enter<R: Specimen>(&self, mut handle: ErasedHandle<'_, R>) {
        handle.publish();
        let mut present = Vec::new();
        handle.scan(|id, _| present.push(id));
        for id in present {
            handle.remove(id);
        }
        for &id in &self.alive {
            handle.insert(id, R::running(id));
        }
        handle.publish();
    }
}

/// A tape of identifiers, drawn from these; at least one.
pub(crate) fn draw(from: &[ProcessId], random: &mut Xoshiro256PlusPlus) -> Vec<ProcessId> {
    let mut draw = || from[below(random, from.len())];
    (0..TAPE_LENGTH).map(|_| draw()).collect()
}

#[cfg(test)]
mod tests {
    use contract::{ErasedTable, ProcessStatus};
    use rand_core::SeedableRng;

    use super::*;

    /// Ten processes, one born a microsecond, each living for three.
    fn replay() -> Replay {
        let mut text = "# pivot-process-trace/1\nat_ns,event,pid,start\n".to_owned();
        for at in 0..10 {
            if at >= 3 {
                text.push_str(&format!("{},exit,{},1\n", at * 1_000, at - 2));
            }
            text.push_str(&format!("{},born,{},1\n", at * 1_000, at + 1));
        }
        let workload = Workload::parse(text.as_bytes(), "t").unwrap();
        Replay::new(&workload, &mut Xoshiro256PlusPlus::seed_from_u64(1))
    }

    #[test]
    fn a_lap_leaves_the_table_as_it_was() {
        let replay = replay();
        assert_eq!(replay.fullest.len(), 3);
        for block in 0..STARTS {
            let start = replay.start(block);
            let mut alive: BTreeSet<ProcessId> = start.alive.iter().copied().collect();
            let lap = replay.operations.iter().cycle().skip(start.at);
            for operation in lap.take(replay.operations.len()) {
                assert!(match operation.step {
                    Step::Insert => alive.insert(operation.id),
                    Step::Apply(_) => alive.contains(&operation.id),
                    Step::Remove => alive.remove(&operation.id),
                });
            }
            assert_eq!(alive.into_iter().collect::<Vec<_>>(), start.alive);
        }
    }

    #[test]
    fn blocks_begin_in_different_places_with_those_who_live_there() {
        let replay = replay();
        assert!(replay.starts.len() > 5, "{}", replay.starts.len());
        let table = ErasedTable::<ProcessStatus>::new::<mutex::StdMutex<ProcessStatus>>(4);
        for start in &replay.starts {
            start.enter(table.handle());
            let mut present = Vec::new();
            table.handle().scan(|id, record| {
                assert_eq!(record.examine(id), Ok(()));
                present.push(id);
            });
            present.sort_unstable();
            assert_eq!(present, start.alive);
        }
    }

    #[test]
    fn kinds_are_counted_over_any_number_of_laps() {
        let replay = replay();
        let at = replay.start(7).at;
        for total in [0, 1, 5, 40, 41, 1_000] {
            let mut expected = Kinds::default();
            for operation in replay.operations.iter().cycle().skip(at).take(total) {
                match operation.step {
                    Step::Insert => expected.inserts += 1,
                    Step::Apply(_) => expected.writes += 1,
                    Step::Remove => expected.removes += 1,
                }
            }
            assert_eq!(replay.kinds(at, total as u64), expected, "{total}");
        }
    }
}

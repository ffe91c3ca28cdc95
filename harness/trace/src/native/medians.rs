//! One value of many: over layouts, threads and repetitions.

use std::collections::{BTreeMap, BTreeSet};

use basis::trace::{Counts, Footprint, Operation, Pair, SharedLines, State};

use super::execution::Execution;
use super::symbolizer::{Comparison, Symbolizer};

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    counts: BTreeMap<(Operation, State), Vec<Counts>>,
    cut_short: BTreeSet<(Operation, State)>,
    /// Where functions begin that are called.
    called: BTreeMap<(Operation, State), BTreeSet<u64>>,
    held_up: BTreeSet<Operation>,
    /// First, second, and whether they are about the same process.
    pairs: BTreeMap<(Operation, Operation, bool), Vec<Comparison>>,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        operation: Operation,
        state: State,
        seen: &Execution,
        dirtied: u64,
    ) {
        let key = (operation, state);
        self.counts.entry(key).or_default().push(Counts {
            lines_dirtied: dirtied,
            ..seen.counts
        });
        if state == State::Quiescent {
            self.called.entry(key).or_default().extend(&seen.called);
        }
        if seen.is_cut_short {
            self.cut_short.insert(key);
        }
    }

    /// The operation waits for a guard.
    pub(crate) fn hold_up(&mut self, operation: Operation) {
        self.held_up.insert(operation);
    }

    pub(crate) fn is_held_up(&self, operation: Operation) -> bool {
        self.held_up.contains(&operation)
    }

    pub(crate) fn add_pair(&mut self, which: (Operation, Operation, bool), seen: Comparison) {
        self.pairs.entry(which).or_default().push(seen);
    }

    /// Each operation in each state that it was looked at in.
    pub(crate) fn footprints(
        &self,
        operations: &[Operation],
        states: &[State],
        symbolizer: &mut Symbolizer,
    ) -> Vec<Footprint> {
        let mut footprints = Vec::new();
        for &operation in operations {
            for &state in states {
                let key = (operation, state);
                let is_held_up = state == State::GuardHeld && self.is_held_up(operation);
                let all = self.counts.get(&key).filter(|_| !is_held_up);
                if all.is_some() || is_held_up {
                    footprints.push(Footprint {
                        operation,
                        state,
                        counts: all.map(|all| of_counts(all)),
                        is_cut_short: self.cut_short.contains(&key),
                        called: self
                            .called
                            .get(&key)
                            .map(|called| symbolizer.called(called))
                            .unwrap_or_default(),
                    });
                }
            }
        }
        footprints
    }

    /// Each pair that was looked at.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        self.pairs
            .iter()
            .map(|(&(first, second, same_process), all)| {
                let middle = median(all.iter().map(|seen| seen.conflict));
                let at_64 = of_lines(all, |seen| &seen.at_64);
                // Names and ways are those of a layout that is like the middle one.
                let alike = || all.iter().filter(|seen| seen.conflict == middle);
                let named = alike().next();
                let followed = alike().find(|seen| seen.at_64 == at_64).or(named);
                Pair {
                    first,
                    second,
                    same_process,
                    conflict: middle,
                    at_64,
                    at_128: of_lines(all, |seen| &seen.at_128),
                    blame: named.map_or_else(Vec::new, |seen| seen.blame.clone()),
                    paths: followed
                        .filter(|_| is_followed(first, second))
                        .map(|seen| seen.paths.clone()),
                }
            })
            .collect()
    }
}

/// Whether the ways of a pair are kept: what programs do most, and what predictions are made of.
fn is_followed(first: Operation, second: Operation) -> bool {
    let is_frequent = |operation| matches!(operation, Operation::ReadHit | Operation::Apply);
    is_frequent(first) && is_frequent(second)
}

/// The middle value, of two the lower.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

fn of_counts(all: &[Counts]) -> Counts {
    let middle = |field: fn(&Counts) -> u64| median(all.iter().map(field));
    Counts {
        instructions: middle(|counts| counts.instructions),
        loads: middle(|counts| counts.loads),
        stores: middle(|counts| counts.stores),
        locked: middle(|counts| counts.locked),
        fences: middle(|counts| counts.fences),
        system_calls: middle(|counts| counts.system_calls),
        allocations: middle(|counts| counts.allocations),
        allocated_bytes: middle(|counts| counts.allocated_bytes),
        frees: middle(|counts| counts.frees),
        allocator_instructions: middle(|counts| counts.allocator_instructions),
        lines_touched: middle(|counts| counts.lines_touched),
        lines_written: middle(|counts| counts.lines_written),
        lines_dirtied: middle(|counts| counts.lines_dirtied),
    }
}

fn of_lines(all: &[Comparison], which: fn(&Comparison) -> &SharedLines) -> SharedLines {
    let middle = |field: fn(&SharedLines) -> u64| median(all.iter().map(|seen| field(which(seen))));
    SharedLines {
        both_write: middle(|lines| lines.both_write),
        both_write_apart: middle(|lines| lines.both_write_apart),
        one_writes: middle(|lines| lines.one_writes),
        one_writes_apart: middle(|lines| lines.one_writes_apart),
    }
}

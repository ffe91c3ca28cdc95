//! One value of many: over layouts, threads and repetitions.

use std::collections::{BTreeMap, BTreeSet};

use model::trace::{Counts, Footprint, Operation, Pair, SharedLines, State};

use super::comparison::Comparison;
use super::execution::Execution;
use super::symbols::Symbols;
use crate::task::TraceTask;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    operations: BTreeMap<(Operation, State), Seen>,
    /// First, second, and whether they are about the same process.
    pairs: BTreeMap<(Operation, Operation, bool), Vec<Comparison>>,
}

/// What was seen of an operation in a state.
#[derive(Debug, Default)]
struct Seen {
    counts: Vec<Counts>,
    is_cut_short: bool,
    /// Where functions begin that are called.
    called: BTreeSet<u64>,
    /// It waits for a guard.
    waits: bool,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        operation: Operation,
        state: State,
        execution: &Execution,
        dirtied: u64,
    ) {
        let seen = self.operations.entry((operation, state)).or_default();
        seen.counts.push(Counts {
            lines_dirtied: dirtied,
            ..execution.counts
        });
        if state == State::Quiescent {
            seen.called.extend(&execution.called);
        }
        seen.is_cut_short |= execution.is_cut_short;
    }

    /// The operation waits for a guard.
    pub(crate) fn hold_up(&mut self, operation: Operation) {
        let key = (operation, State::GuardHeld);
        self.operations.entry(key).or_default().waits = true;
    }

    pub(crate) fn add_pair(&mut self, which: (Operation, Operation, bool), seen: Comparison) {
        self.pairs.entry(which).or_default().push(seen);
    }

    /// Each operation in each state that it was looked at in, in the order of the task.
    pub(crate) fn footprints(&self, task: &TraceTask, symbols: &mut Symbols) -> Vec<Footprint> {
        let states = task.states.iter();
        let all = task.operations.iter();
        let all = all.flat_map(|&operation| states.clone().map(move |&state| (operation, state)));
        let footprint = |(operation, state)| {
            let seen = self.operations.get(&(operation, state))?;
            Some(Footprint {
                operation,
                state,
                counts: (!seen.waits).then(|| of_counts(&seen.counts)),
                is_cut_short: seen.is_cut_short,
                called: symbols.all_called(&seen.called),
            })
        };
        all.filter_map(footprint).collect()
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

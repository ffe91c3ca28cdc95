//! One value of many: over layouts, threads and repetitions.

use std::collections::{BTreeMap, BTreeSet};

use model::trace::{Counts, Footprint, Operation, Pair, State};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::execution::Execution;
use super::experiment::Which;
use super::symbols::Symbols;
use crate::task::TraceTask;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    operations: BTreeMap<(Operation, State), Seen>,
    pairs: BTreeMap<Which, Vec<Pair>>,
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
    /// One execution of an operation; none if it waits for a guard.
    pub(crate) fn add(
        &mut self,
        operation: Operation,
        state: State,
        execution: Option<&Execution>,
    ) {
        let seen = self.operations.entry((operation, state)).or_default();
        let Some(execution) = execution else {
            seen.waits = true;
            return;
        };
        seen.counts.push(execution.counts);
        if state == State::Quiescent {
            seen.called.extend(&execution.called);
        }
        seen.is_cut_short |= execution.is_cut_short;
    }

    pub(crate) fn add_pair(&mut self, pair: Pair) {
        let which = (pair.first, pair.second, pair.same_process);
        self.pairs.entry(which).or_default().push(pair);
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
                counts: (!seen.waits).then(|| medians(seen.counts.iter().copied())),
                is_cut_short: seen.is_cut_short,
                called: symbols.all_called(&seen.called),
            })
        };
        all.filter_map(footprint).collect()
    }

    /// Each pair that was looked at.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let pairs = self.pairs.values().map(|all| {
            let middle = median(all.iter().map(|pair| pair.conflict));
            let at_64 = medians(all.iter().map(|pair| pair.at_64));
            // Names and ways are those of a layout that is like the middle one.
            let alike = || all.iter().filter(|pair| pair.conflict == middle);
            let named = alike().next().expect("the middle is that of one");
            let followed = alike().find(|pair| pair.at_64 == at_64).unwrap_or(named);
            Pair {
                at_64,
                at_128: medians(all.iter().map(|pair| pair.at_128)),
                paths: followed.paths.clone(),
                ..named.clone()
            }
        });
        pairs.collect()
    }
}

/// The middle value, of two the lower.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

/// The median of each field, of records of whole numbers.
fn medians<T: Serialize + DeserializeOwned>(records: impl Iterator<Item = T>) -> T {
    let mut fields: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for record in records {
        let record = serde_json::to_value(record).and_then(serde_json::from_value);
        let record: BTreeMap<String, u64> = record.expect("its fields are whole numbers");
        for (field, number) in record {
            fields.entry(field).or_default().push(number);
        }
    }
    let middle = |(field, numbers): (String, Vec<u64>)| (field, median(numbers.into_iter()).into());
    let medians = serde_json::Value::Object(fields.into_iter().map(middle).collect());
    serde_json::from_value(medians).expect("these are its fields")
}

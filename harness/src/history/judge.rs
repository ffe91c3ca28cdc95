//! The verdict on a history.

use std::collections::BTreeMap;

use basis::error::{Error, Result};
use histories::models::{FifoQueue, UnorderedQueue};
use histories::search::{Limits, search};
use histories::{NEVER, Operation, Verdict, explain};

use super::dialect::{
    ActionOf, Counters, Dialect, ModelName, MultiRegisters, Mutexes, Queues, Registers, Registries,
    Said, Sets, StateOf, Texts,
};
use super::pairing::History;
use super::value::Value;

/// What came out.
#[derive(Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub answer: Answer,
    /// Keys that were looked at.
    pub keys: usize,
    /// Operations of these keys that can have taken effect.
    pub operations: usize,
}

/// Whether a history is linearizable.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is.
    Linearizable,
    /// It is not.
    Violated {
        /// The key of which it is not.
        key: String,
        /// When the answer came that no order explains; [`History::place`] says where it stands.
        at: u64,
        /// Why, on several lines.
        why: String,
    },
    /// Nobody knows: the search was given up.
    Open {
        /// Keys that are linearizable.
        decided: usize,
        /// A key that is open.
        key: String,
        /// Up to this time, that key is linearizable.
        at: u64,
    },
}

/// Every key gets as much as this before any gets more: one violation answers for all, and it need
/// not be in the hardest key.
const ROUNDS: [Limits; 3] = [
    Limits {
        steps: 100_000,
        remembered: 16 << 20,
    },
    Limits {
        steps: 10_000_000,
        remembered: 64 << 20,
    },
    Limits {
        steps: 500_000_000,
        remembered: 128 << 20,
    },
];

/// Judges a history.
///
/// # Errors
///
/// The first value that its model does not have.
pub fn judge(history: &History) -> Result<Judgement> {
    match history.model {
        ModelName::Register | ModelName::CasRegister => judge_as(history, Registers::default()),
        ModelName::Kv => judge_as(history, Texts),
        ModelName::Registry => judge_as(history, Registries),
        ModelName::Mutex => judge_as(history, Mutexes),
        ModelName::Counter => judge_as(history, Counters),
        ModelName::Set => judge_as(history, Sets::default()),
        ModelName::Queue => judge_as(history, Queues::<FifoQueue<_>>::default()),
        ModelName::UnorderedQueue => judge_as(history, Queues::<UnorderedQueue<_>>::default()),
        ModelName::MultiRegister => judge_as(history, MultiRegisters::default()),
    }
}

/// The operations of each key; a history is linearizable if it is so for each.
type Keys<'h, A> = BTreeMap<&'h Value, Vec<Operation<A>>>;

fn judge_as<D: Dialect>(history: &History, mut dialect: D) -> Result<Judgement> {
    let given = history.reading.initial.as_deref();
    let given = given.map(|text| history.notation.given(text));
    let start = dialect
        .start(given.as_ref())
        .map_err(|what| Error::input(format!("--initial: {what}")))?;
    let keys = by_key(history, &mut dialect)?;
    Ok(Judgement {
        keys: keys.len(),
        operations: keys.values().map(Vec::len).sum(),
        answer: Judge {
            history,
            dialect,
            start,
        }
        .answer(&keys),
    })
}

fn by_key<'h, D: Dialect>(history: &'h History, dialect: &mut D) -> Result<Keys<'h, ActionOf<D>>> {
    let places = &history.places;
    let mut keys: Keys<'h, ActionOf<D>> = BTreeMap::new();
    for call in &history.calls {
        let said = Said {
            f: &call.f,
            asked: &call.asked,
            answer: call.answer.as_ref().map(|(_, value)| value),
            nil_is_unknown: history.reading.nil_is_unknown,
        };
        let event = call.answer.as_ref().map_or(call.at, |(event, _)| *event);
        let found = dialect
            .action(&said)
            .map_err(|what| places.fault(event, what))?;
        let Some(action) = found else { continue };
        keys.entry(&call.key).or_default().push(Operation {
            process: call.process,
            call: places.time(call.at),
            ret: call
                .answer
                .as_ref()
                .map_or(NEVER, |(event, _)| places.time(*event)),
            action,
        });
    }
    Ok(keys)
}

struct Judge<'h, D: Dialect> {
    history: &'h History,
    dialect: D,
    start: StateOf<D>,
}

impl<D: Dialect> Judge<'_, D> {
    fn answer(&self, keys: &Keys<'_, ActionOf<D>>) -> Answer {
        let model = self.dialect.model();
        let starts = std::slice::from_ref(&self.start);
        let mut open: Vec<(&Value, &Vec<Operation<ActionOf<D>>>)> = Vec::new();
        for (key, operations) in keys {
            let Some(conflict) = self.dialect.shortcut(&self.start, operations) else {
                open.push((key, operations));
                continue;
            };
            let few: Vec<_> = conflict
                .iter()
                .map(|&index| operations[index].clone())
                .collect();
            if let Verdict::Violated { at } = search(&model, starts, &few, &ROUNDS[0]) {
                return self.violation(key, &few, at);
            }
        }
        let mut left = None;
        for limits in &ROUNDS {
            let mut still_open = Vec::new();
            let limits = Limits {
                steps: limits
                    .steps
                    .min(self.history.reading.steps.unwrap_or(u64::MAX)),
                ..*limits
            };
            for (key, operations) in open {
                match search(&model, starts, operations, &limits) {
                    Verdict::Linearizable => {}
                    Verdict::Violated { at } => return self.violation(key, operations, at),
                    Verdict::Unknown { established } => {
                        left = Some((key, established));
                        still_open.push((key, operations));
                    }
                }
            }
            open = still_open;
        }
        match left.filter(|_| !open.is_empty()) {
            None => Answer::Linearizable,
            Some((key, at)) => Answer::Open {
                decided: keys.len() - open.len(),
                key: key.shown(),
                at,
            },
        }
    }

    fn violation(&self, key: &Value, operations: &[Operation<ActionOf<D>>], at: u64) -> Answer {
        let model = self.dialect.model();
        let starts = std::slice::from_ref(&self.start);
        let mut why = explain::explain(&model, starts, operations, at);
        for shown in &mut why.shown {
            let process = operations[shown.index].process;
            let name = &self.history.processes[process as usize];
            shown.process.clone_from(name);
        }
        Answer::Violated {
            key: key.shown(),
            at,
            why: why.to_string(),
        }
    }
}

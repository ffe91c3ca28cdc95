//! The verdict on a history.

use std::collections::BTreeMap;

use conformance::Registry;
use histories::models::{
    CasRegister, Counter, FifoQueue, KeyValue, MultiRegister, Mutex, Set, UnorderedQueue,
};
use histories::search::{Limits, search};
use histories::{NEVER, Operation, Verdict, explain};
use model::error::{Error, Result};

use super::dialect::{Dialect, ModelName};
use super::pairing::History;
use super::value::{Name, Terms, Value};

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
const FIRST_ROUNDS: [Limits; 2] = [limits(100_000, 16), limits(10_000_000, 64)];

/// The limits of each round: the last one tries `most` operations, the others fewer.
pub(super) fn rounds(most: u64) -> impl Iterator<Item = Limits> {
    let fewer = FIRST_ROUNDS.into_iter();
    fewer
        .filter(move |round| round.steps < most)
        .chain([limits(most, 128)])
}

/// So many steps, and so many times 2^20 words to remember dead ends.
const fn limits(steps: u64, mega_words: usize) -> Limits {
    Limits {
        steps,
        remembered: mega_words << 20,
    }
}

/// Judges a history.
///
/// # Errors
///
/// The first value that its model does not have.
pub fn judge(history: &History) -> Result<Judgement> {
    match history.model {
        ModelName::Register | ModelName::CasRegister => judge_as::<CasRegister<Name>>(history),
        ModelName::Kv => judge_as::<KeyValue>(history),
        ModelName::Registry => judge_as::<Registry>(history),
        ModelName::Mutex => judge_as::<Mutex>(history),
        ModelName::Counter => judge_as::<Counter>(history),
        ModelName::Set => judge_as::<Set<Name>>(history),
        ModelName::Queue => judge_as::<FifoQueue<Name>>(history),
        ModelName::UnorderedQueue => judge_as::<UnorderedQueue<Name>>(history),
        ModelName::MultiRegister => judge_as::<MultiRegister<Name>>(history),
    }
}

/// The operations of each key; a history is linearizable if it is so for each.
type Keys<'h, A> = BTreeMap<&'h Value, Vec<Operation<A>>>;

fn judge_as<M: Dialect>(history: &History) -> Result<Judgement> {
    let mut terms = Terms {
        nil_is_unknown: history.reading.nil_is_unknown,
        ..Terms::default()
    };
    let given = history.reading.initial.as_deref();
    let given = given.map_or(Value::Nil, |text| history.notation.given(text));
    let start = M::start(&given, &mut terms)
        .map_err(|message| Error::input(format!("--initial: {message}")))?;
    let places = &history.places;
    let mut keys: Keys<'_, M::Action> = BTreeMap::new();
    for call in &history.calls {
        let answered_at = call.answer.as_ref().map(|&(event, _)| event);
        let action = M::action(call, &mut terms)
            .map_err(|message| places.fault(answered_at.unwrap_or(call.at), message))?;
        let Some(action) = action else { continue };
        keys.entry(&call.key).or_default().push(Operation {
            process: call.process,
            call: places.time(call.at),
            ret: answered_at.map_or(NEVER, |event| places.time(event)),
            action,
        });
    }
    Ok(Judgement {
        keys: keys.len(),
        operations: keys.values().map(Vec::len).sum(),
        answer: answer::<M>(history, &start, &keys),
    })
}

fn answer<M: Dialect>(history: &History, start: &M::State, keys: &Keys<'_, M::Action>) -> Answer {
    let model = M::default();
    let starts = std::slice::from_ref(start);
    let violation = |key: &Value, operations: &[Operation<M::Action>], at: u64| {
        let mut why = explain::explain(&model, starts, operations, at);
        for shown in &mut why.shown {
            let process = operations[shown.index].process as usize;
            shown.process.clone_from(&history.processes[process]);
        }
        Answer::Violated {
            key: key.shown(),
            at,
            why: why.to_string(),
        }
    };
    let mut open = Vec::new();
    for (key, operations) in keys {
        let Some(conflict) = M::shortcut(start, operations) else {
            open.push((key, operations, 0));
            continue;
        };
        let few = conflict.iter().map(|&index| operations[index].clone());
        let few: Vec<Operation<M::Action>> = few.collect();
        // They have no order; the search only says which answer is the first without one.
        match search(&model, starts, &few, &FIRST_ROUNDS[0]) {
            Verdict::Linearizable if few.is_empty() => {}
            // One of the two errs: the search of all operations decides.
            Verdict::Linearizable => open.push((key, operations, 0)),
            Verdict::Violated { at } => return violation(key, &few, at),
            Verdict::Unknown { .. } => {
                let answered = few.iter().filter(|operation| operation.is_complete());
                let last = answered.map(|operation| operation.ret).max();
                return violation(key, &few, last.unwrap_or(NEVER));
            }
        }
    }
    for limits in rounds(history.reading.steps.unwrap_or(Limits::default().steps)) {
        let mut still_open = Vec::new();
        for (key, operations, _) in open {
            match search(&model, starts, operations, &limits) {
                Verdict::Linearizable => {}
                Verdict::Violated { at } => return violation(key, operations, at),
                Verdict::Unknown { established } => {
                    still_open.push((key, operations, established));
                }
            }
        }
        open = still_open;
    }
    match open.last() {
        None => Answer::Linearizable,
        Some(&(key, _, at)) => Answer::Open {
            decided: keys.len() - open.len(),
            key: key.shown(),
            at,
        },
    }
}

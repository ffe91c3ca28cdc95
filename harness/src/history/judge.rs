//! The verdict on a history.

use conformance::Registry;
use histories::models::{CasRegister, CasRegisterAction, KeyValue, RegisterAction};
use histories::search::{Limits, search};
use histories::{Model, Operation, Verdict, explain, zones};

use super::pairing::{History, Keys, Operations};

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
        /// The line of the answer that no order explains.
        line: u64,
        /// Why, on several lines.
        why: String,
    },
    /// Nobody knows: the search was given up.
    Open {
        /// Keys that are linearizable.
        decided: usize,
        /// A key that is open.
        key: String,
        /// Up to this line, that key is linearizable.
        line: u64,
    },
}

/// Every key gets as much as this before any gets more: one violation answers for all, and it need
/// not be in the hardest key.
const ROUNDS: [Limits; 3] = [
    Limits {
        steps: 100_000,
        remembered: 4 << 20,
    },
    Limits {
        steps: 10_000_000,
        remembered: 32 << 20,
    },
    Limits {
        steps: 500_000_000,
        remembered: 64 << 20,
    },
];

/// Judges a history.
pub fn judge(history: &History) -> Judgement {
    match &history.operations {
        Operations::Register(keys) => judge_keys(keys, &CasRegister, &None, by_zones),
        Operations::KeyValue(keys) => judge_keys(keys, &KeyValue, &"".into(), |_| None),
        Operations::Registry(keys) => judge_keys(keys, &Registry, &None, |_| None),
    }
}

/// What is decided without a search: `None` if nothing is, else the operations that cannot be
/// reconciled, of which there may be none.
type Shortcut<A> = fn(&[Operation<A>]) -> Option<Vec<usize>>;

fn judge_keys<M: Model>(
    keys: &Keys<M::Action>,
    model: &M,
    start: &M::State,
    shortcut: Shortcut<M::Action>,
) -> Judgement
where
    M::Action: Clone,
{
    let starts = std::slice::from_ref(start);
    let judgement = |answer| Judgement {
        answer,
        keys: keys.len(),
        operations: keys.values().map(Vec::len).sum(),
    };
    let violation = |key: &String, operations: &[Operation<M::Action>], at| {
        judgement(Answer::Violated {
            key: key.clone(),
            line: at,
            why: explain::explain(model, starts, operations, at).to_string(),
        })
    };
    let mut open: Vec<(&String, &Vec<Operation<M::Action>>)> = Vec::new();
    for (key, operations) in keys {
        let Some(conflict) = shortcut(operations) else {
            open.push((key, operations));
            continue;
        };
        let few: Vec<_> = conflict
            .iter()
            .map(|&index| operations[index].clone())
            .collect();
        if let Verdict::Violated { at } = search(model, starts, &few, &ROUNDS[0]) {
            return violation(key, &few, at);
        }
    }
    let mut left = None;
    for limits in &ROUNDS {
        let mut still_open = Vec::new();
        for (key, operations) in open {
            match search(model, starts, operations, limits) {
                Verdict::Linearizable => {}
                Verdict::Violated { at } => return violation(key, operations, at),
                Verdict::Unknown { established } => {
                    left = Some((key.clone(), established));
                    still_open.push((key, operations));
                }
            }
        }
        open = still_open;
    }
    match left.filter(|_| !open.is_empty()) {
        None => judgement(Answer::Linearizable),
        Some((key, line)) => judgement(Answer::Open {
            decided: keys.len() - open.len(),
            key,
            line,
        }),
    }
}

/// Registers that were never compared and swapped, with every value written once, need no search.
fn by_zones(operations: &[Operation<CasRegisterAction>]) -> Option<Vec<usize>> {
    let plain: Option<Vec<Operation<RegisterAction>>> = operations
        .iter()
        .map(|operation| match operation.action {
            CasRegisterAction::Plain(action) => Some(Operation {
                process: operation.process,
                call: operation.call,
                ret: operation.ret,
                action,
            }),
            CasRegisterAction::Swap { .. } => None,
        })
        .collect();
    let found = zones::check(&plain?).ok()?;
    Some(
        found
            .err()
            .map_or_else(Vec::new, |conflict| conflict.operations),
    )
}

//! Several registers that are read and written together, a transaction at a time.

use std::marker::PhantomData;

use imbl::OrdMap;

use super::{Value, copied_words, shown};
use crate::model::{Model, Step};

/// Registers by key. Its state is what was written; the others hold nothing.
#[derive(Clone, Copy, Debug)]
pub struct MultiRegister<V = u64>(PhantomData<V>);

impl<V> Default for MultiRegister<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// A step of a transaction. A transaction is a list of them, and sees its own writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access<V = u64> {
    /// The register under this key is overwritten.
    Write(V, V),
    /// It is read, and this was there.
    Read(V, Option<V>),
}

impl<V: Value> Model for MultiRegister<V> {
    type State = OrdMap<V, V>;
    type Action = Vec<Access<V>>;

    fn step(&self, state: &OrdMap<V, V>, transaction: &Vec<Access<V>>) -> Step<OrdMap<V, V>> {
        let mut next: Option<OrdMap<V, V>> = None;
        for access in transaction {
            match access {
                Access::Write(key, value) => {
                    let next = next.get_or_insert_with(|| state.clone());
                    next.insert(key.clone(), value.clone());
                }
                Access::Read(key, value) => {
                    if next.as_ref().unwrap_or(state).get(key) != value.as_ref() {
                        return Step::Impossible;
                    }
                }
            }
        }
        next.map_or(Step::Observes, Step::To)
    }

    const STATE_WORDS: usize = copied_words::<(V, V)>();

    /// Its writes: what it will have read is not known.
    fn in_flight(&self, transaction: &Vec<Access<V>>) -> Vec<Access<V>> {
        let writes = transaction.iter();
        writes
            .filter(|access| matches!(access, Access::Write(..)))
            .cloned()
            .collect()
    }

    fn describe(&self, transaction: &Vec<Access<V>>) -> String {
        let texts: Vec<String> = transaction
            .iter()
            .map(|access| match access {
                Access::Write(key, value) => format!("{key} = {value}"),
                Access::Read(key, value) => format!("{key} -> {}", shown(value.as_ref())),
            })
            .collect();
        format!("txn {}", texts.join(", "))
    }

    fn describe_state(&self, state: &OrdMap<V, V>) -> String {
        let texts = state.iter().map(|(key, value)| format!("{key} = {value}"));
        let texts: Vec<String> = texts.collect();
        match texts.as_slice() {
            [] => "nothing".into(),
            some => some.join(", "),
        }
    }
}

//! Models of what is commonly recorded.

mod counter;
mod key_value;
mod multi_register;
mod mutex;
mod queue;
mod register;
mod set;

use std::fmt;
use std::hash::Hash;

pub use counter::{Counter, CounterAction};
pub use key_value::{KeyValue, KeyValueAction, Text};
pub use multi_register::{Access, MultiRegister};
pub use mutex::{Mutex, MutexAction};
pub use queue::{FifoQueue, QueueAction, UnorderedQueue};
pub use register::{CasRegister, CasRegisterAction, Register, RegisterAction};
pub use set::{Set, SetAction};

/// What is kept in an object. Only whether values are equal matters; their order means nothing.
pub trait Value: Clone + Ord + Hash + fmt::Display {}

impl<T: Clone + Ord + Hash + fmt::Display> Value for T {}

/// Words of 4 bytes that a persistent collection copies to become another one: a leaf and what leads to
/// it, of 64 places each.
const fn copied_words<V>() -> usize {
    2 * 64 * size_of::<V>() / 4
}

/// A value as histories write it, or nothing.
pub(crate) fn shown<V: Value>(value: Option<&V>) -> String {
    value.map_or_else(|| "nothing".to_owned(), V::to_string)
}

/// Values between brackets.
pub(crate) fn listed<'v, V: Value + 'v>(values: impl IntoIterator<Item = &'v V>) -> String {
    let texts: Vec<String> = values.into_iter().map(V::to_string).collect();
    format!("[{}]", texts.join(", "))
}

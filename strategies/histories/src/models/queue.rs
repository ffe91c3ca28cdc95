//! Queues: first in, first out, and in no order.

use std::marker::PhantomData;

use imbl::{OrdMap, Vector};

use super::{Value, copied_words, listed};
use crate::model::{Model, Step};

/// What is done to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueAction<V = u64> {
    /// This is put in.
    Enqueue(V),
    /// This is taken out.
    Dequeue(V),
    /// Nothing could be taken out: the queue was empty.
    Empty,
    /// Something is taken out, or the queue is empty: nobody knows.
    Take,
}

impl<V: Value> QueueAction<V> {
    fn in_flight(&self) -> Self {
        match self {
            QueueAction::Enqueue(value) => QueueAction::Enqueue(value.clone()),
            QueueAction::Dequeue(_) | QueueAction::Empty | QueueAction::Take => QueueAction::Take,
        }
    }

    fn describe(&self) -> String {
        match self {
            QueueAction::Enqueue(value) => format!("enqueue {value}"),
            QueueAction::Dequeue(value) => format!("dequeue -> {value}"),
            QueueAction::Empty => "dequeue -> nothing".into(),
            QueueAction::Take => "dequeue -> ?".into(),
        }
    }
}

/// A queue from which the oldest value is taken.
#[derive(Clone, Copy, Debug)]
pub struct FifoQueue<V = u64>(PhantomData<V>);

impl<V> Default for FifoQueue<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<V: Value> Model for FifoQueue<V> {
    type State = Vector<V>;
    type Action = QueueAction<V>;

    fn step(&self, state: &Vector<V>, action: &QueueAction<V>) -> Step<Vector<V>> {
        match action {
            QueueAction::Dequeue(value) if state.front() != Some(value) => Step::Impossible,
            QueueAction::Empty if state.is_empty() => Step::Observes,
            QueueAction::Empty => Step::Impossible,
            QueueAction::Enqueue(value) => {
                let mut next = state.clone();
                next.push_back(value.clone());
                Step::To(next)
            }
            QueueAction::Dequeue(_) | QueueAction::Take => {
                let mut next = state.clone();
                next.pop_front();
                Step::To(next)
            }
        }
    }

    const STATE_WORDS: usize = copied_words::<V>();

    fn in_flight(&self, action: &QueueAction<V>) -> QueueAction<V> {
        action.in_flight()
    }

    fn describe(&self, action: &QueueAction<V>) -> String {
        action.describe()
    }

    fn describe_state(&self, state: &Vector<V>) -> String {
        listed(state)
    }
}

/// A queue from which any value is taken. Its state is how often it holds each.
#[derive(Clone, Copy, Debug)]
pub struct UnorderedQueue<V = u64>(PhantomData<V>);

impl<V> Default for UnorderedQueue<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<V: Value> Model for UnorderedQueue<V> {
    type State = OrdMap<V, usize>;
    type Action = QueueAction<V>;

    fn step(&self, state: &OrdMap<V, usize>, action: &QueueAction<V>) -> Step<OrdMap<V, usize>> {
        let with = |value: &V, count: usize| match count {
            0 => state.without(value),
            count => state.update(value.clone(), count),
        };
        let count = |value: &V| state.get(value).copied().unwrap_or(0);
        match action {
            QueueAction::Enqueue(value) => Step::To(with(value, count(value) + 1)),
            QueueAction::Dequeue(value) => match count(value).checked_sub(1) {
                Some(left) => Step::To(with(value, left)),
                None => Step::Impossible,
            },
            QueueAction::Empty if state.is_empty() => Step::Observes,
            QueueAction::Empty => Step::Impossible,
            // Which one it takes matters to nobody: to leave it there for longer is as good until
            // somebody finds the queue empty, and then they are all gone.
            QueueAction::Take => Step::To(match state.get_min() {
                Some((value, count)) => with(value, count - 1),
                None => state.clone(),
            }),
        }
    }

    const STATE_WORDS: usize = copied_words::<(V, usize)>();

    fn in_flight(&self, action: &QueueAction<V>) -> QueueAction<V> {
        action.in_flight()
    }

    fn describe(&self, action: &QueueAction<V>) -> String {
        action.describe()
    }

    fn describe_state(&self, state: &OrdMap<V, usize>) -> String {
        let all = state
            .iter()
            .flat_map(|(value, &count)| std::iter::repeat_n(value, count));
        listed(all)
    }
}

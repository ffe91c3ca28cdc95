//! Queues: first in, first out, and in no order.

use std::collections::VecDeque;
use std::marker::PhantomData;

use super::{Value, listed};
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
#[derive(Clone, Copy, Debug, Default)]
pub struct FifoQueue<V = u64>(PhantomData<V>);

impl<V: Value> Model for FifoQueue<V> {
    type State = VecDeque<V>;
    type Action = QueueAction<V>;

    fn step(&self, state: &VecDeque<V>, action: &QueueAction<V>) -> Step<VecDeque<V>> {
        let without_first = || state.iter().skip(1).cloned().collect();
        match action {
            QueueAction::Enqueue(value) => Step::To(state.iter().chain([value]).cloned().collect()),
            QueueAction::Dequeue(value) if state.front() == Some(value) => {
                Step::To(without_first())
            }
            QueueAction::Empty if state.is_empty() => Step::Observes,
            QueueAction::Dequeue(_) | QueueAction::Empty => Step::Impossible,
            QueueAction::Take => Step::To(without_first()),
        }
    }

    fn in_flight(&self, action: &QueueAction<V>) -> QueueAction<V> {
        action.in_flight()
    }

    fn describe(&self, action: &QueueAction<V>) -> String {
        action.describe()
    }

    fn describe_state(&self, state: &VecDeque<V>) -> String {
        listed(state)
    }
}

/// A queue from which any value is taken. Its state is in order, so that equal ones are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnorderedQueue<V = u64>(PhantomData<V>);

impl<V: Value> Model for UnorderedQueue<V> {
    type State = Vec<V>;
    type Action = QueueAction<V>;

    fn step(&self, state: &Vec<V>, action: &QueueAction<V>) -> Step<Vec<V>> {
        let place = |value| state.binary_search(value);
        let without = |place: usize| {
            let mut next = state.clone();
            next.remove(place);
            next
        };
        match action {
            QueueAction::Enqueue(value) => {
                let mut next = state.clone();
                next.insert(place(value).unwrap_or_else(|place| place), value.clone());
                Step::To(next)
            }
            QueueAction::Dequeue(value) => match place(value) {
                Ok(place) => Step::To(without(place)),
                Err(_) => Step::Impossible,
            },
            QueueAction::Empty if state.is_empty() => Step::Observes,
            QueueAction::Empty => Step::Impossible,
            // Which one it takes matters to nobody: to leave it there for longer is as good until
            // somebody finds the queue empty, and then they are all gone.
            QueueAction::Take if state.is_empty() => Step::To(Vec::new()),
            QueueAction::Take => Step::To(without(0)),
        }
    }

    fn in_flight(&self, action: &QueueAction<V>) -> QueueAction<V> {
        action.in_flight()
    }

    fn describe(&self, action: &QueueAction<V>) -> String {
        action.describe()
    }

    fn describe_state(&self, state: &Vec<V>) -> String {
        listed(state)
    }
}

//! A number that is added to.

use crate::model::{Model, Step};

/// A counter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

/// What is done to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterAction {
    /// This is added; below 0, taken away.
    Add(i64),
    /// It is read, and this was there.
    Read(i128),
}

impl Model for Counter {
    /// Wide enough for the sum of any history.
    type State = i128;
    type Action = CounterAction;

    fn step(&self, state: &i128, action: &CounterAction) -> Step<i128> {
        match *action {
            CounterAction::Add(number) => Step::To(state + i128::from(number)),
            CounterAction::Read(value) if value == *state => Step::Observes,
            CounterAction::Read(_) => Step::Impossible,
        }
    }

    fn describe(&self, action: &CounterAction) -> String {
        match action {
            CounterAction::Add(number) => format!("add {number}"),
            CounterAction::Read(value) => format!("read -> {value}"),
        }
    }

    fn describe_state(&self, state: &i128) -> String {
        state.to_string()
    }
}

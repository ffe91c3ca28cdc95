//! A set that only grows, read as a whole.

use std::collections::HashSet;
use std::marker::PhantomData;

use imbl::OrdSet;

use super::{Value, copied_words, listed};
use crate::model::{Model, Step};

/// A set.
#[derive(Clone, Copy, Debug)]
pub struct Set<V = u64>(PhantomData<V>);

impl<V> Default for Set<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What is done to a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetAction<V: Ord = u64> {
    /// This is in it from now on.
    Add(V),
    /// It is read, and this was all that was in it.
    Read(OrdSet<V>),
}

/// Longer sets are cut where they are shown.
const SHOWN_MAX: usize = 12;

impl<V: Value> Model for Set<V> {
    type State = OrdSet<V>;
    type Action = SetAction<V>;

    fn step(&self, state: &OrdSet<V>, action: &SetAction<V>) -> Step<OrdSet<V>> {
        match action {
            SetAction::Add(value) => Step::To(state.update(value.clone())),
            SetAction::Read(values) if values == state => Step::Observes,
            SetAction::Read(_) => Step::Impossible,
        }
    }

    const STATE_WORDS: usize = copied_words::<V>();

    const LOOKS_AHEAD: bool = true;

    /// What is in it stays in it: all of it must be seen, and what is missing must still be added.
    fn can_lead_to(
        &self,
        state: &OrdSet<V>,
        observation: &SetAction<V>,
        between: &[&SetAction<V>],
    ) -> bool {
        let SetAction::Read(values) = observation else {
            return true;
        };
        if !state.is_subset(values) {
            return false;
        }
        let added = between.iter().filter_map(|action| match action {
            SetAction::Add(value) => Some(value),
            SetAction::Read(_) => None,
        });
        let useful = added.filter(|value| values.contains(*value) && !state.contains(*value));
        state.len() + useful.collect::<HashSet<&V>>().len() == values.len()
    }

    fn observes(&self, action: &SetAction<V>) -> bool {
        matches!(action, SetAction::Read(_))
    }

    fn describe(&self, action: &SetAction<V>) -> String {
        match action {
            SetAction::Add(value) => format!("add {value}"),
            SetAction::Read(values) => format!("read -> {}", shown(values)),
        }
    }

    fn describe_state(&self, state: &OrdSet<V>) -> String {
        shown(state)
    }
}

fn shown<V: Value>(set: &OrdSet<V>) -> String {
    match set.len().checked_sub(SHOWN_MAX) {
        None | Some(0) => listed(set),
        Some(more) => format!("{} and {more} more", listed(set.iter().take(SHOWN_MAX))),
    }
}

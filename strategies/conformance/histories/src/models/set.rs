//! A set that only grows, read as a whole.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::rc::Rc;

use super::{Value, listed};
use crate::model::{Model, Step};

/// A set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set<V = u64>(PhantomData<V>);

/// What is done to a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetAction<V = u64> {
    /// This is in it from now on.
    Add(V),
    /// It is read, and this was all that was in it.
    Read(Rc<BTreeSet<V>>),
}

/// Longer sets are cut where they are shown.
const SHOWN_MAX: usize = 12;

impl<V: Value> Model for Set<V> {
    type State = Rc<BTreeSet<V>>;
    type Action = SetAction<V>;

    fn step(&self, state: &Rc<BTreeSet<V>>, action: &SetAction<V>) -> Step<Rc<BTreeSet<V>>> {
        match action {
            SetAction::Add(value) if state.contains(value) => Step::To(state.clone()),
            SetAction::Add(value) => {
                let mut next = (**state).clone();
                next.insert(value.clone());
                Step::To(Rc::new(next))
            }
            SetAction::Read(seen) if seen == state => Step::Observes,
            SetAction::Read(_) => Step::Impossible,
        }
    }

    const LOOKS_AHEAD: bool = true;

    /// What is in it stays in it: all of it must be seen, and what is missing must still be added.
    fn can_lead_to(
        &self,
        state: &Rc<BTreeSet<V>>,
        observation: &SetAction<V>,
        between: &[&SetAction<V>],
    ) -> bool {
        let SetAction::Read(seen) = observation else {
            return true;
        };
        if !state.is_subset(seen) {
            return false;
        }
        let added = between.iter().filter_map(|action| match action {
            SetAction::Add(value) => Some(value),
            SetAction::Read(_) => None,
        });
        let useful = added.filter(|value| seen.contains(*value) && !state.contains(*value));
        state.len() + useful.collect::<BTreeSet<&V>>().len() == seen.len()
    }

    fn observes(&self, action: &SetAction<V>) -> bool {
        matches!(action, SetAction::Read(_))
    }

    fn describe(&self, action: &SetAction<V>) -> String {
        match action {
            SetAction::Add(value) => format!("add {value}"),
            SetAction::Read(seen) => format!("read -> {}", shown(seen)),
        }
    }

    fn describe_state(&self, state: &Rc<BTreeSet<V>>) -> String {
        shown(state)
    }
}

fn shown<V: Value>(set: &BTreeSet<V>) -> String {
    match set.len().checked_sub(SHOWN_MAX) {
        None | Some(0) => listed(set),
        Some(more) => format!("{} and {more} more", listed(set.iter().take(SHOWN_MAX))),
    }
}

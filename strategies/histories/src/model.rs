//! What an object does when one thread uses it.

use std::hash::Hash;

/// A sequential specification. It is deterministic: an action that is possible in a state leads to
/// one state.
pub trait Model {
    /// What the object remembers.
    type State: Clone + Eq + Hash;
    /// A call with its answer, or with an unknown one.
    type Action: Clone + Eq + Hash;

    /// What becomes of `state` by `action`, if it can be answered as it was.
    fn step(&self, state: &Self::State, action: &Self::Action) -> Step<Self::State>;

    /// Memory that one more state takes beyond itself, at most, in words of 4 bytes.
    const STATE_WORDS: usize = 0;

    /// What is known of an action before it has returned: it may have been answered otherwise.
    fn in_flight(&self, action: &Self::Action) -> Self::Action {
        action.clone()
    }

    /// Whether [`can_lead_to`](Model::can_lead_to) rules anything out.
    const LOOKS_AHEAD: bool = false;

    /// Whether an action that observes can become possible in `state` after some of the actions
    /// `between`, in some order. A model whose states tell much of their past cuts a search short by
    /// it: texts that grow, for example, have as many states as there are orders.
    fn can_lead_to(
        &self,
        state: &Self::State,
        observation: &Self::Action,
        between: &[&Self::Action],
    ) -> bool {
        let _ = (state, observation, between);
        true
    }

    /// Whether an action is of those that change nothing in any state.
    fn observes(&self, action: &Self::Action) -> bool {
        let _ = action;
        false
    }

    /// An action as a person would put it: `write 7`.
    fn describe(&self, action: &Self::Action) -> String;

    /// A state as a person would put it.
    fn describe_state(&self, state: &Self::State) -> String;
}

/// What an action does in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<S> {
    /// Its answer would have been another.
    Impossible,
    /// It is possible, and it is of those that change nothing in any state: a read, a rejected change.
    /// The search relies on that and not only on what it does in this state.
    Observes,
    /// It leaves this behind.
    To(S),
}

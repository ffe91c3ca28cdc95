//! A lock that one at a time holds.

use crate::model::{Model, Step};

/// A mutex. Its state is whether it is held; who holds it is not looked at, so a release by somebody
/// else is possible.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex;

/// What is done to a mutex. An attempt that failed is no operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexAction {
    /// It was free, and is held now.
    Acquire,
    /// It was held, and is free now.
    Release,
}

impl Model for Mutex {
    type State = bool;
    type Action = MutexAction;

    fn step(&self, is_held: &bool, action: &MutexAction) -> Step<bool> {
        match (action, is_held) {
            (MutexAction::Acquire, false) => Step::To(true),
            (MutexAction::Release, true) => Step::To(false),
            _ => Step::Impossible,
        }
    }

    fn describe(&self, action: &MutexAction) -> String {
        match action {
            MutexAction::Acquire => "acquire".into(),
            MutexAction::Release => "release".into(),
        }
    }

    fn describe_state(&self, is_held: &bool) -> String {
        if *is_held { "held" } else { "free" }.into()
    }
}

//! A place that holds one value, without and with compare-and-swap.

use super::shown;
use crate::model::{Model, Step};

/// A place that holds one value; nothing at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// What is done to a register. Values are names: only whether they are equal matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterAction {
    /// It is overwritten.
    Write(u64),
    /// It is read, and this was there.
    Read(Option<u64>),
}

impl Model for Register {
    type State = Option<u64>;
    type Action = RegisterAction;

    fn step(&self, state: &Option<u64>, action: &RegisterAction) -> Step<Option<u64>> {
        match *action {
            RegisterAction::Write(value) => Step::To(Some(value)),
            RegisterAction::Read(seen) if seen == *state => Step::Observes,
            RegisterAction::Read(_) => Step::Impossible,
        }
    }

    fn describe(&self, action: &RegisterAction) -> String {
        match *action {
            RegisterAction::Write(value) => format!("write {value}"),
            RegisterAction::Read(seen) => format!("read -> {}", shown(seen)),
        }
    }

    fn describe_state(&self, state: &Option<u64>) -> String {
        shown(*state)
    }
}

/// A register that can also be changed if it holds what is expected.
#[derive(Clone, Copy, Debug, Default)]
pub struct CasRegister;

/// What is done to a register with compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CasRegisterAction {
    /// As with every register.
    Plain(RegisterAction),
    /// It held what was expected, and holds the new value now. One that did not take effect is no
    /// operation.
    Swap {
        /// What it held.
        expected: Option<u64>,
        /// What it holds now.
        new: u64,
    },
}

impl Model for CasRegister {
    type State = Option<u64>;
    type Action = CasRegisterAction;

    fn step(&self, state: &Option<u64>, action: &CasRegisterAction) -> Step<Option<u64>> {
        match *action {
            CasRegisterAction::Plain(action) => Register.step(state, &action),
            CasRegisterAction::Swap { expected, new } if expected == *state => Step::To(Some(new)),
            CasRegisterAction::Swap { .. } => Step::Impossible,
        }
    }

    fn describe(&self, action: &CasRegisterAction) -> String {
        match *action {
            CasRegisterAction::Plain(action) => Register.describe(&action),
            CasRegisterAction::Swap { expected, new } => {
                format!("cas {} to {new}", shown(expected))
            }
        }
    }

    fn describe_state(&self, state: &Option<u64>) -> String {
        shown(*state)
    }
}

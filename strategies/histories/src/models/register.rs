//! A place that holds one value, without and with compare-and-swap.

use std::marker::PhantomData;

use super::{Value, shown};
use crate::model::{Model, Step};

/// A place that holds one value, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Register<V = u64>(PhantomData<V>);

impl<V> Default for Register<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What is done to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterAction<V = u64> {
    /// It is overwritten.
    Write(V),
    /// It is read, and this was there.
    Read(Option<V>),
}

impl<V: Value> Model for Register<V> {
    type State = Option<V>;
    type Action = RegisterAction<V>;

    fn step(&self, state: &Option<V>, action: &RegisterAction<V>) -> Step<Option<V>> {
        step(state.as_ref(), action)
    }

    fn describe(&self, action: &RegisterAction<V>) -> String {
        describe(action)
    }

    fn describe_state(&self, state: &Option<V>) -> String {
        shown(state.as_ref())
    }
}

fn step<V: Value>(state: Option<&V>, action: &RegisterAction<V>) -> Step<Option<V>> {
    match action {
        RegisterAction::Write(value) => Step::To(Some(value.clone())),
        RegisterAction::Read(value) if value.as_ref() == state => Step::Observes,
        RegisterAction::Read(_) => Step::Impossible,
    }
}

fn describe<V: Value>(action: &RegisterAction<V>) -> String {
    match action {
        RegisterAction::Write(value) => format!("write {value}"),
        RegisterAction::Read(value) => format!("read -> {}", shown(value.as_ref())),
    }
}

/// A register that can also be changed if it holds what is expected.
#[derive(Clone, Copy, Debug)]
pub struct CasRegister<V = u64>(PhantomData<V>);

impl<V> Default for CasRegister<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What is done to a register with compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CasRegisterAction<V = u64> {
    /// As with every register.
    Plain(RegisterAction<V>),
    /// It held what was expected, and holds the new value now. One that did not take effect is no
    /// operation.
    Swap {
        /// What it held.
        expected: Option<V>,
        /// What it holds now.
        new: V,
    },
}

impl<V: Value> Model for CasRegister<V> {
    type State = Option<V>;
    type Action = CasRegisterAction<V>;

    fn step(&self, state: &Option<V>, action: &CasRegisterAction<V>) -> Step<Option<V>> {
        match action {
            CasRegisterAction::Plain(action) => step(state.as_ref(), action),
            CasRegisterAction::Swap { expected, new } if expected == state => {
                Step::To(Some(new.clone()))
            }
            CasRegisterAction::Swap { .. } => Step::Impossible,
        }
    }

    fn describe(&self, action: &CasRegisterAction<V>) -> String {
        match action {
            CasRegisterAction::Plain(action) => describe(action),
            CasRegisterAction::Swap { expected, new } => {
                format!("cas {} to {new}", shown(expected.as_ref()))
            }
        }
    }

    fn describe_state(&self, state: &Option<V>) -> String {
        shown(state.as_ref())
    }
}

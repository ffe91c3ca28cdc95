//! Where there are no single steps.

use std::convert::Infallible;
use std::marker::PhantomData;

use crate::{Place, Progress, Recording, Unavailable};

/// Proof that threads can be stepped. There is none here.
#[derive(Clone, Copy, Debug)]
pub struct Trap(Infallible);

/// A thread that can be stepped. There is none here.
#[derive(Debug)]
pub struct Stepper(Infallible, PhantomData<*const ()>);

impl Trap {
    /// Says why not.
    ///
    /// # Errors
    ///
    /// Always [`Unavailable::Platform`].
    pub fn install(_steps_max: usize) -> Result<Self, Unavailable> {
        Self::idle()
    }

    /// Says why not.
    ///
    /// # Errors
    ///
    /// Always [`Unavailable::Platform`].
    pub fn idle() -> Result<Self, Unavailable> {
        let here = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
        Err(Unavailable::Platform(here))
    }

    /// Cannot be called.
    ///
    /// # Errors
    ///
    /// None.
    pub fn on_this_thread<T>(self, _work: impl FnOnce(&Stepper) -> T) -> Result<T, Unavailable> {
        match self.0 {}
    }
}

impl Stepper {
    /// Cannot be called.
    pub fn run<T>(&self, _armed: bool, _work: impl FnOnce() -> T) -> (T, Option<Recording>) {
        match self.0 {}
    }
}

/// Nobody is stepped.
pub fn progress() -> Progress {
    Progress::Idle
}

/// Nobody is stepped.
pub fn stop_at(_place: Option<Place>) {}

/// Nobody is stepped.
pub fn advance_to(_place: Place) {}

/// Nobody is stepped.
pub fn rest() {}

/// Nobody is stepped.
pub fn step_on() {}

/// Nobody is stepped.
pub fn go_on() {}

//! Where there are no single steps.

use crate::{Result, Unavailable};

/// Proof that threads can be stepped. There is none here.
#[derive(Clone, Copy, Debug)]
pub enum Trap {}

impl Trap {
    /// Says why not.
    ///
    /// # Errors
    ///
    /// Always [`Unavailable::Platform`].
    pub fn install() -> Result<Self> {
        Self::idle()
    }

    /// Says why not.
    ///
    /// # Errors
    ///
    /// Always [`Unavailable::Platform`].
    pub fn idle() -> Result<Self> {
        let here = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
        Err(Unavailable::Platform(here))
    }
}

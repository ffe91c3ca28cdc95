//! Where there are no single steps.

use crate::Unavailable;

/// Proof that threads can be stepped. There is none here.
#[derive(Clone, Copy, Debug)]
pub enum Trap {}

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
}

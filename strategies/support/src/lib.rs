//! What the strategy crates share and the contract does not say.
//!
//! - [`sync`]: the atomics, locks and cells under our own lock-free code, which a checker replaces by its own.
//! - [`token`]: a record for unit tests whose live clones are counted.

pub mod sync;
pub mod token;

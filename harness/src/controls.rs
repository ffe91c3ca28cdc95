//! Yardsticks for the measurement itself: registered beside the contenders, never recommended.

/// The baseline under a second name.
pub const SAME: &str = "control/same";
/// Does nothing: what the harness itself costs.
pub const NO_OP: &str = "control/no-op";
/// An unsynchronised map: what one thread could have.
pub const UNSYNCHRONISED: &str = "control/unsynchronised";

//! The names of the yardsticks that are measured beside the contenders, and what is known of each.

/// The baseline that the controls are made of: with another one they say nothing.
pub const BASELINE: &str = "mutex/std";
/// The baseline under a second name.
pub const SAME: &str = "control/same";
/// The baseline, doing six operations for every five that are counted: a slowdown of 20 %.
pub const SLOWER_20: &str = "control/slower-20";
/// The baseline, doing 21 operations for every 20 that are counted: a slowdown of 5 %.
pub const SLOWER_5: &str = "control/slower-5";
/// Does nothing: what the harness itself costs.
pub const NO_OP: &str = "control/no-op";
/// An unsynchronised map: what one thread could have.
pub const UNSYNCHRONISED: &str = "control/unsynchronised";

/// Whether a strategy is a yardstick and no choice.
pub fn is_control(name: &str) -> bool {
    name.starts_with("control/")
}

/// How many times as long as the baseline a control takes, by construction; `None` for what is not
/// the baseline.
pub fn planted(name: &str) -> Option<f64> {
    match name {
        SAME => Some(1.0),
        SLOWER_20 => Some(1.2),
        SLOWER_5 => Some(1.05),
        _ => None,
    }
}

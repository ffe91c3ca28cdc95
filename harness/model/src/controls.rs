//! The names of the yardsticks that are measured beside the contenders, and what is known of each.

/// The baseline unless another one is chosen. What recordings of before 2.2 planted their slowdowns in,
/// whatever their baseline was.
pub const BASELINE: &str = "mutex/std";
/// The baseline under a second name.
pub const SAME: &str = "control/same";
/// The baseline, doing six operations for every five that are counted: a slowdown of 20 %.
pub const SLOWER_20: &str = "control/slower-20";
/// The baseline, doing 21 operations for every 20 that are counted: a slowdown of 5 %.
pub const SLOWER_5: &str = "control/slower-5";
/// The baseline, spending time inside its operations: alone, a slowdown of 20 %.
pub const SLOWER_20_INSIDE: &str = "control/slower-20-inside";
/// Does nothing: what the harness itself costs.
pub const NO_OP: &str = "control/no-op";
/// A plain map for each thread, unsynchronised: what a lock without any cost could reach at most.
pub const UNSYNCHRONISED: &str = "control/unsynchronised";

/// A double of the baseline, whichever that is: a second table of its own type, with something planted
/// in it.
#[derive(Debug)]
pub struct Planted {
    /// Its name.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// How many times as long as the baseline its operations take.
    pub times: f64,
    /// What makes them take longer.
    pub how: How,
}

/// What makes the operations of a double take longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Operations are done that are not counted: exactly so many times as long, wherever it is measured.
    Miscounted,
    /// Time is spent inside them. How long is calibrated on a thread that is alone; what it comes to
    /// among others is not known.
    Spent,
}

/// All doubles of the baseline.
pub const PLANTED: [Planted; 4] = [
    Planted {
        name: SAME,
        summary: "the baseline under a second name",
        times: 1.0,
        how: How::Miscounted,
    },
    Planted {
        name: SLOWER_20,
        summary: "the baseline, with six operations counted as five",
        times: 1.2,
        how: How::Miscounted,
    },
    Planted {
        name: SLOWER_5,
        summary: "the baseline, with 21 operations counted as 20",
        times: 1.05,
        how: How::Miscounted,
    },
    Planted {
        name: SLOWER_20_INSIDE,
        summary: "the baseline, spending 20 % more time inside its reads and updates",
        times: 1.2,
        how: How::Spent,
    },
];

/// Whether a strategy is a yardstick and no choice.
pub fn is_control(name: &str) -> bool {
    name.starts_with("control/")
}

/// What is planted in a control; `None` for what is no double of the baseline.
pub fn planted(name: &str) -> Option<&'static Planted> {
    PLANTED.iter().find(|planted| planted.name == name)
}

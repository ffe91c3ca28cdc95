//! What handing a cache line over costs on the machine that a run was measured on.

use serde::{Deserialize, Serialize};

/// Medians of a few short repetitions. Where fewer than two processors may be used, nothing is handed
/// over, and only the cost without others is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Processors that the process may use.
    pub cpus: u32,
    /// One atomic read-modify-write of a line that nobody else wants, in ns.
    pub locked_ns: f64,
    /// What happens between two processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<Between>,
}

/// What happens between two processors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Between {
    /// From a write on one processor to its being seen on the other: lower quartile, median and upper
    /// quartile of the repetitions, in ns. Half a round trip of a flag.
    pub hand_off_ns: [f64; 3],
    /// Read-modify-writes in a row of the same thread while two threads do nothing else.
    pub run_length: f64,
    /// One of those read-modify-writes, as each thread sees it, in ns.
    pub contended_ns: f64,
}

impl Calibration {
    /// Whether all of it are figures that a machine can have.
    pub fn is_sound(&self) -> bool {
        let is_time = |ns: f64| ns > 0.0 && ns < 1e9;
        let is_sound = |between: &Between| {
            let [low, middle, high] = between.hand_off_ns;
            let all = [low, middle, high, between.contended_ns];
            let rises = low <= middle && middle <= high;
            all.into_iter().all(is_time) && rises && (1.0..1e9).contains(&between.run_length)
        };
        is_time(self.locked_ns) && self.between.as_ref().is_none_or(is_sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibration(hand_off_ns: [f64; 3], run_length: f64) -> Calibration {
        Calibration {
            cpus: 2,
            locked_ns: 5.0,
            between: Some(Between {
                hand_off_ns,
                run_length,
                contended_ns: 30.0,
            }),
        }
    }

    #[test]
    fn what_no_machine_can_have_is_not_sound() {
        assert!(calibration([40.0, 50.0, 60.0], 3.0).is_sound());
        assert!(!calibration([40.0, 30.0, 60.0], 3.0).is_sound());
        assert!(!calibration([0.0, 30.0, 60.0], 3.0).is_sound());
        assert!(!calibration([40.0, 50.0, f64::NAN], 3.0).is_sound());
        assert!(!calibration([40.0, 50.0, 60.0], 0.5).is_sound());
    }
}

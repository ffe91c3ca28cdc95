//! How time per operation grows with the processors, in two parameters and one point.
//!
//! An operation that hands no cache line from one processor to the next takes the same time however
//! many do it. One that hands over a line waits for all others that want the line: with `n`
//! processors it takes `n` times what a hand-over costs, and it does not matter what else it does
//! while it waits. Between a few processors the line stays with one of them for several operations in
//! a row, which makes small numbers of processors look better than they scale.
//!
//! What a hand-over costs is not assumed but calculated from one measured point. Which of the two
//! holds can be seen there, too: a line cannot be handed over faster than caches are.

use serde::Serialize;

use crate::Band;
use crate::curve::Point;

/// The least that a line costs on its way from one processor to the next, in ns, on the machines for
/// which figures were published; twice as many lines cost twice as much.
const HAND_OVER_MIN_NS: f64 = 15.0;
/// What nobody can tell apart: less than the least, but not by much.
const HAND_OVER_UNCLEAR_NS: f64 = 8.0;
/// Operations in a row that the holder of a line does beyond the first, between two processors; between
/// `n` of them it is this by `(n / 2)^2`. Fitted on perfbook's curves below 16 processors, where it says no
/// more than that small numbers look better.
const RUN_OF_TWO: f64 = 7.0;

/// How it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// No cache line moves between cores
    Flat,
    /// Each operation moves a cache line from core to core
    Serial,
    /// The point does not tell which: taken as flat, and the band has room for both.
    #[value(skip)]
    Unclear,
}

/// The law of one curve, from one of its points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Law {
    /// How it grows.
    pub shape: Shape,
    /// Nanoseconds by which one more processor makes an operation longer, once there are many.
    pub hand_over_ns: f64,
    /// Where it was calibrated: as one processor sees it.
    #[serde(skip)]
    at: Point,
}

/// Operations in a row that the holder of a line does with so many processors.
fn run_length(cpus: u32) -> f64 {
    1.0 + 4.0 * RUN_OF_TWO / f64::from(cpus).powi(2)
}

impl Law {
    /// From what one processor sees at one number of processors.
    pub fn calibrated(at: Point) -> Self {
        let hand_over_ns = match at.cpus {
            // Nobody waits; it cannot be more.
            1 => at.ns / ALONE,
            cpus => at.ns / f64::from(cpus) * run_length(cpus),
        };
        let shape = match at.cpus {
            // Alone, it shows nothing of the others.
            1 => Shape::Unclear,
            _ if hand_over_ns >= HAND_OVER_MIN_NS => Shape::Serial,
            _ if hand_over_ns >= HAND_OVER_UNCLEAR_NS => Shape::Unclear,
            _ => Shape::Flat,
        };
        Self {
            shape,
            hand_over_ns,
            at,
        }
    }

    /// What one processor sees with so many of them, in ns.
    pub fn per_cpu(&self, cpus: u32) -> Band {
        match self.shape {
            Shape::Flat => self.flat(cpus),
            Shape::Serial => self.serial(cpus),
            Shape::Unclear => self.flat(cpus).or(self.serial(cpus)),
        }
    }

    /// The limits are those of clocks: one core alone runs up to 1.9 times as fast as all of them, and a
    /// few need not share it with a second thread.
    fn flat(&self, cpus: u32) -> Band {
        let low = if cpus >= SURE_FROM { 1.9 } else { 2.2 };
        Band::around(self.at.ns, 1.0 / low, 1.5)
    }

    fn serial(&self, cpus: u32) -> Band {
        let mid = f64::from(cpus) * self.hand_over_ns / run_length(cpus);
        if cpus >= SURE_FROM {
            // From below it, a line that stayed with its holder looks cheaper than it is.
            let high = if self.at.cpus >= SURE_FROM { 1.6 } else { 2.5 };
            return Band::around(mid, 1.0 / 1.7, high);
        }
        // Anything between what it takes alone and what it takes when all wait all the time.
        let alone = self.hand_over_ns * ALONE;
        Band {
            low: (mid / 3.0).min(alone),
            mid: mid.max(alone),
            high: f64::from(cpus) * self.hand_over_ns * 1.6,
        }
    }
}

/// From so many processors on, whoever gives a line up finds others waiting.
pub const SURE_FROM: u32 = 16;
/// What an operation costs alone, at least, as a share of what handing over its line costs.
const ALONE: f64 = 0.15;

#[cfg(test)]
mod tests {
    use super::*;

    fn law(cpus: u32, ns: f64) -> Law {
        Law::calibrated(Point { cpus, ns })
    }

    #[test]
    fn a_point_on_its_own_law_is_predicted_by_it() {
        for (cpus, ns) in [(1, 300.0), (2, 300.0), (16, 600.0), (64, 2_000.0)] {
            let mut law = law(cpus, ns);
            // Alone it cannot be told, but somebody may know.
            assert_eq!(law.shape == Shape::Serial, cpus > 1);
            law.shape = Shape::Serial;
            let band = law.per_cpu(cpus);
            assert!(
                (band.mid - ns).abs() < 1e-9 * ns && band.contains(ns),
                "{band:?}"
            );
        }
        assert_eq!(law(32, 15.0).per_cpu(64), law(32, 15.0).per_cpu(32));
    }

    #[test]
    fn a_line_that_is_faster_than_caches_is_none() {
        assert_eq!(law(16, 14.9).shape, Shape::Flat);
        assert_eq!(law(16, 16.0 * 10.0).shape, Shape::Unclear);
        assert_eq!(law(16, 16.0 * 15.0).shape, Shape::Serial);
        assert_eq!(law(1, 500.0).shape, Shape::Unclear);
    }

    #[test]
    fn twice_the_processors_wait_twice_as_long_in_the_end() {
        let law = law(16, 600.0);
        let ratio = law.per_cpu(512).mid / law.per_cpu(256).mid;
        assert!((ratio - 2.0).abs() < 0.001, "{ratio}");
    }

    #[test]
    fn where_it_is_unclear_the_band_has_room_for_both() {
        let law = law(1, 10.0);
        let band = law.per_cpu(64);
        assert!(
            band.contains(10.0) && band.contains(64.0 * 36.0),
            "{band:?}"
        );
    }
}

//! What a program gains if one of its locks is replaced: Amdahl's law over the share of its threads' time that the lock
//! takes, and how many times better its replacement was measured.

use results::{Machine, Ratio};
use serde::Serialize;

use super::questions::Subject;
use super::workload::Side;

/// The share of the threads' time that the operations of a part take at the lock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The part.
    pub side: Side,
    /// Waiting for the lock.
    pub waiting: f64,
    /// Holding it.
    pub holding: f64,
}

/// What the program gains in throughput: 0.1 is a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// At least: if only what waits becomes shorter, by the lower end of the measured ratio.
    pub low: f64,
    /// At most: if what waits and what holds becomes shorter, by the upper end; never more than the bound.
    pub high: f64,
}

/// The gain by ratios of the parts, at most `bound`; nothing if a part that takes time was not compared.
fn gain(shares: &[Share], ratio: impl Fn(Side) -> Option<Ratio>, bound: f64) -> Option<Gain> {
    let (mut least, mut most) = (1.0, 1.0);
    for share in shares
        .iter()
        .filter(|share| share.waiting + share.holding > 0.0)
    {
        let ratio = ratio(share.side)?;
        // What became of a time, of 1: its own inverse ratio.
        let (low, high) = (ratio.ci_low.max(f64::MIN_POSITIVE), ratio.ci_high);
        least -= share.waiting * (1.0 - 1.0 / low);
        most -= (share.waiting + share.holding) * (1.0 - 1.0 / high);
    }
    let throughput = |time: f64| (1.0 / time - 1.0).min(bound);
    let (low, high) = (throughput(least), throughput(most));
    Some(Gain {
        low: low.min(high),
        high: high.max(low),
    })
}

/// The gain by a strategy that was measured.
pub fn gain_of(
    shares: &[Share],
    bound: f64,
    subjects: &[Subject],
    results: &Machine,
    strategy: &str,
) -> Option<Gain> {
    let ratio = |side: Side| {
        let subject = subjects.iter().find(|subject| subject.side == side)?;
        subject.cell(results, strategy)?.ratio.clone()
    };
    gain(shares, ratio, bound)
}

#[cfg(test)]
mod tests {
    use results::Verdict;

    use super::*;

    fn ratio(ci_low: f64, ci_high: f64) -> Ratio {
        Ratio {
            vs: "mutex/std".into(),
            median: f64::midpoint(ci_low, ci_high),
            ci_low,
            ci_high,
            n: 16,
            processes: 16,
            p: None,
            withheld: None,
            verdict: Verdict::Holds,
        }
    }

    fn share(side: Side, waiting: f64, holding: f64) -> Share {
        Share {
            side,
            waiting,
            holding,
        }
    }

    #[test]
    fn half_the_time_twice_as_fast_gains_a_third() {
        let shares = [share(Side::Mixed, 0.5, 0.0)];
        let gain = gain(&shares, |_| Some(ratio(2.0, 2.0)), 1.0).unwrap();
        assert!((gain.low - 1.0 / 3.0).abs() < 1e-12, "{gain:?}");
        assert!((gain.high - 1.0 / 3.0).abs() < 1e-12, "{gain:?}");
    }

    #[test]
    fn the_interval_reaches_from_waiting_alone_to_the_bound() {
        let shares = [
            share(Side::Readers, 0.1, 0.1),
            share(Side::Writers, 0.2, 0.1),
        ];
        let by = |side| {
            Some(if side == Side::Readers {
                ratio(2.0, 4.0)
            } else {
                ratio(0.9, 1.1)
            })
        };
        let predicted = gain(&shares, by, 0.43).unwrap();
        let low = 1.0 / (1.0 - 0.05 - 0.2 * (1.0 - 1.0 / 0.9)) - 1.0;
        let high = 1.0 / (1.0 - 0.15 - 0.3 * (1.0 - 1.0 / 1.1)) - 1.0;
        assert!((predicted.low - low).abs() < 1e-12, "{predicted:?}");
        assert!((predicted.high - high).abs() < 1e-12, "{predicted:?}");
        let bounded = gain(&shares, by, 0.1).unwrap();
        assert!(bounded.high <= 0.1, "{bounded:?}");
        let uncompared = |side| (side == Side::Readers).then(|| ratio(2.0, 4.0));
        assert_eq!(gain(&shares, uncompared, 1.0), None);
    }
}

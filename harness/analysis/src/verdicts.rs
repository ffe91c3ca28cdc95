//! From estimates to verdicts.

use super::runs::Between;
use results::{MARGIN, Ratio, Verdict, is_plain};
use stats::student::critical;
use stats::{Difference, Estimate, LEVEL, benjamini_hochberg};

/// Of all verdicts of a run, the share of wrong ones that is expected at most.
pub(crate) const FALSE_DISCOVERIES: f64 = 0.01;

/// A ratio to the baseline that is not judged yet, from its logarithm.
pub(super) fn ratio(logarithm: &Estimate, baseline: &str) -> Ratio {
    let interval = logarithm.interval(LEVEL).map(f64::exp);
    Ratio {
        vs: baseline.into(),
        median: logarithm.median.exp(),
        ci_low: interval.low,
        ci_high: interval.high,
        processes: logarithm.groups(),
        p: None,
        n: logarithm.n,
        withheld: None,
        verdict: Verdict::Inconclusive,
    }
}

/// A log ratio, and what its processes do not show of its error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison<'e> {
    pub(super) ratio: &'e Estimate,
    /// By how much the row is known to err: what the baseline against itself came out as, at worst,
    /// where that was not 1.00.
    pub(super) bias: f64,
    /// What runs add, where there are several.
    pub(super) between: Between,
}

impl Comparison<'_> {
    /// The margin as these errors may have moved it towards the ratio.
    fn margin(&self, level: f64) -> f64 {
        let margin = MARGIN.ln();
        let distance = self.ratio.median - margin;
        let of_runs = if self.between.error > 0.0 {
            self.between.error * critical(level, self.between.freedom)
        } else {
            0.0
        };
        margin + distance.signum() * (self.bias + of_runs).min(distance.abs())
    }
}

/// What all comparisons of a run come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The level of each test: the probability with which an interval that ends at the margin misses the median.
    pub(crate) level: f64,
    /// The verdict of each, and how probable its distance from the margin is if there is none.
    pub(crate) verdicts: Vec<(Verdict, f64)>,
}

/// Judges log ratios against the margin, all together.
///
/// A verdict needs so many processes on one side of the margin that the sign test is significant at a level
/// that keeps the share of wrong ones among all verdicts of the run ([`FALSE_DISCOVERIES`]). An interval at that
/// level then lies on one side, too: it is the same test.
pub(super) fn judge(comparisons: &[Comparison<'_>], looks: u32) -> Judged {
    let rate = FALSE_DISCOVERIES / f64::from(looks.max(1));
    let differences = |level| -> Vec<Difference> {
        let difference = |comparison: &Comparison<'_>| {
            Difference::between(comparison.ratio, comparison.margin(level))
        };
        comparisons.iter().map(difference).collect()
    };
    // The margin of each test is that of its level, which follows from the tests: a lower one moves margins further, which
    // makes no test more significant.
    let (mut level, mut tested) = (rate, differences(rate));
    loop {
        let p_values: Vec<f64> = tested.iter().map(|difference| difference.p).collect();
        let next = benjamini_hochberg(&p_values, rate);
        if next >= level {
            break;
        }
        (level, tested) = (next, differences(next));
    }
    let verdict = |difference: Difference| {
        let verdict = match difference.by > 0.0 {
            _ if difference.p > level => Verdict::Inconclusive,
            true => Verdict::Holds,
            false => Verdict::Rejected,
        };
        (verdict, difference.p)
    };
    Judged {
        level,
        verdicts: tested.into_iter().map(verdict).collect(),
    }
}

/// By how much a row errs: 0 where the baseline's second name came out as equal; else how far off it
/// may be at worst, as a log ratio. Verdicts have to clear the margin by as much.
pub(crate) fn bias(same: &Estimate) -> f64 {
    let interval = same.interval(LEVEL);
    if interval.contains(0.0) {
        0.0
    } else {
        interval.low.abs().max(interval.high.abs())
    }
}

/// How often a run looks at its verdicts: once on its way, to see where time is worth spending, and at its end.
pub const LOOKS: u32 = 2;
/// The level of the look on the way, where most differences are verdicts.
const SURE: f64 = FALSE_DISCOVERIES / LOOKS as f64;

/// Whether a log ratio is a difference without a verdict that more processes are worth their time for: a plain one, and
/// any gain beyond the margin in a row that `decides` something: a row of the original report, or of a use case.
/// Elsewhere gains are not near the margin. `same` is the baseline under its second name in that row.
pub fn is_open(ratio: &Estimate, same: Option<&Estimate>, decides: bool) -> bool {
    let comparison = Comparison {
        ratio,
        bias: same.map_or(0.0, bias),
        between: Between::default(),
    };
    let times = ratio.median.exp();
    (is_plain(times) || decides && times > MARGIN)
        && Difference::between(ratio, comparison.margin(SURE)).p > SURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use stats::estimate;

    /// Log ratios of 24 processes around a ratio, at most `spread` away.
    fn around(ratio: f64, spread: f64) -> Estimate {
        let groups: Vec<Vec<f64>> = (0..24)
            .map(|i| vec![ratio.ln() + spread * (f64::from(i) - 11.5) / 11.5; 3])
            .collect();
        estimate(&groups).unwrap()
    }

    #[test]
    fn a_verdict_needs_distance_from_the_margin() {
        let ratios = [around(2.0, 0.05), around(1.0, 0.05), around(1.21, 0.05)];
        let judged = judge(&ratios.each_ref().map(unbiased), 4);
        let verdicts = judged.verdicts.iter().map(|(verdict, _)| *verdict);
        assert_eq!(
            verdicts.collect::<Vec<_>>(),
            [Verdict::Holds, Verdict::Rejected, Verdict::Inconclusive]
        );
    }

    #[test]
    fn one_process_decides_nothing() {
        let single = estimate(&[vec![2f64.ln(); 50]]).unwrap();
        assert_eq!(
            judge(&[unbiased(&single)], 1).verdicts[0].0,
            Verdict::Inconclusive
        );
    }

    /// Where all agree, each test may err as often as all of them: 1 %. Where one of two hundred differs, it has to
    /// be as sure as one in 20,000, and 2^-14 is more than that.
    #[test]
    fn verdicts_are_as_sure_as_their_number_takes() {
        let agreeing =
            |ratio: f64, processes| estimate(&vec![vec![ratio.ln()]; processes]).unwrap();
        let verdict = |differing: usize, processes| {
            let open = (0..16).map(|i| vec![MARGIN.ln() + if i < 8 { -0.1 } else { 0.1 }]);
            let open = estimate(&open.collect::<Vec<_>>()).unwrap();
            let mut ratios = vec![open; 200];
            ratios[..differing].fill(agreeing(3.0, processes));
            let all: Vec<Comparison<'_>> = ratios.iter().map(unbiased).collect();
            judge(&all, 1).verdicts[0].0
        };
        assert_eq!(verdict(200, 7), Verdict::Inconclusive);
        assert_eq!(verdict(200, 8), Verdict::Holds);
        assert_eq!(verdict(1, 15), Verdict::Inconclusive);
        assert_eq!(verdict(1, 16), Verdict::Holds);
    }

    #[test]
    fn what_runs_add_has_to_be_cleared_too() {
        let ratio = around(1.6, 0.05);
        let verdict = |error| {
            let between = Between {
                error,
                freedom: 30.0,
            };
            judge(
                &[Comparison {
                    between,
                    ..unbiased(&ratio)
                }],
                1,
            )
            .verdicts[0]
                .0
        };
        assert_eq!(verdict(0.01), Verdict::Holds);
        assert_eq!(verdict(0.20), Verdict::Inconclusive);
    }

    /// Whatever runs add, an improvement lies above the margin with its whole interval, which is at the level of the verdicts.
    #[test]
    fn what_runs_add_is_taken_at_the_level_of_the_verdicts() {
        let open = around(1.2, 0.3);
        let gains = (1..100_u32).map(|hundredth| {
            let between = Between {
                error: f64::from(hundredth) / 100.0,
                freedom: 3.0,
            };
            let ratio = around(6.0, 0.05).widened(between.error, between.freedom);
            let mut all = vec![unbiased(&open); 200];
            all[0] = Comparison {
                between,
                ..unbiased(&ratio)
            };
            let judged = judge(&all, 1);
            let gains = judged.verdicts[0].0 == Verdict::Holds;
            let low = ratio.interval(judged.level).low;
            assert!(!gains || low > MARGIN.ln(), "{between:?}");
            gains
        });
        assert!((1..99).contains(&gains.filter(|gains| *gains).count()));
    }

    #[test]
    fn time_is_worth_spending_on_plain_differences_without_a_verdict() {
        let split = |above: usize| {
            let groups = (0..16).map(|i| vec![if i < above { 3f64.ln() } else { 0.0 }]);
            estimate(&groups.collect::<Vec<_>>()).unwrap()
        };
        assert!(is_open(&split(12), None, false));
        assert!(!is_open(&split(14), None, true), "decided");
        assert!(!is_open(&around(1.3, 0.3), None, false), "near the margin");
        assert!(
            is_open(&around(1.3, 0.3), None, true),
            "it decides a use case"
        );
        assert!(!is_open(&around(1.1, 0.3), None, true), "no gain");
        assert!(is_open(&around(0.9, 0.5), None, false));
        let same = around(0.3, 0.05);
        assert!(
            is_open(&split(14), Some(&same), false),
            "the row errs by more"
        );
    }

    fn unbiased(ratio: &Estimate) -> Comparison<'_> {
        Comparison {
            ratio,
            bias: 0.0,
            between: Between::default(),
        }
    }

    #[test]
    fn what_a_row_errs_by_has_to_be_cleared_too() {
        let judged = |ratio, bias| {
            let ratio = &around(ratio, 0.05);
            judge(
                &[Comparison {
                    bias,
                    ..unbiased(ratio)
                }],
                4,
            )
            .verdicts[0]
                .0
        };
        let bias = bias(&around(0.93, 0.05));
        assert!(bias > 0.07);
        assert_eq!(judged(1.30, 0.0), Verdict::Holds);
        assert_eq!(judged(1.30, bias), Verdict::Inconclusive);
        assert_eq!(judged(20.0, bias), Verdict::Holds);
        assert_eq!(judged(1.10, 0.0), Verdict::Rejected);
        assert_eq!(judged(1.10, bias), Verdict::Inconclusive);
        assert_eq!(judged(0.50, bias), Verdict::Rejected);
    }
}

//! From estimates to verdicts.

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

/// A log ratio, and by how much its row is known to err: what the baseline against itself came out as, at worst, where
/// that was not 1.00.
pub(super) type Comparison<'e> = (&'e Estimate, f64);

/// How a log ratio lies to the margin, as the error of its row and that between runs may have moved the margin towards
/// it.
fn difference((ratio, bias): Comparison<'_>, level: f64) -> Difference {
    let margin = MARGIN.ln();
    let distance = ratio.median - margin;
    let of_runs = match ratio.unseen {
        (error, freedom) if error > 0.0 => error * critical(level, freedom),
        _ => 0.0,
    };
    let moved = distance.signum() * (bias + of_runs).min(distance.abs());
    Difference::between(ratio, margin + moved)
}

/// Judges log ratios against the margin, all together: the level of each test, which is the probability with which an
/// interval that ends at the margin misses the median; the verdict of each ratio, and how probable its distance from
/// the margin is if there is none.
///
/// A verdict needs so many processes on one side of the margin that the sign test is significant at a level
/// that keeps the share of wrong ones among all verdicts of the run ([`FALSE_DISCOVERIES`]). An interval at that
/// level then lies on one side, too: it is the same test.
pub(super) fn judge(comparisons: &[Comparison<'_>], looks: u32) -> (f64, Vec<(Verdict, f64)>) {
    let rate = FALSE_DISCOVERIES / f64::from(looks.max(1));
    let differences = |level| -> Vec<Difference> {
        let of_level = |&comparison: &Comparison<'_>| difference(comparison, level);
        comparisons.iter().map(of_level).collect()
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
    let verdict = |Difference { by, p }| match by > 0.0 {
        _ if p > level => (Verdict::Inconclusive, p),
        true => (Verdict::Holds, p),
        false => (Verdict::Rejected, p),
    };
    (level, tested.into_iter().map(verdict).collect())
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
    let times = ratio.median.exp();
    (is_plain(times) || decides && times > MARGIN)
        && difference((ratio, same.map_or(0.0, bias)), SURE).p > SURE
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
        let (_, judged) = judge(&ratios.each_ref().map(unbiased), 4);
        let verdicts = judged.iter().map(|(verdict, _)| *verdict);
        assert_eq!(
            verdicts.collect::<Vec<_>>(),
            [Verdict::Holds, Verdict::Rejected, Verdict::Inconclusive]
        );
    }

    #[test]
    fn one_process_decides_nothing() {
        let single = estimate(&[vec![2f64.ln(); 50]]).unwrap();
        assert_eq!(first(&[unbiased(&single)], 1), Verdict::Inconclusive);
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
            first(&all, 1)
        };
        assert_eq!(verdict(200, 7), Verdict::Inconclusive);
        assert_eq!(verdict(200, 8), Verdict::Holds);
        assert_eq!(verdict(1, 15), Verdict::Inconclusive);
        assert_eq!(verdict(1, 16), Verdict::Holds);
    }

    #[test]
    fn what_runs_add_has_to_be_cleared_too() {
        let verdict = |error| {
            let ratio = around(1.6, 0.05).widened(error, 30.0);
            first(&[unbiased(&ratio)], 1)
        };
        assert_eq!(verdict(0.01), Verdict::Holds);
        assert_eq!(verdict(0.20), Verdict::Inconclusive);
    }

    /// Whatever runs add, an improvement lies above the margin with its whole interval, which is at the level of the verdicts.
    #[test]
    fn what_runs_add_is_taken_at_the_level_of_the_verdicts() {
        let open = around(1.2, 0.3);
        let gains = (1..100_u32).map(|hundredth| {
            let ratio = around(6.0, 0.05).widened(f64::from(hundredth) / 100.0, 3.0);
            let mut all = vec![unbiased(&open); 200];
            all[0] = unbiased(&ratio);
            let (level, judged) = judge(&all, 1);
            let gains = judged[0].0 == Verdict::Holds;
            let low = ratio.interval(level).low;
            assert!(!gains || low > MARGIN.ln(), "{hundredth}");
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
        (ratio, 0.0)
    }

    /// The verdict of the first.
    fn first(comparisons: &[Comparison<'_>], looks: u32) -> Verdict {
        judge(comparisons, looks).1[0].0
    }

    #[test]
    fn what_a_row_errs_by_has_to_be_cleared_too() {
        let judged = |ratio, bias| first(&[(&around(ratio, 0.05), bias)], 4);
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

//! From estimates to verdicts.

use super::runs::Between;
use results::{MARGIN, Ratio, Verdict};
use stats::student::critical;
use stats::{Difference, Estimate, GROUPS_99, holm, needed};

/// The probability, over all verdicts of a run and all looks at it, that any of them is wrong.
pub(crate) const LEVEL: f64 = 0.01;

/// A ratio to the baseline that is not judged yet.
pub(super) fn ratio(estimate: &Estimate, baseline: &str) -> Ratio {
    Ratio {
        vs: baseline.into(),
        median: estimate.median,
        ci_low: estimate.shown.low,
        ci_high: estimate.shown.high,
        judged_low: estimate.judged.low,
        judged_high: estimate.judged.high,
        processes: estimate.groups(),
        p: None,
        n: estimate.n,
        needed: None,
        withheld: None,
        verdict: Verdict::Inconclusive,
    }
}

/// A comparison, judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// How probable the distance from the margin is if there is none, uncorrected.
    pub(crate) p: f64,
    /// About how many slices would decide it, if it is open and any number would.
    pub(crate) needed: Option<usize>,
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

/// Judges log ratios against the margin, all together.
///
/// A verdict needs so many processes on one side of the margin that the sign test is significant after
/// correction for the number of verdicts (Holm) and of looks (Bonferroni). An interval at that level
/// then lies on one side, too: it is the same test.
pub(super) fn judge(comparisons: &[Comparison<'_>], looks: u32) -> Vec<Judged> {
    let level = LEVEL / f64::from(looks.max(1));
    let of_each = level / comparisons.len().max(1) as f64;
    let differences: Vec<Difference> = comparisons
        .iter()
        .map(|one| Difference::between(one.ratio, one.margin(of_each)))
        .collect();
    let p_values: Vec<f64> = differences.iter().map(|difference| difference.p).collect();
    let rejected = holm(&p_values, level);
    let open = rejected
        .iter()
        .filter(|&&rejected| !rejected)
        .count()
        .max(1);
    let all = comparisons.iter().zip(differences).zip(rejected);
    all.map(|((one, difference), differs)| {
        let verdict = match difference.by > 0.0 {
            _ if !differs => Verdict::Inconclusive,
            true => Verdict::Holds,
            false => Verdict::Rejected,
        };
        let is_open = verdict == Verdict::Inconclusive;
        Judged {
            verdict,
            p: difference.p,
            needed: is_open
                .then(|| needed(one.ratio, difference, level / open as f64))
                .flatten(),
        }
    })
    .collect()
}

/// By how much a row errs: 0 where the baseline's second name came out as equal; else how far off it
/// may be at worst, as a log ratio. Verdicts have to clear the margin by as much.
pub(crate) fn bias(same: &Estimate) -> f64 {
    if same.judged.contains(0.0) {
        0.0
    } else {
        same.judged.low.abs().max(same.judged.high.abs())
    }
}

/// Why the baseline against itself forbids any verdict of a row, if it does: it must not err by as
/// much as the margin, and be known as sharply as half of it. `same` is the baseline under a second
/// name, with a table of its own; `floor` says how noisy the row is.
pub(crate) fn withheld(same: &Estimate, floor: &Estimate) -> Option<String> {
    let interval = |of: &Estimate| {
        format!(
            "{:.3}x [{:.3}, {:.3}] at 99 %",
            of.median.exp(),
            of.judged.low.exp(),
            of.judged.high.exp()
        )
    };
    if same.groups() < GROUPS_99 {
        Some(format!(
            "the baseline against itself was measured in {} processes, and {GROUPS_99} is the least \
             that a 99 % interval takes",
            same.groups()
        ))
    } else if bias(same) > MARGIN.ln() {
        Some(format!(
            "the baseline against itself came out as {}, which may be wrong by more than the margin",
            interval(same)
        ))
    } else if floor.judged.half_width() > MARGIN.ln() / 2.0 {
        Some(format!(
            "the baseline against itself is known no better than {}, which is wider than half the \
             margin to either side",
            interval(floor)
        ))
    } else {
        None
    }
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
        assert_eq!(judged[0].verdict, Verdict::Holds);
        assert_eq!(judged[1].verdict, Verdict::Rejected);
        assert_eq!(judged[2].verdict, Verdict::Inconclusive);
        assert!(judged[2].needed.is_some_and(|n| n > 72), "{judged:?}");
        assert_eq!(judged[0].needed, None);
    }

    #[test]
    fn one_process_decides_nothing() {
        let one = estimate(&[vec![2f64.ln(); 50]]).unwrap();
        assert_eq!(
            judge(&[unbiased(&one)], 1)[0].verdict,
            Verdict::Inconclusive
        );
    }

    /// 1 % over two hundred verdicts is one in 20,000, and 2^-14 is more than that.
    #[test]
    fn processes_that_agree_are_as_sure_as_their_number_and_no_surer() {
        let verdict = |processes| {
            let agreeing = estimate(&vec![vec![3_f64.ln()]; processes]).unwrap();
            let ratios = vec![agreeing; 200];
            let all: Vec<Comparison<'_>> = ratios.iter().map(unbiased).collect();
            judge(&all, 1)[0].verdict
        };
        assert_eq!(verdict(15), Verdict::Inconclusive);
        assert_eq!(verdict(16), Verdict::Holds);
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
            )[0]
            .verdict
        };
        assert_eq!(verdict(0.01), Verdict::Holds);
        assert_eq!(verdict(0.20), Verdict::Inconclusive);
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
            )[0]
            .verdict
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

    #[test]
    fn a_shifted_or_blurred_noise_floor_withholds() {
        let (sharp, blurred) = (around(1.0, 0.05), around(1.0, 0.6));
        assert_eq!(withheld(&sharp, &sharp), None);
        assert_eq!(withheld(&blurred, &sharp), None);
        assert!(withheld(&around(1.3, 0.05), &sharp).is_some());
        assert!(withheld(&blurred, &blurred).is_some());
    }
}

//! From estimates to verdicts.

use super::MARGIN;
use crate::results::Verdict;
use statistics::{Difference, Estimate, holm, needed};

/// The probability, over all verdicts of a run and all looks at it, that any of them is wrong.
pub(crate) const LEVEL: f64 = 0.01;

/// A comparison, judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// How probable the distance from the margin is if there is none, uncorrected.
    pub(crate) p: f64,
    /// About how many slices would decide it, if it is open and any number would.
    pub(crate) needed: Option<usize>,
}

/// A log ratio, and by how much its row is known to err: what the baseline against itself came out
/// as, at worst, where that was not 1.00.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) ratio: Estimate,
    pub(crate) bias: f64,
}

impl Comparison {
    /// The margin as the row's error may have moved it towards the ratio.
    fn margin(&self) -> f64 {
        let margin = MARGIN.ln();
        let distance = self.ratio.median - margin;
        margin + distance.signum() * self.bias.min(distance.abs())
    }
}

/// Judges log ratios against the margin, all together.
///
/// A verdict needs two things: the 99 % interval lies on one side of the margin, and so does the
/// estimate after correction for the number of verdicts (Holm) and of looks (Bonferroni). The
/// correction for looks makes it legitimate to measure on only where a verdict is open.
pub(crate) fn judge(comparisons: &[Comparison], looks: u32) -> Vec<Judged> {
    let level = LEVEL / f64::from(looks.max(1));
    let differences: Vec<Difference> = comparisons
        .iter()
        .map(|one| Difference::between(&one.ratio, one.margin()))
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
            _ if !differs || one.ratio.judged.contains(one.margin()) => Verdict::Inconclusive,
            true => Verdict::Holds,
            false => Verdict::Rejected,
        };
        let is_open = verdict == Verdict::Inconclusive;
        Judged {
            verdict,
            p: difference.p,
            needed: is_open
                .then(|| needed(&one.ratio, difference, level / open as f64))
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
    if same.groups < 2 {
        Some("it was measured in one process only, which gives no interval".into())
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
    use statistics::estimate;

    /// Log ratios of 12 processes around a ratio.
    fn around(ratio: f64, spread: f64) -> Estimate {
        let groups: Vec<Vec<f64>> = (0..12)
            .map(|i| vec![ratio.ln() + spread * (f64::from(i) - 5.5) / 5.5; 3])
            .collect();
        estimate(&groups, 1).unwrap()
    }

    #[test]
    fn a_verdict_needs_distance_from_the_margin() {
        let judged = judge(
            &[around(2.0, 0.05), around(1.0, 0.05), around(1.21, 0.05)].map(unbiased),
            4,
        );
        assert_eq!(judged[0].verdict, Verdict::Holds);
        assert_eq!(judged[1].verdict, Verdict::Rejected);
        assert_eq!(judged[2].verdict, Verdict::Inconclusive);
        assert!(judged[2].needed.is_some_and(|n| n > 36), "{judged:?}");
        assert_eq!(judged[0].needed, None);
    }

    #[test]
    fn one_process_decides_nothing() {
        let one = estimate(&[vec![2f64.ln(); 50]], 1).unwrap();
        assert_eq!(judge(&[unbiased(one)], 1)[0].verdict, Verdict::Inconclusive);
    }

    fn unbiased(ratio: Estimate) -> Comparison {
        Comparison { ratio, bias: 0.0 }
    }

    #[test]
    fn what_a_row_errs_by_has_to_be_cleared_too() {
        let judged = |ratio, bias| {
            let ratio = around(ratio, 0.05);
            judge(&[Comparison { ratio, bias }], 4)[0].verdict
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

//! Whether two sets of samples differ beyond noise. Knows no strategy and no metric.
//!
//! Two runs are independent, so the variance of the difference of their estimates is the sum of the
//! two variances; that each is known from a few processes only is what Student's t with Welch's
//! degrees of freedom allows for. Where processes have two modes that is too sure: a change also has to
//! be significant by the median test, which counts processes and borrows no spread from them.
//!
//! What the interval holds is what processes of the same run differ by. What another run of the same
//! program would change is not in it.

use serde::Serialize;

use stats::student::{critical, p_value};
use stats::{Estimate, estimate, holm, sign};

/// The probability that a comparison of two equal runs shows any change at all.
pub const LEVEL: f64 = 0.01;
/// A change by this factor is worth knowing about: a cell counts as unchanged if one would have
/// shown, and has too few samples if not.
pub const NOTABLE: f64 = 1.10;

/// Nobody starts more processes than this for a cell.
const PROCESSES_MAX: usize = 1 << 20;

/// What two sets of samples say about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Better, beyond noise.
    Better,
    /// Worse, beyond noise.
    Worse,
    /// No change beyond noise, and one by [`NOTABLE`] would have shown.
    Unchanged,
    /// No change beyond noise, and none by [`NOTABLE`] would have shown either.
    TooFew {
        /// Samples that each run would need, at the spread seen.
        samples_needed: usize,
    },
}

/// The difference of two estimates, before it is known how many there are.
pub(super) struct Difference {
    /// The two estimates.
    pub(super) ends: [f64; 2],
    /// How much better the second is.
    pub(super) value: f64,
    /// Samples of the run that has fewer.
    pub(super) samples: usize,
    error: f64,
    /// Degrees of freedom; none, if a run has only one process.
    freedom: Option<f64>,
    /// The p of the median test.
    separated: f64,
    /// Measuring processes of the run that has fewer.
    processes: usize,
}

/// A logarithm further from 0 than this, such as that of a slice without a finished operation, counts as
/// this.
const FAR: f64 = 40.0;

impl Difference {
    /// Of logarithms by process, `b` minus `a`, or the other way round where less is better; `None` without samples
    /// on both sides.
    pub(super) fn between(a: &[Vec<f64>], b: &[Vec<f64>], less_is_better: bool) -> Option<Self> {
        let (a, b) = (near(a)?, near(b)?);
        let [of_a, of_b] = [&a, &b].map(|run| run.groups() as f64 - 1.0);
        let [variance_a, variance_b] = [&a, &b].map(|run| run.error.powi(2));
        let variance = variance_a + variance_b;
        let welch = variance.powi(2) / (variance_a.powi(2) / of_a + variance_b.powi(2) / of_b);
        let least = of_a.min(of_b);
        // No spread at all: what the smaller run has.
        let freedom = if welch.is_finite() { welch } else { least };
        let sign = if less_is_better { -1.0 } else { 1.0 };
        Some(Self {
            ends: [a.median, b.median],
            value: sign * (b.median - a.median),
            samples: a.n.min(b.n),
            error: variance.sqrt(),
            freedom: (least > 0.0).then_some(freedom),
            separated: sign::median_test(&a.centers, &b.centers),
            processes: a.groups().min(b.groups()),
        })
    }

    fn p(&self) -> f64 {
        match self.freedom {
            None => 1.0,
            Some(_) if self.value == 0.0 => 1.0,
            Some(freedom) => p_value(self.value.abs() / self.error, freedom).max(self.separated),
        }
    }

    /// Half the width of its interval at a level, and what that says.
    fn at(&self, level: f64, is_change: bool) -> (f64, Verdict) {
        let half_width = |freedom| critical(level, freedom) * self.error;
        let half_width = self.freedom.map_or(f64::INFINITY, half_width);
        let are_enough = sign::least_separated(self.processes) <= level;
        let verdict = match is_change {
            true if self.value > 0.0 => Verdict::Better,
            true => Verdict::Worse,
            false if are_enough && half_width <= NOTABLE.ln() => Verdict::Unchanged,
            false => Verdict::TooFew {
                samples_needed: self.samples_needed(level),
            },
        };
        (half_width, verdict)
    }

    /// Samples of each run that would bring the half-width down to [`NOTABLE`], in processes of the
    /// present size: more of them lessen the error and add degrees of freedom.
    fn samples_needed(&self, level: f64) -> usize {
        // One process has no spread: then it is only their number that is known to be too small.
        let known = Some(self.error).filter(|error| error.is_finite());
        let error = known.unwrap_or(0.0);
        let suffices = |processes: &usize| {
            let freedom = 2.0 * (*processes as f64 - 1.0);
            let error = error * (self.processes as f64 / *processes as f64).sqrt();
            let width = critical(level, freedom) * error;
            width <= NOTABLE.ln() && sign::least_separated(*processes) <= level
        };
        // In steps of a thirtieth: the spread seen is an estimate, too.
        let next = |processes: &usize| Some(processes + processes / 30 + 1);
        let numbers = std::iter::successors(Some(self.processes + 1), next);
        let mut numbers = numbers.take_while(|processes| *processes < PROCESSES_MAX);
        let processes = numbers.find(suffices).unwrap_or(PROCESSES_MAX);
        (processes * self.samples).div_ceil(self.processes)
    }
}

/// One run's estimate.
fn near(groups: &[Vec<f64>]) -> Option<Estimate> {
    let near = |group: &Vec<f64>| group.iter().map(|log| log.clamp(-FAR, FAR)).collect();
    estimate(&groups.iter().map(near).collect::<Vec<_>>())
}

/// Judges all differences of a comparison together, at [`LEVEL`] ([`holm`]). The interval of each, here half its width, is
/// at its own share of the level, so that it agrees with the verdict.
pub(super) fn judge(differences: &[Difference]) -> Vec<(f64, Verdict)> {
    let p: Vec<f64> = differences.iter().map(Difference::p).collect();
    let tested = differences.iter().zip(holm(&p, LEVEL));
    tested
        .map(|(difference, (is_change, level))| difference.at(level, is_change))
        .collect()
}

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

use statistics::student::{critical, p_value};
use statistics::{estimate, sign};

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

/// How the second of two cells compares with the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The difference of the logarithms.
    pub difference: f64,
    /// Half the width of its interval, at the level that is left for this cell.
    pub half_width: f64,
    /// Samples of the run that has fewer.
    pub samples: usize,
    /// The verdict.
    pub verdict: Verdict,
}

/// The difference of two estimates, before it is known how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    ends: (f64, f64),
    value: f64,
    error: f64,
    /// Degrees of freedom; none, if a run has only one process.
    freedom: Option<f64>,
    /// The p of the median test.
    separated: f64,
    samples: usize,
    /// Measuring processes of the run that has fewer.
    processes: usize,
}

/// A logarithm further from 0 than this, such as that of a slice without a finished operation, counts as
/// this.
const FAR: f64 = 40.0;

impl Difference {
    /// Of logarithms by process, `b` minus `a`; `None` without samples on both sides.
    pub(super) fn of(a: &[Vec<f64>], b: &[Vec<f64>]) -> Option<Self> {
        let (a, b) = (Side::of(a)?, Side::of(b)?);
        let variance = a.variance + b.variance;
        let freedom = a.freedom.zip(b.freedom).map(|(of_a, of_b)| {
            let welch = variance.powi(2) / (a.variance.powi(2) / of_a + b.variance.powi(2) / of_b);
            // No spread at all: what the smaller run has.
            if welch.is_finite() {
                welch
            } else {
                of_a.min(of_b)
            }
        });
        Some(Self {
            ends: (a.median, b.median),
            value: b.median - a.median,
            error: variance.sqrt(),
            freedom,
            separated: sign::median_test(&a.centers, &b.centers),
            samples: a.samples.min(b.samples),
            processes: a.centers.len().min(b.centers.len()),
        })
    }

    /// The two estimates.
    pub(super) fn ends(&self) -> (f64, f64) {
        self.ends
    }

    /// The same with another sign, for what is better when it is smaller.
    pub(super) fn times(self, sign: f64) -> Self {
        Self {
            value: sign * self.value,
            ..self
        }
    }

    fn p(&self) -> f64 {
        match self.freedom {
            None => 1.0,
            Some(_) if self.value == 0.0 => 1.0,
            Some(freedom) => p_value(self.value.abs() / self.error, freedom).max(self.separated),
        }
    }

    fn at(&self, level: f64, is_change: bool) -> Change {
        let half_width = self.freedom.map_or(f64::INFINITY, |freedom| {
            critical(level, freedom) * self.error
        });
        let verdict = if is_change && self.value > 0.0 {
            Verdict::Better
        } else if is_change {
            Verdict::Worse
        } else if half_width <= NOTABLE.ln() && sign::least_separated(self.processes) <= level {
            Verdict::Unchanged
        } else {
            Verdict::TooFew {
                samples_needed: self.samples_needed(level),
            }
        };
        Change {
            difference: self.value,
            half_width,
            samples: self.samples,
            verdict,
        }
    }

    /// Samples of each run that would bring the half-width down to [`NOTABLE`], in processes of the
    /// present size: more of them lessen the error and add degrees of freedom.
    fn samples_needed(&self, level: f64) -> usize {
        // One process has no spread: then it is only their number that is known to be too small.
        let error = if self.error.is_finite() {
            self.error
        } else {
            0.0
        };
        let suffices = |processes: usize| {
            let freedom = 2.0 * (processes as f64 - 1.0);
            let error = error * (self.processes as f64 / processes as f64).sqrt();
            let width = critical(level, freedom) * error;
            width <= NOTABLE.ln() && sign::least_separated(processes) <= level
        };
        let mut low = self.processes.max(1);
        let mut high = low + 1;
        while !suffices(high) && high < PROCESSES_MAX {
            low = high;
            high *= 2;
        }
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if suffices(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        (high * self.samples).div_ceil(self.processes)
    }
}

/// One run's estimate.
struct Side {
    median: f64,
    variance: f64,
    freedom: Option<f64>,
    samples: usize,
    /// The processes' medians.
    centers: Vec<f64>,
}

impl Side {
    fn of(groups: &[Vec<f64>]) -> Option<Self> {
        let near = |group: &Vec<f64>| group.iter().map(|log| log.clamp(-FAR, FAR)).collect();
        let groups: Vec<Vec<f64>> = groups.iter().map(near).collect();
        let estimate = estimate(&groups)?;
        let processes = estimate.groups() as f64;
        Some(Self {
            median: estimate.median,
            variance: estimate.error.powi(2),
            freedom: (processes > 1.0).then_some(processes - 1.0),
            samples: estimate.n,
            centers: estimate.centers,
        })
    }
}

/// Judges all differences of a comparison together, at [`LEVEL`] (Holm 1979): the smallest p-value
/// is held against the level divided by their number, the next by one less, until one fails. The
/// interval of each is at its own share of the level, so that it agrees with the verdict.
pub(super) fn judge(differences: &[Difference]) -> Vec<Change> {
    let p: Vec<f64> = differences.iter().map(Difference::p).collect();
    let mut order: Vec<usize> = (0..differences.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut changes: Vec<Option<Change>> = vec![None; differences.len()];
    let mut rejected = 0;
    let mut is_open = true;
    for index in order {
        let level = LEVEL / (differences.len() - rejected) as f64;
        is_open = is_open && p[index] <= level;
        changes[index] = Some(differences[index].at(level, is_open));
        rejected += usize::from(is_open);
    }
    changes.into_iter().flatten().collect()
}

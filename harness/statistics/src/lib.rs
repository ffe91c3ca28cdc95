//! Medians and intervals. Knows no strategy, no scenario and no clock.
//!
//! Samples come in groups (the slices of one measuring process) because what a process does to all
//! its slices at once - where its heap landed, which core it was given - is not averaged out by more
//! slices. The interval is a two-level percentile bootstrap: processes are drawn with replacement,
//! then slices within each (Davison and Hinkley, Bootstrap Methods, 3.8), expanded for few processes. The statistic is the median
//! over the processes of the medians within them.

mod decision;
mod middle;
mod network;
mod singles;
pub mod student;
#[cfg(test)]
mod tests;
mod urns;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{ContinuousCDF, Normal};

pub use decision::{Difference, holm, needed};
use urns::Urns;

/// How often the samples are drawn anew for a result.
pub const RESAMPLES: usize = 10_000;

/// A median with its intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The median of the processes' medians.
    pub median: f64,
    /// The 95 % interval.
    pub shown: Interval,
    /// The 99 % interval.
    pub judged: Interval,
    /// The standard error: of the bootstrap's medians.
    pub error: f64,
    /// The number of samples.
    pub n: usize,
    /// The number of groups they came in.
    pub groups: usize,
}

/// Two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower one.
    pub low: f64,
    /// The upper one.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within, the bounds included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half the distance of the bounds.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    fn map(self, function: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (function(self.low), function(self.high));
        Self {
            low: a.min(b),
            high: a.max(b),
        }
    }
}

impl Estimate {
    /// Median and intervals through an increasing or decreasing function, such as the exponential of
    /// a log ratio. The standard error stays that of the argument.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self {
            median: function(self.median),
            shown: self.shown.map(&function),
            judged: self.judged.map(&function),
            ..self
        }
    }

    /// About the half-width of the 99 % interval, from the standard error: what to plan by, where few
    /// resamples do not show the ends.
    pub fn expected_half_width(&self) -> f64 {
        let n = self.groups as f64;
        if self.groups < 2 {
            return f64::INFINITY;
        }
        (n / (n - 1.0)).sqrt() * student::critical(0.01, n - 1.0) * self.error
    }

    /// A value that is known exactly.
    pub fn exact(value: f64) -> Self {
        let interval = Interval {
            low: value,
            high: value,
        };
        Self {
            median: value,
            shown: interval,
            judged: interval,
            error: 0.0,
            n: 1,
            groups: 1,
        }
    }
}

/// The median; `None` of nothing. Of an even number of values, the mean of the middle two.
pub fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (middle, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(lower, upper))
}

/// Estimates the median of samples that come in groups. Empty groups are ignored; `None` if there is
/// no sample at all. Equal input and seed give equal output.
pub fn estimate(groups: &[Vec<f64>], seed: u64) -> Option<Estimate> {
    estimate_with(groups, seed, RESAMPLES)
}

/// [`estimate`] with a number of resamples of one's own: a thousand do for a standard error.
pub fn estimate_with(groups: &[Vec<f64>], seed: u64, resamples: usize) -> Option<Estimate> {
    let mut medians: Vec<f64> = groups
        .iter()
        .filter_map(|group| median(&mut group.clone()))
        .collect();
    let counted = medians.len();
    let center = median(&mut medians)?;
    let drawn = sorted_draws(groups, seed, resamples);
    let interval = |level| {
        let tail = tail(level, counted);
        Interval {
            low: quantile(&drawn, tail),
            high: quantile(&drawn, 1.0 - tail),
        }
    };
    Some(Estimate {
        median: center,
        shown: interval(0.95),
        judged: interval(0.99),
        error: standard_deviation(&drawn),
        n: groups.iter().map(Vec::len).sum(),
        groups: counted,
    })
}

fn sorted_draws(groups: &[Vec<f64>], seed: u64, resamples: usize) -> Vec<f64> {
    singles::sorted_draws(groups, seed, resamples).unwrap_or_else(|| {
        let mut drawn = draws(groups, seed, resamples);
        drawn.sort_unstable_by(f64::total_cmp);
        drawn
    })
}

/// The share of the draws beyond each end of an interval. With few groups the percentiles themselves
/// would be too narrow, as a normal interval is where Student's is due; this is the expanded
/// percentile interval (Hesterberg, What Teachers Should Know About the Bootstrap, The American
/// Statistician 69, 2015, 2.3.1). What it cannot do is reach beyond the outermost group: of fewer than
/// eight, no interval of a median covers 99 %.
fn tail(level: f64, groups: usize) -> f64 {
    let plain = (1.0 - level) / 2.0;
    let n = groups as f64;
    if groups < 2 {
        return plain;
    }
    let reach = (n / (n - 1.0)).sqrt() * student::critical(2.0 * plain, n - 1.0);
    Normal::standard().cdf(-reach)
}

/// The medians of `resamples` bootstrap samples, in the order in which they were drawn; nothing if
/// there is no sample.
pub fn draws(groups: &[Vec<f64>], seed: u64, resamples: usize) -> Vec<f64> {
    Urns::of(groups).map_or_else(Vec::new, |urns| {
        urns.resampled(&mut Xoshiro256PlusPlus::seed_from_u64(seed), resamples)
    })
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0).max(1.0)).sqrt()
}

/// The value below which a `share` of the sorted values lies, linearly interpolated.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_sign_loss, reason = "a share of a length is not negative")]
    let index = place as usize;
    let next = sorted[(index + 1).min(sorted.len() - 1)];
    sorted[index] + (next - sorted[index]) * place.fract()
}

//! Medians, intervals and tests of them. Knows no strategy, no scenario and no clock.
//!
//! Samples come in groups (the slices of one measuring process), because what a process does to all
//! its slices at once - where its heap landed, which core it was given - is not averaged out by more
//! slices. A group counts once, by its median, and what is estimated is the median over groups.
//!
//! All that is said about it follows from one fact, which holds whatever the shape of the
//! distribution: a group lies above the true median with probability 1/2, independently of the others.
//! The test is the sign test, and an interval holds the values that this test does not reject, so it
//! ends at order statistics (Conover, Practical Nonparametric Statistics, 3.1 and 3.2). `n` groups
//! therefore never give a p below `2^(1-n)`. Tests that borrow a spread from the groups go below it and
//! err far more often than they say where the groups have two modes, as measuring processes do: eight
//! may all have come from one mode.

pub mod planted;
pub mod sign;
mod significance;
pub mod student;

use model::random::below;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::function::beta::beta_reg;

pub use significance::{Difference, benjamini_hochberg, holm};

/// Fewer groups than this have no 95 % interval of a median.
pub const GROUPS_95: usize = 6;
/// Fewer groups than this have no 99 % interval of a median: from them one gets their range.
pub const GROUPS_99: usize = 8;
/// The probability with which an interval misses the median, unless stated otherwise.
pub const LEVEL: f64 = 0.01;

/// A median, and what its intervals are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The median of the groups' medians.
    pub median: f64,
    /// The standard error of the median; infinite of one group.
    pub error: f64,
    /// The number of samples.
    pub n: usize,
    /// The groups' medians, ascending.
    pub centers: Vec<f64>,
    /// An independent error that the groups do not show, and its degrees of freedom.
    pub unseen: (f64, f64),
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

    /// Both bounds through an increasing function.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self {
            low: function(self.low),
            high: function(self.high),
        }
    }
}

impl Estimate {
    /// How many groups it rests on.
    pub fn groups(&self) -> usize {
        self.centers.len()
    }

    /// The values that the sign test does not reject at `level`: between two of the groups' medians; their
    /// range where it rejects none. Further apart where there is an error that the groups do not show.
    pub fn interval(&self, level: f64) -> Interval {
        let cut = sign::most_against(self.groups(), level).unwrap_or(0);
        let (low, high) = (self.centers[cut], self.centers[self.groups() - 1 - cut]);
        let (error, freedom) = self.unseen;
        if error <= 0.0 || !self.median.is_finite() {
            return Interval { low, high };
        }
        let by = error * student::critical(level, freedom);
        Interval {
            low: self.median - (low - self.median).hypot(by),
            high: self.median + (high - self.median).hypot(by),
        }
    }

    /// The same with intervals that also hold what is not seen in the groups: an independent error,
    /// estimated with so many degrees of `freedom`. On the scale of the estimate.
    #[must_use]
    pub fn widened(self, error: f64, freedom: f64) -> Self {
        let unseen = (error, freedom);
        Self { unseen, ..self }
    }

    /// About the half-width of the 99 % interval, from the standard error: what to plan by, where few
    /// groups do not show the ends.
    pub fn expected_half_width(&self) -> f64 {
        if self.groups() < 2 {
            return f64::INFINITY;
        }
        student::critical(LEVEL, self.groups() as f64 - 1.0) * self.error
    }
}

/// The median; `None` of nothing. Of an even number of values, the mean of the middle two; infinite
/// values take part, and minus infinity prevails over what it is averaged with.
pub fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (middle, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if !is_odd && lower > f64::NEG_INFINITY => f64::midpoint(lower, upper),
        Some(lower) if !is_odd => lower,
        _ => upper,
    })
}

/// Estimates the median of samples that come in groups. Empty groups are ignored; `None` if there is
/// no sample at all.
pub fn estimate(groups: &[Vec<f64>]) -> Option<Estimate> {
    let centers = centers(groups);
    Some(Estimate {
        median: median(&mut centers.clone())?,
        error: standard_error(&centers),
        n: groups.iter().map(Vec::len).sum(),
        centers,
        unseen: (0.0, 0.0),
    })
}

/// The medians of all groups but empty ones, ascending.
fn centers(groups: &[Vec<f64>]) -> Vec<f64> {
    let medians = groups.iter().map(|group| median(&mut group.clone()));
    let mut centers: Vec<f64> = medians.flatten().collect();
    centers.sort_unstable_by(f64::total_cmp);
    centers
}

/// The standard error of the median of the sorted centers: Maritz and Jarrett (Journal of the American
/// Statistical Association 73, 1978), which is what a bootstrap comes to with resamples without number,
/// times the root of n/(n - 1) that both lack.
fn standard_error(sorted: &[f64]) -> f64 {
    if sorted.len() < 2 || sorted.iter().any(|center| !center.is_finite()) {
        return f64::INFINITY;
    }
    let n = sorted.len() as f64;
    let half = f64::midpoint(n, 1.0);
    let share_below = |count: usize| beta_reg(half, half, count as f64 / n);
    let middle = sorted[sorted.len() / 2];
    let (mut first_moment, mut second_moment) = (0.0, 0.0);
    for (index, center) in sorted.iter().enumerate() {
        let weight = share_below(index + 1) - share_below(index);
        first_moment += weight * (center - middle);
        second_moment += weight * (center - middle).powi(2);
    }
    ((second_moment - first_moment.powi(2)).max(0.0) * n / (n - 1.0)).sqrt()
}

/// Of the standard normal distribution, two-sided at 5 %.
const NORMAL_95: f64 = 1.959_964;

/// Medians of as many groups as there are, drawn with replacement, `count` times; nothing if there is
/// no sample. Groups and not samples are drawn, because groups are what is independent.
///
/// The distances from the median are widened so that the middle 95 % of the draws are as wide as an
/// interval of so few groups has to be: by the root of n/(n - 1) and by Student's t over the normal
/// (Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician 69, 2015).
pub fn draws(groups: &[Vec<f64>], seed: u64, count: usize) -> Vec<f64> {
    let centers = centers(groups);
    let Some(center) = median(&mut centers.clone()) else {
        return Vec::new();
    };
    let n = centers.len() as f64;
    let wider = match centers.len() {
        1 => 1.0,
        _ => (n / (n - 1.0)).sqrt() * student::critical(0.05, n - 1.0) / NORMAL_95,
    };
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = vec![0.0; centers.len()];
    (0..count)
        .map(|_| {
            drawn.fill_with(|| centers[below(&mut random, centers.len())]);
            let of_drawn = median(&mut drawn).unwrap_or(center);
            let widened = center + wider * (of_drawn - center);
            // What is infinite stays where it is.
            if widened.is_nan() { of_drawn } else { widened }
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! Medians and intervals. Knows no strategy, no scenario and no clock.
//!
//! Samples come in groups (the slices of one measuring process) because what a process does to all
//! its slices at once - where its heap landed, which core it was given - is not averaged out by more
//! slices. The interval is a two-level percentile bootstrap: processes are drawn with replacement,
//! then slices within each (Davison and Hinkley, Bootstrap Methods, 3.8). The statistic is the median
//! over the processes of the medians within them.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How often the samples are drawn anew.
pub const RESAMPLES: usize = 2_000;

/// A median with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The median of the processes' medians.
    pub median: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
    /// The number of samples.
    pub n: usize,
}

impl Estimate {
    /// The same through an increasing or decreasing function, such as the exponential of a log ratio.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (function(self.low), function(self.high));
        Self {
            median: function(self.median),
            low: a.min(b),
            high: a.max(b),
            n: self.n,
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
    let mut medians: Vec<f64> = groups
        .iter()
        .filter_map(|group| median(&mut group.clone()))
        .collect();
    let center = median(&mut medians)?;
    let mut drawn = draws(groups, seed);
    drawn.sort_unstable_by(f64::total_cmp);
    Some(Estimate {
        median: center,
        low: quantile(&drawn, 0.025),
        high: quantile(&drawn, 0.975),
        n: groups.iter().map(Vec::len).sum(),
    })
}

/// The statistics of the bootstrap samples, in the order in which they were drawn; empty if there is
/// no sample at all.
pub fn draws(groups: &[Vec<f64>], seed: u64) -> Vec<f64> {
    let groups: Vec<&[f64]> = groups
        .iter()
        .filter(|group| !group.is_empty())
        .map(Vec::as_slice)
        .collect();
    if groups.is_empty() {
        return Vec::new();
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..RESAMPLES)
        .map(|_| resample(&groups, &mut random))
        .collect()
}

/// The statistic of one bootstrap sample.
fn resample(groups: &[&[f64]], random: &mut Xoshiro256PlusPlus) -> f64 {
    let mut medians = Vec::with_capacity(groups.len());
    let mut sample = Vec::new();
    for _ in groups {
        let group = groups[below(random, groups.len())];
        sample.clear();
        sample.extend(group.iter().map(|_| group[below(random, group.len())]));
        medians.extend(median(&mut sample));
    }
    median(&mut medians).expect("no group is empty")
}

/// A uniform number below `bound`: the high half of a product (Lemire 2019); its bias is below
/// 2^-32 for the bounds used here.
fn below(random: &mut impl Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// The value below which a `share` of the sorted values lies, linearly interpolated.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_sign_loss, reason = "a share of a length is not negative")]
    let index = place as usize;
    let next = sorted[(index + 1).min(sorted.len() - 1)];
    sorted[index] + (next - sorted[index]) * place.fract()
}

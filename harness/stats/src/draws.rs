//! Medians drawn at random around an estimate, for what is computed from several of them at once.

use model::random::below;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::student::critical;
use super::{centers, median};

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
    let wider = if centers.len() < 2 {
        1.0
    } else {
        (n / (n - 1.0)).sqrt() * critical(0.05, n - 1.0) / NORMAL_95
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

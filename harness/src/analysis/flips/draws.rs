//! A stand-in until `statistics` offers draws of its own.

use crate::statistics::median;

/// Medians of samples that are drawn anew, processes first and then within each.
pub(super) fn draws(groups: &[Vec<f64>], seed: u64, resamples: usize) -> Vec<f64> {
    use rand_core::{Rng, SeedableRng};
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    if groups.is_empty() {
        return Vec::new();
    }
    let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut below = |bound: usize| ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize;
    let mut sample = Vec::new();
    let mut draw = |_| {
        let mut medians = Vec::with_capacity(groups.len());
        for _ in &groups {
            let group = groups[below(groups.len())];
            sample.clear();
            sample.extend(group.iter().map(|_| group[below(group.len())]));
            medians.extend(median(&mut sample));
        }
        median(&mut medians)
    };
    (0..resamples).filter_map(&mut draw).collect()
}

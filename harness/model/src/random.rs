//! What is drawn from a stream of random words: indices, shares and orders. One place, so that the
//! same seed means the same draws everywhere.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// A seed for one of the things that `parts` tell apart, such as the number of a process. Mixed after
/// each part (SplitMix64), so that a run's process 3 is not another run's process 2: with the parts
/// merely combined, runs with neighbouring seeds would work on the same tables.
pub fn seed(run: u64, parts: &[u64]) -> u64 {
    parts.iter().fold(run, |seed, part| {
        let mixed = SplitMix64::seed_from_u64(seed).next_u64();
        SplitMix64::seed_from_u64(mixed ^ part).next_u64()
    })
}

/// A uniform number below `bound`: the high half of a product (Lemire 2019); its bias is below
/// 2^-32 for the bounds used here.
pub fn below(random: &mut impl Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// A uniform number in [0, 1), of 53 random bits.
pub fn uniform(random: &mut impl Rng) -> f64 {
    (random.next_u64() >> 11) as f64 * (-53f64).exp2()
}

/// A standard normal number (Box and Muller 1958).
pub fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(random)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(random)).cos()
}

/// Brings `items` into random order: Fisher and Yates, as given by Durstenfeld (CACM 1964).
pub fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(random, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn a_shuffle_keeps_every_item_and_moves_some() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let before: Vec<u32> = (0..20).collect();
        let mut after = before.clone();
        shuffle(&mut after, &mut random);
        assert_ne!(after, before);
        after.sort_unstable();
        assert_eq!(after, before);
    }

    #[test]
    fn runs_with_neighbouring_seeds_share_no_process() {
        let of_run = |run| (0..100).map(move |process| seed(run, &[process]));
        let all: BTreeSet<u64> = (1..=7).flat_map(of_run).collect();
        assert_eq!(all.len(), 700);
        assert_ne!(seed(1, &[2, 3]), seed(1, &[3, 2]));
    }

    #[test]
    fn draws_stay_in_range_and_reach_its_ends() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
        let drawn: Vec<usize> = (0..1_000).map(|_| below(&mut random, 3)).collect();
        assert!((0..3).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|&index| index < 3));
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&uniform(&mut random))));
    }
}

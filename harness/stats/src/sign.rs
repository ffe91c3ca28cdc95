//! The sign test, of one sample and of two: how probable it is that so few of so many lie on the other
//! side.

use statrs::distribution::{Binomial, DiscreteCDF, Hypergeometric};
use statrs::function::factorial::ln_binomial;

use crate::median;

/// The two-sided p if `against` of `n` lie on the other side of a value than the rest. Exact for every
/// continuous distribution with its median there; at least `2^(1-n)`.
pub fn p_value(n: usize, against: usize) -> f64 {
    // One half is a probability: there is such a distribution.
    Binomial::new(0.5, n as u64).map_or(1.0, |fair| (2.0 * fair.cdf(against as u64)).min(1.0))
}

/// The two-sided p of two samples whose medians are equal: of how many of each lie above the median of
/// all (Mood's median test, by Fisher's exact distribution; Conover, 4.3). 1 of an empty sample.
pub fn median_test(a: &[f64], b: &[f64]) -> f64 {
    let mut all = [a, b].concat();
    let Some(middle) = median(&mut all) else {
        return 1.0;
    };
    let above = |sample: &[f64]| sample.iter().filter(|value| **value > middle).count() as u64;
    let (of_a, of_all) = (above(a), above(&all));
    // A part is no larger than the whole: there is such a distribution.
    let by_chance = Hypergeometric::new(all.len() as u64, of_all, a.len() as u64);
    by_chance.map_or(1.0, |by_chance| {
        // At most so many, and at least so many.
        let few = by_chance.cdf(of_a);
        let many = of_a.checked_sub(1).map_or(1.0, |fewer| by_chance.sf(fewer));
        (2.0 * few.min(many)).min(1.0)
    })
}

/// The p of [`median_test`] of two samples of `n` each, all of one above all of the other.
pub fn least_separated(n: usize) -> f64 {
    let ways = ln_binomial(2 * n as u64, n as u64);
    (2.0 * (-ways).exp()).min(1.0)
}

/// How many of `n` may lie on the other side for p to be at most `level`; `None` if even none is too
/// many.
pub fn most_against(n: usize, level: f64) -> Option<usize> {
    let significant = |against: &usize| p_value(n, *against) <= level;
    (0..n).take_while(significant).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_coins() {
        let by_hand = [
            (1, 0, 1.0),
            (5, 0, 1.0 / 16.0),
            (8, 0, 1.0 / 128.0),
            (8, 1, 9.0 / 128.0),
        ];
        for (n, against, expected) in by_hand {
            let p = p_value(n, against);
            assert!((p - expected).abs() < 1e-12, "{n} {against}: {p}");
        }
        assert!((p_value(0, 0) - 1.0).abs() < 1e-12 && (p_value(4, 3) - 1.0).abs() < 1e-12);
        // Conover, table A3: of 20, at most 3 at 1 %, 5 at 5 %.
        assert_eq!(most_against(20, 0.01), Some(3));
        assert_eq!(most_against(20, 0.05), Some(5));
        assert_eq!([5, 6].map(|n| most_against(n, 0.05)), [None, Some(0)]);
        assert_eq!([7, 8].map(|n| most_against(n, 0.01)), [None, Some(0)]);
    }

    /// Of ten above the median of all, nine or more in one of two samples of ten: 2 (100 + 1) / C(20, 10).
    #[test]
    fn two_samples_are_told_apart_by_their_sides() {
        let low: Vec<f64> = (0..10).map(f64::from).collect();
        let high: Vec<f64> = low.iter().map(|value| value + 10.0).collect();
        let p = median_test(&low, &high);
        assert!((p - 2.0 / 184_756.0).abs() < 1e-12, "{p}");
        assert!((least_separated(10) - p).abs() < 1e-12);
        let mut mixed = low.clone();
        mixed[0] = 20.0;
        let expected = 2.0 * 101.0 / 184_756.0;
        let ps = [median_test(&mixed, &high), median_test(&high, &mixed)];
        // The last of the low ones is now below the median of all, and one of the high ones with it.
        assert!(
            ps.iter().all(|p| (p - expected).abs() < 1e-9),
            "{ps:?} {expected}"
        );
        assert!((median_test(&low, &low) - 1.0).abs() < 1e-12);
        assert!((median_test(&[], &low) - 1.0).abs() < 1e-12);
    }
}

//! The median of a bootstrap sample, drawn at once instead of through the sample.
//!
//! A bootstrap sample of `n` sorted values is `n` uniform draws of their indices, and its median
//! depends on one or two order statistics of these draws only. Their distribution is known, so one
//! uniform number per sample does what `n` draws and a selection would do, exactly.

use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::factorial::ln_binomial;

/// The distribution of the middle of `n` draws from `n` sorted values.
#[derive(Clone, Debug)]
pub(super) struct MiddleOfDraws {
    cumulative: Vec<(f64, u32, u32)>,
}

/// What is rarer than this is left out: with 10,000 resamples it would not be seen.
const NEGLIGIBLE: f64 = 1e-9;

impl MiddleOfDraws {
    pub(super) fn of(n: usize) -> Self {
        let mut sum = 0.0;
        let pairs = if n % 2 == 1 { single(n) } else { double(n) };
        let cumulative = pairs
            .into_iter()
            .filter(|&(probability, ..)| probability > NEGLIGIBLE)
            .map(|(probability, lower, upper)| {
                sum += probability;
                (sum, lower, upper)
            })
            .collect();
        Self { cumulative }
    }

    /// The indices of the middle one or two draws, with the probability of everything up to here.
    pub(super) fn cumulative(&self) -> &[(f64, u32, u32)] {
        &self.cumulative
    }
}

/// The probability that the `k`th smallest of `n` draws has an index of at most `i`: that at least
/// `k` draws have.
fn at_most(n: usize, k: usize, i: usize) -> f64 {
    if i + 1 == n {
        return 1.0;
    }
    let share = (i + 1) as f64 / n as f64;
    let draws = Binomial::new(share, n as u64).expect("a share is a probability");
    1.0 - draws.cdf(k as u64 - 1)
}

/// An odd number: the middle draw.
fn single(n: usize) -> Vec<(f64, u32, u32)> {
    let k = n.div_ceil(2);
    let cumulative: Vec<f64> = (0..n).map(|i| at_most(n, k, i)).collect();
    (0..n)
        .map(|i| {
            let before = i.checked_sub(1).map_or(0.0, |before| cumulative[before]);
            (cumulative[i] - before, i as u32, i as u32)
        })
        .collect()
}

/// An even number: the two draws around the middle, `k = n / 2` and the next.
///
/// That they are `i` and a greater `j` means: exactly `k` draws have an index of at most `i`, one of
/// them `i`, and the other `k` have one of at least `j`, one of them `j`.
fn double(n: usize) -> Vec<(f64, u32, u32)> {
    let k = n / 2;
    let (half, all) = (k as f64, n as f64);
    let choose = ln_binomial(n as u64, k as u64);
    // ((c / n)^k - ((c - 1) / n)^k): all k draws among c indices, and one of them the last.
    let touching = |count: usize| {
        let share = |count: usize| (half * (count as f64 / all).ln()).exp();
        share(count) - if count > 1 { share(count - 1) } else { 0.0 }
    };
    let mut pairs = Vec::with_capacity(n * (n + 1) / 2);
    for i in 0..n {
        let before = i.checked_sub(1).map_or(0.0, |before| at_most(n, k, before));
        let mut both = at_most(n, k, i) - before;
        for j in i + 1..n {
            let probability = (choose + touching(i + 1).ln() + touching(n - j).ln()).exp();
            both -= probability;
            pairs.push((probability, i as u32, j as u32));
        }
        pairs.push((both.max(0.0), i as u32, i as u32));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every possible bootstrap sample of `n` values, as the median index times two.
    fn by_enumeration(n: usize) -> Vec<f64> {
        let mut shares = vec![0.0; 2 * n - 1];
        let samples = n.pow(n as u32);
        for number in 0..samples {
            let mut rest = number;
            let mut drawn: Vec<usize> = (0..n)
                .map(|_| {
                    let index = rest % n;
                    rest /= n;
                    index
                })
                .collect();
            drawn.sort_unstable();
            shares[drawn[(n - 1) / 2] + drawn[n / 2]] += 1.0 / samples as f64;
        }
        shares
    }

    #[test]
    fn agrees_with_all_samples_of_few_values() {
        for n in 1..=6 {
            let mut shares = vec![0.0; 2 * n - 1];
            let middle = MiddleOfDraws::of(n);
            let mut before = 0.0;
            for &(sum, lower, upper) in &middle.cumulative {
                shares[(lower + upper) as usize] += sum - before;
                before = sum;
            }
            for (share, expected) in shares.iter().zip(by_enumeration(n)) {
                assert!(
                    (share - expected).abs() < 1e-9,
                    "n = {n}: {share} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn probabilities_of_many_values_add_up() {
        for n in [7, 40, 101, 400] {
            let total = MiddleOfDraws::of(n).cumulative.last().unwrap().0;
            assert!((total - 1.0).abs() < 1e-4, "n = {n}: {total}");
        }
    }
}

//! From estimates to decisions: how sure a difference is, corrected for how many are asked about.

use crate::{Estimate, sign};

/// An estimate against a value that it might equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Estimate minus value.
    pub by: f64,
    /// How probable it is that so few groups lie on the other side, if the value is the true median. At least `2^(1-n)`
    /// of `n` groups.
    pub p: f64,
}

impl Difference {
    /// Compares an estimate, on the scale on which it was made, with a value: the sign test.
    pub fn between(estimate: &Estimate, value: f64) -> Self {
        let by = estimate.median - value;
        let agrees =
            |center: &&f64| (by > 0.0 && **center > value) || (by < 0.0 && **center < value);
        let against = estimate.groups() - estimate.centers.iter().filter(agrees).count();
        let p = sign::p_value(estimate.groups(), against);
        Self { by, p }
    }
}

/// Which of the hypotheses are rejected so that the probability of rejecting any true one is at most
/// `level`, whatever their dependence (Holm, Scandinavian Journal of Statistics 6, 1979): the smallest p is held
/// against the level divided by their number, the next by one less, until one fails. With the share of the level that
/// each was held against.
pub fn holm(p_values: &[f64], level: f64) -> Vec<(bool, f64)> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut tested = vec![(false, level); p_values.len()];
    let mut rejected = 0;
    for (rank, index) in order.into_iter().enumerate() {
        let share = level / (p_values.len() - rejected) as f64;
        let is_rejected = rank == rejected && p_values[index] <= share;
        rejected += usize::from(is_rejected);
        tested[index] = (is_rejected, share);
    }
    tested
}

/// The p up to which hypotheses are rejected so that of those rejected the share of true ones is expected to be at
/// most `level`, if their tests do not depend on each other or do so positively (Benjamini and Hochberg, Journal of
/// the Royal Statistical Society B 57, 1995; Benjamini and Yekutieli, Annals of Statistics 29, 2001). Where none is
/// rejected, the p that one alone would have to have.
pub fn benjamini_hochberg(p_values: &[f64], level: f64) -> f64 {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let each = level / sorted.len().max(1) as f64;
    let thresholds = (0..sorted.len()).map(|below| each * (below + 1) as f64);
    let mut pairs = sorted.iter().zip(thresholds).rev();
    let cutoff = pairs.find(|(p, threshold)| *p <= threshold);
    cutoff.map_or(each, |(_, threshold)| threshold)
}

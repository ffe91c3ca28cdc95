//! From estimates to decisions: how sure a difference is, corrected for how many are asked about.

use crate::Estimate;
use crate::student::{critical, p_value};

/// An estimate against a value that it might equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Estimate minus value.
    pub by: f64,
    /// How probable a distance at least as large is if there is none.
    pub p: f64,
}

impl Difference {
    /// Compares an estimate, on the scale on which it was made, with a value.
    ///
    /// The bootstrap's standard error against Student's t with one degree of freedom less than there
    /// are groups: the tail of 10,000 resamples ends at 1/10,000, which correcting for hundreds of
    /// verdicts exceeds. One group says nothing about how groups differ, so p is then 1.
    pub fn between(estimate: &Estimate, value: f64) -> Self {
        let by = estimate.median - value;
        let p = if estimate.groups < 2 {
            1.0
        } else if estimate.error == 0.0 {
            f64::from(u8::from(by == 0.0))
        } else {
            p_value(by / estimate.error, (estimate.groups - 1) as f64)
        };
        Self { by, p }
    }
}

/// Which of the hypotheses are rejected so that the probability of rejecting any true one is at most
/// `level`, whatever their dependence (Holm, Scandinavian Journal of Statistics 6, 1979).
pub fn holm(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut rejected = vec![false; p_values.len()];
    for (rank, &index) in order.iter().enumerate() {
        if p_values[index] > level / (p_values.len() - rank) as f64 {
            break;
        }
        rejected[index] = true;
    }
    rejected
}

/// About how many samples would decide what `n` leave open, at the observed spread: the standard
/// error shrinks with the root of the number. `None` where no number would, because the estimate is
/// the value itself.
pub fn needed(estimate: &Estimate, difference: Difference, level: f64) -> Option<usize> {
    let freedom = estimate.groups.max(5) as f64 - 1.0;
    let wanted = difference.by.abs() / critical(level, freedom);
    let factor = (estimate.error / wanted).powi(2);
    #[expect(clippy::cast_sign_loss, reason = "a square is not negative")]
    let samples = (estimate.n as f64 * factor).ceil() as usize;
    factor.is_finite().then_some(samples.max(estimate.n))
}

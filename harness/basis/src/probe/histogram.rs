//! A histogram that values are counted in while they come.

use std::fmt;

use super::SparseHistogram;

/// A High Dynamic Range histogram (Gil Tene) of whole numbers with three significant digits, which
/// keeps the largest value as exactly as the smallest. Bounded, so that counting allocates nothing;
/// [`SparseHistogram`] is what is kept of it.
#[derive(Clone, PartialEq)]
pub struct Histogram(pub(super) hdrhistogram::Histogram<u64>);

/// Three digits: a value is known to 0.1 %.
pub(super) const SIGNIFICANT_DIGITS: u8 = 3;
/// Ten minutes in nanoseconds: longer than any probe is allowed to take.
pub(super) const HIGHEST: u64 = 600_000_000_000;

impl Default for Histogram {
    fn default() -> Self {
        // Bounded, so that it is allocated at once and not inside a timed loop.
        let bounded = hdrhistogram::Histogram::new_with_bounds(1, HIGHEST, SIGNIFICANT_DIGITS);
        Self(bounded.expect("the bounds are constants in range"))
    }
}

impl Histogram {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.0.saturating_record(value);
    }

    /// How many values were counted.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that a `share` of the values (0 to 1) does not exceed.
    pub fn quantile(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share)
    }

    /// The largest value, to three digits.
    pub fn max(&self) -> u64 {
        self.0.max()
    }

    /// How many values exceed `value`, to three digits of it.
    pub fn above(&self, value: u64) -> u64 {
        self.len() - self.0.count_between(0, value)
    }

    /// What is kept of it.
    pub fn sparse(&self) -> SparseHistogram {
        SparseHistogram::of(&self.0)
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.sparse(), f)
    }
}

//! Times in buckets.

use serde::{Deserialize, Serialize};

/// Non-empty buckets in ascending order, each `[lower_ns, upper_ns, count]`. A bucket is at most 1/32 of its lower end wide,
/// so a quantile is known to about 3 %.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Histogram(pub Vec<[u64; 3]>);

impl Histogram {
    /// The times of several histograms in one.
    pub fn merged<'h>(parts: impl IntoIterator<Item = &'h Self>) -> Self {
        let parts = parts.into_iter().flat_map(|part| &part.0);
        let mut buckets: Vec<[u64; 3]> = parts.copied().collect();
        buckets.sort_unstable();
        buckets.dedup_by(|next, last| {
            let is_same = next[..2] == last[..2];
            if is_same {
                last[2] = last[2].saturating_add(next[2]);
            }
            is_same
        });
        Self(buckets)
    }

    /// How many times there are.
    pub fn count(&self) -> u64 {
        let counts = self.0.iter().map(|&[.., count]| count);
        counts.fold(0, u64::saturating_add)
    }

    /// The time in nanoseconds below which a share of all lies, in the middle of its bucket; `None` of an empty histogram.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count() as f64;
        let mut below = 0.0;
        let reached = |&&[.., count]: &&[u64; 3]| {
            below += count as f64;
            below >= rank
        };
        let bucket = self.0.iter().find(reached).or(self.0.last());
        bucket.map(midpoint)
    }

    /// What all times together are at least and at most, in nanoseconds.
    pub(crate) fn sum_bounds(&self) -> [f64; 2] {
        [0, 1].map(|end| {
            let times = self.0.iter();
            let sums = times.map(|bucket| bucket[end] as f64 * bucket[2] as f64);
            sums.sum()
        })
    }

    /// What all times together are, by the middles of their buckets.
    pub(crate) fn sum(&self) -> f64 {
        let times = self.0.iter();
        times
            .map(|bucket| bucket[2] as f64 * midpoint(bucket))
            .sum()
    }

    /// The end of the last bucket, in nanoseconds.
    pub(crate) fn max(&self) -> u64 {
        self.0.last().map_or(0, |&[_, upper, _]| upper)
    }

    /// The sum of the squared distances from a mean that is known better than from the buckets.
    pub fn squares(&self, mean: f64) -> f64 {
        let square = |bucket: &[u64; 3]| bucket[2] as f64 * (midpoint(bucket) - mean).powi(2);
        self.0.iter().map(square).sum()
    }
}

fn midpoint(&[lower, upper, _]: &[u64; 3]) -> f64 {
    f64::midpoint(lower as f64, upper as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_middles_of_their_buckets() {
        let times = Histogram(vec![[10, 10, 50], [100, 102, 49], [1_000, 1_020, 1]]);
        let quantiles = [0.0, 0.5, 0.51, 0.99, 1.0].map(|share| times.quantile(share).unwrap());
        assert_eq!(quantiles.map(|ns| ns as i64), [10, 10, 101, 101, 1_010]);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn equal_buckets_are_merged() {
        let a = Histogram(vec![[1, 1, 2], [8, 8, 1]]);
        let b = Histogram(vec![[1, 1, 3], [4, 4, 1]]);
        let both = Histogram::merged([&a, &b]);
        assert_eq!(both.0, [[1, 1, 5], [4, 4, 1], [8, 8, 1]]);
        assert_eq!((both.count(), both.max()), (7, 8));
    }

    #[test]
    fn squares_are_about_the_mean_that_is_given() {
        let times = Histogram(vec![[1, 1, 1], [3, 3, 2]]);
        assert!((times.squares(2.0) - 3.0).abs() < 1e-12);
    }
}

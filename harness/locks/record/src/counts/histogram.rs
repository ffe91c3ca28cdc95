//! Log-linear histograms: 32 buckets for each power of two, so no bucket is wider than a 32nd of its lower end.

/// Buckets of width one: everything below 64.
const EXACT: u64 = 64;

/// Buckets for each power of two.
const PER_OCTAVE: u64 = 32;

/// Counts of durations, kept for the buckets that have any: at most 1920.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    /// Buckets and counts, ascending.
    counts: Vec<(u16, u64)>,
}

impl Histogram {
    pub(crate) fn add(&mut self, ns: u64, times: u64) {
        self.add_many(bucket(ns), times);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for &(bucket, count) in &other.counts {
            self.add_many(bucket, count);
        }
    }

    fn add_many(&mut self, bucket: u16, count: u64) {
        match self.counts.binary_search_by_key(&bucket, |&(at, _)| at) {
            Ok(at) => self.counts[at].1 += count,
            Err(at) => self.counts.insert(at, (bucket, count)),
        }
    }

    /// The non-empty buckets: lower end, upper end (not in it) and count, ascending.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.counts.iter().map(|&(bucket, count)| {
            let (lower, upper) = bounds(bucket);
            (lower, upper, count)
        })
    }
}

fn bucket(ns: u64) -> u16 {
    if ns < EXACT {
        return ns as u16;
    }
    let octave = u64::from(ns.ilog2());
    let within = (ns >> (octave - 5)) % PER_OCTAVE;
    (EXACT + (octave - 6) * PER_OCTAVE + within) as u16
}

fn bounds(bucket: u16) -> (u64, u64) {
    let bucket = u64::from(bucket);
    if bucket < EXACT {
        return (bucket, bucket + 1);
    }
    let octave = 6 + (bucket - EXACT) / PER_OCTAVE;
    let within = (bucket - EXACT) % PER_OCTAVE;
    let width = 1 << (octave - 5);
    let lower = (1 << octave) + within * width;
    (lower, lower.saturating_add(width))
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_in_its_bucket() {
        let ends = (0..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power + power / 3]
        });
        for ns in ends.chain([u64::MAX]) {
            let (lower, upper) = bounds(bucket(ns));
            assert!(lower <= ns && (ns < upper || upper == u64::MAX), "{ns}");
            assert!((upper - lower) * 32 <= lower.max(32), "{ns}");
        }
    }

    #[test]
    fn buckets_follow_one_another() {
        let last = bucket(u64::MAX);
        assert_eq!(last, 1919);
        for at in 0..last {
            assert_eq!(bounds(at).1, bounds(at + 1).0, "{at}");
        }
    }

    #[test]
    fn counts_are_kept_in_order_and_merged() {
        let mut histogram = Histogram::default();
        for ns in [1000, 3, 3, 70] {
            histogram.add(ns, 1);
        }
        let mut other = Histogram::default();
        other.add(3, 1);
        other.add(5, 1);
        histogram.merge(&other);
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!(buckets, [(3, 4, 3), (5, 6, 1), (70, 72, 1), (992, 1008, 1)]);
    }
}

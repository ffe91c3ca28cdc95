//! Histograms: one that values are counted in while they come, and one as it is kept and written on a sample line.

use std::collections::BTreeMap;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// A High Dynamic Range histogram (Gil Tene) of whole numbers with three significant digits, which
/// keeps the largest value as exactly as the smallest. Bounded, so that counting allocates nothing;
/// [`SparseHistogram`] is what is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(pub hdrhistogram::Histogram<u64>);

/// Three digits: a value is known to 0.1 %.
const SIGNIFICANT_DIGITS: u8 = 3;
/// Ten minutes in nanoseconds: longer than any probe is allowed to take.
const HIGHEST: u64 = 600_000_000_000;

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

    /// What is kept of it.
    pub fn sparse(&self) -> SparseHistogram {
        let recorded = self.0.iter_recorded();
        let counts = recorded.map(|step| (step.value_iterated_to(), step.count_at_value()));
        SparseHistogram(counts.collect())
    }
}

/// The values that a [`Histogram`] has counted and how often, without the many that it has not: a run has
/// thousands of histograms, and the counters of one are a quarter of a megabyte.
///
/// On a sample line it is the compressed V2 form in Base64, which the `HdrHistogram` libraries of other
/// languages read as it stands.
///
/// Here they are ascending: the largest value that counts as the same, and how often it was counted, never 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SparseHistogram(Box<[(u64, u64)]>);

impl SparseHistogram {
    /// The counts of several histograms added up.
    pub fn sum<'h>(histograms: impl IntoIterator<Item = &'h Self>) -> Self {
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        for &(value, count) in histograms.into_iter().flat_map(|all| &all.0) {
            let sum = sums.entry(value).or_default();
            *sum = sum.saturating_add(count);
        }
        Self(sums.into_iter().collect())
    }

    /// How many values were counted.
    pub fn len(&self) -> u64 {
        let add = |sum: u64, &(_, count): &(u64, u64)| sum.saturating_add(count);
        self.0.iter().fold(0, add)
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that a `share` of the values (above 0, to 1) does not exceed, to three digits; 0 if there
    /// is none.
    pub fn quantile(&self, share: f64) -> u64 {
        #[expect(clippy::cast_sign_loss, reason = "a share of a count is not negative")]
        let wanted = (share * self.len() as f64).ceil() as u64;
        let mut sum: u64 = 0;
        let reached = self.0.iter().find(|(_, count)| {
            sum = sum.saturating_add(*count);
            sum >= wanted
        });
        reached.map_or_else(|| self.max(), |&(value, _)| value)
    }

    /// The largest value, to three digits; 0 if there is none.
    pub fn max(&self) -> u64 {
        self.0.last().map_or(0, |&(value, _)| value)
    }

    fn dense(&self) -> hdrhistogram::Histogram<u64> {
        let mut dense = Histogram::default().0;
        for &(value, count) in &self.0 {
            dense.saturating_record_n(value, count);
        }
        dense
    }
}

impl From<SparseHistogram> for String {
    fn from(histogram: SparseHistogram) -> Self {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(&histogram.dense(), &mut bytes);
        written.expect("a vector takes all bytes, and counts are far below 2^63");
        STANDARD.encode(bytes)
    }
}

impl TryFrom<String> for SparseHistogram {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD.decode(&text);
        let bytes = bytes.map_err(|error| format!("a histogram that is not Base64: {error}"))?;
        let dense = Deserializer::new().deserialize(&mut Cursor::new(bytes));
        let what = "a histogram that is not HdrHistogram V2, compressed";
        let dense = dense.map_err(|error| format!("{what}: {error}"))?;
        let (low, high, digits) = (dense.low(), dense.high(), dense.sigfig());
        if (low, high, digits) == (1, HIGHEST, SIGNIFICANT_DIGITS) {
            return Ok(Histogram(dense).sparse());
        }
        Err(format!(
            "a histogram from {low} to {high} with {digits} digits; here they go from 1 to {HIGHEST} with \
             {SIGNIFICANT_DIGITS}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [u64; 8] = [0, 1, 40, 40, 41, 1_000_000, 99_999_999_999, u64::MAX];

    fn dense(values: &[u64]) -> Histogram {
        let mut dense = Histogram::default();
        for &value in values {
            dense.record(value);
        }
        dense
    }

    #[test]
    fn a_line_gives_back_every_count() {
        let histogram = dense(&VALUES).sparse();
        let text = serde_json::to_string(&histogram).unwrap();
        let read: SparseHistogram = serde_json::from_str(&text).unwrap();
        assert_eq!(read, histogram);
        assert_eq!((read.len(), read.quantile(0.5)), (8, 40));
        assert_eq!(read.dense(), dense(&VALUES).0);
    }

    #[test]
    fn it_says_what_the_counters_say() {
        let dense = dense(&VALUES);
        let sparse = dense.sparse();
        assert_eq!((sparse.len(), sparse.max()), (dense.0.len(), dense.0.max()));
        for share in [0.001, 0.125, 0.2, 0.5, 0.7, 0.75, 0.99, 1.0] {
            let quantile = dense.0.value_at_quantile(share);
            assert_eq!(sparse.quantile(share), quantile, "{share}");
        }
        let none = SparseHistogram::default();
        assert_eq!((none.quantile(0.5), none.max()), (0, 0));
        assert_eq!(none, Histogram::default().sparse());
    }

    #[test]
    fn a_sum_is_that_of_the_counters() {
        let [low, high] = [&VALUES[..5], &VALUES[3..]];
        let both = dense(&[low, high].concat()).sparse();
        let parts = [low, high].map(|values| dense(values).sparse());
        assert_eq!(SparseHistogram::sum(&parts), both);
    }

    #[test]
    fn what_is_no_histogram_is_refused_in_words() {
        for (text, complaint) in [("\"%\"", "not Base64"), ("\"AAAA\"", "not HdrHistogram")] {
            let error = serde_json::from_str::<SparseHistogram>(text).unwrap_err();
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }
}

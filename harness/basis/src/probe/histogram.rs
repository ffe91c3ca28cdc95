//! A histogram that can be written on a sample line.

use std::fmt;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize, de};

/// A High Dynamic Range histogram (Gil Tene) of whole numbers with three significant digits, which
/// keeps the largest value as exactly as the smallest.
///
/// On a sample line it is its compressed V2 form in Base64, which the HdrHistogram libraries of other
/// languages read as it stands.
#[derive(Clone, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

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

    /// Adds the counts of another histogram.
    ///
    /// # Panics
    ///
    /// Never: all histograms here have the same bounds.
    pub fn add(&mut self, other: &Histogram) {
        let added = self.0.add(&other.0);
        added.expect("equal bounds");
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
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("values", &self.len())
            .field("p50", &self.quantile(0.5))
            .field("max", &self.max())
            .finish()
    }
}

impl Serialize for Histogram {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .expect("a vector takes all bytes, and counts are far below 2^63");
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(&text).map_err(|error| {
            de::Error::custom(format!("a histogram that is not Base64: {error}"))
        })?;
        let read = Deserializer::new().deserialize(&mut Cursor::new(bytes));
        let read = read.map_err(|error| {
            de::Error::custom(format!(
                "a histogram that is not HdrHistogram V2, compressed: {error}"
            ))
        })?;
        if (read.low(), read.high(), read.sigfig()) != (1, HIGHEST, SIGNIFICANT_DIGITS) {
            return Err(de::Error::custom(format!(
                "a histogram from {} to {} with {} digits; here they go from 1 to {HIGHEST} with \
                 {SIGNIFICANT_DIGITS}",
                read.low(),
                read.high(),
                read.sigfig()
            )));
        }
        Ok(Self(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_back_every_count() {
        let mut histogram = Histogram::default();
        for value in [0, 1, 40, 40, 41, 1_000_000, 99_999_999_999] {
            histogram.record(value);
        }
        let text = serde_json::to_string(&histogram).unwrap();
        let read: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(read, histogram);
        assert_eq!((read.len(), read.above(40), read.above(41)), (7, 3, 2));
        assert_eq!(read.quantile(0.5), 40);
    }

    #[test]
    fn what_is_no_histogram_is_refused_in_words() {
        for (text, complaint) in [("\"%\"", "not Base64"), ("\"AAAA\"", "not HdrHistogram")] {
            let error = serde_json::from_str::<Histogram>(text).unwrap_err();
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }
}

//! A prediction with its limits.

use serde::{Deserialize, Serialize};

/// What is expected, and between what; in any unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The lowest that is expected.
    pub low: f64,
    /// The best guess.
    pub mid: f64,
    /// The highest that is expected.
    pub high: f64,
}

impl Band {
    /// From limits as factors of the best guess.
    pub fn around(mid: f64, low: f64, high: f64) -> Self {
        Self {
            low: mid * low,
            mid,
            high: mid * high,
        }
    }

    /// The smallest band that contains both; the best guess is this one's.
    pub fn or(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            mid: self.mid,
            high: self.high.max(other.high),
        }
    }

    /// Whether it is in there.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// All three, changed alike.
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            low: change(self.low),
            mid: change(self.mid),
            high: change(self.high),
        }
    }
}

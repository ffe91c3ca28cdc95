//! What readers come with, and which strategy answers it.

use model::metric::Metric;
use serde::{Deserialize, Serialize};

use super::Judged;

/// A use case, answered by one machine.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UseCase {
    /// Its name in `benches/use_cases.toml`.
    pub id: String,
    /// What a reader would call it.
    pub title: String,
    /// The rows that decide it.
    pub decided_by: Vec<Judged>,
    /// The sweep along which the answer may change.
    pub holds_along: Option<String>,
    /// How many times better a table without any synchronization is: no strategy gains more.
    pub ceiling: Option<f64>,
    /// What each strategy gains that was measured in all of these rows and offers what is needed.
    pub gains: Vec<Gain>,
    /// The answer from all strategies.
    pub of_all: Answer,
    /// The answer from those that a published crate or the standard library implements.
    pub of_published: Answer,
}

/// How many times better than the baseline a strategy is, over the rows that decide: a geometric mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// `crate/variant`.
    pub strategy: String,
    /// The factor; infinite, in files null, where the baseline finished nothing.
    #[serde(deserialize_with = "super::unbounded")]
    pub times: f64,
}

/// The answer to a use case.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What to use instead of the baseline; none where nothing qualifies.
    pub choice: Option<Choice>,
    /// Where nothing qualifies: of those whose intervals leave it possible that they do, what gains most as measured; if there
    /// is none, what would gain most if it did not lose in a row that decides.
    pub nearest: Option<Choice>,
    /// Whether nothing qualifies and for some strategy it is too close to call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// Strategies than which the best one is not certainly better by more than the tolerance, nor by more than the margin as
    /// measured. The choice is that of them which loses least elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tied: Vec<String>,
}

/// A strategy that qualifies, or almost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// `crate/variant`.
    pub strategy: String,
    /// The library that does the work.
    pub library: String,
    /// How many times better than the baseline, over the rows that decide: a geometric mean. Infinite, in files null, where the
    /// baseline finished nothing.
    #[serde(deserialize_with = "super::unbounded")]
    pub times: f64,
    /// The lower end of its interval.
    #[serde(deserialize_with = "super::unbounded")]
    pub low: f64,
    /// The upper end of its interval; infinite, in files null, where it has none.
    #[serde(deserialize_with = "super::unbounded")]
    pub high: f64,
    /// How many measuring processes it rests on. Of fewer than eight the interval is their range.
    pub processes: usize,
    /// The row in which it loses most, of those that decide if it does not qualify; none if it is nowhere certainly slower
    /// by more than the tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
}

/// A row in which a strategy is worse than the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// The scenario.
    pub scenario: String,
    /// The metric.
    pub metric: Metric,
    /// Times better than the baseline: below 1. 0 where no operation was finished.
    pub times: f64,
}

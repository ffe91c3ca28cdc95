//! Where along an axis an answer changes.

use model::scenario::{Axis, Value};
use serde::{Deserialize, Serialize};

use super::Metric;

/// A change of the answer along the axis of a sweep, or that there is none.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The sweep.
    pub sweep: String,
    /// Its axis.
    pub axis: Axis,
    /// What was measured.
    pub metric: Metric,
    /// Whose answer changes.
    pub strategy: String,
    /// What changes.
    pub change: Change,
    /// Where, as the median over the resamples; absent if nothing changes.
    pub at: Option<f64>,
    /// The lower end of the 95 % interval; absent if it lies below all that was swept.
    pub ci_low: Option<f64>,
    /// The upper end of the 95 % interval; absent if it lies above all that was swept.
    pub ci_high: Option<f64>,
    /// The share of resamples that agree: those in which it changes within what was swept, or, if
    /// nothing changes, those in which nothing does.
    pub share: f64,
}

/// What changes as the axis goes up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Its improvement over the baseline falls below the margin.
    FallsBelowMargin,
    /// Its improvement over the baseline rises above the margin.
    RisesAboveMargin,
    /// Nothing: it improves by more than the margin everywhere.
    AlwaysAboveMargin,
    /// Nothing: it nowhere improves by more than the margin.
    NeverAboveMargin,
    /// From here on another one is the fastest.
    OvertakenBy(String),
}

/// Two axes, and who wins where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// The sweep.
    pub sweep: String,
    /// The axis of the rows.
    pub rows: Axis,
    /// The axis of the columns.
    pub columns: Axis,
    /// What was measured.
    pub metric: Metric,
    /// One per point, row by row.
    pub places: Vec<Place>,
}

/// Who wins at a point of a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The value on the axis of the rows.
    pub row: Value,
    /// The value on the axis of the columns.
    pub column: Value,
    /// The point's scenario.
    pub scenario: String,
    /// The fastest of those that improve on the baseline by more than the margin; absent if none
    /// does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// The others whose interval overlaps the winner's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub as_good: Vec<String>,
}

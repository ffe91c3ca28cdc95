//! What machines say together. Nothing is estimated from the samples of two: every figure is one machine's own.

use serde::{Deserialize, Serialize};

use super::{Decision, Judged, Metric, Ratio};

/// What follows for a strategy from all machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overall {
    /// `crate/variant`.
    pub strategy: String,
    /// The decision over all machines.
    pub decision: Decision,
    /// Whether every machine's own decision is the same.
    pub agree: bool,
    /// Scenario and metric pairs in which it improves by more than the margin on every machine.
    pub gains: Vec<Judged>,
    /// Each machine's own decision, in the order of `machines`.
    pub decisions: Vec<There>,
}

/// A machine's own decision about a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct There {
    /// The machine's name.
    pub machine: String,
    /// The decision; none where the strategy was not compared there.
    pub decision: Option<Decision>,
}

/// A row in which machines have opposite verdicts about a strategy: one HOLDS, another is REJECTED.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contradiction {
    /// `crate/variant`.
    pub strategy: String,
    /// The scenario's name.
    pub scenario: String,
    /// What was measured.
    pub metric: Metric,
    /// How it compares on each machine that measured it, in the order of `machines`.
    pub ratios: Vec<RatioThere>,
    /// Where the machines are builds of one program on the same hardware: what one build calls and another has
    /// inlined, of the strategy's code and of the baseline's, in the order of `ratios`. Empty otherwise, and
    /// without traces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<CalledThere>,
}

/// What is called in one build, and in another is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledThere {
    /// The machine's name.
    pub machine: String,
    /// Functions of the strategy's operation.
    pub by_strategy: Vec<String>,
    /// Functions of the baseline's.
    pub by_baseline: Vec<String>,
}

/// How a strategy compares with the baseline on a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioThere {
    /// The machine's name.
    pub machine: String,
    /// The ratio, as in its cell.
    pub ratio: Ratio,
}

impl Contradiction {
    /// The row that it is about.
    pub fn row(&self) -> Judged {
        Judged {
            scenario: self.scenario.clone(),
            metric: self.metric,
        }
    }
}

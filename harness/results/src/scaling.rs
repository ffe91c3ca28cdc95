//! What is predicted of more processors than there are, and how well that did with two.

use model::calibration::Calibration;
use model::trace::Operation;
use predict::Band;
use predict::backtest::Published;
use predict::machine::Machine;
use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// What a line costs between processors here.
    pub calibration: Calibration,
    /// The machines; the last one is this, where there are two processors to measure between.
    pub machines: Vec<Machine>,
    /// One for each strategy, operation and machine.
    pub predictions: Vec<Prediction>,
    /// What could not be predicted, and why.
    pub unpredicted: Vec<Unpredicted>,
    /// Who is faster than whom with all processors of each machine, where none disagrees.
    pub rankings: Vec<Ranking>,
    /// Two threads, from what one takes: predicted and measured here.
    pub one_to_two: Vec<OneToTwo>,
    /// Whether lines that both readers write tell how reading scales.
    pub meetings: Vec<Meeting>,
    /// How well a law of two parameters does on published curves.
    pub published: Published,
}

/// What a line costs between this machine's processors, as a machine among the others.
pub const HERE: &str = "here";

/// What an operation is expected to cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// `crate/variant`.
    pub strategy: String,
    /// The operation, done by all processors.
    pub operation: Operation,
    /// The machine's name.
    pub machine: String,
    /// From one processor to all.
    pub points: Vec<Expected>,
}

impl Prediction {
    /// The point with the most processors that are not more than these.
    pub fn at(&self, cpus: u32) -> Option<Expected> {
        let points = self.points.iter().filter(|point| point.cpus <= cpus);
        points.max_by_key(|point| point.cpus).copied()
    }
}

/// A point of a predicted curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Processors.
    pub cpus: u32,
    /// Nanoseconds per operation, as one of them sees it.
    pub ns: Band,
}

/// What could not be predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpredicted {
    /// `crate/variant`.
    pub strategy: String,
    /// The operation.
    pub operation: Operation,
    /// Why not.
    pub reason: String,
}

/// Whom a strategy beats on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// The operation.
    pub operation: Operation,
    /// `crate/variant`.
    pub strategy: String,
    /// Those that it is faster than with all processors, whatever the machine: its band ends below
    /// the beginning of theirs.
    pub faster_than: Vec<String>,
}

/// Two threads on this machine, as one of them sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneToTwo {
    /// `crate/variant`.
    pub strategy: String,
    /// The operation.
    pub operation: Operation,
    /// The scenario with one thread.
    pub one: String,
    /// That with two.
    pub two: String,
    /// Nanoseconds per operation with one thread.
    pub one_ns: f64,
    /// With two, as expected.
    pub predicted_ns: Band,
    /// With two, as measured.
    pub measured_ns: f64,
    /// By how much the prediction is off, as a share of what was measured: above 0 too slow.
    pub error: f64,
    /// Whether what was measured is inside the band.
    pub is_inside: bool,
}

/// Two readers, the lines that they both write, and what the second costs the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// `crate/variant`.
    pub strategy: String,
    /// The scenario with one reader.
    pub one: String,
    /// That with two.
    pub two: String,
    /// Lines that two readers of the same process both write.
    pub lines_same: u64,
    /// Lines that two readers of different processes both write.
    pub lines_apart: u64,
    /// Nanoseconds per read with one reader.
    pub one_ns: f64,
    /// With two, as one of them sees it.
    pub two_ns: f64,
    /// The latter by the former.
    pub ratio: f64,
    /// Whether it is as the lines say: at most [`Meeting::RATIO_MAX`] if and only if there are none.
    pub agrees: bool,
    /// Where it does not: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Meeting {
    /// What two readers that share no written line may cost each other.
    pub const RATIO_MAX: f64 = 1.4;
}

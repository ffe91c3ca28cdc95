//! A run, as far as it can be compared with another: the seam to analysis.

use basis::environment::Environment;
use basis::sample::Line;
use basis::scenario::Scenario;

use crate::analysis::{Logs, Samples, analyse, logs};
use crate::results::{Cell, Metric};

/// What there is to compare of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Where it ran.
    pub environment: Environment,
    /// The strategy that the others were compared with.
    pub baseline: String,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// The strategies, in order.
    pub strategies: Vec<String>,
    /// What was sampled.
    pub series: Vec<Logs>,
    /// What was counted.
    pub counts: Vec<Count>,
    /// What the checks found: strategy, record and check, and whether it passed.
    pub checks: Vec<((String, String, String), bool)>,
}

/// What was counted and not sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// The scenario.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// The metric.
    pub metric: Metric,
    /// The count, in the metric's unit.
    pub value: f64,
    /// Of what the heap saw: in how many operations, and in how many allocations.
    pub heap: Option<Heap>,
}

/// What an amortised count rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heap {
    /// Operations that were counted.
    pub operations: u64,
    /// Allocations in them.
    pub allocations: u64,
}

impl Run {
    /// Of samples.
    pub fn of(samples: &Samples) -> Self {
        let header = &samples.header;
        let counts = analyse(samples)
            .cells
            .into_iter()
            .filter(|cell| cell.metric.is_count())
            .map(|cell| Count {
                heap: heap(&samples.lines, &cell),
                scenario: cell.scenario,
                strategy: cell.strategy,
                metric: cell.metric,
                value: cell.median,
            })
            .collect();
        let checks = samples.lines.iter().filter_map(|line| match line {
            Line::Check(outcome) => Some((
                (
                    outcome.strategy.clone(),
                    outcome.record.to_string(),
                    outcome.check.clone(),
                ),
                outcome.passed,
            )),
            _ => None,
        });
        Self {
            environment: header.environment.clone(),
            baseline: header.baseline.clone(),
            scenarios: header.scenarios.clone(),
            strategies: header
                .strategies
                .iter()
                .map(|card| card.name.clone())
                .collect(),
            series: logs(samples),
            counts,
            checks: checks.collect(),
        }
    }
}

/// What a cell of allocations was counted in.
fn heap(lines: &[Line], cell: &Cell) -> Option<Heap> {
    lines.iter().find_map(|line| match line {
        Line::Allocation(seen)
            if (&seen.scenario, &seen.strategy) == (&cell.scenario, &cell.strategy) =>
        {
            let (bytes, allocations) = seen.does.allocation_metrics()?;
            let is_it = cell.metric == bytes || cell.metric == allocations;
            is_it.then_some(Heap {
                operations: seen.operations,
                allocations: seen.allocations,
            })
        }
        _ => None,
    })
}

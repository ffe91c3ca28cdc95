//! What was sampled, as logarithms by process: what comparing two runs starts from.

use super::series::{Series, groups, timed_metrics};
use super::{Samples, contamination};
use crate::results::Metric;

/// The samples of a timed metric of a strategy in a scenario. Outer lists are measuring processes,
/// inner ones their slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Logs {
    /// The scenario.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// The metric.
    pub metric: Metric,
    /// Logarithms of how many times better a slice is than the baseline beside it. Empty for the
    /// baseline itself.
    pub ratios: Vec<Vec<f64>>,
    /// Logarithms of the metric's value, in its unit.
    pub values: Vec<Vec<f64>>,
}

/// All that was sampled, in the order of scenarios, strategies and metrics; without the blocks that
/// were disturbed.
pub fn logs(samples: &Samples) -> Vec<Logs> {
    let contaminated = contamination::contaminated(&samples.lines);
    let series = Series::collect(&samples.lines, &contamination::dropped(&contaminated));
    let header = &samples.header;
    let mut all = Vec::new();
    for scenario in &header.scenarios {
        for card in &header.strategies {
            for metric in timed_metrics(scenario) {
                let mut values = groups(series.values(&scenario.name, &card.name, metric));
                if values.iter().all(Vec::is_empty) {
                    continue;
                }
                values
                    .iter_mut()
                    .flatten()
                    .for_each(|value| *value = value.ln());
                let ratios = if card.name == header.baseline {
                    Vec::new()
                } else {
                    groups(series.log_ratios(&scenario.name, &card.name, metric))
                };
                all.push(Logs {
                    scenario: scenario.name.clone(),
                    strategy: card.name.clone(),
                    metric,
                    ratios,
                    values,
                });
            }
        }
    }
    all
}

//! What was sampled, as logarithms by process: what comparing two runs starts from.

use super::Samples;
use super::cells::{Timings, timed_metrics, value};
use crate::results::Metric;

/// The samples of a timed metric of a strategy in a scenario. Outer lists are measuring processes,
/// inner ones their slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
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

/// All that was sampled, in the order of scenarios, strategies and metrics.
pub fn series(samples: &Samples) -> Vec<Series> {
    let timings = Timings::collect(samples);
    let mut all = Vec::new();
    for scenario in &samples.header.scenarios {
        for card in &samples.header.strategies {
            for metric in timed_metrics(scenario) {
                let of = |f: &dyn Fn(&crate::sample::Slice) -> Option<f64>| {
                    timings.by_process(&scenario.name, &card.name, f)
                };
                let values = of(&|slice| value(slice, metric).map(f64::ln));
                if values.iter().all(Vec::is_empty) {
                    continue;
                }
                let ratios = if card.name == samples.header.baseline {
                    Vec::new()
                } else {
                    of(&|slice| timings.log_ratio(slice, metric))
                };
                all.push(Series {
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

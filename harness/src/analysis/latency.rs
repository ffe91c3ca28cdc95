//! The latency probes' histograms, as curves: the processes' counts added up.

use basis::probe::{Distribution, Probe, Situation, SparseHistogram};
use basis::sample::Line;

use super::Samples;
use crate::results::{Latency, Quantile};

/// Shares of the operations; the last is the worst one.
const SHARES: [f64; 11] = [
    0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1.0,
];

/// All curves, by situation, operation and the header's order of strategies.
pub(super) fn latencies(samples: &Samples) -> Vec<Latency> {
    let mut found = Vec::new();
    for situation in [Situation::HalfLoad, Situation::HighLoad] {
        for distribution in [Distribution::Reads, Distribution::Writes] {
            for card in &samples.header.strategies {
                let probes = samples.lines.iter().filter_map(|line| match line {
                    Line::Probe(probe) => Some(probe),
                    _ => None,
                });
                let probes = probes
                    .filter(|probe| probe.situation == situation && probe.strategy == card.name);
                let latencies = together(probes, distribution);
                if latencies.is_empty() {
                    continue;
                }
                found.push(Latency {
                    scenario: situation.name().into(),
                    strategy: card.name.clone(),
                    distribution,
                    operations: latencies.len(),
                    quantiles: quantiles(&latencies),
                });
            }
        }
    }
    found
}

fn together<'p>(
    probes: impl Iterator<Item = &'p Probe>,
    distribution: Distribution,
) -> SparseHistogram {
    SparseHistogram::sum(probes.filter_map(|probe| probe.histogram(distribution)))
}

/// As far as there are operations to tell a quantile from the worst.
fn quantiles(latencies: &SparseHistogram) -> Vec<Quantile> {
    let beyond = |share: f64| (1.0 - share) * latencies.len() as f64;
    SHARES
        .into_iter()
        .filter(|&share| share >= 1.0 || beyond(share) >= 1.0)
        .map(|share| Quantile {
            share,
            ns: latencies.quantile(share) as f64,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use basis::probe::Histogram;

    use super::*;

    #[test]
    fn quantiles_stop_where_there_are_too_few_operations() {
        let mut latencies = Histogram::default();
        (1..=1_000).for_each(|ns| latencies.record(ns));
        let found = quantiles(&latencies.sparse());
        let at = |share: f64| {
            let mut found = found.iter();
            found
                .find(|one| (one.share - share).abs() < 1e-9)
                .map(|one| one.ns)
        };
        assert_eq!(
            (at(0.5), at(0.99), at(1.0)),
            (Some(500.0), Some(990.0), Some(1_000.0))
        );
        assert!(at(0.999).is_some() && at(0.9999).is_none());
    }
}

//! The latency probes' histograms, as curves: of each quantile the median over the processes, as in the cells, so
//! that a drawing and a table say the same.

use basis::parallel;
use basis::probe::{Distribution, Probe, Situation, SparseHistogram};
use basis::sample::{Card, Line};
use statistics::estimate;

use super::Samples;
use crate::results::{Latency, Quantile};

/// Shares of the operations; the last is the worst one.
const SHARES: [f64; 11] = [
    0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1.0,
];

/// All curves, by situation, operation and the header's order of strategies.
pub(super) fn latencies(samples: &Samples) -> Vec<Latency> {
    let mut asked: Vec<(Situation, Distribution, &Card)> = Vec::new();
    for situation in [Situation::HalfLoad, Situation::HighLoad] {
        for distribution in [Distribution::Reads, Distribution::Writes] {
            let cards = samples.header.strategies.iter();
            asked.extend(cards.map(|card| (situation, distribution, card)));
        }
    }
    let curves = parallel::map(&asked, |&(situation, distribution, card)| {
        let probes = samples.lines.iter().filter_map(|line| match line {
            Line::Probe(probe) => Some(probe),
            _ => None,
        });
        let probes =
            probes.filter(|probe| probe.situation == situation && probe.strategy == card.name);
        let of_processes = of_processes(probes, distribution);
        (!of_processes.is_empty()).then(|| Latency {
            scenario: situation.name().into(),
            strategy: card.name.clone(),
            distribution,
            operations: of_processes.iter().map(|one| one.len()).sum(),
            quantiles: quantiles(&of_processes),
        })
    });
    curves.into_iter().flatten().collect()
}

/// The histograms of the processes that saw any such operation.
fn of_processes<'p>(
    probes: impl Iterator<Item = &'p Probe>,
    distribution: Distribution,
) -> Vec<&'p SparseHistogram> {
    let all = probes.filter_map(|probe| probe.histogram(distribution));
    all.filter(|one| !one.is_empty()).collect()
}

/// As far as every process has operations to tell a quantile from its worst; the worst is that of any.
fn quantiles(of_processes: &[&SparseHistogram]) -> Vec<Quantile> {
    let fewest = of_processes.iter().map(|one| one.len()).min();
    let beyond = |share: f64| (1.0 - share) * fewest.unwrap_or_default() as f64;
    let at = |share: f64| {
        let each = of_processes.iter().map(|one| one.quantile(share) as f64);
        if share < 1.0 {
            let groups: Vec<Vec<f64>> = each.map(|ns| vec![ns]).collect();
            Some(estimate(&groups)?.median)
        } else {
            of_processes
                .iter()
                .map(|one| one.max() as f64)
                .reduce(f64::max)
        }
    };
    SHARES
        .into_iter()
        .filter(|&share| share >= 1.0 || beyond(share) >= 1.0)
        .filter_map(|share| {
            Some(Quantile {
                share,
                ns: at(share)?,
            })
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
        let found = quantiles(&[&latencies.sparse()]);
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

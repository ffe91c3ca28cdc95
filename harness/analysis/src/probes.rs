//! What the probes saw, as cells: one per situation x strategy x metric.
//!
//! A probing process gives one value of each metric, so the interval is one over processes: whatever a
//! process does to all its operations at once - where its heap landed, which cores it was given - is in
//! it, and `n` is the number of processes. Of three processes it is little more than their range. Of
//! what happens rarely (worst waits, lost writes, threads left) the largest is given, and the range.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::parallel;
use model::probe::{Count, Described, Distribution, Probe, Situation, SparseHistogram};
use model::sample::{Card, Line};

use super::cells::cell;
use super::samples::Samples;
use super::verdicts::ratio;
use results::{Cell, Latency, Metric, Quantile};
use stats::{Estimate, Interval, LEVEL, estimate};

/// Values of one strategy in one situation, by metric and process.
type Values = BTreeMap<Metric, BTreeMap<u32, f64>>;

/// All cells, in the order of situations, strategies and metrics.
pub(super) fn cells(samples: &Samples) -> Vec<Cell> {
    let baseline = samples.header.baseline.as_str();
    let mut probed: BTreeMap<(Situation, &str), Values> = BTreeMap::new();
    for probe in samples.lines.iter().filter_map(Line::try_as_probe_ref) {
        let key = (probe.situation, probe.strategy.as_str());
        let values = probed.entry(key).or_default();
        for (metric, value) in measured(probe) {
            values
                .entry(metric)
                .or_default()
                .insert(probe.process, value);
        }
    }
    let mut cells = Vec::new();
    for &situation in Situation::ALL {
        for card in &samples.header.strategies {
            let strategy = card.name.as_str();
            let reference = probed
                .get(&(situation, baseline))
                .filter(|_| strategy != baseline);
            for (metric, values) in probed.get(&(situation, strategy)).into_iter().flatten() {
                let reference = reference.and_then(|reference| reference.get(metric));
                let times = reference.and_then(|reference| compared(*metric, values, reference));
                cells.extend(
                    summarised(*metric, values).map(|(middle, interval, n)| Cell {
                        processes: n,
                        ratio: times.map(|times| ratio(&times, baseline)),
                        ..cell(situation.name(), strategy, *metric, middle, interval, n)
                    }),
                );
            }
        }
    }
    cells
}

/// The situations that the samples have something about.
pub(super) fn situations(samples: &Samples) -> Vec<Described> {
    let probes = || samples.lines.iter().filter_map(Line::try_as_probe_ref);
    let is_there = |situation: &&Situation| probes().any(|probe| probe.situation == **situation);
    let all = Situation::ALL.iter().filter(is_there);
    all.map(|situation| situation.described().clone()).collect()
}

/// The processes' values as one.
fn summarised(metric: Metric, by_process: &BTreeMap<u32, f64>) -> Option<(f64, Interval, usize)> {
    let mut values: Vec<f64> = by_process.values().copied().collect();
    if !metric.is_worst() {
        let groups: Vec<Vec<f64>> = values.into_iter().map(|value| vec![value]).collect();
        let estimate = estimate(&groups)?;
        return Some((estimate.median, estimate.interval(LEVEL), estimate.n));
    }
    values.sort_unstable_by(f64::total_cmp);
    let (&low, &high) = (values.first()?, values.last()?);
    Some((high, Interval { low, high }, values.len()))
}

/// How many times better than the baseline's, as a logarithm, process by process, which stood close to each other.
fn compared(
    metric: Metric,
    by_process: &BTreeMap<u32, f64>,
    reference: &BTreeMap<u32, f64>,
) -> Option<Estimate> {
    if !metric.has_probed_ratio() {
        return None;
    }
    let logs = by_process.iter().filter_map(|(process, &value)| {
        let reference = *reference.get(process)?;
        (value > 0.0 && reference > 0.0).then(|| vec![reference.ln() - value.ln()])
    });
    estimate(&logs.collect::<Vec<_>>())
}

/// Counts that are metrics as they are.
const COUNTS: [(Count, Metric); 10] = [
    (Count::ReadsUnfinished, Metric::ReadsUnfinished),
    (Count::WritesUnfinished, Metric::WritesUnfinished),
    (Count::Pending, Metric::Pending),
    (Count::Lost, Metric::Lost),
    (Count::Overwrites, Metric::Overwrites),
    (Count::Blocked, Metric::Blocked),
    (Count::PeakBytes, Metric::PeakBytes),
    (Count::UnfreedBytes, Metric::UnfreedBytes),
    (Count::BytesLeft, Metric::BytesLeft),
    (Count::ThreadsLeft, Metric::ThreadsLeft),
];

/// Waits, of all who waited so together, and what is shown of them: p50, p99, p99.9 and the largest.
#[rustfmt::skip]
const WAITS: [(&[Distribution], [Metric; 4]); 3] = {
    use {Distribution as D, Metric as M};
    [
        (&[D::Reads], [M::ReadP50Ns, M::ReadP99Ns, M::ReadP999Ns, M::ReadMaxNs]),
        (&[D::Writes, D::OtherWrites], [M::WriteP50Ns, M::WriteP99Ns, M::WriteP999Ns, M::WriteMaxNs]),
        (&[D::Visibility], [M::VisibleP50Ns, M::VisibleP99Ns, M::VisibleP999Ns, M::VisibleMaxNs]),
    ]
};

/// The metrics of one probe: all that follow from what was counted and timed in its situation.
fn measured(probe: &Probe) -> Vec<(Metric, f64)> {
    use {Count as C, Metric as M};
    // Where there are both and the second is not zero.
    let share = |part, whole| {
        let whole = probe.count(whole).filter(|whole| *whole > 0)?;
        Some(probe.count(part)? as f64 / whole as f64)
    };
    // A rate relative to another one, each a count in a time.
    let relative = |count, time, of_count, of_time| {
        let whole = share(of_count, of_time).filter(|rate| *rate > 0.0)?;
        Some(share(count, time)? / whole)
    };
    let writes_kept = relative(C::DisturbedWrites, C::DisturbedNs, C::CalmWrites, C::CalmNs);
    if probe.count(C::DisturbedNs).is_some() && writes_kept.is_none() {
        // Without a disturbed moment there was nothing to be stuck in, and nothing to say.
        return Vec::new();
    }
    let first = relative(
        C::FirstTogether,
        C::TogetherNs,
        C::FirstAlone,
        C::FirstAloneNs,
    );
    let second = relative(
        C::SecondTogether,
        C::TogetherNs,
        C::SecondAlone,
        C::SecondAloneNs,
    );
    let fair_share = first.zip(second).and_then(|(first, second)| {
        let larger = first.max(second);
        (larger > 0.0).then(|| first.min(second) / larger)
    });
    let per_s = |offered| share(offered, C::ScheduleNs).map(|per_ns| per_ns * 1e9);
    let ages = probe.histogram(Distribution::Age);
    let teardowns = probe.histogram(Distribution::Teardown);
    let mut values = vec![
        (M::ReadsPerS, per_s(C::ReadsOffered)),
        (M::WritesPerS, per_s(C::WritesOffered)),
        (M::AgeP99, ages.map(|ages| ages.quantile(0.99) as f64)),
        (M::AgeMax, ages.map(|ages| ages.max() as f64)),
        (
            M::ReadsKept,
            relative(C::DisturbedReads, C::DisturbedNs, C::CalmReads, C::CalmNs),
        ),
        (M::WritesKept, writes_kept),
        (M::ScanNsUnderWrites, share(C::DisturbedNs, C::Scans)),
        (M::FairShare, fair_share),
        (
            M::TeardownMs,
            teardowns.map(|teardowns| teardowns.max() as f64 / 1e6),
        ),
    ];
    values.extend(COUNTS.map(|(count, metric)| (metric, probe.count(count).map(|n| n as f64))));
    for (distributions, metrics) in WAITS {
        let waits = distributions.iter().filter_map(|&of| probe.histogram(of));
        let waits = SparseHistogram::sum(waits);
        if !waits.is_empty() {
            let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| waits.quantile(share));
            let figures = [p50, p99, p999, waits.max()].map(|ns| Some(ns as f64));
            values.extend(metrics.into_iter().zip(figures));
        }
    }
    let values = values.into_iter();
    values
        .filter_map(|(metric, value)| Some((metric, value?)))
        .collect()
}

/// Shares of the operations; the last is the worst one.
const SHARES: [f64; 11] = [
    0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1.0,
];

/// The latency probes' histograms as curves, by situation, operation and the header's order of strategies. Of each
/// quantile the median over the processes, as in the cells, so that a drawing and a table say the same.
pub(super) fn latencies(samples: &Samples) -> Vec<Latency> {
    let mut asked: Vec<(Situation, Distribution, &Card)> = Vec::new();
    for situation in [Situation::HalfLoad, Situation::HighLoad] {
        for distribution in [Distribution::Reads, Distribution::Writes] {
            let cards = samples.header.strategies.iter();
            asked.extend(cards.map(|card| (situation, distribution, card)));
        }
    }
    let curves = parallel::map(&asked, |&(situation, distribution, card)| {
        let probes = samples.lines.iter().filter_map(Line::try_as_probe_ref);
        let probes = probes
            .filter(|probe| probe.situation == situation && probe.strategy == card.name)
            .filter_map(|probe| probe.histogram(distribution));
        let of_processes: Vec<&SparseHistogram> = probes.collect();
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
            let worst = of_processes.iter().map(|one| one.max() as f64);
            worst.reduce(f64::max)
        }
    };
    let shares = SHARES.into_iter();
    let shares = shares.filter(|&share| share >= 1.0 || beyond(share) >= 1.0);
    shares
        .filter_map(|share| {
            Some(Quantile {
                share,
                ns: at(share)?,
            })
        })
        .collect()
}

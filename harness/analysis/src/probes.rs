//! What the probes saw, as cells: one per probe x strategy x metric. What took how long at a rate that all strategies
//! were asked for is in [`latency`](super::latency).
//!
//! A probing process gives one value of each metric, so the interval is one over processes: whatever a
//! process does to all its operations at once - where its heap landed, which cores it was given - is in
//! it, and `n` is the number of processes. Of three processes it is little more than their range. Of
//! what happens rarely (worst waits, lost writes, threads left) the largest is given, and the range.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use model::probe::{Count, Described, Distribution, Probe, ProbeSeen, SparseHistogram};
use model::sample::Line;

use super::cells::cell;
use super::samples::Samples;
use super::verdicts::ratio;
use results::{Cell, Metric};
use stats::{Estimate, Interval, LEVEL, estimate};

/// Values of one strategy in one probe, by metric and process.
type Values = BTreeMap<Metric, BTreeMap<u32, f64>>;

/// All cells, in the order of probes, strategies and metrics.
pub(super) fn cells(samples: &Samples) -> Vec<Cell> {
    let baseline = samples.header.baseline.as_str();
    let mut probed: BTreeMap<(Probe, &str), Values> = BTreeMap::new();
    for probe in samples.lines.iter().filter_map(Line::try_as_probe_ref) {
        let key = (probe.probe, probe.strategy.as_str());
        let values = probed.entry(key).or_default();
        for (metric, value) in measured(probe) {
            let of_metric = values.entry(metric).or_default();
            of_metric.insert(probe.process, value);
        }
    }
    let mut cells = Vec::new();
    for &probe in Probe::ALL {
        // Each strategy was asked for a rate of its own: theirs are figures, and no comparison.
        let is_incomparable = matches!(probe, Probe::OwnHalfLoad | Probe::OwnHighLoad);
        for card in &samples.header.strategies {
            let strategy = card.name.as_str();
            let is_compared = strategy != baseline && !is_incomparable;
            let reference = probed.get(&(probe, baseline)).filter(|_| is_compared);
            for (metric, values) in probed.get(&(probe, strategy)).into_iter().flatten() {
                let reference = reference.and_then(|reference| reference.get(metric));
                let times = reference.and_then(|reference| compared(*metric, values, reference));
                cells.extend(
                    summarised(*metric, values).map(|(median, interval, n)| Cell {
                        processes: n,
                        ratio: times.map(|times| ratio(&times, baseline)),
                        ..cell(probe.name(), strategy, *metric, median, interval, n)
                    }),
                );
            }
        }
    }
    cells
}

/// The probes that the samples have something about.
pub(super) fn described(samples: &Samples) -> Vec<Described> {
    let mut all = samples.lines.iter().filter_map(Line::try_as_probe_ref);
    let probes: BTreeSet<Probe> = all.by_ref().map(|line| line.probe).collect();
    probes
        .iter()
        .map(|probe| probe.described().clone())
        .collect()
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

/// The metrics of one probe: all that follow from what it counted and timed.
fn measured(probe: &ProbeSeen) -> Vec<(Metric, f64)> {
    use {Count as C, Metric as M};
    let share = |part, whole| probe.share(part, whole);
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
    let reads_kept = relative(C::DisturbedReads, C::DisturbedNs, C::CalmReads, C::CalmNs);
    let together = |count, alone, alone_ns| relative(count, C::TogetherNs, alone, alone_ns);
    let first = together(C::FirstTogether, C::FirstAlone, C::FirstAloneNs);
    let second = together(C::SecondTogether, C::SecondAlone, C::SecondAloneNs);
    let fair_share = first.zip(second).and_then(|(first, second)| {
        let larger = first.max(second);
        (larger > 0.0).then(|| first.min(second) / larger)
    });
    let ages = probe.histogram(Distribution::Age);
    let teardowns = probe.histogram(Distribution::Teardown);
    let mut values = vec![
        (M::ReadsPerS, probe.per_s(C::ReadsOffered)),
        (M::WritesPerS, probe.per_s(C::WritesOffered)),
        (M::AgeP99, ages.map(|ages| ages.quantile(0.99) as f64)),
        (M::AgeMax, ages.map(|ages| ages.max() as f64)),
        (M::ReadsKept, reads_kept),
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
        // Latencies at a rate that was kept have as many percentiles as there are operations for.
        if !waits.is_empty() && probe.probe.load().is_none() {
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

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

/// Values by process.
type Values = BTreeMap<u32, f64>;

/// All cells, in the order of probes, strategies and metrics.
pub(super) fn cells(samples: &Samples) -> Vec<Cell> {
    let header = &samples.header;
    let place = |name: &str| header.strategies.iter().position(|card| card.name == name);
    let baseline = place(&header.baseline);
    let mut probed: BTreeMap<(Probe, usize, Metric), Values> = BTreeMap::new();
    for seen in samples.all(Line::try_as_probe_ref) {
        let Some(place) = place(&seen.strategy) else {
            continue;
        };
        for (metric, value) in measured(seen) {
            let values = probed.entry((seen.probe, place, metric)).or_default();
            values.insert(seen.process, value);
        }
    }
    let cells = probed.iter();
    let cells = cells.filter_map(|(&(probe, place, metric), values)| {
        // Each strategy was asked for a rate of its own: theirs are figures, and no comparison.
        let is_incomparable = matches!(probe, Probe::OwnHalfLoad | Probe::OwnHighLoad);
        let reference = baseline.filter(|baseline| *baseline != place && !is_incomparable);
        let reference = reference.and_then(|baseline| probed.get(&(probe, baseline, metric)));
        let times = reference.and_then(|reference| compared(metric, values, reference));
        let (median, interval, n) = summarised(metric, values)?;
        let strategy = &header.strategies[place].name;
        Some(Cell {
            processes: n,
            ratio: times.map(|times| ratio(&times, &header.baseline)),
            ..cell((probe.name(), strategy, metric), median, interval, n)
        })
    });
    cells.collect()
}

/// The probes that the samples have something about.
pub(super) fn described(samples: &Samples) -> Vec<Described> {
    let all = samples.all(Line::try_as_probe_ref);
    let probes: BTreeSet<Probe> = all.map(|seen| seen.probe).collect();
    let described = probes.into_iter().map(Probe::described);
    described.cloned().collect()
}

/// The processes' values as one.
fn summarised(metric: Metric, by_process: &Values) -> Option<(f64, Interval, usize)> {
    let processes: Vec<Vec<f64>> = by_process.values().map(|value| vec![*value]).collect();
    let estimate = estimate(&processes)?;
    if !metric.is_worst() {
        return Some((estimate.median, estimate.interval(LEVEL), estimate.n));
    }
    let (&low, &high) = (estimate.centers.first()?, estimate.centers.last()?);
    Some((high, Interval { low, high }, estimate.n))
}

/// How many times better than the baseline's, as a logarithm, process by process, which stood close to each other.
fn compared(metric: Metric, by_process: &Values, reference: &Values) -> Option<Estimate> {
    let logs = by_process.iter().filter_map(|(process, &value)| {
        let reference = *reference.get(process)?;
        (value > 0.0 && reference > 0.0).then(|| vec![reference.ln() - value.ln()])
    });
    estimate(&logs.collect::<Vec<_>>()).filter(|_| metric.has_probed_ratio())
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
    let teardown_ms = teardowns.map(|teardowns| teardowns.max() as f64 / 1e6);
    let mut values = vec![
        (M::ReadsPerS, probe.per_s(C::ReadsOffered)),
        (M::WritesPerS, probe.per_s(C::WritesOffered)),
        (M::AgeP99, ages.map(|ages| ages.quantile(0.99) as f64)),
        (M::AgeMax, ages.map(|ages| ages.max() as f64)),
        (M::ReadsKept, reads_kept),
        (M::WritesKept, writes_kept),
        (M::ScanNsUnderWrites, share(C::DisturbedNs, C::Scans)),
        (M::FairShare, fair_share),
        (M::TeardownMs, teardown_ms),
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

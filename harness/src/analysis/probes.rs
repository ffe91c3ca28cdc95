//! What the probes saw, as cells: one per situation x strategy x metric.
//!
//! A probing process gives one value of each metric, so the interval is one over processes: whatever a
//! process does to all its operations at once - where its heap landed, which cores it was given - is in
//! it, and `n` is the number of processes. Of three processes it is little more than their range. Of
//! what happens rarely (worst waits, lost writes, threads left) the largest is given, and the range.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use basis::parallel;
use basis::probe::{
    Count, Described, Distribution, Probe, ProbeMetric, Situation, SparseHistogram, Summary,
};
use basis::sample::Line;

use super::Samples;
use super::cells::ratio;
use crate::results::{Cell, Metric};
use statistics::{Estimate, Interval, estimate};

/// Values of one strategy in one situation, by metric and process.
type Values = BTreeMap<ProbeMetric, BTreeMap<u32, f64>>;

/// All cells, in the order of situations, strategies and metrics.
pub(super) fn cells(samples: &Samples) -> Vec<Cell> {
    let seen = collect(samples);
    let pairs: Vec<(Situation, &str)> = Situation::ALL
        .iter()
        .copied()
        .flat_map(|situation| {
            samples
                .header
                .strategies
                .iter()
                .map(move |card| (situation, card))
        })
        .map(|(situation, card)| (situation, card.name.as_str()))
        .collect();
    let baseline = samples.header.baseline.as_str();
    let of_pairs = parallel::map(&pairs, |&(situation, strategy)| {
        let reference = seen
            .get(&(situation, baseline))
            .filter(|_| strategy != baseline);
        let values = seen.get(&(situation, strategy)).into_iter().flatten();
        let cell = |(&metric, by_process)| {
            let reference = reference.and_then(|values| values.get(&metric));
            cell(
                (situation, strategy, metric),
                by_process,
                reference,
                baseline,
            )
        };
        values.filter_map(cell).collect::<Vec<_>>()
    });
    of_pairs.into_iter().flatten().collect()
}

fn cell(
    (situation, strategy, metric): (Situation, &str, ProbeMetric),
    by_process: &BTreeMap<u32, f64>,
    reference: Option<&BTreeMap<u32, f64>>,
    baseline: &str,
) -> Option<Cell> {
    let summary = summarised(metric, by_process)?;
    Some(Cell {
        scenario: situation.name().into(),
        strategy: strategy.into(),
        metric: Metric::Probe(metric),
        unit: metric.unit().into(),
        median: summary.median,
        ci_low: summary.shown.low,
        ci_high: summary.shown.high,
        n: summary.n,
        processes: summary.groups(),
        starved: 0,
        flags: Vec::new(),
        ratio: reference
            .and_then(|reference| compared(metric, by_process, reference))
            .map(|times| ratio(&times, baseline)),
    })
}

/// The situations that the samples have something about.
pub(super) fn situations(samples: &Samples) -> Vec<Described> {
    let is_there = |situation: &Situation| {
        samples
            .lines
            .iter()
            .any(|line| matches!(line, Line::Probe(probe) if probe.situation == *situation))
    };
    Situation::ALL
        .iter()
        .copied()
        .filter(is_there)
        .map(Situation::described)
        .collect()
}

fn collect(samples: &Samples) -> BTreeMap<(Situation, &str), Values> {
    let mut seen: BTreeMap<(Situation, &str), Values> = BTreeMap::new();
    for line in &samples.lines {
        if let Line::Probe(probe) = line {
            let values = seen
                .entry((probe.situation, probe.strategy.as_str()))
                .or_default();
            for (metric, value) in measured(probe) {
                values
                    .entry(metric)
                    .or_default()
                    .insert(probe.process, value);
            }
        }
    }
    seen
}

/// The processes' values as one.
fn summarised(metric: ProbeMetric, by_process: &BTreeMap<u32, f64>) -> Option<Estimate> {
    match metric.summary() {
        Summary::Typical => {
            let groups: Vec<Vec<f64>> = by_process.values().map(|&value| vec![value]).collect();
            estimate(&groups)
        }
        Summary::Worst => {
            let mut values: Vec<f64> = by_process.values().copied().collect();
            values.sort_unstable_by(f64::total_cmp);
            let (&best, &worst) = (values.first()?, values.last()?);
            let range = Interval {
                low: best,
                high: worst,
            };
            Some(Estimate {
                median: worst,
                shown: range,
                judged: range,
                error: 0.0,
                n: values.len(),
                centers: values,
            })
        }
    }
}

/// How many times better than the baseline's, process by process, which stood close to each other.
fn compared(
    metric: ProbeMetric,
    by_process: &BTreeMap<u32, f64>,
    reference: &BTreeMap<u32, f64>,
) -> Option<Estimate> {
    if !metric.has_ratio() {
        return None;
    }
    let logs: Vec<Vec<f64>> = by_process
        .iter()
        .filter_map(|(process, &value)| {
            let reference = *reference.get(process)?;
            (value > 0.0 && reference > 0.0).then(|| vec![reference.ln() - value.ln()])
        })
        .collect();
    estimate(&logs).map(|logs| logs.map(f64::exp))
}

/// The metrics of one probe.
fn measured(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    match probe.situation {
        Situation::HalfLoad | Situation::HighLoad => latency(probe),
        Situation::Visibility => visibility(probe),
        Situation::GarbageOfUpdates
        | Situation::GarbageOfChurn
        | Situation::HeldGuardUpdates
        | Situation::HeldGuardChurn => garbage(probe),
        Situation::StalledReader | Situation::StalledWriter | Situation::Scan => disturbance(probe),
        Situation::FairnessReadWrite | Situation::FairnessTwoWriters => fairness(probe),
        Situation::Shutdown => shutdown(probe),
    }
}

fn latency(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let rate = |offered| share(probe, offered, Count::ScheduleNs).map(|per_ns| per_ns * 1e9);
    let mut values = read_waits(probe);
    values.extend(write_waits(probe));
    values.extend(rate(Count::ReadsOffered).map(|rate| (M::ReadsPerS, rate)));
    values.extend(rate(Count::WritesOffered).map(|rate| (M::WritesPerS, rate)));
    values.extend(plain(
        probe,
        &[
            (Count::ReadsUnfinished, M::ReadsUnfinished),
            (Count::WritesUnfinished, M::WritesUnfinished),
        ],
    ));
    values
}

fn visibility(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let mut values = plain(
        probe,
        &[(Count::Pending, M::Pending), (Count::Lost, M::Lost)],
    );
    if let Some(seen) = probe.histogram(Distribution::Visibility) {
        let metrics = [
            M::VisibleP50Ns,
            M::VisibleP99Ns,
            M::VisibleP999Ns,
            M::VisibleMaxNs,
        ];
        values.extend(quantiles(seen, metrics));
    }
    if let Some(ages) = probe.histogram(Distribution::Age) {
        values.push((M::AgeP99, ages.quantile(0.99) as f64));
        values.push((M::AgeMax, ages.max() as f64));
    }
    values
}

fn garbage(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    plain(
        probe,
        &[
            (Count::Overwrites, M::Overwrites),
            (Count::Blocked, M::Blocked),
            (Count::PeakBytes, M::PeakBytes),
            (Count::UnfreedBytes, M::UnfreedBytes),
        ],
    )
}

fn disturbance(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let kept = |calm, disturbed| {
        let calm = share(probe, calm, Count::CalmNs).filter(|rate| *rate > 0.0)?;
        Some(share(probe, disturbed, Count::DisturbedNs)? / calm)
    };
    // Without a disturbed moment there was nothing to be stuck in, and nothing to say.
    let Some(writes_kept) = kept(Count::CalmWrites, Count::DisturbedWrites) else {
        return Vec::new();
    };
    let mut values = vec![(M::WritesKept, writes_kept)];
    values.extend(kept(Count::CalmReads, Count::DisturbedReads).map(|kept| (M::ReadsKept, kept)));
    values.extend(read_waits(probe));
    values.extend(write_waits(probe));
    values.extend(
        share(probe, Count::DisturbedNs, Count::Scans).map(|ns| (M::ScanNsUnderWrites, ns)),
    );
    values
}

fn fairness(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    let part = |together, alone, alone_ns| {
        let alone = share(probe, alone, alone_ns).filter(|rate| *rate > 0.0)?;
        Some(share(probe, together, Count::TogetherNs)? / alone)
    };
    let first = part(Count::FirstTogether, Count::FirstAlone, Count::FirstAloneNs);
    let second = part(
        Count::SecondTogether,
        Count::SecondAlone,
        Count::SecondAloneNs,
    );
    let mut values = read_waits(probe);
    values.extend(write_waits(probe));
    values.extend(first.zip(second).and_then(|(first, second)| {
        let larger = first.max(second);
        (larger > 0.0).then(|| (ProbeMetric::FairShare, first.min(second) / larger))
    }));
    values
}

fn shutdown(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let mut values = plain(
        probe,
        &[
            (Count::BytesLeft, M::BytesLeft),
            (Count::ThreadsLeft, M::ThreadsLeft),
        ],
    );
    values.extend(
        probe
            .histogram(Distribution::Teardown)
            .map(|teardowns| (M::TeardownMs, teardowns.max() as f64 / 1e6)),
    );
    values
}

/// Counts that are metrics as they are.
fn plain(probe: &Probe, wanted: &[(Count, ProbeMetric)]) -> Vec<(ProbeMetric, f64)> {
    wanted
        .iter()
        .filter_map(|&(count, metric)| Some((metric, probe.count(count)? as f64)))
        .collect()
}

/// One count divided by another, if there are both and the other is not zero.
fn share(probe: &Probe, part: Count, whole: Count) -> Option<f64> {
    let whole = probe.count(whole).filter(|whole| *whole > 0)?;
    Some(probe.count(part)? as f64 / whole as f64)
}

fn read_waits(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let metrics = [M::ReadP50Ns, M::ReadP99Ns, M::ReadP999Ns, M::ReadMaxNs];
    probe
        .histogram(Distribution::Reads)
        .map_or_else(Vec::new, |waits| quantiles(waits, metrics))
}

/// Of all writers together.
fn write_waits(probe: &Probe) -> Vec<(ProbeMetric, f64)> {
    use ProbeMetric as M;
    let writers = [Distribution::Writes, Distribution::OtherWrites];
    let all = SparseHistogram::sum(writers.iter().filter_map(|&of| probe.histogram(of)));
    if all.is_empty() {
        return Vec::new();
    }
    let metrics = [M::WriteP50Ns, M::WriteP99Ns, M::WriteP999Ns, M::WriteMaxNs];
    quantiles(&all, metrics)
}

/// p50, p99, p99.9 and the largest.
fn quantiles(histogram: &SparseHistogram, metrics: [ProbeMetric; 4]) -> Vec<(ProbeMetric, f64)> {
    let values = [
        histogram.quantile(0.5),
        histogram.quantile(0.99),
        histogram.quantile(0.999),
        histogram.max(),
    ];
    metrics
        .into_iter()
        .zip(values)
        .map(|(metric, value)| (metric, value as f64))
        .collect()
}

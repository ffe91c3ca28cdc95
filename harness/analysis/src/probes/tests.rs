//! Probe lines with known contents, through the analysis.

use model::probe::Histogram;

use super::*;

fn probe(probe: Probe, counts: &[(Count, i64)]) -> ProbeSeen {
    ProbeSeen {
        probe,
        strategy: "a/b".into(),
        process: 0,
        counts: counts.iter().copied().collect(),
        histograms: BTreeMap::new(),
    }
}

fn value(probe: &ProbeSeen, metric: Metric) -> Option<f64> {
    let figure = measured(probe)
        .into_iter()
        .find(|(name, _)| *name == metric);
    figure.map(|(_, value)| value)
}

#[test]
fn latency_keeps_what_was_not_finished() {
    let mut waits = Histogram::default();
    // Two in a thousand stall, so p99.9 shows it and p99 does not.
    (0..9_980).for_each(|_| waits.record(50));
    (0..20).for_each(|_| waits.record(1_000_000));
    let mut line = probe(
        Probe::OwnHalfLoad,
        &[
            (Count::ScheduleNs, 20_000_000),
            (Count::ReadsOffered, 10_000),
            (Count::ReadsUnfinished, 7),
        ],
    );
    line.histograms.insert(Distribution::Reads, waits.sparse());
    assert_eq!(value(&line, Metric::ReadsPerS), Some(5e5));
    assert_eq!(value(&line, Metric::ReadsUnfinished), Some(7.0));
    assert_eq!(value(&line, Metric::ReadP99Ns), Some(50.0));
    let p999 = value(&line, Metric::ReadP999Ns).unwrap();
    assert!((p999 / 1e6 - 1.0).abs() < 0.001, "{p999}");
    assert_eq!(value(&line, Metric::WriteP50Ns), None);
}

#[test]
fn percentiles_of_latencies_at_a_common_rate_are_no_cells() {
    let counts = [(Count::ScheduleNs, 1_000_000), (Count::ReadsOffered, 10)];
    let mut line = probe(Probe::LowLoad, &counts);
    let mut waits = Histogram::default();
    waits.record(50);
    line.histograms.insert(Distribution::Reads, waits.sparse());
    assert_eq!(measured(&line), [(Metric::ReadsPerS, 1e4)]);
}

#[test]
fn what_is_kept_is_relative_to_the_undisturbed_rate() {
    let counts = [
        (Count::CalmNs, 10_000),
        (Count::CalmReads, 100),
        (Count::CalmWrites, 200),
        (Count::DisturbedNs, 20_000),
        (Count::DisturbedReads, 150),
        (Count::DisturbedWrites, 0),
    ];
    let line = probe(Probe::StalledReader, &counts);
    assert_eq!(value(&line, Metric::ReadsKept), Some(0.75));
    assert_eq!(value(&line, Metric::WritesKept), Some(0.0));
    let never = [
        (Count::CalmNs, 10_000),
        (Count::CalmWrites, 200),
        (Count::DisturbedNs, 0),
    ];
    assert_eq!(measured(&probe(Probe::StalledWriter, &never)), []);
}

#[test]
fn fairness_is_relative_to_what_each_does_alone() {
    let counts = [
        (Count::FirstAloneNs, 1_000),
        (Count::FirstAlone, 1_000),
        (Count::SecondAloneNs, 1_000),
        (Count::SecondAlone, 10),
        (Count::TogetherNs, 1_000),
        (Count::FirstTogether, 800),
        (Count::SecondTogether, 4),
    ];
    let line = probe(Probe::FairnessReadWrite, &counts);
    assert_eq!(value(&line, Metric::FairShare), Some(0.5));
}

#[test]
fn the_worst_of_any_process_and_the_median_of_the_rest() {
    let by_process = BTreeMap::from([(0, 1.0), (1, 9.0), (2, 2.0)]);
    let worst = summarised(Metric::Lost, &by_process).unwrap();
    assert_eq!((worst.0, worst.1.low, worst.2), (9.0, 1.0, 3));
    let typical = summarised(Metric::ReadP99Ns, &by_process).unwrap();
    assert_eq!((typical.0, typical.2), (2.0, 3));
    assert!(typical.1.low >= 1.0 && typical.1.high <= 9.0);
}

#[test]
fn a_ratio_is_times_better_process_by_process() {
    let mine = BTreeMap::from([(0, 10.0), (1, 20.0), (2, 40.0)]);
    let reference = BTreeMap::from([(0, 20.0), (1, 40.0), (2, 80.0)]);
    let times = compared(Metric::ReadP99Ns, &mine, &reference).unwrap();
    let interval = times.interval(0.01);
    assert!(
        [times.median, interval.low, interval.high]
            .iter()
            .all(|times| (times.exp() - 2.0).abs() < 1e-9)
    );
    assert_eq!(compared(Metric::Lost, &mine, &reference), None);
}

#[test]
fn a_line_survives_its_text() {
    let mut line = probe(Probe::Visibility, &[(Count::Lost, 3)]);
    let mut delays = Histogram::default();
    delays.record(123);
    line.histograms
        .insert(Distribution::Visibility, delays.sparse());
    let line = Line::Probe(line);
    let text = serde_json::to_string(&line).unwrap();
    assert!(
        text.contains("\"kind\":\"probe\"") && text.contains("\"lost\":3"),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
}

#[test]
fn metrics_are_called_the_same_everywhere() {
    for metric in [Metric::ReadP999Ns, Metric::ScanNsUnderWrites, Metric::Lost] {
        assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        let read: Metric = serde_json::from_value(metric.name().into()).unwrap();
        assert_eq!(read, metric);
    }
}

//! Latencies with known quantiles, through the analysis.

use model::probe::Histogram;

use super::*;
use fixtures::three;
use results::Machine;

const BASELINE: &str = "mutex/std";
const OTHER: &str = "novel/thing";
/// Of a process.
const OPERATIONS: u64 = 40_000;

/// A process whose operations take so long, in ns; one in 50 takes ten times as long.
fn probed(strategy: &str, process: u32, ns: u64) -> ProbeSeen {
    let mut waits = Histogram::default();
    for operation in 0..OPERATIONS {
        waits.record(if operation % 50 == 0 { 10 * ns } else { ns });
    }
    let counts = [
        (Count::ScheduleNs, 20_000_000),
        (Count::ReadsOffered, OPERATIONS.cast_signed()),
        (Count::ReadsUnfinished, 0),
        (Count::WritesOffered, OPERATIONS.cast_signed()),
        (Count::WritesUnfinished, 0),
    ];
    let timed = [Distribution::Reads, Distribution::Writes];
    ProbeSeen {
        probe: Probe::ModerateLoad,
        strategy: strategy.into(),
        process,
        counts: counts.into(),
        histograms: timed.map(|of| (of, waits.sparse())).into(),
    }
}

/// Three processes of each strategy, whose operations take so long.
fn processes<const N: usize>(strategies: [(&str, [u64; 3]); N]) -> Vec<ProbeSeen> {
    let processes = strategies.into_iter().flat_map(|(strategy, each)| {
        (0..)
            .zip(each)
            .map(move |(process, ns)| probed(strategy, process, ns))
    });
    processes.collect()
}

fn analysed(probes: Vec<ProbeSeen>) -> Machine {
    let mut run = three();
    run.others = probes.into_iter().map(Line::Probe).collect();
    let samples = Samples::from_lines(run.lines()).expect("it begins with its header");
    crate::analyse(&samples)
}

fn reads<'m>(machine: &'m Machine, strategy: &str) -> &'m Latency {
    let mut all = machine.latencies.iter();
    let latency = all.find(|latency| {
        latency.strategy == strategy && latency.distribution == Distribution::Reads
    });
    latency.expect("it was timed")
}

fn at(latency: &Latency, share: f64) -> Quantile {
    let mut quantiles = latency.quantiles.iter();
    let quantile = quantiles.find(|quantile| (quantile.share - share).abs() < 1e-9);
    *quantile.expect("it is given")
}

#[test]
fn at_a_common_rate_strategies_are_ranked_beside_the_baseline() {
    let machine = analysed(processes([
        (BASELINE, [100, 102, 104]),
        (SAME, [104, 102, 100]),
        (OTHER, [50, 51, 52]),
        ("atomics/seqlock", [101, 103, 104]),
        ("channel/std-mpsc", [900, 900, 900]),
    ]));
    let other = reads(&machine, OTHER);
    assert_eq!((other.per_s, other.served), (Some(2e6), Some(1.0)));
    let p99 = at(other, 0.99);
    assert!((p99.ns / 510.0 - 1.0).abs() < 0.002, "{p99:?}");
    assert!((p99.times.expect("it is compared") / 2.0 - 1.0).abs() < 0.01);
    assert_eq!(p99.rank, Some(Rank::Better));
    let rank = |strategy| at(reads(&machine, strategy), 0.99).rank;
    // It differs by 1 %, and the baseline from itself by 4 % in most processes.
    assert_eq!(rank("atomics/seqlock"), Some(Rank::Alike));
    assert_eq!(rank("channel/std-mpsc"), Some(Rank::Worse));
    assert_eq!(rank(SAME), Some(Rank::Alike));
    assert_eq!(rank(BASELINE), None);
}

#[test]
fn where_the_baseline_differs_from_itself_nobody_is_ranked() {
    let other = (OTHER, [10, 10, 10]);
    // In the figures that are shown; and where their medians agree by chance, in the processes.
    for same in [[170, 170, 170], [300, 100, 30]] {
        let machine = analysed(processes([
            (BASELINE, [100, 300, 100]),
            (SAME, same),
            other,
        ]));
        assert_eq!(
            at(reads(&machine, OTHER), 0.5).rank,
            Some(Rank::NotRanked),
            "{same:?}"
        );
        let noise = at(reads(&machine, SAME), 0.5)
            .times
            .expect("it is compared");
        assert!(noise > NOISE_MAX, "{noise}");
    }
    // Of two processes it may agree by chance.
    let equal = [(BASELINE, [100; 3]), (SAME, [100; 3]), other];
    let mut two = processes(equal);
    two.retain(|probe| probe.process < 2);
    let rank = at(reads(&analysed(two), OTHER), 0.5).rank;
    assert_eq!(rank, Some(Rank::NotRanked));
    // What one process timed may be its luck.
    let mut single = processes(equal);
    single.retain(|probe| probe.strategy != OTHER || probe.process == 0);
    let rank = at(reads(&analysed(single), OTHER), 0.5).rank;
    assert_eq!(rank, Some(Rank::NotRanked));
    // Without it nobody knows.
    let alone = analysed(processes([(BASELINE, [100; 3]), other]));
    let quantile = at(reads(&alone, OTHER), 0.5);
    assert_eq!(quantile.rank, Some(Rank::NotRanked));
    assert_eq!(quantile.times, Some(10.0));
}

#[test]
fn a_difference_within_the_noise_is_none() {
    let machine = analysed(processes([
        (BASELINE, [100; 3]),
        (SAME, [140; 3]),
        (OTHER, [75; 3]),
        ("atomics/seqlock", [60; 3]),
    ]));
    let rank = |strategy| at(reads(&machine, strategy), 0.5).rank;
    assert_eq!(rank(OTHER), Some(Rank::Alike));
    assert_eq!(rank("atomics/seqlock"), Some(Rank::Better));
}

#[test]
fn who_cannot_keep_the_rate_has_no_quantile() {
    let unfinished = |count| {
        let mut all = processes([(BASELINE, [100; 3]), (SAME, [100; 3]), (OTHER, [50; 3])]);
        let mut others: Vec<_> = all
            .iter_mut()
            .filter(|probe| probe.strategy == OTHER)
            .collect();
        // One bad process of three says nothing.
        others[0].counts.insert(count, 20_000);
        let kept = analysed(others.iter().map(|probe| (**probe).clone()).collect());
        assert!(!reads(&kept, OTHER).quantiles.is_empty());
        others[1].counts.insert(count, 20_000);
        others[2].counts.insert(count, 30_000);
        analysed(all)
    };
    let machine = unfinished(Count::ReadsUnfinished);
    assert!(reads(&machine, OTHER).quantiles.is_empty());
    assert_eq!(reads(&machine, OTHER).served, Some(0.5));
    // Where writes are left over, reads met too few of them.
    let machine = unfinished(Count::WritesUnfinished);
    assert!(reads(&machine, OTHER).quantiles.is_empty());
    assert_eq!(reads(&machine, OTHER).kept, Some(false));
    assert_eq!(reads(&machine, OTHER).served, Some(1.0));
    let percentiles = machine
        .cells
        .iter()
        .filter(|cell| cell.metric == results::Metric::ReadP99Ns);
    assert_eq!(percentiles.count(), 0);
    // If it is the baseline, nobody is compared with it.
    let mut all = processes([(BASELINE, [100; 3]), (SAME, [100; 3]), (OTHER, [50; 3])]);
    let theirs = all.iter_mut().filter(|probe| probe.strategy == BASELINE);
    for probe in theirs {
        probe.counts.insert(Count::ReadsUnfinished, 20_000);
    }
    let quantile = at(reads(&analysed(all), OTHER), 0.5);
    assert_eq!(
        (quantile.times, quantile.rank),
        (None, Some(Rank::NotRanked))
    );
}

#[test]
fn a_quantile_has_a_thousand_operations_beyond_it() {
    // 120,000 operations: 1,200 beyond p99, 600 beyond p99.5.
    let machine = analysed(processes([(OTHER, [50; 3])]));
    let shares: Vec<f64> = reads(&machine, OTHER)
        .quantiles
        .iter()
        .map(|quantile| quantile.share)
        .collect();
    assert_eq!(shares, [0.5, 0.75, 0.9, 0.95, 0.99]);
    // 40,000: 2,000 beyond p95, 400 beyond p99.
    let machine = analysed(vec![probed(OTHER, 0, 50)]);
    let last = reads(&machine, OTHER)
        .quantiles
        .last()
        .map(|quantile| quantile.share);
    assert_eq!(last, Some(0.95));
    // Too few for a median is not too slow.
    let mut few = probed(OTHER, 0, 50);
    let mut waits = Histogram::default();
    (0..1_999).for_each(|_| waits.record(50));
    few.histograms.insert(Distribution::Reads, waits.sparse());
    let machine = analysed(vec![few]);
    let few = reads(&machine, OTHER);
    assert_eq!((few.kept, few.quantiles.len()), (Some(true), 0));
}

#[test]
fn recorded_latencies_at_own_rates_are_figures_and_no_comparison() {
    let mut all = processes([
        (BASELINE, [100; 3]),
        (SAME, [100; 3]),
        (OTHER, [50, 50, 60]),
    ]);
    for probe in &mut all {
        probe.probe = Probe::OwnHalfLoad;
    }
    let machine = analysed(all);
    let other = reads(&machine, OTHER);
    assert_eq!((other.per_s, other.served), (None, None));
    assert_eq!((at(other, 0.5).ns, at(other, 0.5).rank), (50.0, None));
    // As far as a process has an operation beyond it, and the worst of any.
    let shares: Vec<f64> = other
        .quantiles
        .iter()
        .map(|quantile| quantile.share)
        .collect();
    assert_eq!(shares[6..], [0.999, 0.9995, 0.9999, 1.0]);
    assert!((at(other, 1.0).ns / 600.0 - 1.0).abs() < 0.002);
    let cells = machine.cells.iter();
    let of_it = |cell: &&results::Cell| cell.scenario == "probe-latency-50";
    assert!(cells.clone().any(|cell| of_it(&cell)));
    let mut of_it = cells.filter(of_it);
    assert!(of_it.all(|cell| cell.ratio.is_none()));
}

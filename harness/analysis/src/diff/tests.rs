//! Synthetic runs: no change where there is none, every change that is large enough.

use std::sync::LazyLock;

use contract::Profile;
use model::random::{normal, uniform};
use model::sample::{Card, Line};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::Samples;
use fixtures::sample_lines;

/// How the samples of a cell scatter, as standard deviations of logarithms.
#[derive(Clone, Copy)]
struct Noise {
    processes: usize,
    slices: usize,
    between: f64,
    within: f64,
    /// How much slower a slice is in one case of five, as contended locks are.
    second_mode: f64,
}

const QUIET: Noise = Noise {
    processes: 10,
    slices: 4,
    between: 0.01,
    within: 0.02,
    second_mode: 0.0,
};

const CONTENDED: Noise = Noise {
    processes: 10,
    slices: 4,
    between: 0.2,
    within: 0.3,
    second_mode: 0.8,
};

fn samples(noise: Noise, center: f64, random: &mut Xoshiro256PlusPlus) -> Vec<Vec<f64>> {
    (0..noise.processes)
        .map(|_| {
            let process = center + noise.between * normal(random);
            (0..noise.slices)
                .map(|_| {
                    let slow = if uniform(random) < 0.2 {
                        noise.second_mode
                    } else {
                        0.0
                    };
                    process + noise.within * normal(random) + slow
                })
                .collect()
        })
        .collect()
}

/// A run to put samples into: analysing one takes longer than a comparison.
static TEMPLATE: LazyLock<Run> = LazyLock::new(|| sampled(|_| ()));

/// A run of as many strategies as there are centers, each in one scenario.
fn run(noise: Noise, centers: &[f64], seed: u64) -> Run {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut run = TEMPLATE.clone();
    let series = |(index, &center): (usize, &f64)| Logs {
        key: ("single-reader".into(), format!("s/{index}"), Metric::ReadNs),
        ratios: samples(noise, center, &mut random),
        values: samples(noise, center, &mut random),
    };
    run.series = centers.iter().enumerate().map(series).collect();
    run.machine.cells.clear();
    run
}

fn compared(a: &Run, b: &Run, judged: Judged) -> Vec<Row> {
    diff(a, b, judged).expect("they have one baseline").rows
}

/// Whether it is better or worse beyond noise.
fn is_change(row: &Row) -> bool {
    matches!(row.verdict, Verdict::Better | Verdict::Worse)
}

/// How many of `runs` pairs of equal runs show any change.
fn false_alarms(noise: Noise, cells: usize, runs: u64) -> usize {
    let centers = vec![0.5; cells];
    (0..runs)
        .filter(|seed| {
            let a = run(noise, &centers, 2 * seed);
            let b = run(noise, &centers, 2 * seed + 1);
            compared(&a, &b, Judged::Ratio).iter().any(is_change)
        })
        .count()
}

#[test]
fn equal_runs_show_no_change_at_the_stated_level() {
    // At 1 % for all cells together, 40 pairs show changes in more than 3 of them once in 30,000 times.
    for noise in [QUIET, CONTENDED] {
        let noise = Noise {
            processes: 6,
            slices: 2,
            ..noise
        };
        let alarms = false_alarms(noise, 8, 40);
        assert!(alarms <= 3, "{alarms}");
    }
}

#[test]
fn a_planted_change_of_a_tenth_is_found_and_nothing_else() {
    let mut centers = vec![0.5; 12];
    let before = run(QUIET, &centers, 1);
    centers[3] += 1.1_f64.ln();
    centers[7] -= 1.1_f64.ln();
    let mut alarms = 0;
    for seed in 2..12 {
        let after = run(QUIET, &centers, seed);
        for (judged, better, worse) in [(Judged::Ratio, 3, 7), (Judged::Absolute, 7, 3)] {
            let rows = compared(&before, &after, judged);
            assert_eq!(rows[better].verdict, Verdict::Better, "{:?}", rows[better]);
            assert_eq!(rows[worse].verdict, Verdict::Worse, "{:?}", rows[worse]);
            let [low, high] = rows[better].interval.expect("there is spread");
            assert!(1.0 < low && low < 1.1 && 1.1 < high, "{low} {high}");
            alarms += rows.iter().filter(|row| is_change(row)).count() - 2;
        }
    }
    assert!(alarms <= 2, "{alarms} in 20 comparisons");
}

#[test]
fn too_few_samples_say_how_many_would_do() {
    let noise = Noise {
        processes: 4,
        ..CONTENDED
    };
    let centers = [0.0];
    let rows = compared(
        &run(noise, &centers, 1),
        &run(noise, &centers, 2),
        Judged::Ratio,
    );
    let Verdict::TooFew { samples_needed } = rows[0].verdict else {
        panic!("{:?}", rows[0]);
    };
    assert!(samples_needed > 16, "{samples_needed}");
    // With as many the answer is there; twice, because the spread seen is an estimate, too.
    let enough = Noise {
        processes: 2 * samples_needed / noise.slices,
        ..noise
    };
    let rows = compared(
        &run(enough, &centers, 3),
        &run(enough, &centers, 4),
        Judged::Ratio,
    );
    assert_eq!(rows[0].verdict, Verdict::Unchanged, "{:?}", rows[0]);
}

#[test]
fn one_process_decides_nothing() {
    let noise = Noise {
        processes: 1,
        ..QUIET
    };
    let rows = compared(
        &run(noise, &[0.0], 1),
        &run(noise, &[3.0], 2),
        Judged::Ratio,
    );
    assert!(
        matches!(rows[0].verdict, Verdict::TooFew { .. }),
        "{:?}",
        rows[0]
    );
    assert_eq!(rows[0].interval, None);
}

#[test]
fn samples_without_spread_are_compared_all_the_same() {
    let still = Noise {
        between: 0.0,
        within: 0.0,
        ..QUIET
    };
    let rows = compared(
        &run(still, &[0.1, 0.1], 1),
        &run(still, &[0.1, 0.2], 1),
        Judged::Ratio,
    );
    assert_eq!(rows[0].verdict, Verdict::Unchanged);
    assert_eq!(rows[1].verdict, Verdict::Better);
}

fn sampled(change: impl FnOnce(&mut Vec<Line>)) -> Run {
    let mut lines = sample_lines();
    change(&mut lines);
    Run::from_samples(&Samples::from_lines(lines).expect("it begins with its header"))
}

#[test]
fn a_run_compared_with_itself_is_the_same() {
    let run = sampled(|_| ());
    for judged in [Judged::Ratio, Judged::Absolute] {
        let diff = diff(&run, &run, judged).expect("they have one baseline");
        assert!(diff.rows.len() > 100, "{}", diff.rows.len());
        assert!(!diff.rows.iter().any(is_change) && !diff.has_regression());
        assert_eq!(
            (diff.environment.len(), diff.checks.len(), diff.apart.len()),
            (0, 0, 0)
        );
    }
}

#[test]
fn counts_change_by_a_tenth_or_from_nothing() {
    let before = sampled(|_| ());
    let after = sampled(|lines| {
        for line in lines {
            match line {
                Line::Allocation(allocation) if allocation.strategy == "novel/thing" => {
                    allocation.bytes += 1;
                }
                Line::Memory(memory) if memory.strategy == "novel/thing" => {
                    memory.live_bytes = memory.live_bytes * 8 / 10;
                }
                // Within what threads make of it.
                Line::Memory(memory) => memory.live_bytes = memory.live_bytes * 103 / 100,
                _ => {}
            }
        }
    });
    let diff = diff(&before, &after, Judged::Ratio).expect("they have one baseline");
    for row in diff.rows.iter().filter(|row| row.metric.is_count()) {
        let expected = match (row.strategy.as_str(), row.metric) {
            ("novel/thing", Metric::LiveBytesPerRecord) => Verdict::Better,
            (
                "novel/thing",
                Metric::AllocBytesRead | Metric::AllocBytesWrite | Metric::AllocBytesScan,
            ) => Verdict::Worse,
            _ => Verdict::Unchanged,
        };
        assert_eq!(row.verdict, expected, "{row:?}");
    }
    assert!(diff.has_regression());
}

#[test]
fn what_is_allocated_now_and_then_changes_only_beyond_its_own_noise() {
    // Allocations and bytes of each in 256 operations, before and after.
    for (before, after, expected) in [
        // A block of a queue every so many messages, or one in the whole count.
        ((0, 96), (1, 96), Verdict::Unchanged),
        ((1, 96), (0, 96), Verdict::Unchanged),
        ((5, 336), (1, 336), Verdict::Unchanged),
        ((704, 1_150), (776, 1_055), Verdict::Unchanged),
        // One in ten operations, where there was none.
        ((0, 96), (26, 96), Verdict::Worse),
        ((26, 96), (0, 96), Verdict::Better),
        // One in each operation is exact.
        ((0, 96), (256, 96), Verdict::Worse),
        ((512, 96), (256, 96), Verdict::Better),
        // Blocks of four times the size.
        ((9, 96), (9, 384), Verdict::Worse),
    ] {
        let run = |(count, size): (u64, u64)| {
            sampled(|lines| {
                for line in lines {
                    if let Line::Allocation(allocation) = line {
                        (allocation.operations, allocation.allocations) = (256, count);
                        allocation.bytes = count * size;
                    }
                }
            })
        };
        let diff = diff(&run(before), &run(after), Judged::Ratio).expect("they have one baseline");
        let bytes = |row: &&Row| row.metric == Metric::AllocBytesWrite;
        let mut rows = diff.rows.iter().filter(bytes).peekable();
        assert!(rows.peek().is_some());
        for row in rows {
            assert_eq!(row.verdict, expected, "{before:?} {after:?} {row:?}");
        }
    }
}

#[test]
fn what_has_no_counterpart_is_listed() {
    let a = sampled(|_| ());
    let mut b = a.clone();
    let machine = &mut b.machine;
    machine.scenarios.remove(1);
    machine.scenarios[0].processes += 1;
    let new = Profile::locked("brand/new", "");
    machine.strategies.push(Card::from(&new));
    machine.environment.kernel = "linux 7".into();
    b.checks[0].passed = false;
    let diff = diff(&a, &b, Judged::Ratio).expect("they have one baseline");
    let apart: Vec<(&str, &str)> = diff
        .apart
        .iter()
        .map(|unmatched| (unmatched.name.as_str(), unmatched.reason))
        .collect();
    assert_eq!(
        apart,
        [
            ("single-reader", "defined differently in A and B"),
            ("ten-readers", "only in A"),
            ("brand/new", "only in B"),
        ]
    );
    assert!(
        diff.rows
            .iter()
            .all(|row| row.scenario != "single-reader" && row.scenario != "ten-readers")
    );
    assert_eq!(diff.environment.len(), 1);
    assert!(diff.has_regression(), "a check fails that passed");
}

#[test]
fn ratios_to_different_baselines_are_refused_and_times_are_not() {
    let a = sampled(|_| ());
    let mut b = a.clone();
    b.machine.baseline = "novel/thing".into();
    let error = diff(&a, &b, Judged::Ratio).expect_err("they mean different things");
    assert!(error.to_string().contains("--absolute"), "{error}");
    assert!(diff(&a, &b, Judged::Absolute).is_ok());
}

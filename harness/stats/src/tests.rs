use model::random::{below, normal};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

/// Samples with a true median of 0: groups that differ by `between`, samples that differ by
/// `within`, of which one in `outliers` is ten times as far off.
fn synthetic(
    seed: u64,
    groups: usize,
    each: usize,
    between: f64,
    outliers: usize,
) -> Vec<Vec<f64>> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..groups)
        .map(|_| {
            let shift = between * normal(&mut random);
            (0..each)
                .map(|_| {
                    let wild = below(&mut random, outliers) == 0;
                    shift + normal(&mut random) * if wild { 10.0 } else { 1.0 }
                })
                .collect()
        })
        .collect()
}

#[test]
fn intervals_cover_as_often_as_they_say() {
    const DATA_SETS: u64 = 400;
    // Groups, samples of each, spread between groups, one outlier in so many.
    for (groups, each, between, outliers) in [
        (10, 1, 1.0, 1_000),
        (8, 2, 0.5, 20),
        (16, 3, 0.0, 1_000),
        (16, 3, 1.0, 20),
        (16, 12, 0.5, 5),
        (12, 2, 0.2, 50),
        (24, 6, 2.0, 1_000),
    ] {
        let (mut wide, mut judged) = (0, 0);
        for seed in 0..DATA_SETS {
            let data = synthetic(seed * 7 + 1, groups, each, between, outliers);
            let estimate = estimate(&data).unwrap();
            wide += u64::from(estimate.interval(0.05).contains(0.0));
            judged += u64::from(estimate.interval(0.01).contains(0.0));
        }
        let case = format!("{groups} groups of {each}, {between} apart: {wide}, {judged}");
        // Three standard errors of a share of 400 below 95 % and 99 %.
        assert!(wide >= 367, "95 %: {case}");
        assert!(judged >= 390, "99 %: {case}");
    }
}

/// Whatever is nominal, the test of a verdict rejects what is true no more often, whatever the shape.
#[test]
fn the_test_has_its_size_on_modes_and_tails() {
    const RUNS: u32 = 20_000;
    let levels = [0.05, 0.01, 1e-3, 1e-4];
    for &kind in planted::Kind::ALL {
        for processes in [5, 8, 16] {
            let alarms = planted::false_alarms(kind, processes, &levels, RUNS, 15);
            for (alarms, level) in alarms.into_iter().zip(levels) {
                assert!(
                    f64::from(alarms) <= planted::most_by_chance(level, RUNS),
                    "{kind}, {processes} processes: {alarms} of {RUNS} at {level}"
                );
            }
        }
    }
}

#[test]
fn no_agreement_is_surer_than_that_of_coins() {
    for n in 1..=24_u8 {
        let groups = vec![vec![1.0]; n.into()];
        let p = Difference::between(&estimate(&groups).unwrap(), 0.0).p;
        assert!(
            (p / 2_f64.powi(1 - i32::from(n)) - 1.0).abs() < 1e-9,
            "{p} of {n}"
        );
    }
}

#[test]
fn few_groups_give_their_range() {
    let estimated = |n: u32| {
        let groups: Vec<Vec<f64>> = (0..n).map(|i| vec![f64::from(i)]).collect();
        estimate(&groups).unwrap()
    };
    let ends = |n, level| {
        let Interval { low, high } = estimated(n).interval(level);
        (low, high)
    };
    assert_eq!(ends(3, 0.05), (0.0, 2.0));
    assert_eq!(ends(8, 0.01), (0.0, 7.0));
    assert_eq!(ends(9, 0.05), (1.0, 7.0));
    assert_eq!(ends(24, 0.01), (5.0, 18.0));
    let single = estimated(1).interval(0.05);
    assert!(estimated(1).error.is_infinite() && single.high - single.low == 0.0);
}

/// The treated mice of Efron and Tibshirani, An Introduction to the Bootstrap, chapter 2: survival in
/// days, median 94, whose bootstrap standard error their table 2.2 gives as 37.83 in the limit.
#[test]
fn agrees_with_a_published_example() {
    let days = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0].map(|days| vec![days]);
    let estimate = estimate(&days).unwrap();
    assert!((estimate.median - 94.0).abs() < 1e-12);
    let published = 37.83 * (7.0_f64 / 6.0).sqrt();
    let off = (estimate.error / published - 1.0).abs();
    assert!(off < 1e-3, "{} instead of {published}", estimate.error);
}

#[test]
fn what_cannot_be_estimated_is_none() {
    assert_eq!(estimate(&[]), None);
    assert_eq!(estimate(&[vec![]]), None);
    assert_eq!(median(&mut []), None);
}

#[test]
fn infinite_values_take_part_in_medians() {
    let (worst, best) = (f64::NEG_INFINITY, f64::INFINITY);
    assert_eq!(median(&mut [1.0, worst, 2.0]), Some(1.0));
    assert_eq!(median(&mut [1.0, worst]), Some(worst));
    assert_eq!(median(&mut [best, worst]), Some(worst));
    assert_eq!(median(&mut [1.0, best]), Some(best));
    let groups: Vec<Vec<f64>> = (0..9_u32)
        .map(|i| vec![if i < 2 { worst } else { f64::from(i) }])
        .collect();
    let estimate = estimate(&groups).unwrap();
    assert_eq!((estimate.median, estimate.interval(0.05).low), (4.0, worst));
    assert!(estimate.error.is_infinite());
    let p = Difference::between(&estimate, 1.0).p;
    assert!((p - sign::p_value(9, 2)).abs() < 1e-12, "two of nine: {p}");
}

#[test]
fn draws_are_as_wide_as_an_interval_has_to_be() {
    let data = synthetic(3, 11, 4, 1.0, 10);
    assert_eq!(draws(&data, 9, 100), draws(&data, 9, 100));
    assert_ne!(draws(&data, 9, 100), draws(&data, 10, 100));
    let drawn = draws(&data, 9, 20_000);
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    let squares: f64 = drawn.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (squares / drawn.len() as f64).sqrt();
    let expected = estimate(&data).unwrap().error * student::critical(0.05, 10.0) / 1.96;
    assert!(
        (spread / expected - 1.0).abs() < 0.05,
        "{spread} {expected}"
    );
}

#[test]
fn an_error_between_runs_widens() {
    let estimate = estimate(&synthetic(1, 12, 2, 1.0, 50)).unwrap();
    let wider = estimate.clone().widened(1.0, 1e6);
    let half = |interval: Interval| {
        (
            estimate.median - interval.low,
            interval.high - estimate.median,
        )
    };
    let (before, after) = (half(estimate.interval(0.05)), half(wider.interval(0.05)));
    assert!((after.0 - before.0.hypot(1.96)).abs() < 1e-3);
    assert!((after.1 - before.1.hypot(1.96)).abs() < 1e-3);
    assert_eq!(
        estimate.clone().widened(0.0, 5.0).interval(0.05),
        estimate.interval(0.05)
    );
}

/// Holm's procedure by hand: 0.01 < 0.05/4, 0.015 < 0.05/3, 0.03 > 0.05/2 ends it.
#[test]
fn holm_steps_down_and_stops() {
    let tested = holm(&[0.04, 0.01, 0.03, 0.015], 0.05);
    let rejected = tested.iter().map(|(is_rejected, _)| *is_rejected);
    assert_eq!(rejected.collect::<Vec<_>>(), [false, true, false, true]);
    let shares = [2.0, 4.0, 2.0, 3.0].map(|of| 0.05 / of);
    assert!(tested.iter().map(|(_, share)| *share).eq(shares));
    assert_eq!(holm(&[], 0.05), []);
}

/// By hand: 0.03 <= 0.05 * 3/4 is the last that holds, although 0.028 > 0.05 * 2/4 does not.
#[test]
fn the_false_discovery_rate_steps_up() {
    let cutoff = |p_values: &[f64]| benjamini_hochberg(p_values, 0.05);
    assert!((cutoff(&[0.04, 0.01, 0.03, 0.028]) - 0.05).abs() < 1e-12);
    assert!((cutoff(&[0.06, 0.01, 0.03, 0.028]) - 0.0375).abs() < 1e-12);
    assert!((cutoff(&[0.9, 0.8]) - 0.025).abs() < 1e-12);
    assert!(benjamini_hochberg(&[], 0.05) > 0.0);
}

use basis::random::{below, normal};

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
        let (mut shown, mut judged) = (0, 0);
        for seed in 0..DATA_SETS {
            let data = synthetic(seed * 7 + 1, groups, each, between, outliers);
            let estimate = estimate_with(&data, seed, 2_000).unwrap();
            shown += u64::from(estimate.shown.contains(0.0));
            judged += u64::from(estimate.judged.contains(0.0));
        }
        let case = format!("{groups} groups of {each}, {between} apart: {shown}, {judged}");
        // Three standard errors of a share of 400 below 95 % and 99 %.
        assert!(shown >= 367, "95 %: {case}");
        assert!(judged >= 390, "99 %: {case}");
    }
}

#[test]
fn decisions_about_nothing_are_as_rare_as_they_say() {
    let wrong = (0..400)
        .filter(|&seed| {
            let data = synthetic(seed + 10_000, 16, 4, 0.5, 20);
            let estimate = estimate_with(&data, seed, 1_000).unwrap();
            Difference::between(&estimate, 0.0).p < 0.05
        })
        .count();
    assert!(wrong <= 33, "{wrong} of 400 at 5 %");
}

/// The treated mice of Efron and Tibshirani, An Introduction to the Bootstrap, chapter 2: survival in
/// days, median 94, whose bootstrap standard error their table 2.2 gives as 37.83 in the limit.
#[test]
fn agrees_with_a_published_example() {
    let days = vec![94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0];
    let estimate = estimate(&[days], 1).unwrap();
    assert!((estimate.median - 94.0).abs() < 1e-12);
    let off = (estimate.error / 37.83 - 1.0).abs();
    assert!(off < 0.03, "{} instead of 37.83", estimate.error);
}

#[test]
fn what_cannot_be_estimated_is_none() {
    assert_eq!(estimate(&[], 1), None);
    assert_eq!(estimate(&[vec![]], 1), None);
    assert_eq!(median(&mut []), None);
}

#[test]
fn equal_input_gives_equal_output() {
    let data = synthetic(3, 5, 4, 1.0, 10);
    assert_eq!(estimate(&data, 9), estimate(&data, 9));
    assert_ne!(draws(&data, 9, 100), draws(&data, 10, 100));
}

/// Holm's procedure by hand: 0.01 < 0.05/4, 0.015 < 0.05/3, 0.03 > 0.05/2 ends it.
#[test]
fn holm_steps_down_and_stops() {
    assert_eq!(
        holm(&[0.04, 0.01, 0.03, 0.015], 0.05),
        [false, true, false, true]
    );
    assert_eq!(holm(&[], 0.05), Vec::<bool>::new());
}

#[test]
fn more_samples_are_needed_for_a_smaller_difference() {
    let data = synthetic(5, 16, 3, 0.5, 20);
    let estimate = estimate(&data, 1).unwrap();
    let samples = |value| needed(&estimate, Difference::between(&estimate, value), 0.01);
    assert!(samples(estimate.median + 0.1) > samples(estimate.median + 1.0));
    assert_eq!(samples(estimate.median), None);
}

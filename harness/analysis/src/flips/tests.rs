use model::random::normal;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use stats::median;

/// Lines through these log ratios, certain of them.
fn certain(name: &str, medians: &[f64]) -> Line {
    let at = |&median: &f64| Some(vec![median; 11]);
    Line {
        name: name.into(),
        points: medians.iter().map(at).collect(),
    }
}

/// A line as it would be measured: ten processes of eight slices around each log ratio.
fn measured(name: &str, truth: &[f64], seed: u64) -> Line {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut at = |(index, &truth): (usize, &f64)| {
        let groups: Vec<Vec<f64>> = (0..10)
            .map(|_| {
                let of_process = truth + 0.03 * normal(&mut random);
                (0..8)
                    .map(|_| of_process + 0.15 * normal(&mut random))
                    .collect()
            })
            .collect();
        let medians = groups.iter().filter_map(|group| median(&mut group.clone()));
        let median = median(&mut medians.collect::<Vec<f64>>())?;
        let drawn = draws(&groups, seed ^ (index as u64) << 40, 400);
        Some([vec![median], drawn].concat())
    };
    Line {
        name: name.into(),
        points: truth.iter().enumerate().map(&mut at).collect(),
    }
}

fn is_close(place: Option<f64>, expected: f64) -> bool {
    place.is_some_and(|place| (place - expected).abs() < 1e-9)
}

#[test]
fn a_scale_is_log_when_it_spans_more_than_a_decade() {
    assert!(Scale::over(vec![1.0, 10.0, 100.0]).unwrap().is_log);
    assert!(!Scale::over(vec![1.0, 5.0, 10.0]).unwrap().is_log);
    assert!(!Scale::over(vec![0.0, 10.0, 100.0]).unwrap().is_log);
    assert!(Scale::over(vec![1.0]).is_none());
    assert!(Scale::over(vec![2.0, 1.0]).is_none());
    let scale = Scale::over(vec![1.0, 100.0]).unwrap();
    assert!((scale.value(scale.places[1]) - 100.0).abs() < 1e-9);
}

#[test]
fn crossings_lie_where_the_lines_meet() {
    let scale = Scale::over(vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    let changes = against(&certain("a", &[0.4, 0.3, 0.1, 0.3]), &scale, 0.2);
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].1, Change::FallsBelowMargin);
    assert!(is_close(changes[0].2.at, 1.5) && is_close(changes[0].2.low, 1.5));
    assert_eq!(changes[1].1, Change::RisesAboveMargin);
    assert!(is_close(changes[1].2.at, 2.5) && is_close(changes[1].2.high, 2.5));
}

#[test]
fn draws_that_are_on_the_other_side_throughout_do_not_agree() {
    let scale = Scale::over(vec![0.0, 1.0]).unwrap();
    let mut line = certain("a", &[0.3, 0.4]);
    for at in line.points.iter_mut().flatten() {
        at[1..=4].fill(0.1);
    }
    let changes = against(&line, &scale, 0.2);
    assert_eq!(changes[0].1, Change::AlwaysAboveMargin);
    assert!((changes[0].2.share - 0.6).abs() < 1e-9, "{changes:?}");
}

#[test]
fn lines_that_do_not_cross_never_flip() {
    let scale = Scale::over(vec![0.0, 1.0]).unwrap();
    for (medians, change) in [
        ([0.3, 0.4], Change::AlwaysAboveMargin),
        ([0.2, 0.1], Change::NeverAboveMargin),
    ] {
        let changes = against(&certain("a", &medians), &scale, 0.2);
        let nowhere = Crossing {
            share: 1.0,
            ..Crossing::default()
        };
        assert_eq!(changes, [("a".into(), change, nowhere)]);
    }
}

#[test]
fn an_interval_that_reaches_beyond_the_sweep_is_open() {
    let scale = Scale::over(vec![0.0, 1.0]).unwrap();
    let mut line = certain("a", &[0.3, 0.1]);
    // Half of the resamples are still above the margin at the end.
    line.points[1].as_mut().unwrap()[1..=5].fill(0.25);
    let changes = against(&line, &scale, 0.2);
    assert_eq!(changes[0].2.high, None);
    assert!(is_close(changes[0].2.low, 0.5));
    assert!((changes[0].2.share - 0.5).abs() < 1e-9);
}

#[test]
fn the_fastest_is_overtaken_where_the_lines_meet() {
    let scale = Scale::over(vec![0.0, 1.0, 2.0]).unwrap();
    let lines = [
        certain("mutex/std", &[0.0, 0.0, 0.0]),
        certain("a", &[1.0, 0.5, -0.5]),
        certain("b", &[0.2, 0.3, -0.4]),
    ];
    let changes = overtakings(&lines, &scale);
    assert_eq!(changes.len(), 1);
    let (loser, change, crossing) = &changes[0];
    let by_mutex = Change::OvertakenBy("mutex/std".into());
    assert_eq!((loser.as_str(), change), ("a", &by_mutex));
    assert!(is_close(crossing.at, 1.5), "{crossing:?}");
}

#[test]
fn who_is_absent_is_not_overtaken() {
    let scale = Scale::over(vec![0.0, 1.0]).unwrap();
    let mut gone = certain("gone", &[1.0, 1.0]);
    gone.points[1] = None;
    assert_eq!(
        overtakings(&[gone.clone(), certain("b", &[0.5, 0.5])], &scale),
        []
    );
    assert_eq!(against(&gone, &scale, 0.2), []);
}

/// Of many measured lines with a known crossing, how many intervals contain it.
fn covered(interval: impl Fn(u64) -> Option<Crossing>, truth: f64) -> f64 {
    const SEEDS: u64 = 300;
    let contains = |crossing: &Crossing| {
        crossing.low.is_none_or(|low| low <= truth)
            && crossing.high.is_none_or(|high| truth <= high)
    };
    let hits = (0..SEEDS).filter(|&seed| interval(seed).as_ref().is_some_and(contains));
    hits.count() as f64 / SEEDS as f64
}

#[test]
fn the_interval_of_a_flip_covers_it() {
    let scale = Scale::over(vec![1.0, 10.0, 100.0, 1_000.0]).unwrap();
    let margin = 1.2_f64.ln();
    let places = &scale.places;
    let truth = places[1] + (0.5 - margin) / 0.5 * (places[2] - places[1]);
    let falls = |seed| {
        let line = measured("a", &[0.9, 0.5, 0.0, -0.5], seed);
        let changes = against(&line, &scale, margin);
        let mut falls = changes.iter();
        let fall = falls.find(|(_, change, _)| *change == Change::FallsBelowMargin);
        fall.map(|&(_, _, crossing)| crossing)
    };
    let share = covered(falls, truth);
    assert!((0.90..=1.0).contains(&share), "{share}");
    // Not by being as wide as the sweep.
    let crossing = falls(1).unwrap();
    assert!(
        crossing.high.unwrap() - crossing.low.unwrap() < 2.0,
        "{crossing:?}"
    );
}

#[test]
fn the_interval_of_an_overtaking_covers_it() {
    let scale = Scale::over(vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    let overtaken = |seed| {
        let lines = [
            measured("a", &[1.0, 0.6, 0.2, -0.2], seed),
            measured("b", &[0.0, 0.2, 0.4, 0.6], seed + 10_000),
        ];
        overtakings(&lines, &scale)
            .first()
            .map(|overtaking| overtaking.2)
    };
    let share = covered(overtaken, 1.0 + 0.4 / 0.6);
    assert!((0.90..=1.0).contains(&share), "{share}");
}

/// Published: on an 8-socket Xeon the rwlock costs 20 % more than RCU up to about 2 us inside the
/// section with 10 processors, up to about 10 us with 100.
#[test]
fn the_published_flips_of_section_length_are_found() {
    let csv = include_str!("../../../testdata/perfbook-section-length.csv");
    let rows: Vec<Vec<&str>> = csv
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let of = |primitive: &str, cpus: &str| -> Vec<Vec<f64>> {
        rows.iter()
            .filter(|row| row[0] == primitive && row[1] == cpus)
            .map(|row| row[2..].iter().map(|cell| cell.parse().unwrap()).collect())
            .collect()
    };
    let flip = |cpus: &str| {
        let (rwlock, rcu) = (of("rwlock", cpus), of("rcu", cpus));
        let sections: Vec<f64> = rcu.iter().map(|row| row[0]).collect();
        let scale = Scale::over(sections).unwrap();
        // Median, lowest and highest of a figure are all that was published of its samples.
        let at = |(rwlock, rcu): (&Vec<f64>, &Vec<f64>)| {
            let logs: Vec<f64> = rwlock[1..].iter().map(|ns| (ns / rcu[1]).ln()).collect();
            let processes: Vec<Vec<f64>> = logs.iter().map(|&log| vec![log]).collect();
            Some([vec![logs[0]], draws(&processes, 1, DRAWS)].concat())
        };
        let line = Line {
            name: "rcu".into(),
            points: rwlock.iter().zip(&rcu).map(at).collect(),
        };
        let changes = against(&line, &scale, 1.2_f64.ln());
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].1, Change::FallsBelowMargin);
        let value = |place: Option<f64>| scale.value(place.unwrap());
        let crossing = changes[0].2;
        [crossing.low, crossing.at, crossing.high].map(value)
    };
    let [low, at, high] = flip("10");
    assert!((1_700.0..2_500.0).contains(&at), "{at}");
    assert!(low <= at && at <= high && high < 5_000.0, "{low} {high}");
    let [low, at, high] = flip("100");
    assert!((8_000.0..12_000.0).contains(&at), "{at}");
    assert!(low > 5_000.0 && high < 20_000.0, "{low} {high}");
}

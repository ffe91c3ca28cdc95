use fixtures::{Invented, contended, invented};
use model::sample::Line;
use model::scenario::Activity;

use super::*;
use crate::{Samples, analyse};

fn busy_writer(contenders: impl IntoIterator<Item = Invented>) -> UseCase {
    of_lines(contended(contenders, 13, 3))
}

fn of_lines(lines: Vec<Line>) -> UseCase {
    let results = analyse(&Samples::from_lines(lines).expect("it begins with its header"));
    let mut all = results.use_cases.into_iter();
    all.find(|use_case| use_case.id == "busy-writer")
        .expect("its rows were measured")
}

#[test]
fn the_best_that_qualifies_is_the_answer_and_says_what_it_gains() {
    let answered = busy_writer([
        invented("good/some", 1.0, 3.0, 2.0),
        invented("good/much", 1.0, 8.0, 2.0),
        // Better still, and its writes are slower.
        invented("bad/writes", 1.0, 90.0, 0.8),
    ]);
    let choice = answered.of_all.choice.expect("two qualify");
    // The geometric mean of 8 and 2.
    assert!((choice.times / 4.0 - 1.0).abs() < 0.05, "{choice:?}");
    assert_eq!((choice.strategy.as_str(), choice.loss), ("good/much", None));
    assert!(choice.low <= choice.times && choice.times <= choice.high);
    assert!(answered.of_all.tied.is_empty());
    // All of them are our own.
    assert_eq!(answered.of_published, Answer::default());
}

#[test]
fn published_crates_have_an_answer_of_their_own() {
    let mut published = invented("good/some", 1.0, 3.0, 2.0);
    published.library = "a-crate".into();
    let answered = busy_writer([published, invented("good/much", 1.0, 8.0, 2.0)]);
    let strategy = |answer: Answer| answer.choice.map(|choice| choice.strategy);
    assert_eq!(strategy(answered.of_all).as_deref(), Some("good/much"));
    assert_eq!(
        strategy(answered.of_published).as_deref(),
        Some("good/some")
    );
}

#[test]
fn of_equals_the_one_that_loses_least_is_chosen_and_the_others_are_named() {
    // Alone, the first one's reads are ten times slower.
    let lossy = invented("good/lossy", 0.1, 4.0, 4.0);
    let lines = fixtures::Run::new([lossy, invented("good/lossless", 1.0, 4.0, 4.0)]).lines();
    let busy = of_lines(lines).of_all;
    let choice = busy.choice.expect("both qualify");
    assert_eq!(choice.strategy, "good/lossless");
    assert_eq!(busy.tied, ["good/lossy"]);
}

#[test]
fn of_equals_that_lose_as_little_the_most_is_promised_by_the_choice_and_then_it_is_published() {
    let faster = || invented("good/own", 1.0, 4.1, 4.1);
    let mut published = invented("good/published", 1.0, 4.0, 4.0);
    published.library = "a-crate".into();
    let chosen = |published: &Invented| {
        let answer = busy_writer([faster(), published.clone()]).of_all;
        assert_eq!(answer.tied.len(), 1);
        answer.choice.expect("both qualify").strategy
    };
    assert_eq!(chosen(&published), "good/published");
    published.claims.scan_consistency = ScanConsistency::Weak;
    assert_eq!(chosen(&published), "good/own");
}

#[test]
fn who_is_behind_by_less_than_the_margin_is_as_good_and_chosen_by_its_price_only_within_the_tolerance()
 {
    let answer = |cheaper| {
        let lossy = invented("good/lossy", 0.1, 6.0, 6.0);
        let run = fixtures::Run::new([lossy, invented("good/cheaper", 1.0, cheaper, cheaper)]);
        let busy = of_lines(run.lines()).of_all;
        (busy.choice.expect("both qualify").strategy, busy.tied)
    };
    let (lossy, cheaper) = ("good/lossy".to_owned(), "good/cheaper".to_owned());
    assert_eq!(answer(5.9), (cheaper.clone(), vec![lossy.clone()]));
    assert_eq!(answer(5.4), (lossy.clone(), vec![cheaper]));
    assert_eq!(answer(4.5), (lossy, vec![]));
}

/// Losses of less than a doubling between two strategies are another order in each run.
#[test]
fn what_is_lost_elsewhere_counts_by_its_magnitude() {
    let loses = |first: f64, second: f64| {
        let of = |name, loss| invented(name, loss, 4.0, 4.0);
        let lines = fixtures::Run::new([of("good/first", first), of("good/second", second)]);
        let samples = Samples::from_lines(lines.lines()).expect("it begins with its header");
        let mut all = analyse(&samples).use_cases.into_iter();
        let busy = all.find(|use_case| use_case.id == "busy-writer");
        busy.and_then(|busy| busy.of_all.choice)
            .expect("both qualify")
            .strategy
    };
    assert_eq!(loses(0.24, 0.26), "good/first");
    assert_eq!(loses(0.8, 1.0), "good/first");
    assert_eq!(loses(0.24, 0.52), "good/second");
}

/// In a third of the processes it is as good as the best, so it is not certainly behind, and behind it is.
#[test]
fn what_is_only_uncertain_is_no_equal() {
    let lossy = invented("good/lossy", 0.1, 9.0, 9.0);
    let mut lines = fixtures::Run::new([lossy, invented("good/uncertain", 1.0, 3.0, 3.0)]).lines();
    for line in &mut lines {
        if let Line::Slice(slice) = line
            && slice.key.strategy == "good/uncertain"
            && slice.key.process.is_multiple_of(3)
        {
            let groups = slice.groups.iter_mut();
            let counts = groups.flat_map(|group| &mut group.operations);
            counts.for_each(|operations| *operations *= 3);
        }
    }
    let busy = of_lines(lines);
    let choice = busy.of_all.choice.expect("both qualify");
    assert_eq!(choice.strategy, "good/lossy");
    assert!(busy.of_all.tied.is_empty(), "{:?}", busy.of_all.tied);
}

#[test]
fn what_pooled_runs_differ_by_is_in_the_interval_of_an_answer() {
    let mut lines = contended([invented("good/some", 1.0, 8.0, 8.0)], 26, 3);
    for line in &mut lines {
        if let Line::Slice(slice) = line
            && slice.key.strategy == "good/some"
            && slice.key.process >= 13
        {
            let groups = slice.groups.iter_mut();
            let counts = groups.flat_map(|group| &mut group.operations);
            counts.for_each(|operations| *operations = *operations * 6 / 10);
        }
    }
    let width = |runs: &[u32]| {
        let mut samples = Samples::from_lines(lines.clone()).expect("it begins with its header");
        samples.header.runs = runs.to_vec();
        let results = analyse(&samples);
        let mut all = results.use_cases.iter();
        let busy = all.find(|use_case| use_case.id == "busy-writer");
        let choice = busy.and_then(|busy| busy.of_all.choice.as_ref());
        let choice = choice.expect("it qualifies");
        (choice.high / choice.low).ln()
    };
    let (single, pooled) = (width(&[]), width(&[0, 13]));
    assert!(pooled > 1.2 * single, "{pooled} {single}");
}

#[test]
fn who_was_never_measured_beside_the_best_is_no_equal() {
    // Of published crates and of equals the first is preferred; it loses nothing elsewhere.
    let contenders = [
        invented("good/some", 1.0, 3.0, 3.0),
        invented("good/much", 0.1, 9.0, 9.0),
    ];
    let mut lines = contended(contenders, 40, 3);
    lines.retain(|line| {
        let Line::Slice(slice) = line else {
            return true;
        };
        match slice.key.strategy.as_str() {
            "good/some" => slice.key.process.is_multiple_of(2),
            "good/much" => !slice.key.process.is_multiple_of(2),
            _ => true,
        }
    });
    let busy = of_lines(lines);
    let choice = busy.of_all.choice.expect("both qualify");
    assert_eq!(choice.strategy, "good/much");
    assert!(busy.of_all.tied.is_empty(), "{:?}", busy.of_all.tied);
}

#[test]
fn where_nothing_qualifies_the_baseline_stays() {
    let answered = busy_writer([invented("bad/slow", 1.0, 0.5, 0.5)]);
    assert_eq!(answered.of_all, Answer::default());
    let unsynchronised = answered.ceiling.expect("the control was measured");
    assert!(unsynchronised > 2.0, "{unsynchronised}");
}

#[test]
fn where_nothing_qualifies_the_nearest_is_named_with_its_loss() {
    let answered = busy_writer([invented("bad/writes", 1.0, 90.0, 0.8)]);
    let nearest = answered.of_all.nearest.expect("it gains much");
    assert_eq!(nearest.strategy, "bad/writes");
    let loss = nearest.loss.expect("its writes are slower");
    assert_eq!(loss.metric, results::Metric::WriteNs);
    assert!((loss.times / 0.8 - 1.0).abs() < 0.05, "{loss:?}");
    assert_eq!(answered.of_all.choice, None);
}

/// The busy writer's answer with one strategy whose operations are by a third faster in the processes that `are_meant`, and one
/// that certainly loses in a row and gains most in the other.
fn with_one_that_varies(varies: Invented, are_meant: fn(Activity, u32) -> bool) -> UseCase {
    let name = varies.name.clone();
    let lossy = invented("lossy/writes", 1.0, 90.0, 0.8);
    let mut lines = contended([varies, lossy], 13, 3);
    for line in &mut lines {
        if let Line::Slice(slice) = line
            && slice.key.strategy == name
        {
            let process = slice.key.process;
            let groups = slice.groups.iter_mut();
            let meant = groups.filter(|group| are_meant(group.does, process));
            let counts = meant.flat_map(|group| &mut group.operations);
            counts.for_each(|operations| *operations = *operations * 4 / 3);
        }
    }
    of_lines(lines)
}

/// Its reads gain a third in two processes of three, and over both rows that is less than the margin.
#[test]
fn where_it_is_too_close_to_call_the_nearest_is_named_even_below_the_margin() {
    let close = invented("close/call", 1.0, 1.0, 0.98);
    let varies = |does, process: u32| does == Activity::Read && !process.is_multiple_of(3);
    let Answer {
        is_open, nearest, ..
    } = with_one_that_varies(close, varies).of_all;
    let nearest = nearest.expect("it may gain more");
    assert!(is_open && nearest.strategy == "close/call" && nearest.times < 1.2);
}

/// In five of 13 processes all its operations gain a third: the median says to stay, and the interval does not exclude the gain.
#[test]
fn where_the_baseline_stays_the_nearest_is_what_its_interval_does_not_exclude() {
    let close = invented("close/call", 1.0, 1.0, 1.0);
    let varies = |_: Activity, process: u32| process.is_multiple_of(3);
    let Answer {
        is_open, nearest, ..
    } = with_one_that_varies(close, varies).of_all;
    let nearest = nearest.expect("it may gain more");
    assert!(!is_open && nearest.loss.is_none(), "{nearest:?}");
    assert_eq!(nearest.strategy, "close/call");
    assert!(nearest.times < 1.2 && nearest.high > 1.2, "{nearest:?}");
}

/// In a third of the processes its writes are not slower, so that it is not certain; that it is slower as measured keeps it
/// from being adopted.
#[test]
fn the_nearest_is_named_with_a_loss_that_is_not_certain() {
    let bad = invented("bad/writes", 1.0, 90.0, 0.9);
    let busy = with_one_that_varies(bad, |does, process| {
        does == Activity::Update && process.is_multiple_of(3)
    });
    let nearest = busy.of_all.nearest.expect("it gains much");
    let loss = nearest.loss.expect("its writes are slower");
    assert!((loss.times / 0.9 - 1.0).abs() < 0.05, "{loss:?}");
}

/// Whoever reads the file has all it says, and the scenarios that it names exist.
#[test]
fn the_use_cases_are_about_scenarios_that_exist() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/scenarios");
    let scenarios = model::scenario::load_folder(&folder).expect("they are sound");
    let file: File = toml::from_str(FILE).expect("it is sound");
    assert!((5..=7).contains(&file.use_case.len()));
    for row in file.use_case.iter().flat_map(|asked| &asked.decided_by) {
        let scenario = scenarios
            .iter()
            .find(|scenario| scenario.name == row.scenario);
        let scenario = scenario.unwrap_or_else(|| panic!("no scenario {}", row.scenario));
        assert!(scenario.timed_metrics().contains(&row.metric), "{row:?}");
    }
}

#[test]
fn who_does_not_offer_what_is_needed_is_no_answer() {
    let weak = |claims: &mut model::claims::Claims| claims.scan_consistency = ScanConsistency::Weak;
    let contenders = [
        invented("good/weak", 1.0, 1.0, 9.0).claiming(weak),
        invented("good/atomic", 1.0, 1.0, 3.0),
    ];
    let lines = fixtures::Run::new(contenders).lines();
    let results = analyse(&Samples::from_lines(lines).expect("it begins with its header"));
    let mut all = results.use_cases.into_iter();
    let scans = all
        .find(|use_case| use_case.id == "scans")
        .expect("it was measured");
    let choice = scans.of_all.choice.expect("one qualifies");
    assert_eq!(choice.strategy, "good/atomic");
}

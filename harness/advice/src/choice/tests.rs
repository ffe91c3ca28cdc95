//! Invented runs of two parts that decide, one thread that reads and two that do.

use analysis::series::Series;
use analysis::{Samples, analyse};
use contract::ScanConsistency;
use fixtures::{Invented, invented, readers};
use model::preset::Preset;
use results::{Judged, Metric};

use super::*;

/// The choice where the rows of these scenarios decide.
fn chosen_by(
    rows: &[&str],
    contenders: impl IntoIterator<Item = Invented>,
    lacks: bool,
    busy: Option<f64>,
    preset: Preset,
) -> Choice {
    let mut samples = Samples::from_lines(readers(contenders)).unwrap();
    samples.header.environment.preset = preset.to_string();
    let results = analyse(&samples);
    let series = Series::of_lines(&samples.lines);
    let rows: Vec<Judged> = rows
        .iter()
        .map(|&scenario| Judged {
            scenario: scenario.into(),
            metric: Metric::ReadNs,
        })
        .collect();
    let cards = results
        .contenders()
        .filter(|card| card.name != results.baseline);
    let cards = cards.map(|card| (card, None));
    let candidates = Candidate::all(&results, &series, &[], &rows, cards);
    choose(&results, &candidates, true, lacks, busy)
}

const ROWS: [&str; 2] = ["single-reader", "two-readers"];

/// A strategy that is so many times better alone and beside another reader.
fn reads(name: &str, alone: f64, beside: f64) -> Invented {
    invented(name, alone, beside, 1.0)
}

fn decided(contenders: impl IntoIterator<Item = Invented>) -> Choice {
    chosen_by(&ROWS, contenders, false, None, Preset::Default)
}

fn adopted(strategy: &str, as_good: &[&str], why: Why) -> Choice {
    Choice::Adopt {
        strategy: strategy.into(),
        as_good: as_good.iter().map(|name| (*name).to_owned()).collect(),
        why,
    }
}

fn stay(best: &str, trades: &[&str]) -> Choice {
    Choice::Stay {
        best: Some(best.into()),
        hopeful: Vec::new(),
        trades: trades.iter().map(|name| (*name).to_owned()).collect(),
        busy: None,
    }
}

#[test]
fn the_fastest_is_adopted_where_it_worsens_nothing() {
    let all = [
        reads("a/one-part", 9.0, 0.5),
        reads("a/both", 4.0, 1.1),
        reads("a/slow", 0.9, 0.9),
    ];
    assert_eq!(decided(all), adopted("a/both", &[], Why::Faster));
}

#[test]
fn of_those_that_are_as_fast_the_one_that_gives_up_least_is_adopted() {
    let weak = |claims: &mut model::claims::Claims| claims.scan_consistency = ScanConsistency::Weak;
    let all = [
        reads("a/fast", 4.0, 4.0).claiming(weak),
        reads("a/faithful", 4.0, 4.0),
        // Nobody gives a quarter of the gain away for nothing.
        reads("a/slower", 3.0, 3.0),
    ];
    assert_eq!(
        decided(all),
        adopted("a/faithful", &["a/fast"], Why::Faster)
    );
}

#[test]
fn who_gains_here_and_loses_there_is_a_trade_and_no_recommendation() {
    let all = [reads("a/one-part", 9.0, 0.5), reads("a/slow", 0.9, 0.9)];
    assert_eq!(decided(all), stay("a/one-part", &["a/one-part"]));
}

#[test]
fn a_difference_that_nobody_would_notice_is_no_loss_however_certain() {
    let all = |beside| [reads("a/reads", 2.2, beside)];
    assert_eq!(decided(all(1.0)), adopted("a/reads", &[], Why::Faster));
    assert_eq!(decided(all(0.85)), stay("a/reads", &["a/reads"]));
}

#[test]
fn what_improves_by_less_than_the_margin_is_no_reason_to_move() {
    assert_eq!(
        decided([reads("a/little", 1.08, 1.08)]),
        stay("a/little", &[])
    );
    // The median lies below the margin, and the interval around it.
    let close = [reads("a/one-part", 9.0, 0.5), reads("a/close", 1.19, 1.19)];
    let nearest = Choice::Stay {
        best: Some("a/close".into()),
        hopeful: vec!["a/close".into()],
        trades: vec!["a/one-part".into()],
        busy: None,
    };
    assert_eq!(decided(close), nearest);
}

#[test]
fn an_interval_around_the_margin_decides_nothing() {
    let all = [reads("a/close", 1.2, 1.2), reads("a/slow", 0.5, 0.5)];
    let hopeful = vec!["a/close".into()];
    assert_eq!(decided(all), Choice::Undecided { hopeful });
}

#[test]
fn a_baseline_that_does_not_meet_the_needs_is_replaced_even_by_what_is_slower() {
    let all = || [reads("a/slower", 0.7, 0.7), reads("a/slowest", 0.2, 0.2)];
    let lacking = |preset| chosen_by(&ROWS, all(), true, Some(0.0), preset);
    assert_eq!(
        lacking(Preset::Default),
        adopted("a/slower", &[], Why::Needed)
    );
    let hopeful = vec!["a/slower".into(), "a/slowest".into()];
    assert_eq!(lacking(Preset::Quick), Choice::Undecided { hopeful });
}

#[test]
fn who_was_not_measured_everywhere_is_not_chosen() {
    let partly = [reads("a/partly", 9.0, 9.0)];
    let choice = chosen_by(
        &["single-reader", "elsewhere"],
        partly,
        false,
        None,
        Preset::Default,
    );
    let hopeful = Vec::new();
    assert_eq!(choice, Choice::Undecided { hopeful });
    let results = analyse(&Samples::from_lines(readers([])).unwrap());
    let nobody = Choice::Stay {
        best: None,
        hopeful: Vec::new(),
        trades: Vec::new(),
        busy: None,
    };
    assert_eq!(choose(&results, &[], false, false, None), nobody);
}

#[test]
fn what_costs_next_to_nothing_is_not_replaced_however_much_faster_something_is() {
    let busy = |share| {
        chosen_by(
            &ROWS,
            [reads("a/fast", 9.0, 9.0)],
            false,
            Some(share),
            Preset::Quick,
        )
    };
    let negligible = Choice::Stay {
        best: Some("a/fast".into()),
        hopeful: Vec::new(),
        trades: Vec::new(),
        busy: Some(7e-6),
    };
    assert_eq!(busy(7e-6), negligible);
    assert!(
        matches!(busy(0.5), Choice::Undecided { .. }),
        "preset quick decides nothing else"
    );
}

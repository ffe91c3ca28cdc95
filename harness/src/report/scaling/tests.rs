use std::sync::LazyLock;

use super::*;
use crate::analysis::{Samples, analyse};
use crate::report::tests::sample_lines;
use crate::report::{html, markdown};

fn results() -> &'static results::Machine {
    static RESULTS: LazyLock<results::Machine> = LazyLock::new(|| {
        analyse(&Samples::from_lines(sample_lines()).expect("it begins with its header"))
    });
    &RESULTS
}

/// A report on that machine alone.
fn report(machine: &results::Machine) -> results::Results {
    crate::analysis::merge(vec![machine.clone()])
}

#[test]
fn a_strategy_has_a_curve_with_its_points_and_the_error_in_words() {
    let blocks = blocks(results(), "mutex/std");
    let figures: Vec<_> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
        .collect();
    // Nobody has measured one thread that writes, so that is said and not drawn.
    let [reads] = figures[..] else {
        panic!("{blocks:?}")
    };
    // One and two threads, measured here.
    assert_eq!(reads.svg.matches("<circle").count(), 2);
    assert_eq!(reads.svg.matches("<polygon").count(), 6);
    assert!(
        reads.description.contains("desktop"),
        "{}",
        reads.description
    );
    let is_told = |block: &Block| matches!(block, Block::Prose { text } if text.contains("off, "));
    assert!(blocks.iter().any(is_told), "{blocks:?}");
}

#[test]
fn the_section_has_both_tables_with_errors_and_the_ranking() {
    for text in [markdown(&report(results())), html(&report(results()))] {
        for wanted in [
            "Lines written by both readers",
            "predicted and measured",
            "published curves",
            "Faster on all of them than",
            "eight-sockets",
        ] {
            assert!(text.contains(wanted), "{wanted}");
        }
    }
}

#[test]
fn an_error_that_rounds_to_nothing_has_no_sign() {
    let mut results = results().clone();
    let scaling = results.scaling.as_mut().expect("it was predicted");
    for one in &mut scaling.one_to_two {
        one.error = -0.003;
    }
    for text in [markdown(&report(&results)), html(&report(&results))] {
        assert!(text.contains("0 % off") && !text.contains("-0 %"));
    }
}

#[test]
fn without_traces_it_says_what_is_missing() {
    let lines = sample_lines();
    let rest = lines
        .into_iter()
        .filter(|line| !matches!(line, model::sample::Line::Trace(_)));
    let samples = Samples::from_lines(rest.collect()).expect("it begins with its header");
    let results = analyse(&samples);
    let text = markdown(&report(&results));
    assert!(text.contains("Nothing is predicted: the samples lack a trace"));
    assert_eq!(blocks(&results, "mutex/std"), [prose(ABSENT)]);
}

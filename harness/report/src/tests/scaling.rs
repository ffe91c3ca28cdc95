//! What a report says of more processors.

use super::view::Block;
use super::*;
use analysis::{Samples, analyse};

fn results() -> Results {
    static RESULTS: LazyLock<Results> = LazyLock::new(|| analysed(sample_lines()));
    RESULTS.clone()
}

/// What the page of a strategy has.
fn page(results: &Results, strategy: &str) -> Vec<Block> {
    let blocks = super::super::evidence::section(results).blocks.into_iter();
    let is_before =
        |block: &Block| !matches!(block, Block::Fold { title, .. } if title.contains(strategy));
    let page = blocks.skip_while(is_before);
    page.take_while(|block| *block != Block::Unfold).collect()
}

#[test]
fn a_strategy_has_a_curve_with_its_points_and_the_error_in_words() {
    let blocks = page(&results(), "mutex/std");
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
    let is_told = |block: &Block| matches!(block, Block::Prose(text) if text.contains("off, "));
    assert!(blocks.iter().any(is_told), "{blocks:?}");
}

#[test]
fn the_section_has_both_tables_with_errors_and_the_ranking() {
    for text in [markdown(&results()), html(&results())] {
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
    let mut results = results();
    let scaling = results.machines[0].scaling.as_mut();
    for pair in &mut scaling.expect("it was predicted").one_to_two {
        pair.error = -0.003;
    }
    for text in [markdown(&results), html(&results)] {
        assert!(text.contains("0 % off") && !text.contains("-0 %"));
    }
}

#[test]
fn without_traces_it_says_what_is_missing() {
    let lines = sample_lines();
    let rest = lines
        .into_iter()
        .filter(|line| !matches!(line, Line::Trace(_)));
    let samples = Samples::from_lines(rest.collect()).expect("it begins with its header");
    let results = analysis::merge(vec![analyse(&samples)]);
    let absent = "Nothing is predicted: the samples lack a trace of the strategies or a calibration of the machine. \
                  `pivot predict` makes up for both.";
    let blocks = super::super::evidence::scaling(&results).blocks;
    assert_eq!(blocks, [Block::Prose(absent.into())]);
    let blocks = super::super::evidence::section(&results).blocks;
    assert!(blocks.contains(&Block::Prose(absent.into())));
}

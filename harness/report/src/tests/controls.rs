//! Controls: doubles of the baseline, whichever it is, and marks of what a figure rests on.

use model::controls::{SAME, SLOWER_20, SLOWER_20_INSIDE};
use model::sample::Slice;

use super::*;
use results::{Control, Flag, Verdict};

/// A run beside `rwlock/std`, with slowdowns planted in `controls_of`; those in the baseline come out
/// as they have to, those in the mutex at three quarters of that.
fn run(controls_of: &str) -> Run {
    let times = if controls_of == "rwlock/std" {
        1.0
    } else {
        0.763
    };
    let slower = |name, by: f64| invented(name, times / by, times / by, times / by);
    let mut run = Run::new([
        invented("novel/thing", 3.0, 3.0, 3.0),
        slower(SLOWER_20, 1.2),
        slower(SLOWER_20_INSIDE, 1.19),
    ]);
    run.strategies[0].name = "rwlock/std".into();
    let same = run
        .strategies
        .iter_mut()
        .find(|strategy| strategy.name == SAME);
    let same = same.expect("every run has it");
    (same.reads, same.readers, same.writes) = (times, times, times);
    run.controls_of = controls_of.into();
    run
}

fn named<'r>(results: &'r Results, control: &str) -> Vec<&'r Control> {
    let all = alone(results).controls.iter();
    all.filter(|judged| judged.control == control).collect()
}

fn verdict(results: &Results) -> (Verdict, bool) {
    let cell = alone(results).cell("single-reader", "novel/thing", Metric::ReadNs);
    let ratio = cell
        .and_then(|cell| cell.ratio.as_ref())
        .expect("it was compared");
    (ratio.verdict, ratio.withheld.is_some())
}

#[test]
fn both_slowdowns_are_found_beside_any_baseline() {
    let results = run("rwlock/std").results();
    for name in [SAME, SLOWER_20, SLOWER_20_INSIDE] {
        let controls = named(&results, name);
        assert!(!controls.is_empty(), "{name}");
        assert!(
            controls.iter().all(|control| control.passed),
            "{controls:?}"
        );
    }
    assert_eq!(verdict(&results), (Verdict::Holds, false));
}

#[test]
fn a_slowdown_that_is_not_found_is_said() {
    let mut run = run("rwlock/std");
    let mut strategies = run.strategies.iter_mut();
    let inside = strategies.find(|strategy| strategy.name == SLOWER_20_INSIDE);
    inside.expect("it takes part").reads = 1.0;
    let results = run.results();
    let controls = named(&results, SLOWER_20_INSIDE);
    assert!(
        controls.iter().any(|control| !control.passed),
        "{controls:?}"
    );
    let failed = controls.iter().filter(|control| !control.passed).count();
    let all = alone(&results).controls.len();
    // On the first screen with the rows, at the situation that they decide, and in every short form.
    let words = format!("{failed} of {all} controls failed, so distrust these rows");
    let first = choices::first(&results).blocks;
    let is_said = |block: &view::Block| match block {
        view::Block::Prose(text) => text.contains(&words) && text.contains("in single-reader"),
        _ => false,
    };
    assert!(first.iter().any(is_said), "{words}: {first:?}");
    assert!(
        headline(&results).contains(&words),
        "{}",
        headline(&results)
    );
    assert!(comment(&results).contains(&words), "{}", comment(&results));
    let index = index(&[entry("run", &results)]);
    assert!(index.contains(&format!("; {failed} control")), "{index}");
}

#[test]
fn a_situation_names_the_controls_that_failed_in_its_rows() {
    let mut results = results_of_three();
    assert!(!markdown(&results).contains("failed here"));
    let mut controls = results.machines[0].controls.iter_mut();
    let control = controls.find(|control| control.scenario == "contention-saturating");
    control.expect("it has some").passed = false;
    let text = markdown(&results);
    let answer = row(&text, "one reader beside a writer that never pauses");
    assert!(answer[2].contains("failed here"), "{answer:?}");
}

#[test]
fn controls_of_few_processes_are_not_called_unmeasured() {
    let mut few = run("rwlock/std");
    few.processes = 5;
    few.scenarios.retain(|scenario| scenario.threads() > 1);
    let page = markdown(&few.results());
    assert!(page.contains("Too few processes measured the controls"));
    assert!(!page.contains("No control was measured"));
}

#[test]
fn every_mark_on_a_page_is_explained_there() {
    let mut results = three().results();
    let cells = results.machines[0].cells.iter_mut();
    let updates = cells.filter(|cell| cell.scenario == "update");
    for cell in updates {
        cell.flags.push(Flag::Unsteady);
    }
    let pages = files(&results, None).into_iter();
    let pages = pages.filter(|file| {
        ["report.md", "details.md"].contains(&file.name.as_str()) && file.text.contains("x‡")
    });
    let pages: Vec<String> = pages.map(|file| file.text).collect();
    assert!(!pages.is_empty());
    for page in pages {
        assert!(page.contains("‡ not in a steady state"), "{page}");
    }
}

/// The doubles of old recordings are mutexes: beside another baseline they say nothing, and no noise
/// floor is taken from them.
#[test]
fn doubles_of_something_else_say_nothing() {
    let results = run("mutex/std").results();
    for name in [SAME, SLOWER_20, SLOWER_20_INSIDE] {
        assert!(named(&results, name).is_empty(), "{name}");
        assert!(
            alone(&results)
                .cell("single-reader", name, Metric::ReadNs)
                .is_none()
        );
    }
    assert_eq!(verdict(&results), (Verdict::Holds, false));
}

/// A run whose scans of `strategy` are so few in each window, and take this long each.
fn few_scans(strategy: &str, scans: u64, each_ns: u64) -> Results {
    let mut lines = three().lines();
    for line in &mut lines {
        let Line::Slice(Slice { key, groups, .. }) = line else {
            continue;
        };
        if key.scenario == "scan-while-writing" && key.strategy == strategy {
            groups[0].operations = vec![scans];
            groups[0].spans_ns = vec![scans * each_ns];
        }
    }
    analysed(lines)
}

#[test]
fn few_long_operations_cost_what_they_take_and_are_marked() {
    for (scans, is_marked) in [(2, true), (9, true), (10, false)] {
        let results = few_scans("novel/thing", scans, 14_700_000);
        let cell = alone(&results)
            .cell("scan-while-writing", "novel/thing", Metric::ScanNs)
            .expect("it was measured");
        assert!((cell.median - 14_700_000.0).abs() < 1e-6, "{}", cell.median);
        assert_eq!(cell.flags.contains(&Flag::FewOperations), is_marked);
        let page = html(&results);
        assert_eq!(
            page.contains("§ fewer than 10 operations of a thread"),
            is_marked
        );
    }
}

//! What a report says of a run that asked along axes.

use model::scenario::{Axis, Coordinate, Point, Value};

use super::{html, markdown, results_of_three, row, section};
use results::{Change, Flip, Map, Metric, Place, Results, UseCase, Verdict};

/// The single reader alone, as a map of one place without a winner, where every verdict is this one.
fn mapped(verdict: Verdict) -> Results {
    let (row, column) = (Value::Number(0.0), Value::Word("status-64B".into()));
    let coordinates = [(Axis::Writes, row.clone()), (Axis::Record, column.clone())];
    let point = Point {
        sweep: "map".into(),
        coordinates: coordinates
            .map(|(axis, value)| Coordinate { axis, value })
            .into(),
    };
    let mut results = results_of_three();
    let machine = &mut results.machines[0];
    machine.scenarios.truncate(1);
    machine.scenarios[0].point = Some(point);
    let scenario = machine.scenarios[0].name.clone();
    let ratios = machine.cells.iter_mut().filter_map(|c| c.ratio.as_mut());
    ratios.for_each(|ratio| ratio.verdict = verdict);
    machine.maps = vec![Map {
        sweep: "map".into(),
        rows: Axis::Writes,
        columns: Axis::Record,
        metric: Metric::ReadNs,
        places: vec![Place {
            row,
            column,
            scenario,
            winner: None,
            as_good: Vec::new(),
        }],
    }];
    results
}

#[test]
fn a_place_is_left_to_the_baseline_only_where_all_others_are_rejected() {
    let rejected = html(&mapped(Verdict::Rejected));
    assert!(rejected.contains("none: stay with mutex/std"));
    let open = html(&mapped(Verdict::Inconclusive));
    assert!(open.contains("none for certain") && !open.contains("none: stay with"));
}

#[test]
fn a_sweep_alone_decides_nothing() {
    let html = html(&mapped(Verdict::Holds));
    assert!(html.contains("asked along axes and not for a decision"));
    assert!(!html.contains("Stay with <code>mutex/std</code>: no strategy"));
    assert!(!html.contains("All strategies by decision"));
}

/// One reader and ten, as two points of an axis, with what changes between them.
fn swept() -> Results {
    let mut results = results_of_three();
    let machine = &mut results.machines[0];
    machine.scenarios.truncate(2);
    for (scenario, readers) in machine.scenarios.iter_mut().zip([1.0, 10.0]) {
        let value = Value::Number(readers);
        let axis = Axis::Threads;
        scenario.point = Some(Point {
            sweep: "sweep-readers".into(),
            coordinates: vec![Coordinate { axis, value }],
        });
    }
    let flip = |strategy: &str, change, ends: Option<f64>| Flip {
        sweep: "sweep-readers".into(),
        axis: Axis::Threads,
        metric: Metric::ReadNs,
        strategy: strategy.into(),
        change,
        at: Some(4.0),
        ci_low: ends,
        ci_high: ends.map(|end| 2.0 * end),
        share: 0.98,
    };
    machine.flips = vec![
        flip("atomics/seqlock", Change::RisesAboveMargin, None),
        flip("channel/std-mpsc", Change::NeverAboveMargin, None),
        flip(
            "novel/thing",
            Change::OvertakenBy("atomics/seqlock".into()),
            Some(3.0),
        ),
    ];
    results
}

#[test]
fn what_changes_along_an_axis_is_told_drawn_and_in_the_table() {
    let text = markdown(&swept());
    let lines = [
        "- `atomics/seqlock` overtakes `novel/thing` at threads = 4.00 [3.00, 6.00], in 98 % of resamples.",
        "- `atomics/seqlock` gains more than the margin from threads = 4.00 [beyond, beyond] on, in 98 % of resamples; these \
         samples do not say where, or whether.",
        "- Above the margin at no point: `channel/std-mpsc` (98 % of resamples).",
        "*Single reader: cost per read: times better than mutex/std by threads, with intervals, log scale.*",
        "**Single reader: cost per read: times better than mutex/std [interval]**",
    ];
    for line in lines {
        assert!(
            text.lines().any(|written| written.starts_with(line)),
            "{line}: {text}"
        );
    }
    assert!(
        text.contains("3 strategies at 2 points of threads"),
        "{text}"
    );
    // What is out of the axis has an arrow, and what has no end makes the axis no longer.
    let mut results = swept();
    let mut ratios = results.machines[0].cells.iter_mut().filter_map(|cell| {
        let ratio = cell.ratio.as_mut();
        ratio.filter(|_| cell.scenario == "single-reader" && cell.strategy == "novel/thing")
    });
    ratios.next().expect("it was compared").ci_high = f64::INFINITY;
    let page = html(&results);
    assert!(!page.contains(">1000000x<"));
    let mut lines = section(&page, "flips").lines();
    assert!(lines.any(|line| line.contains("<polyline") && line.contains("#B42318")));
}

#[test]
fn a_use_case_says_how_far_along_its_sweep_its_answer_holds() {
    let mut results = swept();
    let mut cases = results_of_three().machines[0].use_cases.clone();
    for case in &mut cases {
        case.holds_along = Some("sweep-readers".into());
    }
    let again = UseCase {
        id: "again".into(),
        title: "again".into(),
        ..cases[0].clone()
    };
    cases.push(again);
    results.machines[0].use_cases = cases;
    let text = markdown(&results);
    let cells = row(&text, "one reader beside a writer that never pauses");
    let holds = "from threads 4.00 [beyond, beyond] on (98 % of resamples)";
    assert_eq!(cells[5], holds);
    assert!(text.contains(&format!("It holds {holds}.")));
    // The rows that decide it are not among these; the curves along the sweep are.
    let page = html(&results);
    let case = section(&page, "case-busy-writer");
    assert!(
        case.contains("3 strategies at 2 points of threads"),
        "{case}"
    );
    // Once: the next use case on the same sweep says where.
    let next = section(&page, "case-again");
    assert!(!next.contains("points of threads"), "{next}");
    assert!(
        next.contains("The sweep of this situation is drawn in &quot;One reader beside"),
        "{next}"
    );
}

//! What a report says of a run that asked along axes.

use model::scenario::{Axis, Coordinate, Point, Value};

use super::{html, results_of_three};
use crate::results::{Map, Metric, Place, Results, Verdict};

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

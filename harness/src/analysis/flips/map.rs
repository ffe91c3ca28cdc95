//! Two axes: who wins where.

use basis::scenario::{Axis, Scenario, Value};

use crate::results::{Machine, Map, Metric, Place, Ratio, Verdict};

/// The map of a sweep with two axes.
pub(super) fn of(
    results: &Machine,
    sweep: &str,
    points: &[&Scenario],
    (rows, columns): (Axis, Axis),
    metric: Metric,
) -> Map {
    Map {
        sweep: sweep.into(),
        rows,
        columns,
        metric,
        places: points
            .iter()
            .filter_map(|point| place(results, point, metric))
            .collect(),
    }
}

fn place(results: &Machine, point: &Scenario, metric: Metric) -> Option<Place> {
    let value = |index: usize| -> Option<Value> {
        let coordinate = point.point.as_ref()?.coordinates.get(index)?;
        Some(coordinate.value.clone())
    };
    let mut better: Vec<(&str, &Ratio)> = results
        .contenders()
        .filter(|card| results.is_ranked(&card.name))
        .filter_map(|card| {
            let cell = results.cell(&point.name, &card.name, metric)?;
            Some((card.name.as_str(), cell.ratio.as_ref()?))
        })
        .filter(|(_, ratio)| ratio.verdict == Verdict::Holds)
        .collect();
    better.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
    let winner = better.first().copied();
    let as_good = better
        .iter()
        .skip(1)
        .filter(|(_, ratio)| winner.is_some_and(|(_, best)| ratio.ci_high >= best.ci_low))
        .map(|&(name, _)| name.to_owned())
        .collect();
    Some(Place {
        row: value(0)?,
        column: value(1)?,
        scenario: point.name.clone(),
        winner: winner.map(|(name, _)| name.to_owned()),
        as_good,
    })
}

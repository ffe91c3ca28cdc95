//! `pivot list`: what there is.

use basis::error::Result;
use basis::scenario::{Axis, Coordinate, RecordKind, Scenario};
use registry::roster;

use crate::arguments::ListOptions;
use crate::selection;
use crate::table::Table;

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    selection::strategy(&options.choice.baseline)?;
    let chosen = selection::strategies(options.choice.strategy.as_deref())?;
    let scenarios = selection::scenarios(&options.choice, true)?;
    let mut strategies = Table::new([
        "strategy",
        "reads",
        "updates",
        "read consistency",
        "scan",
        "holds",
        "what it is",
    ]);
    for entry in roster::entries(RecordKind::Status) {
        let profile = entry.profile;
        if chosen.iter().any(|name| name == profile.name) {
            strategies.row([
                profile.name.into(),
                profile.reads.to_string(),
                profile.updates.to_string(),
                profile.read_consistency.to_string(),
                profile.scan_consistency.to_string(),
                if profile.plain_data_only {
                    "plain data"
                } else {
                    "any record"
                }
                .into(),
                profile.summary.into(),
            ]);
        }
    }
    strategies.print_fitted(options.format)?;
    let mut table = Table::new([
        "scenario",
        "processes",
        "record",
        "keys",
        "threads",
        "sweeps",
        "run by",
        "question",
    ]);
    let mut listed: Vec<&str> = Vec::new();
    for scenario in &scenarios {
        let family = scenario.family();
        if listed.contains(&family) {
            continue;
        }
        listed.push(family);
        let points: Vec<&Scenario> = scenarios.iter().filter(|s| s.family() == family).collect();
        table.row([
            family.into(),
            varied(&points, |point| point.processes.to_string()),
            varied(&points, |point| point.record.to_string()),
            varied(&points, Scenario::asked),
            varied(&points, threads),
            sweeps(&points),
            if scenario.optional {
                "--scenario, or --preset full"
            } else {
                "default"
            }
            .into(),
            scenario.question.clone(),
        ]);
    }
    table.print_fitted(options.format)
}

/// What all points of a sweep have in common, or that they do not.
fn varied(points: &[&Scenario], text: impl Fn(&Scenario) -> String) -> String {
    let first = text(points[0]);
    if points.iter().all(|&point| text(point) == first) {
        first
    } else {
        "swept".into()
    }
}

/// The axes of a sweep, with their values.
fn sweeps(points: &[&Scenario]) -> String {
    let mut axes: Vec<(Axis, Vec<String>)> = Vec::new();
    let coordinates = points
        .iter()
        .filter_map(|scenario| scenario.point.as_ref())
        .flat_map(|point| &point.coordinates);
    for Coordinate { axis, value } in coordinates {
        let value = value.to_string();
        match axes.iter_mut().find(|(known, _)| known == axis) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => axes.push((*axis, vec![value])),
        }
    }
    let axes: Vec<String> = axes
        .into_iter()
        .map(|(axis, values)| format!("{axis} = {}", values.join(", ")))
        .collect();
    axes.join("; ")
}

fn threads(scenario: &Scenario) -> String {
    let groups: Vec<String> = scenario
        .groups
        .iter()
        .map(|group| format!("{} {}", group.threads, group.doing()))
        .collect();
    groups.join(" + ")
}

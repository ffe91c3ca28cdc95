//! `pivot list`: what there is.

use basis::error::Result;
use basis::scenario::{Axis, Coordinate, RecordKind, Scenario};
use registry::roster;

use crate::arguments::{Format, ListOptions};
use crate::table::{Shown as _, Table, table};
use crate::{selection, terminal};

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    let chosen = selection::listed(&options.choice)?;
    let scenarios = selection::scenarios(&options.choice, true)?;
    let (strategies, scenarios) = (
        strategies(&chosen, &options.choice.baseline),
        scenarios_of(&scenarios),
    );
    if options.format != Format::Table {
        table(STRATEGIES, strategies).print(options.format)?;
        return table(SCENARIOS, scenarios).print(options.format);
    }
    let width = terminal::width();
    terminal::print(&short_strategies(&strategies).terminal(Some(width)))?;
    terminal::print("`pivot explain STRATEGY` shows all that a strategy claims")?;
    terminal::print(&short_scenarios(&scenarios).terminal(Some(width)))
}

/// For a terminal: what has a word to itself in columns, the rest below the text.
fn short_strategies(all: &[[String; 7]]) -> Table {
    let mut table = Table::new(["strategy", "reads", "updates", "what it is"]);
    for [name, reads, updates, consistency, scan, holds, summary] in all {
        table.row([
            name.clone(),
            reads.clone(),
            updates.clone(),
            format!("{summary}\n{consistency}; scan: {scan}; {holds}"),
        ]);
    }
    table
}

/// Likewise.
fn short_scenarios(all: &[[String; 8]]) -> Table {
    let mut table = Table::new(["scenario", "threads", "question"]);
    for [
        name,
        processes,
        record,
        keys,
        threads,
        sweeps,
        run_by,
        question,
    ] in all
    {
        let mut text = format!("{question}\n{processes} x {record}, keys {keys}");
        for (label, more) in [("sweeps", sweeps), ("run by", run_by)] {
            if !more.is_empty() && more != DEFAULT {
                text.push_str(&format!("\n{label} {more}"));
            }
        }
        table.row([name.clone(), threads.clone(), text]);
    }
    table
}

/// What runs a scenario that is not optional.
const DEFAULT: &str = "default";

const STRATEGIES: [&str; 7] = [
    "strategy",
    "reads",
    "updates",
    "read consistency",
    "scan",
    "holds",
    "what it is",
];

fn strategies(chosen: &[String], baseline: &str) -> Vec<[String; 7]> {
    let mut strategies = Vec::new();
    for entry in roster::entries_beside(baseline, RecordKind::Status) {
        let profile = entry.profile;
        if chosen.iter().any(|name| name == profile.name) {
            strategies.push([
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
    strategies
}

const SCENARIOS: [&str; 8] = [
    "scenario",
    "processes",
    "record",
    "keys",
    "threads",
    "sweeps",
    "run by",
    "question",
];

fn scenarios_of(scenarios: &[Scenario]) -> Vec<[String; 8]> {
    let mut rows = Vec::new();
    let mut listed: Vec<&str> = Vec::new();
    for scenario in scenarios {
        let family = scenario.family();
        if listed.contains(&family) {
            continue;
        }
        listed.push(family);
        let points: Vec<&Scenario> = scenarios.iter().filter(|s| s.family() == family).collect();
        rows.push([
            family.into(),
            varied(&points, |point| point.processes.to_string()),
            varied(&points, |point| point.record.to_string()),
            varied(&points, Scenario::asked),
            varied(&points, threads),
            sweeps(&points),
            if scenario.optional {
                "--scenario, or --preset full"
            } else {
                DEFAULT
            }
            .into(),
            scenario.question.clone(),
        ]);
    }
    rows
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

#[cfg(test)]
mod tests {
    use basis::scenario::load_folder;

    use super::*;

    #[test]
    fn what_is_listed_fits_and_names_stay_whole() {
        let all: Vec<String> = selection::strategies(None).unwrap();
        let scenarios = load_folder(&selection::workspace().join("benches/scenarios")).unwrap();
        let names = scenarios.iter().map(|one| one.family().to_owned());
        for width in [100, 80] {
            let strategies = short_strategies(&strategies(&all, "mutex/std")).terminal(Some(width));
            let scenarios = short_scenarios(&scenarios_of(&scenarios)).terminal(Some(width));
            let text = strategies + "\n" + &scenarios;
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(usize::from(width)), "{text}");
            for name in all.iter().cloned().chain(names.clone()) {
                assert!(text.contains(&name), "{name} is cut up in {width}:\n{text}");
            }
        }
    }
}

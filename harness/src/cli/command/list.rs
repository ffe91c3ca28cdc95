//! `pivot list`: what there is.

use contract::Profile;
use model::error::Result;
use model::scenario::{Axis, Coordinate, Scenario};

use crate::arguments::{Format, ListOptions};
use crate::table::{Shown as _, Table, of_rows};
use crate::{selection, terminal};

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    let profiles = selection::listed(&options.choice.contest)?;
    let scenarios = selection::scenarios(&options.choice, true)?;
    if options.format != Format::Table {
        of_rows(profiles.iter().map(of_strategy)).print(options.format)?;
        return of_rows(families(&scenarios).map(of_scenario)).print(options.format);
    }
    let width = terminal::width();
    terminal::print(&short_strategies(&profiles).terminal(Some(width)))?;
    terminal::print("`pivot explain STRATEGY` shows all that a strategy claims")?;
    terminal::print(&short_scenarios(&scenarios).terminal(Some(width)))
}

/// Scenarios, or the points of sweeps, which stand beside each other.
fn families(scenarios: &[Scenario]) -> impl Iterator<Item = &[Scenario]> {
    scenarios.chunk_by(|a, b| a.family() == b.family())
}

/// A cell under its title.
type Titled = (&'static str, String);

fn of_strategy(profile: &Profile) -> [Titled; 7] {
    let holds = if profile.plain_data_only {
        "plain data"
    } else {
        "any record"
    };
    [
        ("strategy", profile.name.into()),
        ("reads", profile.reads.to_string()),
        ("updates", profile.updates.to_string()),
        ("read consistency", profile.read_consistency.to_string()),
        ("scan", profile.scan_consistency.to_string()),
        ("holds", holds.into()),
        ("what it is", profile.summary.into()),
    ]
}

fn of_scenario(points: &[Scenario]) -> [Titled; 8] {
    // What all points of a sweep have in common, or that they do not.
    let shared = |text: fn(&Scenario) -> String| {
        let first = text(&points[0]);
        if points.iter().all(|point| text(point) == first) {
            first
        } else {
            "swept".into()
        }
    };
    let run_by = if points[0].optional {
        "--scenario, or --preset full"
    } else {
        DEFAULT
    };
    [
        ("scenario", points[0].family().into()),
        ("processes", shared(|point| point.processes.to_string())),
        ("record", shared(|point| point.record.to_string())),
        ("keys", shared(Scenario::asked)),
        ("threads", shared(threads)),
        ("sweeps", sweeps(points)),
        ("run by", run_by.into()),
        ("question", points[0].question.clone()),
    ]
}

/// What runs a scenario that is not optional.
const DEFAULT: &str = "default";

fn threads(scenario: &Scenario) -> String {
    let groups = scenario.groups.iter();
    let groups = groups.map(|group| format!("{} {}", group.threads, group.doing()));
    groups.collect::<Vec<_>>().join(" + ")
}

/// The axes of a sweep, with their values.
fn sweeps(points: &[Scenario]) -> String {
    let mut axes: Vec<(Axis, Vec<String>)> = Vec::new();
    let points = points.iter().filter_map(|scenario| scenario.point.as_ref());
    for Coordinate { axis, value } in points.flat_map(|point| &point.coordinates) {
        let value = value.to_string();
        match axes.iter_mut().find(|(known, _)| known == axis) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => axes.push((*axis, vec![value])),
        }
    }
    let axes = axes.iter();
    let axes = axes.map(|(axis, values)| format!("{axis} = {}", values.join(", ")));
    axes.collect::<Vec<_>>().join("; ")
}

/// For a terminal: what has a word to itself in columns, the rest below the text.
fn short_strategies(profiles: &[Profile]) -> Table {
    of_rows(profiles.iter().map(|profile| {
        let [
            name,
            reads,
            updates,
            consistency,
            scan,
            holds,
            (title, summary),
        ] = of_strategy(profile);
        let (consistency, scan, holds) = (consistency.1, scan.1, holds.1);
        let about = format!("{summary}\n{consistency}; scan: {scan}; {holds}");
        [name, reads, updates, (title, about)]
    }))
}

/// Likewise.
fn short_scenarios(scenarios: &[Scenario]) -> Table {
    of_rows(families(scenarios).map(|points| {
        let [
            name,
            processes,
            record,
            keys,
            threads,
            sweeps,
            run_by,
            (title, question),
        ] = of_scenario(points);
        let (processes, record, keys) = (processes.1, record.1, keys.1);
        let mut about = format!("{question}\n{processes} x {record}, keys {keys}");
        for (label, text) in [sweeps, run_by] {
            if !text.is_empty() && text != DEFAULT {
                about.push_str(&format!("\n{label} {text}"));
            }
        }
        [name, threads, (title, about)]
    }))
}

#[cfg(test)]
mod tests {
    use model::scenario::load_folder;

    use super::*;

    #[test]
    fn what_is_listed_fits_and_names_stay_whole() {
        let profiles = selection::strategies(None).unwrap();
        let scenarios = load_folder(&selection::workspace().join("benches/scenarios")).unwrap();
        let names = profiles.iter().map(|profile| profile.name);
        let names = names.chain(scenarios.iter().map(Scenario::family));
        for width in [100, 80] {
            let strategies = short_strategies(&profiles).terminal(Some(width));
            let scenarios = short_scenarios(&scenarios).terminal(Some(width));
            let text = strategies + "\n" + &scenarios;
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(usize::from(width)), "{text}");
            for name in names.clone() {
                assert!(text.contains(name), "{name} is cut up in {width}:\n{text}");
            }
        }
    }
}

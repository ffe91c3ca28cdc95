//! `pivot list`: what there is.

use contract::Profile;
use model::error::Result;
use model::scenario::{Axis, Coordinate, RecordKind, Scenario};
use registry::roster;

use crate::arguments::{Format, ListOptions};
use crate::table::{Column, Shown as _, Table, table};
use crate::{selection, terminal};

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    let chosen = selection::listed(&options.choice)?;
    let scenarios = selection::scenarios(&options.choice, true)?;
    let (profiles, families) = (
        profiles(&chosen, &options.choice.baseline),
        families(&scenarios),
    );
    if options.format != Format::Table {
        table(&profiles, &of_strategy()).print(options.format)?;
        return table(&families, &of_scenario()).print(options.format);
    }
    let width = terminal::width();
    terminal::print(&short_strategies(&profiles).terminal(Some(width)))?;
    terminal::print("`pivot explain STRATEGY` shows all that a strategy claims")?;
    terminal::print(&short_scenarios(&families).terminal(Some(width)))
}

fn profiles(chosen: &[String], baseline: &str) -> Vec<Profile> {
    let all = roster::entries_beside(baseline, RecordKind::Status).into_iter();
    let profiles = all.map(|entry| entry.profile);
    profiles
        .filter(|profile| chosen.iter().any(|name| name == profile.name))
        .collect()
}

/// A scenario, or the points of a sweep.
type Family<'s> = Vec<&'s Scenario>;

fn families(scenarios: &[Scenario]) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for scenario in scenarios {
        let mut known = families.iter_mut();
        match known.find(|points| points[0].family() == scenario.family()) {
            Some(points) => points.push(scenario),
            None => families.push(vec![scenario]),
        }
    }
    families
}

fn of_strategy<'p>() -> [Column<&'p Profile>; 7] {
    [
        ("strategy", |profile| profile.name.into()),
        ("reads", |profile| profile.reads.to_string()),
        ("updates", |profile| profile.updates.to_string()),
        ("read consistency", |profile| {
            profile.read_consistency.to_string()
        }),
        ("scan", |profile| profile.scan_consistency.to_string()),
        ("holds", |profile| holds(profile).into()),
        ("what it is", |profile| profile.summary.into()),
    ]
}

fn of_scenario<'f, 's>() -> [Column<&'f Family<'s>>; 8] {
    [
        ("scenario", |points| points[0].family().into()),
        ("processes", |points| processes(points)),
        ("record", |points| record(points)),
        ("keys", |points| keys(points)),
        ("threads", |points| threads(points)),
        ("sweeps", |points| sweeps(points)),
        ("run by", |points| run_by(points).into()),
        ("question", |points| points[0].question.clone()),
    ]
}

/// For a terminal: what has a word to itself in columns, the rest below the text.
fn short_strategies(profiles: &[Profile]) -> Table {
    let [name, reads, updates, ..] = of_strategy();
    let about = |profile: &&Profile| {
        format!(
            "{}\n{}; scan: {}; {}",
            profile.summary,
            profile.read_consistency,
            profile.scan_consistency,
            holds(profile)
        )
    };
    table(profiles, &[name, reads, updates, ("what it is", about)])
}

/// Likewise.
fn short_scenarios(families: &[Family<'_>]) -> Table {
    let about = |points: &&Family<'_>| {
        let question = &points[0].question;
        let (processes, record, keys) = (processes(points), record(points), keys(points));
        let mut text = format!("{question}\n{processes} x {record}, keys {keys}");
        for (label, more) in [
            ("sweeps", sweeps(points).as_str()),
            ("run by", run_by(points)),
        ] {
            if !more.is_empty() && more != DEFAULT {
                text.push_str(&format!("\n{label} {more}"));
            }
        }
        text
    };
    let [name, .., threads, _, _, _] = of_scenario();
    table(families, &[name, threads, ("question", about)])
}

const fn holds(profile: &Profile) -> &'static str {
    if profile.plain_data_only {
        "plain data"
    } else {
        "any record"
    }
}

/// What runs a scenario that is not optional.
const DEFAULT: &str = "default";

fn run_by(points: &[&Scenario]) -> &'static str {
    if points[0].optional {
        "--scenario, or --preset full"
    } else {
        DEFAULT
    }
}

fn processes(points: &[&Scenario]) -> String {
    varied(points, |point| point.processes.to_string())
}

fn record(points: &[&Scenario]) -> String {
    varied(points, |point| point.record.to_string())
}

fn keys(points: &[&Scenario]) -> String {
    varied(points, Scenario::asked)
}

fn threads(points: &[&Scenario]) -> String {
    varied(points, |point| {
        let groups = point.groups.iter();
        let groups = groups.map(|group| format!("{} {}", group.threads, group.doing()));
        groups.collect::<Vec<_>>().join(" + ")
    })
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

#[cfg(test)]
mod tests {
    use model::scenario::load_folder;

    use super::*;

    #[test]
    fn what_is_listed_fits_and_names_stay_whole() {
        let all: Vec<String> = selection::strategies(None).unwrap();
        let scenarios = load_folder(&selection::workspace().join("benches/scenarios")).unwrap();
        let names = scenarios.iter().map(|one| one.family().to_owned());
        for width in [100, 80] {
            let strategies = short_strategies(&profiles(&all, "mutex/std")).terminal(Some(width));
            let scenarios = short_scenarios(&families(&scenarios)).terminal(Some(width));
            let text = strategies + "\n" + &scenarios;
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(usize::from(width)), "{text}");
            for name in all.iter().cloned().chain(names.clone()) {
                assert!(text.contains(&name), "{name} is cut up in {width}:\n{text}");
            }
        }
    }
}

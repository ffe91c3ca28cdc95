//! The rows beside the report's: what a registry of processes is used for.

use std::cmp::Ordering;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::scenario::Keys;

use results::{Machine, Results};

use super::collect::grouped;
use super::draft::Draft;
use super::facts::{self, Row};
use super::format;
use super::view::Section;

pub(super) fn section(results: &Results) -> Section {
    let report = facts::united(results, facts::report_rows);
    // The report's rows have their table already; what else they time has not. Points of sweeps have a section of their own.
    let is_shown = |row: &Row<'_>| {
        let scenario = row.scenario;
        scenario.point.is_none() && scenario.operations.is_none() && !report.contains(row)
    };
    let rows = facts::united(results, facts::all_rows).into_iter();
    let rows: Vec<(usize, Row<'_>)> = rows.filter(is_shown).enumerate().collect();
    let scenarios = grouped(
        rows.iter()
            .map(|(id, row)| (&row.scenario.name, (*id, *row))),
    );
    let scenarios = scenarios.iter().map(|(_, rows)| asked(rows));
    Draft::new("registry", results)
        .fact("scenarios", scenarios.collect::<Vec<_>>())
        .of_each(|machine| {
            let rows = rows.iter().map(|(_, row)| strategies(machine, *row));
            context! { rows => rows.collect::<Vec<_>>() }
        })
        .section()
}
/// A scenario by its rows: under which load it asks, and what is timed in it.
fn asked(rows: &[(usize, Row<'_>)]) -> Value {
    let scenario = rows[0].1.scenario;
    let groups = scenario.groups.iter();
    let groups = groups.map(|group| context! { threads => group.threads, doing => group.doing() });
    let keys = scenario.asked();
    let rows = rows.iter();
    let rows =
        rows.map(|(id, row)| context! { id => *id, operation => format::operation(row.metric) });
    context! {
        record => scenario.record.to_string(),
        // How keys are chosen, unless in the usual way.
        keys => (keys != Keys::default().to_string()).then_some(keys),
        groups => groups.collect::<Vec<_>>(),
        threads => scenario.threads(),
        rows => rows.collect::<Vec<_>>(),
        ..Value::from(Serde(scenario))
    }
}

/// The strategies in a row, the best first, then those without a rank or a figure, then the controls.
fn strategies(machine: &Machine, row: Row<'_>) -> Vec<Value> {
    let rank = |name: &str| {
        let ratio = row.ratio(machine, name).map(|ratio| ratio.median);
        let own = (name == machine.baseline && row.cell(machine, name).is_some()).then_some(1.0);
        ratio.or(own).filter(|_| machine.is_ranked(name))
    };
    let contenders = machine.contenders().map(|card| card.name.as_str());
    let (mut ranked, others): (Vec<&str>, Vec<&str>) =
        contenders.partition(|name| rank(name).is_some());
    ranked.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal));
    let controls = machine.strategies.iter().filter(|card| card.control);
    let controls = controls.map(|card| card.name.as_str());
    let controls = controls.filter(|name| row.cell(machine, name).is_some());
    let groups = [
        ("", ranked),
        ("Without a rank", others),
        ("Controls", controls.collect()),
    ];
    let groups = groups.into_iter();
    let lines = groups.flat_map(|(group, names)| names.into_iter().map(move |name| (group, name)));
    let line =
        |(group, name)| context! { group, name, figure => facts::figure(machine, row, name) };
    lines.map(line).collect()
}

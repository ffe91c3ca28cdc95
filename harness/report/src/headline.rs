//! The report's own table, done again with every strategy, and the rows beside it.
//!
//! What the report that started this published stands here, beside the scenarios' `published` fields, and what its reads
//! allocated in `memory.md.j2`. Source: the report "put the process table behind a channel" and its later notes, measured in
//! Go; its machine is not known, so only its ratios can be compared, never its nanoseconds.

use std::cmp::Ordering;

use model::controls;
use model::scenario::{Keys, Published};

use results::{Decision, Machine, Ratio, Results};

use super::charts::intervals;
use super::draft::Draft;
use super::facts::{self, Row, Serde, Value, context, grouped, list};
use super::view::Section;
use super::{format, pivots};

pub(super) fn section(results: &Results) -> Section {
    let rows = &facts::united(results, facts::report_rows);
    let is_measured = |row: &Row<'_>| {
        results.machines.iter().any(|machine| {
            let mut contenders = machine.contenders();
            contenders.any(|card| row.cell(machine, &card.name).is_some())
        })
    };
    Draft::new("report-table", results)
        .fact("has_rows", rows.iter().any(is_measured))
        .of_each(|machine| {
            let mut measured = rows.iter();
            let has_same = measured.any(|row| row.ratio(machine, controls::SAME).is_some());
            context! {
                rows => list(rows, |row| in_short(results, machine, *row)),
                strategies => pivots::listed(machine.contenders(), |card| {
                    context! { figures => facts::figures(machine, rows, &card.name) }
                }),
                same => has_same.then(|| facts::figures(machine, rows, controls::SAME)),
            }
        })
        .place("plots", intervals(results, rows, |_| true))
        .section()
}

/// A row: what the original report said of it, what came out here, and which strategy is best.
fn in_short(results: &Results, machine: &Machine, row: Row<'_>) -> Value {
    let published = row.scenario.published.as_ref();
    let best = |(strategy, ratio)| context! { strategy, ratio => Serde(ratio) };
    context! {
        slower_by => published.map(published_slower_by),
        here => row.cell(machine, &machine.baseline).map(Serde),
        channel => best_of(machine, row, is_channel).map(best),
        strongest => best_of(machine, row, |_| true).map(best),
        ..row.facts(results)
    }
}

fn is_channel(strategy: &str) -> bool {
    facts::family(strategy) == facts::CHANNEL
}

/// The strategy with the highest ratio in a row, of those that are ranked.
fn best_of<'r>(
    machine: &'r Machine,
    row: Row<'r>,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'r str, &'r Ratio)> {
    facts::ranked(machine)
        .filter(|name| wanted(name))
        .filter_map(|name| Some((name, row.ratio(machine, name)?)))
        .max_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// What became of the report's own proposal: the row in which even the better of its variants is slowest, if all of them are
/// refused.
pub(super) fn channel(machine: &Machine) -> Option<Value> {
    let mut variants = machine.contenders().filter(|card| is_channel(&card.name));
    let is_refused = variants.all(|card| {
        let advice = machine.recommendation(&card.name);
        advice.is_some_and(|advice| advice.decision == Decision::StayWithBaseline)
    });
    let rows = facts::report_rows(machine).into_iter();
    let best = rows.filter_map(|row| Some((row, best_of(machine, row, is_channel)?)));
    let (row, (strategy, ratio)) = best
        .filter(|(_, (_, ratio))| is_refused && ratio.loses())
        .min_by(|(_, (_, a)), (_, (_, b))| a.median.total_cmp(&b.median))?;
    Some(context! { strategy, row => row.label(machine), ratio => Serde(ratio) })
}

/// The factors as the report prints them: mutex, channel, slower by. The first is cut off rather
/// than rounded, so it cannot be computed.
const SLOWER_BY: [(f64, f64, f64); 3] = [
    (31.51, 1631.0, 51.7),
    (69.47, 1074.0, 15.5),
    (22.51, 1512.0, 67.2),
];

/// By which factor the report says that the channel is slower.
fn published_slower_by(published: &Published) -> String {
    let same = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let is_it = |(mutex, channel, _): &&(f64, f64, f64)| {
        same(*mutex, published.mutex) && same(*channel, published.channel)
    };
    let computed = published.channel / published.mutex;
    let printed = SLOWER_BY.iter().find(is_it);
    format::times(printed.map_or(computed, |(_, _, factor)| *factor))
}

/// The rows beside the report's: what a registry of processes is used for.
pub(super) fn registry(results: &Results) -> Section {
    let report = facts::united(results, facts::report_rows);
    // The report's rows have their table already; what else they time has not. Points of sweeps have a section of their own.
    let is_shown = |row: &Row<'_>| {
        let scenario = row.scenario;
        scenario.point.is_none() && scenario.operations.is_none() && !report.contains(row)
    };
    let rows = facts::united(results, facts::all_rows).into_iter();
    let rows: Vec<(usize, Row<'_>)> = rows.filter(is_shown).enumerate().collect();
    let scenarios = grouped(rows.iter().map(|row| (&row.1.scenario.name, *row)));
    Draft::new("registry", results)
        .fact("scenarios", list(scenarios, |(_, rows)| asked(&rows)))
        .of_each(|machine| {
            context! { rows => list(&rows, |(_, row)| strategies(machine, *row)) }
        })
        .section()
}

/// A scenario by its rows: under which load it asks, and what is timed in it.
fn asked(rows: &[(usize, Row<'_>)]) -> Value {
    let scenario = rows[0].1.scenario;
    let keys = scenario.asked();
    context! {
        record => scenario.record.to_string(),
        // How keys are chosen, unless in the usual way.
        keys => (keys != Keys::default().to_string()).then_some(keys),
        groups => list(&scenario.groups, |group| {
            context! { threads => group.threads, doing => group.doing() }
        }),
        threads => scenario.threads(),
        rows => list(rows, |(id, row)| {
            context! { id => *id, operation => format::operation(row.metric) }
        }),
        ..Value::from(Serde(scenario))
    }
}

/// The strategies in a row, the best first, then those without a rank or a figure, then the controls.
fn strategies(machine: &Machine, row: Row<'_>) -> Value {
    let is_measured = |name: &str| row.cell(machine, name).is_some();
    let rank = |name: &str| {
        let ratio = row.ratio(machine, name).map(|ratio| ratio.median);
        let of_baseline = (name == machine.baseline && is_measured(name)).then_some(1.0);
        ratio.or(of_baseline).filter(|_| machine.is_ranked(name))
    };
    let contenders = machine.contenders().map(|card| card.name.as_str());
    let (mut ranked, others): (Vec<&str>, Vec<&str>) =
        contenders.partition(|name| rank(name).is_some());
    ranked.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal));
    let controls = machine.strategies.iter().filter(|card| card.control);
    let mut controls: Vec<&str> = controls.map(|card| card.name.as_str()).collect();
    controls.retain(|name| is_measured(name));
    let groups = [
        ("", ranked),
        ("Without a rank", others),
        ("Controls", controls),
    ];
    let groups = groups.into_iter();
    let lines = groups.flat_map(|(group, names)| names.into_iter().map(move |name| (group, name)));
    list(lines, |(group, name)| {
        context! { group, name, figure => facts::figure(machine, row, name) }
    })
}

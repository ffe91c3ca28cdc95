//! The report's own table, done again with every strategy.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Decision, Flag, Machine, Ratio, Results};

use super::charts::intervals;
use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{self, Cell, Column, Group, Section, Table};
use super::{pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let rows = &facts::united(results, facts::report_rows);
    let is_oversubscribed = results.machines.iter().any(|machine| {
        let mut rows = rows.iter();
        rows.any(|row| facts::is_oversubscribed(machine, row))
    });
    let is_marked = |flag| facts::is_marked(results, rows, flag);
    Draft::new("report-table", results)
        .fact("has_rows", !rows.is_empty())
        .fact("oversubscribed", is_oversubscribed)
        .fact("harness_bound", is_marked(Flag::HarnessBound))
        .fact("few_operations", is_marked(Flag::FewOperations))
        .fact("unsteady", is_marked(Flag::Unsteady))
        .of_each(|machine| {
            let rows = rows.iter().map(|row| in_short(machine, *row));
            context! { rows => rows.collect::<Vec<_>>() }
        })
        .table_over_all("table", |machine| table(results, machine, rows))
        .place("plots", intervals::figures(results, rows, |_| true))
        .section()
}

/// A row: what the original report said of it, what came out here, and which strategy is best.
fn in_short(machine: &Machine, row: Row<'_>) -> Value {
    let published = row.scenario.published.as_ref();
    let published = published.map(|figures| {
        let [mutex, channel] = [figures.mutex, figures.channel].map(published::figure);
        context! { mutex => mutex, channel => channel, slower_by => published::slower_by(figures) }
    });
    let best = |(strategy, ratio)| context! { strategy => strategy, ratio => Serde(ratio) };
    context! {
        title => row.scenario.title.as_str(),
        threads => facts::threads_note(row.scenario, machine.environment.cpus),
        published => published,
        here => row.cell(machine, &machine.baseline).map(|cell| Value::from(Serde(cell))),
        channel => best_of(machine, row, is_channel).map(best),
        strongest => best_of(machine, row, |_| true).map(best),
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
        let known = machine.recommendation(&card.name);
        known.is_some_and(|known| known.decision == Decision::StayWithBaseline)
    });
    let rows = facts::report_rows(machine).into_iter();
    let best = rows.filter_map(|row| Some((row, best_of(machine, row, is_channel)?)));
    let (row, (strategy, ratio)) = best
        .filter(|(_, (_, ratio))| is_refused && ratio.loses())
        .min_by(|(_, (_, a)), (_, (_, b))| a.median.total_cmp(&b.median))?;
    Some(context! { strategy => strategy, row => row.label(machine), ratio => Serde(ratio) })
}

fn table(results: &Results, machine: &Machine, rows: &[Row<'_>]) -> Table {
    if rows.is_empty() {
        return Table::default();
    }
    let columns = rows.iter().map(|row| {
        let threads = facts::threads_note(row.scenario, machine.environment.cpus);
        let label = facts::row_label(results, row);
        Column::new(&row.scenario.title, format!("{label}; {threads}"))
    });
    let timed = |name: &str, first: Cell| -> Vec<Cell> {
        let timed = rows.iter().map(|row| facts::timing(machine, *row, name));
        [first].into_iter().chain(timed).collect()
    };
    let mut table = pivots::table(machine.contenders(), |card| {
        Some(timed(&card.name, facts::decision(machine, &card.name)))
    });
    if rows
        .iter()
        .any(|row| row.ratio(machine, controls::SAME).is_some())
    {
        let cells = timed(controls::SAME, Cell::text("the baseline again"));
        let row = view::Row::named(controls::SAME, cells);
        table.groups.push(Group::new("Noise floor", [row]));
    }
    table.columns(columns)
}

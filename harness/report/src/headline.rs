//! The report's own table, done again with every strategy.

use model::controls;
use model::scenario::Published;

use results::{Flag, Machine, Results};

use super::charts::intervals;
use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{self, Cell, Column, Group, Section, Table, Tone};
use super::{format, pivots, published};

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
        .table_over_all("table", |machine| table(results, machine, rows))
        .figures("plots", |machine| {
            let figures = rows.iter();
            let figures = figures.filter_map(|row| intervals::figure(machine, *row));
            figures.collect()
        })
        .section()
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
    let mut table = pivots::table(machine.contenders(), |card| {
        let timed = rows.iter();
        let timed = timed.map(|row| facts::timing(machine, *row, &card.name));
        let decision = facts::decision(machine, &card.name);
        Some([decision].into_iter().chain(timed).collect())
    });
    table.groups.insert(0, references(machine, rows));
    table.columns(columns)
}

/// The published figures, the same comparison here, and the noise floor.
fn references(machine: &Machine, rows: &[Row<'_>]) -> Group {
    let reference = |head: &str, cell: &dyn Fn(&Row<'_>) -> Cell| {
        let cells = rows.iter().map(cell);
        view::Row::new(head, [Cell::default()].into_iter().chain(cells).collect())
    };
    let published = |row: &Row<'_>, cell: &dyn Fn(&Published) -> Cell| {
        let figures = row.scenario.published.as_ref();
        figures.map_or_else(|| Cell::absent("none"), cell)
    };
    let ns = |figure| format!("{} ns", published::figure(figure));
    let mut lines = vec![
        reference("published: mutex", &|row| {
            published(row, &|figures| Cell::text(ns(figures.mutex)))
        }),
        reference("published: channel", &|row| {
            published(row, &|figures| {
                let slower = format!("slower by {}", published::slower_by(figures));
                Cell::text(ns(figures.channel)).detail(slower)
            })
        }),
    ];
    // The family's first variant is the rejected design.
    let mut contenders = machine.contenders();
    let channel = contenders.find(|card| facts::family(&card.name) == facts::CHANNEL);
    lines.extend(channel.map(|card| {
        let head = format!("here: `{}` against `{}`", card.name, machine.baseline);
        reference(&head, &|row| slower(machine, row, &card.name))
    }));
    let is_compared = |row: &Row<'_>| row.ratio(machine, controls::SAME).is_some();
    if rows.iter().any(is_compared) {
        let head = "noise floor: the baseline against itself";
        lines.push(reference(head, &|row| same(machine, row)));
    }
    Group::new("References", lines)
}

/// A comparison in the report's own words.
fn slower(machine: &Machine, row: &Row<'_>, strategy: &str) -> Cell {
    match row.ratio(machine, strategy) {
        Some(ratio) if ratio.median < 1.0 => {
            Cell::text(format!("slower by {}", format::slower_by(ratio)))
        }
        Some(ratio) => Cell::text(format!("faster by {}", format::ratio(ratio))),
        None => Cell::absent(facts::absence(machine, &row.scenario.name, strategy)),
    }
}

fn same(machine: &Machine, row: &Row<'_>) -> Cell {
    let Some(ratio) = row.ratio(machine, controls::SAME) else {
        return Cell::absent("not measured");
    };
    let cell = Cell::text(format::ratio(ratio));
    if !ratio.has_judged_interval() || ratio.may_be_equal() {
        cell
    } else {
        cell.judged(
            "does not contain 1.00, at 99 % either: doubt this column",
            Tone::Open,
        )
    }
}

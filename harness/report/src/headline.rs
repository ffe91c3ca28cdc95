//! The report's own table, done again with every strategy.

use model::controls;
use model::sample::Card;
use model::scenario::Published;

use results::{Flag, Machine, Results};

use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{self, Cell, Column, Group, Section, Table, Tone};
use super::{format, interval_rows, pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let rows = &facts::united(results, facts::report_rows);
    let is_oversubscribed = |machine| {
        rows.iter()
            .any(|row| facts::is_oversubscribed(machine, row))
    };
    Draft::new("report-table", results)
        .fact("has_rows", !rows.is_empty())
        .fact(
            "oversubscribed",
            results.machines.iter().any(is_oversubscribed),
        )
        .fact(
            "harness_bound",
            facts::is_marked(results, rows, Flag::HarnessBound),
        )
        .fact(
            "few_operations",
            facts::is_marked(results, rows, Flag::FewOperations),
        )
        .fact("unsteady", facts::is_marked(results, rows, Flag::Unsteady))
        .table_over_all(
            "table",
            |machine| table(results, machine, rows),
            |row| facts::over_all(results, row),
        )
        .figures("plots", |machine| {
            let figures = rows
                .iter()
                .filter_map(|row| interval_rows::figure(machine, *row));
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
    let families = facts::by_family(machine.contenders());
    let strategies = pivots::groups(families, |card| Some(strategy(machine, rows, card)));
    let groups = [references(machine, rows)].into_iter().chain(strategies);
    Table::of(groups).columns(columns)
}

/// A strategy's decision, and its figure in each row.
fn strategy(machine: &Machine, rows: &[Row<'_>], card: &Card) -> view::Row {
    let timed = rows
        .iter()
        .map(|row| facts::timing(machine, *row, &card.name));
    let decision = facts::decision(machine, &card.name);
    view::Row::named(&card.name, [decision].into_iter().chain(timed).collect())
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
    let mut found = vec![
        reference("published: mutex", &|row| {
            published(row, &|figures| Cell::figure(ns(figures.mutex)))
        }),
        reference("published: channel", &|row| {
            published(row, &|figures| {
                let slower = format!("slower by {}", published::slower_by(figures));
                Cell::figure(ns(figures.channel)).detail(slower)
            })
        }),
    ];
    // The family's first variant is the rejected design.
    let mut contenders = machine.contenders();
    let channel = contenders.find(|card| facts::family(&card.name) == facts::CHANNEL);
    found.extend(channel.map(|card| {
        let head = format!("here: `{}` against `{}`", card.name, machine.baseline);
        reference(&head, &|row| slower(machine, row, &card.name))
    }));
    if rows
        .iter()
        .any(|row| row.ratio(machine, controls::SAME).is_some())
    {
        let head = "noise floor: the baseline against itself";
        found.push(reference(head, &|row| same(machine, row)));
    }
    Group::new("References", found)
}

/// A comparison in the report's own words.
fn slower(machine: &Machine, row: &Row<'_>, strategy: &str) -> Cell {
    match row.ratio(machine, strategy) {
        Some(ratio) if ratio.median < 1.0 => {
            Cell::figure(format!("slower by {}", format::slower_by(ratio)))
        }
        Some(ratio) => Cell::figure(format!("faster by {}", format::ratio(ratio))),
        None => Cell::absent(facts::absence(machine, &row.scenario.name, strategy)),
    }
}

fn same(machine: &Machine, row: &Row<'_>) -> Cell {
    let Some(ratio) = row.ratio(machine, controls::SAME) else {
        return Cell::absent("not measured");
    };
    let cell = Cell::figure(format::ratio(ratio));
    if !ratio.has_judged_interval() || ratio.may_be_equal() {
        cell
    } else {
        cell.judged(
            "does not contain 1.00, at 99 % either: doubt this column",
            Tone::Open,
        )
    }
}

//! The original report's table, with every strategy on every machine.

use crate::results::{Merged, OneMachine};

use super::super::facts::Row;
use super::super::headline::{explanation, measured_rows, notes, published_rows, strategy_row};
use super::super::view::{Block, Cell, Column, Group, Section, Table, prose};
use super::super::{facts as own, format, pivots, view};
use super::{facts, plot};

pub(super) fn section(merged: &Merged) -> Section {
    let rows = facts::report_rows(merged);
    let mut blocks = Vec::new();
    if rows.is_empty() {
        blocks.push(prose("None of the report's rows was part of these runs."));
    } else {
        blocks.push(prose(explanation(&merged.baseline, merged.margin)));
        blocks.push(prose(
            "A line for each machine, whose figures are its own. Over all: what follows from every machine's \
             decision; a strategy is recommended only if no machine speaks against it.",
        ));
        blocks.push(Block::Table(table(merged, &rows)));
        blocks.extend(
            rows.iter()
                .filter_map(|row| plot::figure(merged, *row))
                .map(Block::Figure),
        );
    }
    Section {
        id: "report-table",
        title: "The report's table, with every strategy on every machine".into(),
        blocks,
    }
}

fn table(merged: &Merged, rows: &[Row<'_>]) -> Table {
    let columns = rows.iter().map(|row| {
        let threads = facts::threads_note(merged, row.scenario);
        let label = facts::label(merged, *row);
        Column::new(&row.scenario.title, format!("{label}; {threads}"))
    });
    let columns = [
        Column::new("Over all", "every machine"),
        Column::new("Machine", ""),
        Column::new("Decision there", "over all rows of its run"),
    ]
    .into_iter()
    .chain(columns)
    .collect();
    let mut groups = vec![references(merged, rows)];
    groups.extend(pivots::groups(
        own::by_family(facts::contenders(merged)),
        |card| {
            let machines = merged.machines.iter();
            machines
                .map(move |one| with_machine(merged, one, strategy_row(&one.results, rows, card)))
        },
    ));
    let mut told: Vec<String> = Vec::new();
    for note in merged
        .machines
        .iter()
        .flat_map(|one| notes(&one.results, rows))
    {
        if !told.contains(&note) {
            told.push(note);
        }
    }
    Table {
        caption:
            "Ratio to the baseline and cost per operation, in the report's situations, by machine"
                .into(),
        corner: "Strategy".into(),
        columns,
        groups,
        notes: told,
    }
}

/// A machine's row with what follows over all and the machine before its cells.
fn with_machine(merged: &Merged, one: &OneMachine, mut row: view::Row) -> view::Row {
    let strategy = row.head.trim_matches('`');
    let overall = facts::overall(merged, strategy).map_or_else(
        || Cell::text(""),
        |found| {
            let words = format::decision(found.decision, &merged.baseline);
            Cell::text("").judged(words, format::decision_tone(found.decision))
        },
    );
    // Like a figure, a name is not broken.
    row.cells
        .splice(0..0, [overall, Cell::figure(&one.machine)]);
    row
}

fn references(merged: &Merged, rows: &[Row<'_>]) -> Group {
    let published = published_rows(rows).into_iter().map(|mut row| {
        row.cells.splice(0..0, [Cell::text(""), Cell::text("")]);
        row
    });
    let measured = merged.machines.iter().flat_map(|one| {
        let rows = measured_rows(&one.results, rows).into_iter();
        rows.map(|row| with_machine(merged, one, row))
    });
    Group {
        title: "References".into(),
        rows: published.chain(measured).collect(),
    }
}

//! The report's deadlock row: the check, and the timed test.

use model::scenario::Published;

use results::{Machine, Results, Verdict};

use super::draft::Draft;
use super::facts::Row;
use super::view::{self, Cell, Column, Group, Section, Table};
use super::{facts, format, pivots, published};

const ASSUMPTION: &str = "deadlock";

pub(super) fn section(results: &Results) -> Section {
    let rows = &facts::united(results, facts::totals);
    Draft::new("deadlock", results)
        .table("table", |machine| table(machine, rows))
        .section()
}

fn table(machine: &Machine, rows: &[Row<'_>]) -> Table {
    let mut assumptions = machine.assumptions.iter();
    if rows.is_empty() && !assumptions.any(|judged| judged.id == ASSUMPTION) {
        return Table::default();
    }
    let columns = rows.iter().map(|row| {
        let operations = row.scenario.operations.unwrap_or_default();
        let operations = format::thousands(operations as f64);
        let threads = facts::threads_note(row.scenario, machine.environment.cpus);
        let note = format!("{operations} operations, {threads}");
        Column::new(&row.scenario.title, note)
    });
    let published = |design: &str, value: fn(&Published) -> f64| {
        let cell = |row: &Row<'_>| match &row.scenario.published {
            Some(figures) => Cell::text(format!("{} ms", published::figure(value(figures)))),
            None => Cell::absent("not published"),
        };
        let check = Cell::absent("not published");
        let cells = [check].into_iter().chain(rows.iter().map(cell));
        view::Row::new(format!("published: {design}"), cells.collect())
    };
    let references = [
        published("mutex", |figures| figures.mutex),
        published("channel", |figures| figures.channel),
    ];
    let mut table = pivots::table(machine.contenders(), |card| {
        let timed = rows.iter();
        let timed = timed.map(|&row| facts::timing(machine, row, &card.name));
        let check = check(machine, &card.name);
        Some([check].into_iter().chain(timed).collect())
    });
    table.groups.insert(0, Group::new("References", references));
    table.columns(columns)
}

fn check(machine: &Machine, strategy: &str) -> Cell {
    let mut assumptions = machine.assumptions.iter();
    let judged = assumptions.find(|judged| judged.id == ASSUMPTION && judged.strategy == strategy);
    let Some(judged) = judged else {
        return Cell::absent("not checked");
    };
    let word = match judged.verdict {
        Verdict::Holds => "passed",
        Verdict::Rejected => "FAILED",
        Verdict::Inconclusive => "not decided",
    };
    Cell::verdict(word, format::verdict_tone(judged.verdict)).detail(&judged.why)
}

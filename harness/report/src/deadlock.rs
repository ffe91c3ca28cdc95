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
        Column::new(
            &row.scenario.title,
            format!("{operations} operations, {threads}"),
        )
    });
    let published = |design: &str, value: fn(&Published) -> f64| {
        let timed = rows.iter().map(|row| row.scenario.published.as_ref());
        let cells = std::iter::once(None).chain(timed).map(|figures| {
            figures.map_or_else(
                || Cell::absent("not published"),
                |figures| Cell::figure(format!("{} ms", published::figure(value(figures)))),
            )
        });
        view::Row::new(format!("published: {design}"), cells.collect())
    };
    let references = Group::new(
        "References",
        [
            published("mutex", |figures| figures.mutex),
            published("channel", |figures| figures.channel),
        ],
    );
    let families = facts::by_family(machine.contenders());
    let strategies = pivots::groups(families, |card| {
        let timed = rows
            .iter()
            .map(|&row| facts::timing(machine, row, &card.name));
        let cells = [check(machine, &card.name)].into_iter().chain(timed);
        Some(view::Row::named(&card.name, cells.collect()))
    });
    Table::of([references].into_iter().chain(strategies)).columns(columns)
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
        Verdict::Inconclusive | Verdict::Withheld => "not decided",
    };
    Cell::verdict(word, format::verdict_tone(judged.verdict)).detail(&judged.why)
}

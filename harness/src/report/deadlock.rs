//! The report's deadlock row: the check, and the timed test.

use model::sample::Card;
use model::scenario::Published;

use crate::results::{Machine, Results, Verdict};

use super::draft::Draft;
use super::view::{Cell, Column, Group, Row, Section, Table};
use super::{facts, format, pivots, published};

const ASSUMPTION: &str = "deadlock";

pub(super) fn section(results: &Results) -> Section {
    Draft::new("deadlock", results)
        .table("table", table)
        .section()
}

fn table(machine: &Machine) -> Table {
    let rows = facts::totals(machine);
    let mut assumptions = machine.assumptions.iter();
    if rows.is_empty() && !assumptions.any(|judged| judged.id == ASSUMPTION) {
        return Table::default();
    }
    let columns = rows.iter().map(|row| {
        let operations = format::thousands(row.scenario.operations.unwrap_or_default() as f64);
        let threads = facts::threads_note(row.scenario, machine.environment.cpus);
        Column::new(
            &row.scenario.title,
            format!("{operations} operations, {threads}"),
        )
    });
    let published = |design: &str, value: fn(&Published) -> f64| {
        let figures = rows.iter().map(|row| row.scenario.published.as_ref());
        let cells = figures.map(|figures| {
            figures.map_or_else(
                || Cell::absent("not published"),
                |figures| Cell::figure(format!("{} ms", published::figure(value(figures)))),
            )
        });
        let cells = [Cell::absent("not published")].into_iter().chain(cells);
        Row::new(format!("published: {design}"), cells.collect())
    };
    let references = [
        published("mutex", |figures| figures.mutex),
        published("channel", |figures| figures.channel),
    ];
    let strategies = pivots::groups(facts::by_family(machine.contenders()), |card| {
        let timed = rows
            .iter()
            .map(|row| facts::timing(machine, *row, &card.name));
        let cells = [check(machine, card)].into_iter().chain(timed);
        Some(Row::named(&card.name, cells.collect()))
    });
    let references = [Group::new("References", references)].into_iter();
    Table::of(references.chain(strategies)).columns(columns)
}

fn check(machine: &Machine, card: &Card) -> Cell {
    machine
        .assumptions
        .iter()
        .find(|judged| judged.id == ASSUMPTION && judged.strategy == card.name)
        .map_or_else(
            || Cell::absent("not checked"),
            |judged| {
                let word = match judged.verdict {
                    Verdict::Holds => "passed",
                    Verdict::Rejected => "FAILED",
                    Verdict::Inconclusive | Verdict::Withheld => "not decided",
                };
                Cell::text("")
                    .detail(&judged.why)
                    .judged(word, format::verdict_tone(judged.verdict))
            },
        )
}

//! The report's deadlock row: the check, and the timed test.

use basis::sample::Card;

use crate::results::{Machine, Verdict};

use super::view::{Block, Cell, Column, Group, Row, Section, Table, prose};
use super::{facts, format, pivots, published};

const ASSUMPTION: &str = "deadlock";

pub(super) fn section(machine: &Machine) -> Section {
    let rows = facts::totals(machine);
    let is_checked = machine
        .assumptions
        .iter()
        .any(|judged| judged.id == ASSUMPTION);
    let mut blocks = Vec::new();
    if rows.is_empty() && !is_checked {
        blocks.push(prose(
            "Neither the check nor the timed test was part of this run.",
        ));
    } else {
        blocks.push(prose(
            "The check: many operations by several threads, with a limit on the time that none may \
             make progress; one deadlock disqualifies. The timed test: a given number of operations, \
             until the last is done.",
        ));
        blocks.push(Block::Table(table(machine, &rows)));
    }
    Section {
        id: "deadlock",
        title: "Deadlock".into(),
        blocks,
    }
}

fn table(machine: &Machine, rows: &[facts::Row<'_>]) -> Table {
    let mut columns = vec![Column::new("Check", "0 deadlocks")];
    columns.extend(rows.iter().map(|row| {
        let operations = row.scenario.operations.unwrap_or_default();
        Column::new(
            &row.scenario.title,
            format!(
                "{} operations, {}",
                format::thousands(operations as f64),
                facts::threads_note(row.scenario, machine.environment.cpus)
            ),
        )
    }));
    let published = |design: &str, value: &dyn Fn(&basis::scenario::Published) -> f64| {
        let cells = [Cell::absent("not published")]
            .into_iter()
            .chain(rows.iter().map(|row| {
                row.scenario.published.as_ref().map_or_else(
                    || Cell::absent("not published"),
                    |figures| Cell::figure(format!("{} ms", published::figure(value(figures)))),
                )
            }))
            .collect();
        Row {
            head: format!("published: {design}"),
            cells,
            ..Row::default()
        }
    };
    let mut groups = vec![Group {
        title: "References".into(),
        rows: vec![
            published("mutex", &|figures| figures.mutex),
            published("channel", &|figures| figures.channel),
        ],
    }];
    groups.extend(pivots::groups(
        facts::by_family(machine.contenders()),
        |card| {
            let timed = rows
                .iter()
                .map(|&row| facts::timing(machine, row, &card.name));
            let cells = [check(machine, card)].into_iter().chain(timed).collect();
            Some(Row::named(&card.name, cells))
        },
    ));
    Table {
        caption: "Deadlock check and timed test".into(),
        corner: "Strategy".into(),
        columns,
        groups,
        notes: Vec::new(),
    }
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

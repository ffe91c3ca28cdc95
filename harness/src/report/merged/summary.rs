//! The first screen's tables: the report's rows and a verdict per pivot, machine by machine.

use crate::results::{Merged, Overall};

use super::super::facts::Row;
use super::super::view::{self, Block, Cell, Column, Group, Table};
use super::super::{facts as own, format, pivots, summary};
use super::{differences, facts};

pub(super) fn blocks(merged: &Merged) -> Vec<Block> {
    let rows = facts::report_rows(merged);
    [report_rows(merged, &rows), verdicts(merged, &rows)]
        .into_iter()
        .filter(Table::has_rows)
        .map(Block::Table)
        .collect()
}

/// The original table, each of its rows on each machine: what it said, what came out there, who is best.
fn report_rows(merged: &Merged, rows: &[Row<'_>]) -> Table {
    let group = |row: &Row<'_>| Group {
        title: format!(
            "{} · {}",
            row.scenario.title,
            facts::threads_note(merged, row.scenario)
        ),
        rows: merged
            .machines
            .iter()
            .map(|one| view::Row {
                head: one.machine.clone(),
                cells: summary::line(&one.results, row),
                ..view::Row::default()
            })
            .collect(),
    };
    Table {
        caption: "The original report's rows, published and measured on each machine".into(),
        corner: "Machine".into(),
        columns: vec![
            Column::new("Published, Go", "mutex; channel"),
            Column::new("Channel slower by", "published"),
            Column::new("There", merged.baseline.clone()),
            Column::new("Channel slower by", "there, the best variant"),
            Column::new("Strongest pivot there", "times better [95 %]"),
        ],
        groups: rows.iter().map(group).collect(),
        notes: Vec::new(),
    }
}

/// Every pivot by its strongest variant: over all machines, then on each.
fn verdicts(merged: &Merged, rows: &[Row<'_>]) -> Table {
    let families = own::by_family(facts::contenders(merged)).into_iter();
    let groups = families.filter_map(|(family, _)| {
        let found = strongest_of(merged, family)?;
        let there = merged.machines.iter().filter_map(|one| {
            let found = summary::strongest_of(&one.results, family)?;
            Some(view::Row {
                head: one.machine.clone(),
                cells: summary::verdict(&one.results, rows, found),
                ..view::Row::default()
            })
        });
        let all = view::Row {
            head: "every machine".into(),
            cells: over_all(merged, rows, found),
            ..view::Row::default()
        };
        Some(Group {
            title: pivots::title(family),
            rows: [all].into_iter().chain(there).collect(),
        })
    });
    let ratios = rows
        .iter()
        .map(|row| Column::new(facts::label(merged, *row), "times better [95 %]"));
    Table {
        caption: format!("Verdict per pivot and machine, against {}", merged.baseline),
        corner: "Machine".into(),
        columns: [
            Column::new("Verdict", "of its strongest variant"),
            Column::new("What you give up", "in brackets: the baseline's promise"),
        ]
        .into_iter()
        .chain(ratios)
        .collect(),
        groups: groups.collect(),
        notes: vec![
            "Lines of every machine: whether machines agree on that variant, and the lowest of its ratios \
             with the machine that has it; HOLDS and REJECTED where every machine says so."
                .into(),
        ],
    }
}

/// The variant with the best conclusion, and the strongest of those.
fn strongest_of<'m>(merged: &'m Merged, family: &str) -> Option<&'m Overall> {
    own::BEST_FIRST.into_iter().find_map(|wanted| {
        facts::strongest_first(merged, |conclusion| conclusion == wanted)
            .into_iter()
            .find(|found| own::family(&found.strategy) == family)
    })
}

fn over_all(merged: &Merged, rows: &[Row<'_>], found: &Overall) -> Vec<Cell> {
    let words = format::decision(found.decision, &merged.baseline);
    let decision = Cell::text(&found.strategy).judged(words, format::decision_tone(found.decision));
    let agreement = if found.agree {
        "machines agree".to_owned()
    } else {
        format!("machines differ: {}", differences::there(merged, found))
    };
    let ratios = rows.iter().map(|row| lowest(merged, *row, &found.strategy));
    [decision, Cell::text(agreement)]
        .into_iter()
        .chain(ratios)
        .collect()
}

/// A strategy's lowest ratio in a row, and the verdict if it is the same on every machine.
fn lowest(merged: &Merged, row: Row<'_>, strategy: &str) -> Cell {
    let Some((machine, ratio)) = facts::lowest(merged, row, strategy) else {
        return Cell::absent("not measured on every machine");
    };
    let cell = Cell::figure(format::times(ratio.median));
    let (words, tone) = facts::agreement(merged, row, strategy).unwrap_or_default();
    let interval = format::ratio_interval(ratio);
    cell.detail(format!("{interval} on {}", machine.machine))
        .judged(words, tone)
}

//! The rows beside the report's, with a column for each machine.

use crate::results::Merged;

use super::super::facts::{self as own, Row};
use super::super::view::{self, Block, Cell, Column, Group, Section, Table, prose};
use super::super::{format, scenarios};
use super::{facts, plot};

pub(super) fn section(merged: &Merged) -> Section {
    let report = facts::report_rows(merged);
    let mut blocks: Vec<Block> = Vec::new();
    // Points of sweeps are in the machines' own reports.
    let scenarios = facts::scenarios(merged).into_iter();
    for scenario in scenarios.filter(|one| one.point.is_none() && one.operations.is_none()) {
        let is_in_headline = |row: &Row<'_>| {
            let mut rows = report.iter();
            rows.any(|known| known.scenario.name == scenario.name && known.metric == row.metric)
        };
        let mut rows = facts::timed_rows(merged, scenario);
        rows.retain(|row| !is_in_headline(row));
        if rows.is_empty() {
            continue;
        }
        blocks.push(Block::Heading {
            text: format!("{} · {}", scenario.title, scenario.name),
        });
        let note = facts::threads_note(merged, scenario);
        blocks.push(prose(scenarios::conditions(scenario, &note)));
        for row in rows {
            blocks.extend(plot::figure(merged, row).map(Block::Figure));
            blocks.push(Block::Table(table(merged, row)));
        }
    }
    if blocks.is_empty() {
        blocks.push(prose("No such row was part of these runs."));
    }
    Section {
        id: "registry",
        title: "What a process registry does, by machine".into(),
        blocks,
    }
}

/// A row's strategies by their lowest ratio, then those without a rank or a figure.
fn table(merged: &Merged, row: Row<'_>) -> Table {
    let mut ranked: Vec<(f64, &str)> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for card in facts::contenders(merged) {
        let lowest = if card.name == merged.baseline {
            Some(1.0)
        } else {
            facts::lowest(merged, row, &card.name).map(|(_, ratio)| ratio.median)
        };
        let mut machines = merged.machines.iter();
        let is_ranked = machines.all(|one| one.results.is_ranked(&card.name));
        match lowest.filter(|_| is_ranked) {
            Some(lowest) => ranked.push((lowest, &card.name)),
            None => others.push(&card.name),
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let controls = facts::controls(merged).into_iter().filter(|card| {
        let mut machines = merged.machines.iter();
        machines.any(|one| row.cell(&one.results, &card.name).is_some())
    });
    let group = |title: &str, names: Vec<&str>| Group {
        title: title.into(),
        rows: names
            .into_iter()
            .map(|name| line(merged, row, name))
            .collect(),
    };
    let machines = merged.machines.iter();
    let machines =
        machines.map(|one| Column::new(&one.machine, "times better [95 %]; cost [95 %]"));
    Table {
        caption: format!(
            "{}: cost per {}, best first by the lowest ratio",
            row.scenario.title,
            format::operation(row.metric)
        ),
        corner: "Strategy".into(),
        columns: machines
            .chain([Column::new("Over all", "in this row")])
            .collect(),
        groups: [
            group("", ranked.into_iter().map(|(_, name)| name).collect()),
            group("Without a rank", others),
            group(
                "Controls",
                controls.map(|card| card.name.as_str()).collect(),
            ),
        ]
        .into_iter()
        .filter(|group| !group.rows.is_empty())
        .collect(),
        notes: Vec::new(),
    }
}

fn line(merged: &Merged, row: Row<'_>, strategy: &str) -> view::Row {
    let machines = merged.machines.iter();
    let there = machines.map(|one| own::timing(&one.results, row, strategy));
    let over_all = facts::overall(merged, strategy)
        .and_then(|_| facts::agreement(merged, row, strategy))
        .map_or_else(
            || Cell::text(""),
            |(words, tone)| Cell::text("").judged(words, tone),
        );
    view::Row::named(strategy, there.chain([over_all]).collect())
}

//! The rows beside the report's: what a registry of processes is used for.

use basis::scenario::{Group as Threads, Keys, Scenario};

use crate::results::{Flag, Results};

use super::facts::{self, Row};
use super::view::{self, Block, Column, Group, Section, Table, prose};
use super::{format, plot};

pub(super) fn section(results: &Results) -> Section {
    let report: Vec<&str> = facts::report_rows(results)
        .iter()
        .map(|row| row.scenario.name.as_str())
        .collect();
    let mut blocks: Vec<Block> = Vec::new();
    // Points of sweeps have a section of their own.
    for scenario in results.scenarios.iter().filter(|s| s.point.is_none()) {
        let rows: Vec<Row<'_>> = facts::timed_rows(results, scenario)
            .into_iter()
            .filter(|_| scenario.operations.is_none())
            .collect();
        // The report's rows have their table and plot already; what else they time has not.
        let is_in_headline = report.contains(&scenario.name.as_str());
        let rows = &rows[usize::from(is_in_headline).min(rows.len())..];
        if rows.is_empty() {
            continue;
        }
        blocks.push(Block::Heading {
            text: format!("{} · {}", scenario.title, scenario.name),
        });
        let note = facts::threads_note(scenario, results.environment.cpus);
        blocks.push(prose(conditions(scenario, &note)));
        for &row in rows {
            blocks.extend(plot::figure(results, row).map(Block::Figure));
            blocks.push(Block::Table(table(results, row)));
        }
    }
    if blocks.is_empty() {
        blocks.push(prose("No such row was part of this run."));
    }
    Section {
        id: "registry",
        title: "What a process registry does".into(),
        blocks,
    }
}

/// The question, and under which load it was asked.
pub(super) fn conditions(scenario: &Scenario, threads_note: &str) -> String {
    let groups: Vec<String> = scenario.groups.iter().map(threads).collect();
    let asked = scenario.asked();
    let keys = if asked == Keys::default().to_string() {
        String::new()
    } else {
        format!(", keys {asked}")
    };
    format!(
        "{} {} of {}{keys}; {}. {}.",
        scenario.question,
        format::counted(scenario.processes, "record", "records"),
        scenario.record,
        format::list(&groups),
        format::sentence(threads_note)
    )
}

fn threads(group: &Threads) -> String {
    format!(
        "{} doing {}",
        format::counted(group.threads, "thread", "threads"),
        group.doing()
    )
}

/// A row's strategies, best first, then those without a rank or a figure.
fn table(results: &Results, row: Row<'_>) -> Table {
    let mut ranked: Vec<(f64, &str)> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for card in results.contenders() {
        let median = if card.name == results.baseline {
            row.cell(results, &card.name).map(|_| 1.0)
        } else {
            row.ratio(results, &card.name).map(|ratio| ratio.median)
        };
        match median.filter(|_| results.is_ranked(&card.name)) {
            Some(median) => ranked.push((median, &card.name)),
            None => others.push(&card.name),
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let controls = results
        .strategies
        .iter()
        .filter(|card| card.control && row.cell(results, &card.name).is_some())
        .map(|card| card.name.as_str());
    let group = |title: &str, names: Vec<&str>| Group {
        title: title.into(),
        rows: names
            .into_iter()
            .map(|name| line(results, row, name))
            .collect(),
    };
    Table {
        caption: format!(
            "{}: cost per {}, best first",
            row.scenario.title,
            format::operation(row.metric)
        ),
        corner: "Strategy".into(),
        columns: Column::titled(["Times better [95 %]", "Cost [95 %]", "Slices", "Verdict"]),
        groups: [
            group("", ranked.into_iter().map(|(_, name)| name).collect()),
            group("Without a rank", others),
            group("Controls", controls.collect()),
        ]
        .into_iter()
        .filter(|group| !group.rows.is_empty())
        .collect(),
        notes: notes(results, row),
    }
}

/// What the marks of a row's table mean that the report's table does not explain.
fn notes(results: &Results, row: Row<'_>) -> Vec<String> {
    let mut cells = results
        .strategies
        .iter()
        .filter_map(|card| row.cell(results, &card.name));
    let is_marked = cells.any(|cell| cell.flags.contains(&Flag::FewOperations));
    let note = is_marked.then(|| facts::FEW_OPERATIONS_NOTE.to_owned());
    note.into_iter().collect()
}

/// A strategy's figures, one to a column.
fn line(results: &Results, row: Row<'_>, strategy: &str) -> view::Row {
    let timing = facts::timing(results, row, strategy);
    let slices = row.cell(results, strategy).map_or_else(
        || view::Cell::text(""),
        |cell| view::Cell::figure(cell.n.to_string()),
    );
    let cells = vec![
        view::Cell {
            tone: if slices.lead.is_empty() {
                view::Tone::Absent
            } else {
                view::Tone::Figure
            },
            ..view::Cell::text(timing.lead)
        },
        view::Cell::figure(timing.detail),
        slices,
        view::Cell::text("").judged(timing.verdict, timing.tone),
    ];
    view::Row::named(strategy, cells)
}

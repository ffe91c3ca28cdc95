//! What could have refuted the measurement, and what a reader has to know beside the figures.

use basis::controls;

use crate::results::Machine;

use super::facts::{self, Row};
use super::format;
use super::view::{self, Block, Cell, Column, Group, Section, Table, Tone, prose};

pub(super) fn section(machine: &Machine) -> Section {
    let mut blocks = Vec::new();
    let controls = controls(machine);
    if controls.has_rows() {
        blocks.push(Block::Table(controls));
    } else {
        blocks.push(prose(
            "No control was measured, so nothing could have refuted this run.",
        ));
    }
    let limits = limits(machine);
    if limits.has_rows() {
        blocks.push(Block::Table(limits));
    }
    blocks.push(Block::Heading {
        text: "Warnings".into(),
    });
    if machine.warnings.is_empty() {
        blocks.push(prose("None."));
    } else {
        blocks.push(Block::List {
            items: machine.warnings.clone(),
        });
    }
    Section {
        id: "controls",
        title: "Controls and warnings".into(),
        blocks,
    }
}

fn controls(machine: &Machine) -> Table {
    let rows = machine
        .controls
        .iter()
        .map(|control| {
            let (word, tone) = if control.passed {
                ("as expected", Tone::Good)
            } else {
                ("NOT AS EXPECTED", Tone::Bad)
            };
            view::Row::named(
                &control.control,
                vec![
                    Cell::text(&control.scenario),
                    Cell::text(&control.expected),
                    Cell::text(&control.observed),
                    Cell::text("").judged(word, tone),
                ],
            )
        })
        .collect();
    Table {
        caption: "Controls: what had to come out, and what did".into(),
        corner: "Control".into(),
        columns: Column::titled(["Scenario", "Expected", "Observed", "Outcome"]),
        groups: vec![Group { title: String::new(), rows }],
        notes: vec![
            "At 99 %, one in a hundred intervals of a thing against itself misses 1.00 by chance; more \
             than that, or by far, means that the scenario's figures cannot be trusted."
                .into(),
        ],
    }
}

/// How much of the baseline's cost is the table itself, and so cannot be gained.
fn limits(machine: &Machine) -> Table {
    let rows = facts::all_rows(machine)
        .into_iter()
        .filter_map(|row| limit(machine, row))
        .collect();
    Table {
        caption: "The limit: an unsynchronised map on one thread".into(),
        corner: "Row".into(),
        columns: Column::titled(["Baseline", "Unsynchronised", "Share of the baseline's cost"]),
        groups: vec![Group {
            title: String::new(),
            rows,
        }],
        notes: vec![
            "The share is what finding and touching the record costs without any synchronization: \
             only the rest can be gained."
                .into(),
        ],
    }
}

fn limit(machine: &Machine, row: Row<'_>) -> Option<view::Row> {
    let limit = row.cell(machine, controls::UNSYNCHRONISED)?;
    let ratio = limit.ratio.as_ref()?;
    let baseline = row.cell(machine, &machine.baseline)?;
    let percent = |times: f64| format::significant(100.0 / times);
    Some(view::Row {
        head: row.title(machine),
        cells: vec![
            Cell::figure(format::measured(baseline)),
            Cell::figure(format::measured(limit)),
            Cell::figure(format!(
                "{} % [{}, {}]",
                percent(ratio.median),
                percent(ratio.ci_high),
                percent(ratio.ci_low)
            )),
        ],
        ..view::Row::default()
    })
}

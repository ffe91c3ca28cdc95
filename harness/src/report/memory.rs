//! The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.

use model::sample::Card;
use model::scenario::Scenario;

use minijinja::context;
use minijinja::value::Value;

use crate::results::{Machine, Metric, Results, Verdict};

use super::draft::Draft;
use super::view::{Cell, Column, Group, Row, Section, Table, Tone};
use super::{facts, format, pivots, published};

/// Bytes and allocations of an operation.
const OPERATIONS: [(&str, Metric, Metric); 3] = [
    ("Per read", Metric::AllocBytesRead, Metric::AllocsRead),
    ("Per write", Metric::AllocBytesWrite, Metric::AllocsWrite),
    ("Per scan", Metric::AllocBytesScan, Metric::AllocsScan),
];

pub(super) fn section(results: &Results) -> Section {
    let mut scenarios: Vec<&Scenario> = Vec::new();
    for scenario in results.machines.iter().flat_map(tables_of) {
        if !scenarios.iter().any(|known| known.name == scenario.name) {
            scenarios.push(scenario);
        }
    }
    let mut draft = Draft::new("memory", results);
    let mut tables: Vec<Value> = Vec::new();
    for (number, &scenario) in scenarios.iter().enumerate() {
        tables.push(context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
        });
        draft = draft.table(&format!("table-{number}"), |machine| {
            table(machine, scenario)
        });
    }
    draft.fact("tables", tables).section()
}

/// For each kind of record the largest table that has counts, where fixed costs weigh least.
fn tables_of(machine: &Machine) -> Vec<&Scenario> {
    let mut found: Vec<&Scenario> = Vec::new();
    let counted = machine.scenarios.iter().filter(|scenario| {
        machine
            .cells
            .iter()
            .any(|cell| cell.scenario == scenario.name && !cell.metric.is_timed())
    });
    for scenario in counted {
        match found
            .iter_mut()
            .find(|other| other.record == scenario.record)
        {
            Some(other) if other.processes < scenario.processes => *other = scenario,
            Some(_) => {}
            None => found.push(scenario),
        }
    }
    found
}

fn table(machine: &Machine, scenario: &Scenario) -> Table {
    let measured: Vec<&(&str, Metric, Metric)> = OPERATIONS
        .iter()
        .filter(|(_, bytes, _)| {
            machine
                .cells
                .iter()
                .any(|cell| cell.scenario == scenario.name && cell.metric == *bytes)
        })
        .collect();
    let columns: Vec<Column> = measured
        .iter()
        .map(|(title, ..)| Column::new(*title, "bytes / allocations"))
        .collect();
    let mut groups = vec![published_group(measured.len())];
    groups.extend(pivots::groups(
        facts::by_family(machine.contenders()),
        |card| {
            let allocated = measured
                .iter()
                .map(|(_, bytes, calls)| allocated(machine, scenario, card, *bytes, *calls));
            let cells = allocated.chain([live(machine, scenario, card)]).collect();
            Some(Row::named(&card.name, cells))
        },
    ));
    Table::of(groups).columns(columns)
}

/// The published figures, which are about reads.
fn published_group(operations: usize) -> Group {
    let rows = published::READ_ALLOCATION.iter().map(|figures| {
        let mut cells = vec![Cell::absent("not published"); operations + 1];
        cells[0] = allocations(figures.bytes, figures.allocations);
        Row::new(format!("published: {}", figures.design), cells)
    });
    Group::new("References", rows)
}

fn allocations(bytes: f64, calls: f64) -> Cell {
    Cell::figure(format!(
        "{} B / {}",
        format::count(bytes),
        format::count(calls)
    ))
}

fn allocated(
    machine: &Machine,
    scenario: &Scenario,
    card: &Card,
    bytes: Metric,
    calls: Metric,
) -> Cell {
    let of = |metric| machine.cell(&scenario.name, &card.name, metric);
    let (Some(bytes), Some(calls)) = (of(bytes), of(calls)) else {
        return Cell::absent(facts::absence(machine, &scenario.name, &card.name));
    };
    let cell = allocations(bytes.median, calls.median);
    if bytes.metric == Metric::AllocBytesRead {
        judged(machine, cell, "allocation", scenario, card)
    } else {
        cell
    }
}

fn live(machine: &Machine, scenario: &Scenario, card: &Card) -> Cell {
    let Some(cell) = machine.cell(&scenario.name, &card.name, Metric::LiveBytesPerRecord) else {
        return Cell::absent(facts::absence(machine, &scenario.name, &card.name));
    };
    let bytes = format!("{} B", format::significant(cell.median));
    match &cell.ratio {
        None => Cell::figure(bytes),
        Some(ratio) => {
            let times = format::times(1.0 / ratio.median);
            let figure = Cell::figure(format!("{bytes} / {times}"));
            judged(machine, figure, "memory", scenario, card)
        }
    }
}

/// A cell with the verdict of the assumption that it is about.
fn judged(machine: &Machine, cell: Cell, id: &str, scenario: &Scenario, card: &Card) -> Cell {
    let verdict = machine
        .assumptions
        .iter()
        .find(|judged| {
            judged.id == id
                && judged.strategy == card.name
                && judged.scenario.as_deref() == Some(&scenario.name)
        })
        .map(|judged| judged.verdict);
    match verdict {
        None => cell,
        // Most hold: only what does not is worth a word.
        Some(Verdict::Holds) => Cell {
            tone: Tone::Figure,
            ..cell
        },
        Some(verdict) => cell.judged(verdict.to_string(), format::verdict_tone(verdict)),
    }
}

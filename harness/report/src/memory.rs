//! The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.

use minijinja::context;
use model::scenario::Scenario;

use results::{Machine, Metric, Results, Verdict};

use super::draft::Draft;
use super::view::{Cell, Group, Row, Section, Table, Tone};
use super::{facts, format, pivots, published};

/// Bytes and allocations of an operation.
type Operation = [Metric; 2];

const OPERATIONS: [Operation; 3] = [
    [Metric::AllocBytesRead, Metric::AllocsRead],
    [Metric::AllocBytesWrite, Metric::AllocsWrite],
    [Metric::AllocBytesScan, Metric::AllocsScan],
];

pub(super) fn section(results: &Results) -> Section {
    let tables: Vec<(&Scenario, Vec<Operation>)> = scenarios(results)
        .into_iter()
        .map(|scenario| {
            let counted =
                |[bytes, _]: &Operation| is_counted(results, scenario, |metric| metric == *bytes);
            (scenario, OPERATIONS.into_iter().filter(counted).collect())
        })
        .collect();
    let facts = tables.iter().map(|(scenario, operations)| {
        let operations = operations
            .iter()
            .map(|[bytes, _]| format::operation(*bytes));
        context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
            operations => operations.collect::<Vec<_>>(),
        }
    });
    let draft = Draft::new("memory", results).fact("scenarios", facts.collect::<Vec<_>>());
    let numbered = tables.iter().enumerate();
    let draft = numbered.fold(draft, |draft, (number, (scenario, operations))| {
        draft.table(&format!("table-{number}"), |machine| {
            table(machine, scenario, operations)
        })
    });
    draft.section()
}

fn is_counted(results: &Results, scenario: &Scenario, is_meant: impl Fn(Metric) -> bool) -> bool {
    let mut cells = results.machines.iter().flat_map(|machine| &machine.cells);
    cells.any(|cell| cell.scenario == scenario.name && is_meant(cell.metric))
}

/// For each kind of record the largest table that has counts, where fixed costs weigh least.
fn scenarios(results: &Results) -> Vec<&Scenario> {
    let mut largest: Vec<&Scenario> = Vec::new();
    let scenarios = results
        .machines
        .iter()
        .flat_map(|machine| &machine.scenarios);
    for scenario in scenarios.filter(|one| is_counted(results, one, |metric| !metric.is_timed())) {
        let mut known = largest.iter_mut();
        match known.find(|known| known.record == scenario.record) {
            Some(known) if known.processes < scenario.processes => *known = scenario,
            Some(_) => {}
            None => largest.push(scenario),
        }
    }
    largest
}

fn table(machine: &Machine, scenario: &Scenario, operations: &[Operation]) -> Table {
    // The published figures are about reads.
    let published = published::READ_ALLOCATION.iter().map(|figures| {
        let read = allocations(figures.bytes, figures.allocations);
        let others = operations.iter().map(|_| Cell::absent("not published"));
        let cells = std::iter::once(read).chain(others);
        Row::new(format!("published: {}", figures.design), cells.collect())
    });
    let families = facts::by_family(machine.contenders());
    let strategies = pivots::groups(families, |card| {
        let allocated = operations
            .iter()
            .map(|operation| allocated(machine, scenario, &card.name, *operation));
        let live = live(machine, scenario, &card.name);
        Some(Row::named(&card.name, allocated.chain([live]).collect()))
    });
    Table::of(
        [Group::new("References", published)]
            .into_iter()
            .chain(strategies),
    )
}

fn allocations(bytes: f64, calls: f64) -> Cell {
    let [bytes, calls] = [bytes, calls].map(format::count);
    Cell::figure(format!("{bytes} B / {calls}"))
}

fn allocated(machine: &Machine, scenario: &Scenario, strategy: &str, operation: Operation) -> Cell {
    let counts = operation.map(|metric| machine.cell(&scenario.name, strategy, metric));
    let [Some(bytes), Some(calls)] = counts else {
        return Cell::absent(facts::absence(machine, &scenario.name, strategy));
    };
    let cell = allocations(bytes.median, calls.median);
    if bytes.metric == Metric::AllocBytesRead {
        judged(machine, cell, "allocation", scenario, strategy)
    } else {
        cell
    }
}

fn live(machine: &Machine, scenario: &Scenario, strategy: &str) -> Cell {
    let Some(cell) = machine.cell(&scenario.name, strategy, Metric::LiveBytesPerRecord) else {
        return Cell::absent(facts::absence(machine, &scenario.name, strategy));
    };
    let bytes = format!("{} B", format::significant(cell.median));
    let Some(ratio) = &cell.ratio else {
        return Cell::figure(bytes);
    };
    let times = format::times(1.0 / ratio.median);
    let figure = Cell::figure(format!("{bytes} / {times}"));
    judged(machine, figure, "memory", scenario, strategy)
}

/// A cell with the verdict of the assumption that it is about. Most hold: only what does not is worth a word.
fn judged(machine: &Machine, cell: Cell, id: &str, scenario: &Scenario, strategy: &str) -> Cell {
    let mut assumptions = machine.assumptions.iter();
    let judged = assumptions.find(|judged| {
        judged.id == id
            && judged.strategy == strategy
            && judged.scenario.as_deref() == Some(&scenario.name)
    });
    match judged.map(|judged| judged.verdict) {
        None | Some(Verdict::Holds) => Cell {
            tone: Tone::Figure,
            ..cell
        },
        Some(verdict) => cell.judged(verdict.to_string(), format::verdict_tone(verdict)),
    }
}

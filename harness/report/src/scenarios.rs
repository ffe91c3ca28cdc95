//! The rows beside the report's: what a registry of processes is used for.

use model::scenario::{Keys, Scenario};
use serde::Serialize;

use results::{Flag, Machine, Results};

use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{self, Cell, Group, Section, Table, Tone};
use super::{format, interval_rows};

/// A scenario, and under which load it asks.
#[derive(Serialize)]
struct Asked<'r> {
    name: &'r str,
    title: &'r str,
    question: &'r str,
    processes: usize,
    record: String,
    /// How keys are chosen, unless in the usual way.
    keys: Option<String>,
    groups: Vec<String>,
    threads: String,
    rows: Vec<Timed>,
}

/// What is timed in it.
#[derive(Serialize)]
struct Timed {
    id: usize,
    operation: &'static str,
    few_operations: bool,
}

pub(super) fn section(results: &Results) -> Section {
    let report = facts::united(results, facts::report_rows);
    // The report's rows have their table and plot already; what else they time has not. Points of sweeps have a section of
    // their own.
    let is_shown = |row: &Row<'_>| {
        let is_same = |known: &Row<'_>| {
            known.scenario.name == row.scenario.name && known.metric == row.metric
        };
        row.scenario.point.is_none()
            && row.scenario.operations.is_none()
            && !report.iter().any(is_same)
    };
    let rows = facts::united(results, facts::all_rows);
    let rows: Vec<Row<'_>> = rows.into_iter().filter(is_shown).collect();
    let mut asked: Vec<Asked<'_>> = Vec::new();
    let mut draft = Draft::new("registry", results)
        .fact("harness_bound", false)
        .fact("unsteady", false);
    for (id, &row) in rows.iter().enumerate() {
        draft = draft
            .figures(&format!("plot-{id}"), |machine| {
                Vec::from_iter(interval_rows::figure(machine, row))
            })
            .table(&format!("table-{id}"), |machine| table(machine, row));
        let timed = Timed {
            id,
            operation: format::operation(row.metric),
            few_operations: facts::is_marked(results, &[row], Flag::FewOperations),
        };
        match asked
            .iter_mut()
            .find(|known| known.name == row.scenario.name)
        {
            Some(known) => known.rows.push(timed),
            None => asked.push(Asked::new(results, row.scenario, timed)),
        }
    }
    draft.fact("scenarios", asked).section()
}

impl<'r> Asked<'r> {
    fn new(results: &Results, scenario: &'r Scenario, row: Timed) -> Self {
        let groups = scenario.groups.iter().map(|group| {
            let threads = format::counted(group.threads, "thread", "threads");
            format!("{threads} doing {}", group.doing())
        });
        let keys = scenario.asked();
        let mut threads: Vec<String> = Vec::new();
        for machine in &results.machines {
            let note = facts::threads_note(scenario, machine.environment.cpus);
            if !threads.contains(&note) {
                threads.push(note);
            }
        }
        Self {
            name: &scenario.name,
            title: &scenario.title,
            question: &scenario.question,
            processes: scenario.processes,
            record: scenario.record.to_string(),
            keys: (keys != Keys::default().to_string()).then_some(keys),
            groups: groups.collect(),
            threads: threads.join("; "),
            rows: vec![row],
        }
    }
}

/// A row's strategies, best first, then those without a rank or a figure.
fn table(machine: &Machine, row: Row<'_>) -> Table {
    let mut ranked: Vec<(f64, &str)> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for card in machine.contenders() {
        let median = if card.name == machine.baseline {
            row.cell(machine, &card.name).map(|_| 1.0)
        } else {
            row.ratio(machine, &card.name).map(|ratio| ratio.median)
        };
        match median.filter(|_| machine.is_ranked(&card.name)) {
            Some(median) => ranked.push((median, &card.name)),
            None => others.push(&card.name),
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let controls = machine.strategies.iter().filter(|card| card.control);
    let controls = controls.filter(|card| row.cell(machine, &card.name).is_some());
    let line = |name| line(machine, row, name);
    Table::of([
        Group::new("", ranked.into_iter().map(|(_, name)| line(name))),
        Group::new("Without a rank", others.into_iter().map(line)),
        Group::new("Controls", controls.map(|card| line(&card.name))),
    ])
}

/// A strategy's figures, one to a column.
fn line(machine: &Machine, row: Row<'_>, strategy: &str) -> view::Row {
    let timing = facts::timing(machine, row, strategy);
    let cell = row.cell(machine, strategy);
    let slices = cell.map(|cell| Cell::figure(cell.n.to_string()));
    let tone = if cell.is_some() {
        Tone::Figure
    } else {
        Tone::Absent
    };
    let cells = vec![
        Cell::text(timing.lead).judged("", tone),
        Cell::figure(timing.detail),
        slices.unwrap_or_default(),
        Cell::verdict(timing.verdict, timing.tone),
    ];
    view::Row::named(strategy, cells)
}

//! The rows beside the report's: what a registry of processes is used for.

use minijinja::context;
use minijinja::value::Value;
use model::scenario::Keys;

use results::{Flag, Machine, Results};

use super::collect::{grouped, unique};
use super::draft::Draft;
use super::facts::{self, Row};
use super::format;
use super::view::{self, Cell, Group, Section, Table, Tone};

pub(super) fn section(results: &Results) -> Section {
    let report = facts::united(results, facts::report_rows);
    // The report's rows have their table already; what else they time has not. Points of sweeps have a section of their own.
    let is_shown = |row: &Row<'_>| {
        let scenario = row.scenario;
        scenario.point.is_none() && scenario.operations.is_none() && !report.contains(row)
    };
    let rows = facts::united(results, facts::all_rows).into_iter();
    let rows: Vec<(usize, Row<'_>)> = rows.filter(is_shown).enumerate().collect();
    let scenarios = grouped(
        rows.iter()
            .map(|(id, row)| (&row.scenario.name, (*id, *row))),
    );
    let scenarios = scenarios.iter().map(|(_, rows)| asked(results, rows));
    let draft = Draft::new("registry", results)
        .fact("harness_bound", false)
        .fact("unsteady", false)
        .fact("scenarios", scenarios.collect::<Vec<_>>());
    let draft = rows.into_iter().fold(draft, |draft, (id, row)| {
        draft.table(format!("table-{id}"), |machine| table(machine, row))
    });
    draft.section()
}
/// A scenario by its rows: under which load it asks, and what is timed in it.
fn asked(results: &Results, rows: &[(usize, Row<'_>)]) -> Value {
    let scenario = rows[0].1.scenario;
    let groups = scenario.groups.iter().map(|group| {
        let threads = format::counted(group.threads, "thread", "threads");
        format!("{threads} doing {}", group.doing())
    });
    let keys = scenario.asked();
    let threads = results.machines.iter();
    let threads = threads.map(|machine| facts::threads_note(scenario, machine.environment.cpus));
    let rows = rows.iter().map(|(id, row)| {
        context! {
            id => *id,
            operation => format::operation(row.metric),
            few_operations => facts::is_marked(results, &[*row], Flag::FewOperations),
        }
    });
    context! {
        name => scenario.name.as_str(),
        title => scenario.title.as_str(),
        question => scenario.question.as_str(),
        processes => scenario.processes,
        record => scenario.record.to_string(),
        // How keys are chosen, unless in the usual way.
        keys => (keys != Keys::default().to_string()).then_some(keys),
        groups => groups.collect::<Vec<_>>(),
        threads => unique(threads).join("; "),
        rows => rows.collect::<Vec<_>>(),
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
    let slices = cell.map(|cell| Cell::text(cell.n.to_string()));
    let tone = if cell.is_some() {
        Tone::Figure
    } else {
        Tone::Absent
    };
    let cells = vec![
        Cell::text(timing.lead).judged("", tone),
        Cell::text(timing.detail),
        slices.unwrap_or_default(),
        Cell::verdict(timing.verdict, timing.tone),
    ];
    view::Row::named(strategy, cells)
}

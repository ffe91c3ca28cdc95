//! The report's short forms: the verdicts for a terminal and for a README, a comment on a pull request, and its line in the
//! list of recorded runs.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::environment::Environment;
use serde::Serialize;

use results::{Decision, Flag, Machine, Results, Verdict};

use super::collect::unique;
use super::facts::{self, Row};
use super::view::{Cell, Column, Group, Table};
use super::{decisions, draft, format, render, table, view};

/// More columns than this do not fit a terminal.
const ROWS_MAX: usize = 4;

/// Every contender's ratio to the baseline in the report's rows (if none was part of the run: in the
/// first rows that were) on each machine, and the decision.
pub fn verdict_table(results: &Results) -> String {
    format!(
        "{}\n\n{}",
        verdicts(results, |_| true).terminal(None),
        legend(results)
    )
}

/// The same table in Markdown with the baseline and the strongest variant of each family, and the runs that it is from:
/// what a README shows.
pub fn headline(results: &Results) -> String {
    let is_shown = |name: &str| {
        let strongest = facts::strongest_of(results, facts::family(name));
        name == results.baseline || strongest.is_some_and(|found| found.strategy == name)
    };
    let context = context! {
        table => Value::from(Serde(verdicts(results, is_shown))),
        ..common(results)
    };
    render::markdown_text("headline.md", context)
}

/// How many strategies the table of a comment has besides the baseline, with a line for every machine.
const BEST: usize = 5;

/// Question, answer, the best strategies beside the baseline, the decision on each, how much is too close to call and the
/// command: at most 25 lines of Markdown.
pub fn comment(results: &Results) -> String {
    let best = facts::strongest_first(results, |decision| decision != Decision::Disqualified);
    let best = best.into_iter().take(BEST.div_ceil(results.machines.len()));
    let best: Vec<&str> = best.map(|found| found.strategy.as_str()).collect();
    let is_shown = |name: &str| name == results.baseline || best.contains(&name);
    let context = context! {
        answer => decisions::answer(results),
        table => Value::from(Serde(verdicts(results, is_shown))),
        under => decisions::decided(results),
        is_for_decisions => decisions::is_for_decisions(results),
        ..common(results)
    };
    render::markdown_text("comment.md", context)
}

/// What every short form says.
fn common(results: &Results) -> Value {
    let machines = results.machines.iter().map(|machine| {
        let rows = facts::all_rows(machine);
        let verdicts = rows.iter().flat_map(|row| {
            let cards = machine.contenders();
            cards.filter_map(move |card| Some((row, row.ratio(machine, &card.name)?.verdict)))
        });
        let verdicts: Vec<(&Row<'_>, Verdict)> = verdicts.collect();
        let of = |wanted| {
            verdicts
                .iter()
                .filter(move |(_, verdict)| *verdict == wanted)
        };
        context! {
            on => draft::on(&results.machines, machine),
            environment => Value::from(Serde(&machine.environment)),
            open => of(Verdict::Inconclusive).count(),
            verdicts => verdicts.len(),
        }
    });
    context! {
        baseline => results.baseline.as_str(),
        margin => results.margin,
        partial => results.partial,
        legend => legend(results),
        machines => machines.collect::<Vec<_>>(),
    }
}

/// What the signs mean.
fn legend(results: &Results) -> String {
    let context = context! { baseline => results.baseline.as_str(), margin => results.margin };
    render::render_value("legend.txt", context)
        .trim_end()
        .to_owned()
}

/// The verdicts of the contenders that are shown.
fn verdicts(results: &Results, is_shown: impl Fn(&str) -> bool) -> Table {
    let mut rows = facts::united(results, facts::report_rows);
    if rows.is_empty() {
        rows = facts::united(results, facts::all_rows);
    }
    rows.truncate(ROWS_MAX);
    let of = |machine: &Machine| {
        let cards = machine.contenders().filter(|card| is_shown(&card.name));
        let lines = cards.map(|card| {
            let name = card.name.as_str();
            let decision = machine
                .recommendation(name)
                .map_or("baseline", |found| word(found.decision));
            let ratios = rows.iter().map(|row| verdict(machine, row, name));
            let cells = ratios.chain([Cell::text(decision)]).collect();
            view::Row::named(name, cells)
        });
        let columns = rows.iter().map(|row| heading(machine, row));
        Table {
            corner: "strategy".into(),
            ..Table::of([Group::new("", lines)])
                .columns(columns.chain([Column::new("decision", "")]))
        }
    };
    let machines = results.machines.iter();
    let tables = machines.map(|machine| (machine.name.as_str(), of(machine)));
    let mut table = table::stacked(&tables.collect::<Vec<_>>());
    if results.machines.len() > 1 {
        table.prepend(Column::new("on all", ""), |row| {
            let found = facts::overall(results, row.head.trim_matches('`'));
            found.map_or_else(Cell::default, |found| Cell::text(word(found.decision)))
        });
    }
    table
}

/// The decision in as few letters as a column of a terminal has.
const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Adopt => "adopt",
        Decision::AdoptForSome => "for some",
        Decision::MachinesDiffer => "differ",
        Decision::StayWithBaseline => "stay",
        Decision::Undecided => "undecided",
        Decision::TooFew => "too few to say",
        Decision::Disqualified => "disqualified",
    }
}

fn heading(machine: &Machine, row: &Row<'_>) -> Column {
    let mut note = format::operation(row.metric).to_owned();
    if facts::is_oversubscribed(machine, row) {
        let threads = row.scenario.threads();
        note.push_str(&format!(
            ", {threads} threads on {}",
            machine.environment.cpus
        ));
    }
    Column::new(&row.scenario.name, note)
}

fn verdict(machine: &Machine, row: &Row<'_>, strategy: &str) -> Cell {
    let Some(cell) = row.cell(machine, strategy) else {
        return Cell::text(facts::absence(machine, &row.scenario.name, strategy));
    };
    let Some(ratio) = &cell.ratio else {
        let median = format::significant(cell.median);
        return Cell::text(format!("{median} {}", cell.unit));
    };
    let sign = match ratio.verdict {
        _ if !machine.is_ranked(strategy) => "x",
        Verdict::Holds => "+",
        Verdict::Rejected => "-",
        Verdict::Inconclusive => "~",
    };
    let figure = if cell.flags.contains(&Flag::Starved) {
        format::measured(cell)
    } else {
        format::ratio(ratio)
    };
    Cell::text(format!("{figure} {sign}"))
}

/// A report in the list of recorded runs. What machines do not have in common stands there for each.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The name of its folder.
    name: String,
    /// The day of its last run.
    date: String,
    cpu: String,
    cpus: String,
    preset: String,
    partial: bool,
    commit: String,
    machines: usize,
    /// The strategy that the report's own answer is about.
    strongest: Option<String>,
    /// How many strategies fall under each decision.
    decisions: Vec<(String, usize)>,
}

impl Entry {
    /// What the list says of a report in the folder of this name.
    pub fn of(name: &str, results: &Results) -> Self {
        let machines = &results.machines;
        let environments = || machines.iter().map(|machine| &machine.environment);
        let each = |text: fn(&Environment) -> String| unique(environments().map(text)).join("; ");
        let days = environments().map(|one| one.started_at.chars().take(10));
        let decisions = facts::BEST_FIRST.into_iter().map(|decision| {
            let all = results.overall.iter();
            let count = all.filter(|one| one.decision == decision).count();
            (format::decision(decision, &results.baseline), count)
        });
        Self {
            name: name.to_owned(),
            date: days.map(String::from_iter).max().unwrap_or_default(),
            cpu: each(|environment| environment.cpu.clone()),
            cpus: each(|environment| environment.cpus.to_string()),
            preset: each(|environment| environment.preset.clone()),
            partial: results.partial,
            commit: each(commit),
            machines: machines.len(),
            strongest: decisions::chosen(results).map(|found| found.strategy.clone()),
            decisions: decisions.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

fn commit(environment: &Environment) -> String {
    match &environment.commit {
        None => "none".into(),
        Some(commit) if commit.dirty => format!("`{}`, changed", commit.id),
        Some(commit) => format!("`{}`", commit.id),
    }
}

/// The list of recorded runs: a table in Markdown, with a line for each.
pub fn index(entries: &[Entry]) -> String {
    render::render("index.md", &BTreeMap::from([("runs", entries)]))
}

//! The report's short forms: the verdicts for a terminal and for a README, a comment on a pull request, and its line in the
//! list of recorded runs.

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Decision, Overall, Results, Verdict};

use super::draft::{self, Draft};
use super::view::{Block, Table};
use super::{decisions, facts, format, pivots, render};

/// More columns than this do not fit a terminal.
const ROWS_MAX: usize = 4;

/// Every contender's ratio to the baseline in the report's rows (if none was part of the run: in the
/// first rows that were) on each machine, and the decision.
pub fn verdict_table(results: &Results) -> String {
    let table = verdicts(results, |_| true).terminal(None);
    format!("{table}\n\n{}", legend(results))
}

/// The same table in Markdown with the baseline and the strongest variant of each family, and the runs that it is from:
/// what a README shows.
pub fn headline(results: &Results) -> String {
    let is_shown = |name: &str| {
        let is_variant =
            |overall: &Overall| facts::family(&overall.strategy) == facts::family(name);
        let strongest = facts::strongest(results, is_variant);
        name == results.baseline || strongest.is_some_and(|overall| overall.strategy == name)
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
    let best: Vec<&str> = best.map(|overall| overall.strategy.as_str()).collect();
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
        let cards = machine.contenders();
        let ratios =
            cards.flat_map(|card| rows.iter().filter_map(|row| row.ratio(machine, &card.name)));
        let verdicts: Vec<Verdict> = ratios.map(|ratio| ratio.verdict).collect();
        let is_open = |verdict: &&Verdict| **verdict == Verdict::Inconclusive;
        context! {
            on => draft::on(&results.machines, machine),
            environment => Serde(&machine.environment),
            open => verdicts.iter().filter(is_open).count(),
            verdicts => verdicts.len(),
            controls => facts::controls(machine),
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
    let section = Draft::new("verdicts", results).of_each(|machine| {
        let cards = machine.contenders().filter(|card| is_shown(&card.name));
        let strategies = pivots::listed(cards, |card| {
            context! { figures => facts::figures(machine, &rows, &card.name) }
        });
        let rows = rows.iter().map(|row| {
            context! {
                name => row.scenario.name.as_str(),
                operation => format::operation(row.metric),
                threads => row.scenario.threads(),
            }
        });
        context! {
            rows => rows.collect::<Vec<_>>(),
            strategies,
        }
    });
    let mut blocks = section.section().blocks.into_iter();
    let tables = blocks.find_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    tables.unwrap_or_default()
}

/// A report in the list of recorded runs: what `index.md.j2` says of it.
#[derive(Clone, Debug)]
pub struct Entry(Value);

impl Entry {
    /// What the list says of a report in the folder of this name. What machines do not have in common stands there for each.
    pub fn from_results(name: &str, results: &Results) -> Self {
        let environments = results.machines.iter().map(|machine| &machine.environment);
        Self(context! {
            name => name,
            environments => Serde(environments.collect::<Vec<_>>()),
            partial => results.partial,
            are_builds => facts::are_builds(results),
            controls => results.machines.iter().map(facts::controls).collect::<Vec<_>>(),
            strongest => decisions::chosen(results).map(|chosen| &chosen.strategy),
            decided => decisions::decided(results),
        })
    }
}

/// The list of recorded runs: a table in Markdown, with a line for each.
pub fn index(entries: &[Entry]) -> String {
    let runs: Vec<Value> = entries.iter().map(|entry| entry.0.clone()).collect();
    render::render_value("index.md", context! { runs => runs })
}

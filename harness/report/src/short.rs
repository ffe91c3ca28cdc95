//! The report's short forms: the verdicts for a terminal and for a README, a comment on a pull request, and its line in the
//! list of recorded runs.

use serde::Serialize;

use results::{Decision, Results, Verdict};

use super::draft::{self, Draft};
use super::facts::{self, Serde, Value, context, list};
use super::view::{Block, Table};
use super::{decisions, pivots, render};

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
        let strongest = facts::strongest(results, |other| {
            facts::family(&other.strategy) == facts::family(name)
        });
        name == results.baseline || strongest.is_some_and(|best| best.strategy == name)
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
    let best = facts::strongest_first(results).into_iter();
    let best = best.filter(|overall| overall.decision != Decision::Disqualified);
    let best = best.take(BEST.div_ceil(results.machines.len()));
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
    let machines = list(&results.machines, |machine| {
        let rows = facts::all_rows(machine);
        let cards = machine.contenders();
        let ratios =
            cards.flat_map(|card| rows.iter().filter_map(|row| row.ratio(machine, &card.name)));
        let is_open = ratios.map(|ratio| ratio.verdict == Verdict::Inconclusive);
        let is_open: Vec<bool> = is_open.collect();
        context! {
            open => is_open.iter().filter(|open| **open).count(),
            verdicts => is_open.len(),
            controls => facts::controls(machine),
            ..draft::about(&results.machines, machine)
        }
    });
    context! {
        baseline => results.baseline.as_str(),
        margin => results.margin,
        partial => results.partial,
        legend => legend(results),
        machines,
    }
}

/// What the signs mean.
fn legend(results: &Results) -> String {
    let context = context! { baseline => results.baseline.as_str(), margin => results.margin };
    let legend = render::render_value("legend.txt", context);
    legend.trim_end().to_owned()
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
        context! {
            strategies => pivots::listed(cards, |card| {
                context! { figures => facts::figures(machine, &rows, &card.name) }
            }),
            rows => list(&rows, |row| row.facts(results)),
        }
    });
    let mut blocks = section.section().blocks.into_iter();
    let table = blocks.find_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    table.unwrap_or_default()
}

/// What the list of recorded runs says of a report in the folder of this name. What machines do not have in common stands
/// there for each.
pub fn entry(name: &str, results: &Results) -> impl Serialize + use<> {
    context! {
        name,
        environments => list(&results.machines, |machine| Serde(&machine.environment)),
        partial => results.partial,
        are_builds => facts::are_builds(results),
        controls => list(&results.machines, facts::controls),
        strongest => decisions::chosen(results).map(|chosen| &chosen.strategy),
        decided => decisions::decided(results),
    }
}

/// The list of recorded runs, each as [`entry`] has it: a table in Markdown, with a line for each.
pub fn index(entries: &[impl Serialize]) -> String {
    render::render_value("index.md", context! { runs => Serde(entries) })
}

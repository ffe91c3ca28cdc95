//! The report's own table, done again with every strategy.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Decision, Machine, Ratio, Results};

use super::charts::intervals;
use super::draft::Draft;
use super::facts::{self, Row};
use super::view::Section;
use super::{pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let rows = &facts::united(results, facts::report_rows);
    Draft::new("report-table", results)
        .fact("has_rows", !rows.is_empty())
        .of_each(|machine| {
            let in_short = rows.iter().map(|row| in_short(results, machine, *row));
            let strategies = pivots::listed(machine.contenders(), |card| {
                context! { figures => facts::figures(machine, rows, &card.name) }
            });
            let mut measured = rows.iter();
            let has_same = measured.any(|row| row.ratio(machine, controls::SAME).is_some());
            context! {
                rows => in_short.collect::<Vec<_>>(),
                strategies,
                same => has_same.then(|| facts::figures(machine, rows, controls::SAME)),
            }
        })
        .place("plots", intervals::figures(results, rows, |_| true))
        .section()
}

/// A row: what the original report said of it, what came out here, and which strategy is best.
fn in_short(results: &Results, machine: &Machine, row: Row<'_>) -> Value {
    let published = row.scenario.published.as_ref();
    let best = |(strategy, ratio)| context! { strategy => strategy, ratio => Serde(ratio) };
    context! {
        title => row.scenario.title.as_str(),
        label => facts::label(&results.machines, &row.scenario.name, row.metric),
        threads => row.scenario.threads(),
        published => Serde(published),
        slower_by => published.map(published::slower_by),
        here => row.cell(machine, &machine.baseline).map(|cell| Value::from(Serde(cell))),
        channel => best_of(machine, row, is_channel).map(best),
        strongest => best_of(machine, row, |_| true).map(best),
    }
}

fn is_channel(strategy: &str) -> bool {
    facts::family(strategy) == facts::CHANNEL
}

/// The strategy with the highest ratio in a row, of those that are ranked.
fn best_of<'r>(
    machine: &'r Machine,
    row: Row<'r>,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'r str, &'r Ratio)> {
    facts::ranked(machine)
        .filter(|name| wanted(name))
        .filter_map(|name| Some((name, row.ratio(machine, name)?)))
        .max_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// What became of the report's own proposal: the row in which even the better of its variants is slowest, if all of them are
/// refused.
pub(super) fn channel(machine: &Machine) -> Option<Value> {
    let mut variants = machine.contenders().filter(|card| is_channel(&card.name));
    let is_refused = variants.all(|card| {
        let known = machine.recommendation(&card.name);
        known.is_some_and(|known| known.decision == Decision::StayWithBaseline)
    });
    let rows = facts::report_rows(machine).into_iter();
    let best = rows.filter_map(|row| Some((row, best_of(machine, row, is_channel)?)));
    let (row, (strategy, ratio)) = best
        .filter(|(_, (_, ratio))| is_refused && ratio.loses())
        .min_by(|(_, (_, a)), (_, (_, b))| a.median.total_cmp(&b.median))?;
    Some(context! { strategy => strategy, row => row.label(machine), ratio => Serde(ratio) })
}

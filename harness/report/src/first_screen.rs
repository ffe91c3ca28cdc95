//! The first screen: what to use instead of the baseline in each situation, how sure that is, and how to repeat it.

use minijinja::context;
use minijinja::value::Serde;

use results::{Machine, Results, Verdict};

use super::draft::Draft;
use super::view::Section;
use super::{choices, facts, summary};

pub(super) fn section(results: &Results) -> Section {
    let is_quick = !results.machines.iter().any(Machine::decides);
    let runs = results.machines.iter().flat_map(|machine| &machine.runs);
    Draft::new("first", results)
        .fact("is_compared", summary::is_compared(results))
        .fact("is_quick", is_quick)
        .fact("runs", runs.collect::<Vec<_>>())
        .of_each(|machine| {
            context! {
                sure => summary::confidence(machine),
                plain => plain(machine),
                channel => summary::channel(machine),
                broken => Serde(summary::broken(machine)),
            }
        })
        .figures("picture", |machine| {
            Vec::from_iter(choices::picture(machine))
        })
        .table("choices", choices::table)
        .section()
}

/// Of the differences in the main rows that are plain to see, how many have a verdict.
fn plain(machine: &Machine) -> minijinja::Value {
    let rows = facts::all_rows(machine);
    let rows = rows.iter().filter(|row| row.scenario.point.is_none());
    let ratios = rows
        .flat_map(|row| facts::ranked(machine).filter_map(move |name| row.ratio(machine, name)));
    let is_plain = |median: f64| !(0.95..=1.6).contains(&median);
    let plain: Vec<Verdict> = ratios
        .filter(|ratio| is_plain(ratio.median))
        .map(|ratio| ratio.verdict)
        .collect();
    let decided = plain
        .iter()
        .filter(|&&verdict| verdict != Verdict::Inconclusive);
    context! { all => plain.len(), decided => decided.count() }
}

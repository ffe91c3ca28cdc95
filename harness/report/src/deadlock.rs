//! The report's deadlock row: the check, and the timed test.

use minijinja::context;
use minijinja::value::Serde;

use results::Results;

use super::draft::Draft;
use super::view::Section;
use super::{facts, pivots};

const ASSUMPTION: &str = "deadlock";

pub(super) fn section(results: &Results) -> Section {
    let rows = facts::united(results, facts::totals);
    let mut judged = results.machines.iter().flat_map(|one| &one.assumptions);
    let is_checked = judged.any(|judged| judged.id == ASSUMPTION);
    Draft::new("deadlock", results)
        .fact("is_tested", is_checked || !rows.is_empty())
        .of_each(|machine| {
            let timed = rows.iter().map(|row| {
                context! { threads => row.scenario.threads(), scenario => Serde(row.scenario) }
            });
            let tested = pivots::listed(machine.contenders(), |card| {
                context! { figures => facts::figures(machine, &rows, &card.name) }
            });
            let assumptions = Serde(&machine.assumptions);
            context! { rows => timed.collect::<Vec<_>>(), tested, assumptions }
        })
        .section()
}

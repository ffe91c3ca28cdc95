//! What could have refuted the measurement, and what a reader has to know beside the figures.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Machine, Results};

use super::draft::Draft;
use super::facts::{self, Row};
use super::view::Section;

pub(super) fn section(results: &Results) -> Section {
    let limits = |machine| {
        let rows = facts::all_rows(machine).into_iter();
        rows.filter_map(|row| limit(machine, row))
            .collect::<Vec<_>>()
    };
    Draft::new("controls", results)
        .of_each(|machine| {
            context! {
                warnings => machine.warnings.clone(),
                controls => Serde(&machine.controls),
                limits => limits(machine),
            }
        })
        .section()
}

/// How much of the baseline's cost is the table itself, and so cannot be gained.
fn limit(machine: &Machine, row: Row<'_>) -> Option<Value> {
    let limit = row.cell(machine, controls::UNSYNCHRONISED)?;
    limit.ratio.as_ref()?;
    let baseline = row.cell(machine, &machine.baseline)?;
    Some(context! {
        title => row.title(machine),
        limit => Serde(limit),
        baseline => Serde(baseline),
    })
}

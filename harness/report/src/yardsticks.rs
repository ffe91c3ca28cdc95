//! What could have refuted the measurement, and what a reader has to know beside the figures.

use model::controls;

use minijinja::context;

use results::{Control, Machine, Results};

use super::draft::Draft;
use super::facts::{self, Row};
use super::format;
use super::view::{self, Cell, Group, Section, Table, Tone};

pub(super) fn section(results: &Results) -> Section {
    Draft::new("controls", results)
        .of_each(|machine| context! { warnings => machine.warnings.clone() })
        .table("controls", controls)
        .table("limits", limits)
        .section()
}

fn controls(machine: &Machine) -> Table {
    let row = |control: &Control| {
        let (word, tone) = if control.passed {
            ("as expected", Tone::Good)
        } else {
            ("NOT AS EXPECTED", Tone::Bad)
        };
        let words = [&control.scenario, &control.expected, &control.observed].map(Cell::text);
        let cells = words.into_iter().chain([Cell::verdict(word, tone)]);
        view::Row::named(&control.control, cells.collect())
    };
    Table::of([Group::new("", machine.controls.iter().map(row))])
}

/// How much of the baseline's cost is the table itself, and so cannot be gained.
fn limits(machine: &Machine) -> Table {
    let rows = facts::all_rows(machine).into_iter();
    Table::of([Group::new("", rows.filter_map(|row| limit(machine, row)))])
}

fn limit(machine: &Machine, row: Row<'_>) -> Option<view::Row> {
    let limit = row.cell(machine, controls::UNSYNCHRONISED)?;
    let ratio = limit.ratio.as_ref()?;
    let baseline = row.cell(machine, &machine.baseline)?;
    let percent = |times: f64| format::significant(100.0 / times);
    let share = format!(
        "{} % [{}, {}]",
        percent(ratio.median),
        percent(ratio.ci_high),
        percent(ratio.ci_low)
    );
    let figures = [format::measured(baseline), format::measured(limit), share];
    let cells = figures.map(Cell::figure).to_vec();
    Some(view::Row::new(row.title(machine), cells))
}

//! `pivot diff`: what changed between two runs, beyond noise.

use std::path::Path;

use analysis::diff::{self, Diff, Judged, LEVEL, NOTABLE, Row, Run, Verdict};
use model::error::{Error, Result};
use report;
use serde::Serialize;

use super::report::samples;
use crate::arguments::{DiffOptions, Format};
use crate::table::{Shown as _, Table, table};
use crate::terminal;

/// What the template of a comparison is given: the tables, and all that is in the comparison.
#[derive(Serialize)]
struct Words<'d> {
    #[serde(flatten)]
    diff: &'d Diff,
    /// What sets the surroundings of the runs apart, if anything does.
    surroundings: Option<String>,
    /// The figures to show, if there are any.
    figures: Option<String>,
    /// The change that is worth detecting, as a factor.
    notable: f64,
    /// The probability that equal runs show any change.
    level: f64,
}

/// Compares two runs. Exit code 0 whether or not something changed, unless the user asks for 1.
pub(crate) fn diff(options: &DiffOptions) -> Result<()> {
    let (a, b) = (run(&options.a)?, run(&options.b)?);
    let judged = if options.absolute {
        Judged::Absolute
    } else {
        Judged::Ratio
    };
    let diff = diff::diff(&a, &b, judged)?;
    match options.format {
        Format::Json => terminal::print_json(&diff)?,
        // One table and nothing else, for programs; with everything in it, as in JSON.
        Format::Csv => figures(&diff.rows).print(Format::Csv)?,
        format => show(&diff, options.all, format)?,
    }
    if options.fail_on_regression && diff.has_regression() {
        let worse = diff.rows.iter().filter(|row| row.is_worse()).count();
        let broken = diff.checks.iter().filter(|check| !check.passes_now).count();
        return Err(Error::Check(format!(
            "{worse} of {} figures became worse, {broken} checks fail that passed before",
            diff.rows.len()
        )));
    }
    Ok(())
}

fn run(given: &Path) -> Result<Run> {
    Ok(Run::of(&samples(Some(given))?.1))
}

/// For people: the surroundings first, then what changed, then what cannot be compared.
fn show(diff: &Diff, all: bool, format: Format) -> Result<()> {
    let surroundings = table(
        &diff.environment,
        &[
            ("surroundings", |one| one.what.clone()),
            ("A", |one| one.a.clone()),
            ("B", |one| one.b.clone()),
        ],
    );
    let shown: Vec<&Row> = diff
        .rows
        .iter()
        .filter(|row| all || row.is_change())
        .collect();
    let is_same = diff.environment.is_empty();
    let text = report::render(
        "diff.txt",
        &Words {
            diff,
            surroundings: (!is_same).then(|| surroundings.text(format)),
            figures: (!shown.is_empty()).then(|| figures(shown).text(format)),
            notable: NOTABLE,
            level: LEVEL,
        },
    );
    terminal::print(text.trim_end())
}

fn figures<'d>(rows: impl IntoIterator<Item = &'d Row>) -> Table {
    table(
        rows,
        &[
            ("scenario", |row| row.scenario.clone()),
            ("strategy", |row| row.strategy.clone()),
            ("metric", |row| row.metric.name().into()),
            ("unit", |row| row.unit.into()),
            ("A", |row| figure(row.a)),
            ("B", |row| figure(row.b)),
            ("B times better", |row| times(row)),
            ("change", |row| change(row)),
        ],
    )
}

fn times(row: &Row) -> String {
    let times = row.times_better.map_or_else(|| "-".into(), figure);
    match row.interval {
        Some([low, high]) => format!("{times} [{}, {}]", figure(low), figure(high)),
        None => times,
    }
}

fn change(row: &Row) -> String {
    match row.verdict {
        Verdict::Better => "better".into(),
        Verdict::Worse => "worse".into(),
        Verdict::Unchanged if row.samples.is_none() => "=".into(),
        Verdict::Unchanged => "~".into(),
        Verdict::TooFew { samples_needed } => format!("~ (need >= {samples_needed} samples)"),
    }
}

/// Four digits or all before the point; of what is smaller than one, three.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0" } else { "-" }.into();
    }
    let magnitude = value.abs().log10().floor() as i32;
    #[expect(clippy::cast_sign_loss, reason = "not below zero")]
    let decimals = (if magnitude < 0 { 2 } else { 3 } - magnitude).clamp(0, 12) as usize;
    format!("{value:.decimals$}")
}

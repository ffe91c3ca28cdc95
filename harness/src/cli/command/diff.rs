//! `pivot diff`: what changed between two runs, beyond noise.

use std::path::Path;

use analysis::diff::{self, Diff, Judged, LEVEL, NOTABLE, Row, Run, Verdict};

use model::error::{Error, Result};
use serde_json::json;

use super::report::samples;
use crate::arguments::{DiffOptions, Format};
use crate::table::{Shown as _, Table, figure, table};
use crate::terminal;

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
    let document = json!({
        "diff": diff,
        "surroundings": (!is_same).then(|| surroundings.text(format)),
        "figures": (!shown.is_empty()).then(|| figures(shown).text(format)),
        "notable": NOTABLE,
        "level": LEVEL,
    });
    let text = report::render("diff.txt", &document);
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

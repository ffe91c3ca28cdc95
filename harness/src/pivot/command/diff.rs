//! `pivot diff`: what changed between two runs, beyond noise.

use std::path::Path;

use basis::error::{Error, Result};
use harness::diff::{self, Diff, Judged, LEVEL, NOTABLE, Row, Run, Verdict};

use super::report::samples;
use crate::arguments::{DiffOptions, Format};
use crate::table::{Shown as _, Table};
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
        Format::Csv => rows(diff.rows.iter()).print(Format::Csv)?,
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
    if diff.environment.is_empty() {
        terminal::print("Same machine, build, libraries and commit.\n")?;
    } else {
        let mut table = Table::new(["surroundings", "A", "B"]);
        for one in &diff.environment {
            table.row([one.what.clone(), one.a.clone(), one.b.clone()]);
        }
        table.print(format)?;
        terminal::print("")?;
    }
    let shown: Vec<&Row> = diff
        .rows
        .iter()
        .filter(|row| all || row.is_change())
        .collect();
    if !shown.is_empty() {
        rows(shown.into_iter()).print(format)?;
        terminal::print("")?;
    }
    for check in &diff.checks {
        let verb = if check.passes_now {
            "passes now"
        } else {
            "FAILS now"
        };
        terminal::print(&format!(
            "{} with {}: the {} check {verb}",
            check.strategy, check.record, check.check
        ))?;
    }
    for one in &diff.apart {
        terminal::print(&format!("{} {}: {}", one.kind, one.name, one.reason))?;
    }
    terminal::print(&summary(diff))
}

fn rows<'d>(of: impl Iterator<Item = &'d Row>) -> Table {
    let mut table = Table::new([
        "scenario",
        "strategy",
        "metric",
        "unit",
        "A",
        "B",
        "B times better",
        "change",
    ]);
    for row in of {
        table.row([
            row.scenario.clone(),
            row.strategy.clone(),
            row.metric.name().into(),
            row.unit.clone(),
            figure(row.a),
            figure(row.b),
            times(row),
            change(row),
        ]);
    }
    table
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

fn summary(diff: &Diff) -> String {
    let count = |wanted: fn(&Row) -> bool| diff.rows.iter().filter(|row| wanted(row)).count();
    let judged = match diff.judged {
        Judged::Ratio => format!("times as ratios to {} of the same run", diff.baseline),
        Judged::Absolute => "times as such".into(),
    };
    format!(
        "{} better, {} worse, {} unchanged (~: no change beyond noise), {} with too few samples to see \
         a change of {:.0} %. Judged: {judged}, all together at {:.0} % (Holm); counts as they are, rare allocations \
         beyond three standard deviations. Intervals are of these two runs: what another build changes by \
         where its code lies is not in them. `--all` shows every figure.",
        count(|row| row.verdict == Verdict::Better),
        count(|row| row.verdict == Verdict::Worse),
        count(|row| row.verdict == Verdict::Unchanged),
        count(|row| matches!(row.verdict, Verdict::TooFew { .. })),
        (NOTABLE - 1.0) * 100.0,
        LEVEL * 100.0,
    )
}

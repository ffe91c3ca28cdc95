//! `pivot predict`: what an operation costs on more processors than there are here.

mod measured;

use std::io::Read as _;
use std::path::Path;

use model::error::{Error, Result};
use predict::backtest::{Backtest, Summary, backtest};
use predict::curve::Curve;
use predict::law::{SURE_FROM, Shape};
use predict::machine::Machine;
use predict::{Demand, forecast};
use regex_lite::Regex;
use report;

use crate::arguments::{Format, PredictOptions};
use crate::table::{Shown as _, Table, table};
use crate::terminal;

/// Predicts a curve from one of its points, an operation from what it costs and shares, or all
/// strategies from their samples.
pub(crate) fn predict(options: &PredictOptions) -> Result<()> {
    match (&options.backtest, options.alone) {
        (Some(file), _) => test_against(file, options),
        (None, Some(alone_ns)) => foresee(alone_ns, options),
        (None, None) => measured::predict(options),
    }
}

fn test_against(file: &Path, options: &PredictOptions) -> Result<()> {
    let (text, place) = content(file)?;
    let curve = Curve::parse(&text, &place)?;
    let tested = backtest(
        &curve,
        options.kind,
        options.calibrate_at,
        options.shape,
        &place,
    )?;
    if options.format == Format::Json {
        return terminal::print_json(&tested);
    }
    points(&tested).print(options.format)?;
    if options.format == Format::Table {
        terminal::print(&told(&tested))?;
    }
    Ok(())
}

fn content(file: &Path) -> Result<(String, String)> {
    let place = file.display().to_string();
    let cannot = |error: std::io::Error| Error::file("read", file, &error);
    if place == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(cannot)?;
        return Ok((text, "standard input".into()));
    }
    Ok((std::fs::read_to_string(file).map_err(cannot)?, place))
}

fn points(tested: &Backtest) -> Table {
    table(
        &tested.points,
        &[
            ("cpus", |point| point.cpus.to_string()),
            ("published ns", |point| figure(point.published_ns)),
            ("predicted ns", |point| figure(point.predicted_ns.mid)),
            ("low ns", |point| figure(point.predicted_ns.low)),
            ("high ns", |point| figure(point.predicted_ns.high)),
            ("error", |point| report::off(point.error, 1)),
            ("in band", |point| match (point.is_known, point.is_inside) {
                (true, _) => "known".into(),
                (false, is_inside) => yes_or_no(is_inside),
            }),
        ],
    )
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.into()
}

fn told(tested: &Backtest) -> String {
    let law = &tested.law;
    let at = tested.calibrated_at;
    let shape = match law.shape {
        Shape::Flat => "nothing is handed over, so it stays what it is".to_owned(),
        Shape::Serial => format!(
            "each operation hands a line over, for {} ns",
            figure(law.hand_over_ns)
        ),
        Shape::Unclear => "one point with so many processors does not tell whether a line is handed over: taken as \
                           not, and bands have room for both; --shape says which"
            .to_owned(),
    };
    let summed = |what: String, summary: &Summary| match (summary.median_error, summary.worst_error)
    {
        (Some(median), Some(worst)) => format!(
            "{what}: {} predicted, median error {:.1} %, largest {:.1} %, {:.0} % in their bands",
            summary.points,
            100.0 * median,
            100.0 * worst,
            100.0 * summary.inside.unwrap_or(0.0)
        ),
        _ => format!("{what}: none predicted"),
    };
    [
        format!(
            "calibrated at {at} processor{}: {shape}",
            if at == 1 { "" } else { "s" }
        ),
        summed(format!("from {SURE_FROM} processors"), &tested.many),
        summed(
            format!("below {SURE_FROM}, where a line may stay with its holder and bands are wide"),
            &tested.few,
        ),
    ]
    .join("\n")
}

/// More than anybody waits for.
const ALONE_NS_MAX: f64 = 1e9;
/// More lines than an operation hands over in earnest.
const LINES_MAX: usize = 16;

fn foresee(alone_ns: f64, options: &PredictOptions) -> Result<()> {
    if !(0.1..=ALONE_NS_MAX).contains(&alone_ns) {
        return Err(Error::input(format!(
            "--alone {alone_ns}: an operation takes 0.1 ns to 1 s"
        )));
    }
    if options.lines > LINES_MAX {
        return Err(Error::input(format!(
            "--lines {}: at most {LINES_MAX} can be predicted",
            options.lines
        )));
    }
    let machines = machines(options.machine.as_deref())?;
    let demand = Demand {
        alone_ns,
        lines: options.lines,
    };
    let points = machines.iter().flat_map(|machine| {
        let counts = counts(machine).into_iter();
        counts.map(move |cpus| (&machine.name, cpus, forecast(machine, demand, cpus)))
    });
    table(
        points,
        &[
            ("machine", |(machine, ..)| (*machine).clone()),
            ("cpus", |(_, cpus, _)| cpus.to_string()),
            ("ns per operation", |(.., band)| figure(band.mid)),
            ("low", |(.., band)| figure(band.low)),
            ("high", |(.., band)| figure(band.high)),
        ],
    )
    .print(options.format)?;
    if options.format == Format::Table {
        terminal::print(
            "as one processor sees it; low: fast transfers, and a line stays with its holder for most of the way; \
             high: slow ones, it leaves at once, and each line is queued for",
        )?;
    }
    Ok(())
}

fn machines(wanted: Option<&str>) -> Result<Vec<Machine>> {
    let mut all = Machine::shipped();
    let names = all.iter().map(|one| one.name.clone()).collect();
    let found = matching_machines(wanted, names)?;
    all.retain(|machine| found.contains(&machine.name));
    Ok(all)
}

/// The names that match, or all without a pattern.
fn matching_machines(wanted: Option<&str>, names: Vec<String>) -> Result<Vec<String>> {
    let Some(pattern) = wanted else {
        return Ok(names);
    };
    let regex = Regex::new(pattern)
        .map_err(|error| Error::input(format!("--machine {pattern:?}: {error}")))?;
    let matches = |name: &&String| regex.is_match(name);
    let found: Vec<String> = names.iter().filter(matches).cloned().collect();
    if found.is_empty() {
        return Err(Error::input(format!(
            "--machine {pattern:?} matches none of {}",
            names.join(", ")
        )));
    }
    Ok(found)
}

/// Powers of two, and all that there are.
fn counts(machine: &Machine) -> Vec<u32> {
    let all = machine.cpus();
    let powers = (0..u32::BITS).map(|power| 1_u32 << power);
    let mut counts: Vec<u32> = powers.take_while(|&n| n < all).collect();
    counts.push(all);
    counts
}

fn figure(ns: f64) -> String {
    match ns {
        ns if ns < 10.0 => format!("{ns:.2}"),
        ns if ns < 1_000.0 => format!("{ns:.1}"),
        ns => format!("{ns:.0}"),
    }
}

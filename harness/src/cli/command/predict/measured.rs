//! What samples say of more processors: traced and calibrated on the spot where they do not say it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use analysis::{Samples, analyse};
use harness::run::{Calibration, Recording, Traces};
use model::environment::Environment;
use model::error::{Error, Result};
use model::sample::Line;
use model::trace::{Operation, State};
use predict::machine::Machine;
use results::{HERE, Scaling};
use trace::TraceTask;

use super::{figure, matching_machines, yes_or_no};
use crate::arguments::{Format, PredictOptions};
use crate::command::attended;
use crate::command::report::samples;
use crate::selection;
use crate::table::{Shown as _, Table, table};
use crate::terminal;

/// What can be predicted of a strategy.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];
/// Layouts of the heap to trace in.
const LAYOUTS: u32 = 3;

/// Predicts what the options ask for, and prints it.
pub(super) fn predict(options: &PredictOptions) -> Result<()> {
    let operations = operations(options)?;
    let (file, mut samples) = samples(options.samples.as_deref())?;
    let place = file.display().to_string();
    let names: Vec<String> = samples
        .header
        .strategies
        .iter()
        .map(|card| card.name.clone())
        .collect();
    let pattern = options.strategy.as_deref();
    let chosen: Vec<String> = selection::choose("strategy", pattern, &names)?;
    let is_chosen = |name: &str| chosen.iter().any(|one| one == name);
    // Before anything takes time: the machines are those that ship, and this one.
    let machines = machines(options)?;
    complete(&mut samples, &chosen, &place)?;
    let Some(mut scaling) = analyse(&samples).scaling else {
        return Err(Error::input(format!(
            "{place}: no trace of {} went through, so nothing can be predicted",
            options.strategy.as_deref().unwrap_or("any strategy")
        )));
    };
    let is_wanted = |strategy: &str, operation: Operation| {
        is_chosen(strategy) && operations.contains(&operation)
    };
    let is_on = |name: &str| machines.iter().any(|one| one == name);
    scaling.machines.retain(|machine| is_on(&machine.name));
    scaling
        .predictions
        .retain(|one| is_wanted(&one.strategy, one.operation) && is_on(&one.machine));
    scaling
        .unpredicted
        .retain(|one| is_wanted(&one.strategy, one.operation));
    scaling
        .rankings
        .retain(|one| is_wanted(&one.strategy, one.operation));
    for ranking in &mut scaling.rankings {
        ranking.faster_than.retain(|name| is_chosen(name));
    }
    scaling
        .one_to_two
        .retain(|one| is_wanted(&one.strategy, one.operation));
    scaling
        .meetings
        .retain(|one| is_wanted(&one.strategy, Operation::ReadHit));
    print(&scaling, options.format)
}

fn operations(options: &PredictOptions) -> Result<Vec<Operation>> {
    if options.operation.is_empty() {
        return Ok(OPERATIONS.to_vec());
    }
    match options
        .operation
        .iter()
        .find(|one| !OPERATIONS.contains(one))
    {
        None => Ok(options.operation.clone()),
        Some(other) => Err(Error::input(format!(
            "--operation {other}: read-hit and apply can be predicted"
        ))),
    }
}

/// The names of the machines asked for.
fn machines(options: &PredictOptions) -> Result<Vec<String>> {
    let mut names: Vec<String> = Machine::shipped().into_iter().map(|one| one.name).collect();
    names.push(HERE.into());
    matching_machines(options.machine.as_deref(), names)
}

/// Adds what the samples lack and can be seen here.
fn complete(samples: &mut Samples, chosen: &[String], place: &str) -> Result<()> {
    let is_calibrated = |line: &Line| matches!(line, Line::Calibration(_));
    let lacks_calibration = !samples.lines.iter().any(is_calibrated);
    let traced: BTreeSet<&str> = samples
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Trace(seen) if seen.pairs.iter().any(|pair| pair.paths.is_some()) => {
                Some(seen.strategy.as_str())
            }
            _ => None,
        })
        .collect();
    let here: Vec<String> = selection::strategies(None)?;
    let missing: Vec<TraceTask> = chosen
        .iter()
        .filter(|name| !traced.contains(name.as_str()) && here.contains(name))
        .map(|name| TraceTask {
            strategy: name.clone(),
            operations: OPERATIONS.to_vec(),
            states: vec![State::Quiescent, State::GuardHeld],
            layouts: LAYOUTS,
        })
        .collect();
    if lacks_calibration {
        must_be_this_machine(samples, place)?;
    }
    if !missing.is_empty() {
        trace::available().map_err(|why| {
            Error::input(format!(
                "{place} has no traces, and here none can be made: {why}"
            ))
        })?;
    }
    if missing.is_empty() && !lacks_calibration {
        return Ok(());
    }
    let mut recording = Recording::in_memory();
    attended(&mut recording, |run| {
        if lacks_calibration {
            run.carry_out(&Calibration, 0.0)?;
        }
        run.carry_out(&Traces(missing), 1.0)
    })?;
    samples.lines.extend(recording.lines().iter().cloned());
    if samples.lines.iter().any(is_calibrated) {
        Ok(())
    } else {
        Err(Error::Check("the calibration did not go through".into()))
    }
}

/// What one machine calibrates says nothing of what another has measured.
fn must_be_this_machine(samples: &Samples, place: &str) -> Result<()> {
    let measured = &samples.header.environment;
    let here = Environment::capture(&PathBuf::new(), String::new(), 0, "");
    if (&measured.cpu, measured.cpus) == (&here.cpu, here.cpus) {
        return Ok(());
    }
    Err(Error::input(format!(
        "{place} has no calibration and was measured on {} ({} processors), which this machine is not: run \
         `pivot run` there again",
        measured.cpu, measured.cpus
    )))
}

fn print(scaling: &Scaling, format: Format) -> Result<()> {
    match format {
        Format::Json => terminal::print_json(scaling),
        Format::Csv => predictions(scaling, true).print(Format::Csv),
        Format::Table | Format::Md => {
            predictions(scaling, false).print(format)?;
            terminal::print(LEGEND.trim_end())?;
            rankings(scaling).print(format)?;
            terminal::print("an order is stated where it holds on every machine\n")?;
            one_to_two(scaling).print(format)?;
            terminal::print(&told(scaling))
        }
    }
}

const LEGEND: &str = include_str!("../../../../templates/terminal/predict.txt");

/// Every point, or those with all processors.
fn predictions(scaling: &Scaling, has_all: bool) -> Table {
    let points = scaling.predictions.iter().flat_map(|one| {
        let last = one.points.len().saturating_sub(1);
        let from = if has_all { 0 } else { last };
        one.points[from..].iter().map(move |point| (one, point))
    });
    table(
        points,
        &[
            ("strategy", |(one, _)| one.strategy.clone()),
            ("operation", |(one, _)| one.operation.to_string()),
            ("machine", |(one, _)| one.machine.clone()),
            ("cpus", |(_, point)| point.cpus.to_string()),
            ("ns per operation", |(_, point)| figure(point.ns.mid)),
            ("low", |(_, point)| figure(point.ns.low)),
            ("high", |(_, point)| figure(point.ns.high)),
        ],
    )
}

fn rankings(scaling: &Scaling) -> Table {
    table(
        &scaling.rankings,
        &[
            ("operation", |one| one.operation.to_string()),
            ("strategy", |one| one.strategy.clone()),
            ("faster than", |one| match one.faster_than.as_slice() {
                [] => "nobody for certain".into(),
                names => names.join(", "),
            }),
        ],
    )
}

fn one_to_two(scaling: &Scaling) -> Table {
    table(
        &scaling.one_to_two,
        &[
            ("strategy", |one| one.strategy.clone()),
            ("operation", |one| one.operation.to_string()),
            ("scenario", |one| one.two.clone()),
            ("1 thread ns", |one| figure(one.one_ns)),
            ("2 threads ns", |one| figure(one.measured_ns)),
            ("predicted", |one| figure(one.predicted_ns.mid)),
            ("band", |one| {
                let band = one.predicted_ns;
                format!("{} to {}", figure(band.low), figure(band.high))
            }),
            ("error", |one| report::off(one.error, 0)),
            ("in band", |one| yes_or_no(one.is_inside)),
        ],
    )
}

/// What could not be predicted, and how well the law does where it is published.
fn told(scaling: &Scaling) -> String {
    let mut lines: Vec<String> = scaling
        .unpredicted
        .iter()
        .map(|one| {
            format!(
                "not predicted: {}, {}: {}",
                one.strategy, one.operation, one.reason
            )
        })
        .collect();
    let published = &scaling.published;
    let median = published.many.median_error.unwrap_or(0.0);
    lines.push(format!(
        "on {} published curves ({}), from {} processors: median error {:.0} % on {} points, {:.0} % in their bands",
        published.curves,
        published.source,
        published.calibrated_at,
        100.0 * median,
        published.many.points,
        100.0 * published.many.inside.unwrap_or(0.0)
    ));
    lines.join("\n")
}

//! What samples say of more processors: traced and calibrated on the spot where they do not say it.

use std::collections::BTreeSet;
use std::path::Path;

use analysis::{Samples, analyse, merge};

use harness::run::{Recording, calibration, traces};
use model::environment::Environment;
use model::error::{Error, Result};
use model::sample::Line;
use model::trace::{Operation, State};
use predict::machine::Machine;
use results::{Expected, HERE, Prediction, Scaling};
use trace::TraceTask;

use crate::arguments::{Format, PredictOptions};
use crate::command::attended;
use crate::command::report::samples;
use crate::table::{Shown as _, Table, figure, table};
use crate::{selection, terminal};

/// What can be predicted of a strategy.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];
/// Layouts of the heap to trace in.
const LAYOUTS: u32 = 3;

/// Predicts what the options ask for, and prints it.
pub(super) fn predict(options: &PredictOptions) -> Result<()> {
    let (file, mut samples) = samples(options.samples.as_deref())?;
    let place = file.display().to_string();
    let cards = samples.header.strategies.iter();
    let names = cards.map(|card| card.name.clone()).collect();
    let pattern = options.strategy.as_ref();
    let chosen = selection::choose("strategy", pattern, names, |name| vec![name.clone()])?;
    // Before anything takes time: the machines are those that ship, and this one.
    let machines = Machine::shipped().into_iter().map(|machine| machine.name);
    let machines = selection::choose(
        "machine",
        options.machine.as_ref(),
        machines.chain([HERE.into()]).collect(),
        |name| vec![name.clone()],
    )?;
    // What was not traced is not predicted.
    let is_wanted = |line: &Line| match line {
        Line::Trace(trace) => chosen.contains(&trace.strategy),
        _ => true,
    };
    samples.lines.retain(is_wanted);
    complete(&mut samples, &chosen, &place)?;
    let mut machine = analyse(&samples);
    let Some(scaling) = &mut machine.scaling else {
        return Err(Error::input(format!(
            "{place}: no trace of {} went through, so nothing can be predicted",
            pattern.map_or("any strategy", |pattern| pattern.as_str())
        )));
    };
    restrict(scaling, &options.operation, &machines);
    match options.format {
        Format::Json => terminal::print_json(scaling),
        Format::Csv => predictions(scaling, |one| &one.points[..]).print(Format::Csv),
        format @ (Format::Table | Format::Md) => {
            let all_cpus = predictions(scaling, |one| {
                &one.points[one.points.len().saturating_sub(1)..]
            });
            all_cpus.print(format)?;
            terminal::print(LEGEND.trim_end())?;
            let form = terminal::form(format);
            terminal::print(&report::scaling(&merge(vec![machine]), form))
        }
    }
}

const LEGEND: &str = include_str!("../../../../templates/terminal/predict.txt");

/// Leaves what is predicted of these operations on these machines.
fn restrict(scaling: &mut Scaling, operations: &[Operation], machines: &[String]) {
    let is_wanted = |operation| operations.contains(&operation);
    scaling.machines.retain(|one| machines.contains(&one.name));
    scaling
        .predictions
        .retain(|one| is_wanted(one.operation) && machines.contains(&one.machine));
    scaling.unpredicted.retain(|one| is_wanted(one.operation));
    scaling.rankings.retain(|one| is_wanted(one.operation));
    scaling.one_to_two.retain(|one| is_wanted(one.operation));
    scaling.meetings.retain(|_| is_wanted(Operation::ReadHit));
}

/// Adds what the samples lack and can be seen here.
fn complete(samples: &mut Samples, chosen: &[String], place: &str) -> Result<()> {
    let is_calibrated = |line: &Line| matches!(line, Line::Calibration(_));
    let lacks_calibration = !samples.lines.iter().any(is_calibrated);
    let traced = samples.lines.iter().filter_map(Line::try_as_trace_ref);
    let traced: BTreeSet<&String> = traced
        .filter(|trace| trace.pairs.iter().any(|pair| pair.paths.is_some()))
        .map(|trace| &trace.strategy)
        .collect();
    let here = selection::names(&selection::strategies(None)?);
    let missing = chosen.iter();
    let missing = missing.filter(|name| !traced.contains(name) && here.contains(name));
    let missing: Vec<TraceTask> = missing
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
            run.carry_out(calibration(), 0.0)?;
        }
        run.carry_out(traces(missing), 1.0)
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
    let here = Environment::capture(Path::new(""), String::new(), 0, "");
    if (&measured.cpu, measured.cpus) == (&here.cpu, here.cpus) {
        return Ok(());
    }
    Err(Error::input(format!(
        "{place} has no calibration and was measured on {} ({} processors), which this machine is not: run \
         `pivot run` there again",
        measured.cpu, measured.cpus
    )))
}

/// Some points of each prediction.
fn predictions(scaling: &Scaling, points: fn(&Prediction) -> &[Expected]) -> Table {
    let all = scaling.predictions.iter();
    table(
        all.flat_map(|one| points(one).iter().map(move |point| (one, point))),
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

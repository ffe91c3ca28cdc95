//! `pivot predict`: what an operation costs on more processors than there are here.

use std::path::Path;

use analysis::{analyse, merge};
use model::error::{Error, Result};
use model::sample::Line;
use model::trace::Operation;
use predict::backtest::backtest;
use predict::curve::Curve;
use predict::law::SURE_FROM;
use predict::machine::Machine;
use predict::{Demand, forecast};
use results::{HERE, Scaling};
use serde_json::{Value, json};

use super::content;
use super::report::samples;
use crate::arguments::PredictOptions;
use crate::selection;
use crate::terminal::show;

/// Predicts a curve from one of its points, an operation from what it costs and shares, or all
/// strategies from their samples.
pub(crate) fn predict(options: &PredictOptions) -> Result<()> {
    match (&options.backtest, options.alone) {
        (Some(file), _) => from_a_point(file, options),
        (None, Some(alone_ns)) => from_its_cost(alone_ns, options),
        (None, None) => from_samples(options),
    }
}

fn from_a_point(file: &Path, options: &PredictOptions) -> Result<()> {
    let (text, place) = content(file)?;
    let curve = Curve::parse(&String::from_utf8_lossy(&text), &place)?;
    let (at, shape) = (options.calibrate_at, options.shape);
    let tested = backtest(&curve, options.kind, at, shape, &place)?;
    show(options.format, "backtest", &tested, |form| {
        let mut findings = json!(tested);
        findings["sure_from"] = SURE_FROM.into();
        report::words("backtest", &findings, form)
    })
}

fn from_its_cost(alone_ns: f64, options: &PredictOptions) -> Result<()> {
    let machines = Machine::shipped();
    let names = chosen_machines(options, &machines, None)?;
    let lines = options.lines;
    let demand = Demand { alone_ns, lines };
    let machines = machines.iter();
    let machines = machines.filter(|machine| names.contains(&machine.name));
    let forecasts = machines.flat_map(|machine| {
        // Powers of two, and all that there are.
        let all = machine.cpus();
        let powers = (0..u32::BITS).map(|power| 1_u32 << power);
        let counts = powers.take_while(move |&cpus| cpus < all).chain([all]);
        counts.map(move |cpus| {
            let ns = forecast(machine, demand, cpus);
            json!({ "machine": machine.name, "cpus": cpus, "ns": ns })
        })
    });
    let forecasts: Vec<Value> = forecasts.collect();
    show(options.format, "forecast", &forecasts, |form| {
        let findings = json!({ "alone_ns": alone_ns, "forecasts": forecasts });
        report::words("forecast", &findings, form)
    })
}

/// The names of the machines that the options ask for.
fn chosen_machines(
    options: &PredictOptions,
    shipped: &[Machine],
    other: Option<&str>,
) -> Result<Vec<String>> {
    let names = shipped.iter().map(|machine| machine.name.clone());
    let names = names.chain(other.map(str::to_owned)).collect();
    selection::choose("machine", options.machine.as_ref(), names)
}

/// What samples say of more processors, by their traces and their calibration.
fn from_samples(options: &PredictOptions) -> Result<()> {
    let (file, mut samples) = samples(options.samples.as_deref())?;
    let cards = samples.header.strategies.iter();
    let names = cards.map(|card| card.name.clone()).collect();
    let pattern = options.strategy.as_ref();
    let chosen = selection::choose("strategy", pattern, names)?;
    // Those that ship, and the one that was measured.
    let machines = chosen_machines(options, &Machine::shipped(), Some(HERE))?;
    samples.lines.retain(|line| match line {
        Line::Trace(trace) => chosen.contains(&trace.strategy),
        _ => true,
    });
    let mut machine = analyse(&samples);
    let Some(scaling) = &mut machine.scaling else {
        return Err(Error::input(format!(
            "{} has no calibration, or no trace of {} that went through, so nothing can be predicted; `pivot run` \
             makes both",
            file.display(),
            pattern.map_or("any strategy", |pattern| pattern.as_str())
        )));
    };
    restrict(scaling, &options.operation, &machines);
    let scaling = scaling.clone();
    let results = merge(vec![machine]);
    show(options.format, "predictions", &scaling, |form| {
        report::scaling(&results, &scaling, form)
    })
}

/// Leaves what is predicted of these operations on these machines.
fn restrict(scaling: &mut Scaling, operations: &[Operation], machines: &[String]) {
    let is_wanted = |operation| operations.contains(&operation);
    let is_chosen = |machine: &String| machines.contains(machine);
    let all = &mut scaling.predictions;
    all.retain(|prediction| is_wanted(prediction.operation) && is_chosen(&prediction.machine));
    scaling.machines.retain(|machine| is_chosen(&machine.name));
    scaling.unpredicted.retain(|all| is_wanted(all.operation));
    scaling.rankings.retain(|all| is_wanted(all.operation));
    scaling.one_to_two.retain(|pair| is_wanted(pair.operation));
    scaling.meetings.retain(|_| is_wanted(Operation::ReadHit));
}

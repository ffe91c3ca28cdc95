//! `pivot predict`: what an operation costs on more processors than there are here.

mod measured;

use std::path::Path;

use model::error::Result;
use predict::backtest::{Backtest, backtest};
use predict::curve::Curve;
use predict::law::SURE_FROM;
use predict::machine::Machine;
use predict::{Demand, forecast};
use serde_json::json;

use super::content;
use crate::arguments::{Format, PredictOptions};
use crate::table::{Shown as _, Table, figure, table};
use crate::{selection, terminal};

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
    let curve = Curve::parse(&String::from_utf8_lossy(&text), &place)?;
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
        let document = json!({ "test": tested, "sure_from": SURE_FROM });
        terminal::print(report::render("backtest.txt", &document).trim_end())?;
    }
    Ok(())
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
            ("in band", |point| {
                match (point.is_known, point.is_inside) {
                    (true, _) => "known",
                    (false, true) => "yes",
                    (false, false) => "no",
                }
                .into()
            }),
        ],
    )
}

fn foresee(alone_ns: f64, options: &PredictOptions) -> Result<()> {
    let machines = selection::choose(
        "machine",
        options.machine.as_ref(),
        Machine::shipped(),
        |machine| vec![machine.name.clone()],
    )?;
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

/// Powers of two, and all that there are.
fn counts(machine: &Machine) -> Vec<u32> {
    let all = machine.cpus();
    let powers = (0..u32::BITS).map(|power| 1_u32 << power);
    let mut counts: Vec<u32> = powers.take_while(|&n| n < all).collect();
    counts.push(all);
    counts
}

//! Latencies under a schedule as curves: the further right, the rarer.

use model::controls;
use model::probe::Distribution;

use minijinja::context;

use results::{Latency, Machine, Results};

use super::charts::{Colour, LatencyCurve, latency_chart};
use super::draft::Draft;
use super::view::Figure;
use super::{format, probes};

/// Beside the baseline and the no-op control; the table has all.
const BEST: usize = 5;
const WORST: usize = 2;

/// Places the curves of each situation and operation that was timed.
pub(super) fn plots<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let mut timed: Vec<(&str, Distribution)> = Vec::new();
    for one in results.machines.iter().flat_map(|one| &one.latencies) {
        let key = (one.scenario.as_str(), one.distribution);
        if !timed.contains(&key) {
            timed.push(key);
        }
    }
    let machines = || results.machines.iter();
    let plots = timed.iter().map(|(situation, operation)| {
        let mut situations = machines().flat_map(|machine| &machine.situations);
        let title = situations.find(|one| one.name == *situation);
        let title = title.map_or(*situation, |one| one.title.as_str());
        context! { title => title, operations => operations(*operation) }
    });
    let draft = draft.fact("plots", plots.collect::<Vec<_>>());
    let timed = timed.into_iter().enumerate();
    timed.fold(draft, |draft, (number, (situation, operation))| {
        draft.figures(&format!("plot-{number}"), |machine| {
            Vec::from_iter(figure(machine, situation, operation))
        })
    })
}

const fn operations(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::Reads => "reads",
        _ => "writes",
    }
}

fn figure(machine: &Machine, situation: &str, operation: Distribution) -> Option<Figure> {
    let curves: Vec<&Latency> = machine
        .latencies
        .iter()
        .filter(|one| one.scenario == situation && one.distribution == operation)
        .collect();
    let shown = shown(machine, &curves);
    let names: Vec<String> = shown.iter().map(|one| ends(one)).collect();
    Some(Figure {
        description: format!("{}: {}", operations(operation), names.join("; ")),
        svg: drawn(machine, &shown)?,
        ..Figure::default()
    })
}

/// The ends of a curve, in words.
fn ends(curve: &Latency) -> String {
    let ends = [0.5, 0.999].map(|share| probes::duration(at(curve, share)));
    format!("{} p50 {}, p99.9 {}", curve.strategy, ends[0], ends[1])
}

/// The quantile at a share, or the next beyond it; the worst if there is none.
fn at(curve: &Latency, share: f64) -> f64 {
    let mut quantiles = curve.quantiles.iter();
    let found = quantiles
        .find(|one| one.share >= share)
        .or(curve.quantiles.last());
    found.map_or(f64::INFINITY, |one| one.ns)
}

/// The baseline, the no-op control, and the ends of the order by p99.9.
fn shown<'r>(machine: &Machine, curves: &[&'r Latency]) -> Vec<&'r Latency> {
    let is_reference =
        |one: &&&Latency| one.strategy == machine.baseline || one.strategy == controls::NO_OP;
    let mut others: Vec<&Latency> = curves
        .iter()
        .filter(|one| machine.contenders().any(|card| card.name == one.strategy))
        .filter(|one| !is_reference(one) && machine.is_ranked(&one.strategy))
        .copied()
        .collect();
    others.sort_by(|a, b| at(a, 0.999).total_cmp(&at(b, 0.999)));
    let references = curves.iter().filter(is_reference).copied();
    let worst = others
        .len()
        .saturating_sub(WORST)
        .max(BEST.min(others.len()));
    references
        .chain(others[..BEST.min(others.len())].iter().copied())
        .chain(others[worst..].iter().copied())
        .collect()
}

fn drawn(machine: &Machine, shown: &[&Latency]) -> Option<String> {
    let worst = shown.len().saturating_sub(WORST);
    let colour = |index, name: &str| match name {
        name if name == machine.baseline => Colour::Margin,
        controls::NO_OP => Colour::Faint,
        _ if index >= worst => Colour::Bad,
        _ => Colour::Good,
    };
    let curves = shown.iter().enumerate();
    let curves = curves.map(|(index, latency)| LatencyCurve {
        latency,
        colour: colour(index, &latency.strategy),
    });
    latency_chart(&curves.collect::<Vec<_>>(), unit)
}

/// A power of ten with the unit that suits it.
fn unit(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", format::count(value))
}

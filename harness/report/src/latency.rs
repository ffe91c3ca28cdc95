//! Latencies at a rate that every strategy was asked for: the facts of their table, and the same figures as curves over
//! quantiles.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;
use model::probe::{Distribution, Probe};

use results::{Latency, Machine, Quantile, Rank, Results};

use super::charts::quantiles::{self, Quantiles};
use super::collect::unique;
use super::draft::Draft;
use super::view::Figure;
use super::{facts, format};

/// Curves beside those of the baseline and the controls, from each end of the order; the table has all.
const BEST: usize = 5;
const WORST: usize = 2;
const MEDIAN: f64 = 0.5;

/// A column of the table, and a drawing: a probe's name and what was timed.
type Column<'r> = (&'r str, Distribution);

/// The columns of all machines, as far as every strategy was asked for the same.
fn columns(results: &Results) -> Vec<Column<'_>> {
    let machines = results.machines.iter();
    let all = machines.flat_map(|machine| &machine.latencies);
    let comparable = all.filter(|latency| latency.per_s.is_some());
    unique(comparable.map(|latency| (latency.scenario.as_str(), latency.distribution)))
}

/// All latencies of a column.
fn column<'r>(
    machine: &'r Machine,
    (scenario, of): Column<'_>,
) -> impl Iterator<Item = &'r Latency> + Clone {
    let all = machine.latencies.iter();
    all.filter(move |latency| latency.scenario == scenario && latency.distribution == of)
}

/// Facts of the table: its columns on each machine, and the drawings.
pub(super) fn facts<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let columns = columns(results);
    let titles: Vec<Value> = columns.iter().map(|&column| title(column)).collect();
    let draft = draft.fact("plots", titles).of_each(|machine| {
        let head = columns.iter().map(|&column| facts_of(machine, column));
        let mut latencies = machine.latencies.iter();
        context! {
            columns => head.collect::<Vec<_>>(),
            has_own_rates => latencies.any(|latency| latency.per_s.is_none()),
        }
    });
    let columns = columns.into_iter().enumerate();
    columns.fold(draft, |draft, (number, column)| {
        draft.figures(format!("plot-{number}"), |machine| figure(machine, column))
    })
}

fn title((scenario, of): Column<'_>) -> Value {
    let mut probes = Probe::LATENCIES.iter();
    let probe = probes.find(|probe| probe.name() == scenario);
    let load = probe.and_then(|probe| probe.load());
    context! { operations => operations(of), load => (100.0 * load.unwrap_or_default()).round() as i32 }
}

fn operations(of: Distribution) -> &'static str {
    match of {
        Distribution::Reads => "reads",
        _ => "writes",
    }
}

/// A column: its rate, the quantiles shown, how far the baseline is from itself in each, and what is shown of each strategy.
fn facts_of(machine: &Machine, of: Column<'_>) -> Value {
    let shares = shares(machine, of);
    let same = column(machine, of).find(|latency| latency.strategy == controls::SAME);
    let quantiles = shares.iter().map(|&share| {
        let rank = same.and_then(|same| at(same, share)?.rank);
        let is_ranked = rank.is_some_and(|rank| rank != Rank::NotRanked);
        context! { name => format::percentile(share), is_ranked }
    });
    let cells = column(machine, of).map(|latency| {
        let quantiles = shares.iter().filter_map(|&share| at(latency, share));
        let quantiles = Serde(quantiles.collect::<Vec<_>>());
        let (operations, served) = least_served(machine, latency);
        let cell = context! { kept => latency.kept, operations, served, quantiles };
        (latency.strategy.as_str(), cell)
    });
    context! {
        rate => column(machine, of).find_map(|latency| latency.per_s),
        quantiles => quantiles.collect::<Vec<_>>(),
        cells => Serde(cells.collect::<BTreeMap<_, _>>()),
        ..title(of)
    }
}

/// Of the reads and writes of a probe of a strategy, those of which the smaller share was begun in time, and that share: they
/// decide whether the rate was kept.
fn least_served(machine: &Machine, of: &Latency) -> (&'static str, Option<f64>) {
    let both = machine.latencies.iter();
    let both = both
        .filter(|other| other.scenario == of.scenario && other.strategy == of.strategy)
        .filter_map(|other| Some((operations(other.distribution), other.served?)));
    let least = both.min_by(|(_, a), (_, b)| a.total_cmp(b));
    least.map_or(
        (operations(of.distribution), None),
        |(operations, served)| (operations, Some(served)),
    )
}

/// The quantiles that are shown of a column: the median, and the rarest that any strategy has.
fn shares(machine: &Machine, of: Column<'_>) -> Vec<f64> {
    let last = column(machine, of).filter_map(|latency| latency.quantiles.last());
    let tail = last.map(|quantile| quantile.share).reduce(f64::max);
    tail.map_or_else(Vec::new, |tail| unique([MEDIAN, tail]))
}

fn at(latency: &Latency, share: f64) -> Option<Quantile> {
    let mut quantiles = latency.quantiles.iter();
    quantiles
        .find(|quantile| (quantile.share - share).abs() < 1e-9)
        .copied()
}

/// The curves of the baseline, the controls, and the ends of the order by the rarest quantile; `None` if there are none.
fn figure(machine: &Machine, of: Column<'_>) -> Option<Figure> {
    let tail = *shares(machine, of).last()?;
    let at_tail =
        |latency: &Latency| at(latency, tail).map_or(f64::INFINITY, |quantile| quantile.ns);
    let timed = column(machine, of).filter(|latency| !latency.quantiles.is_empty());
    let is_reference = |latency: &&Latency| {
        [&machine.baseline, controls::SAME, controls::NO_OP].contains(&&*latency.strategy)
    };
    let is_ranked =
        |latency: &&Latency| facts::ranked(machine).any(|name| name == latency.strategy);
    let (mut shown, mut others): (Vec<&Latency>, Vec<&Latency>) = timed.partition(is_reference);
    others.retain(is_ranked);
    others.sort_by(|a, b| at_tail(a).total_cmp(&at_tail(b)));
    let best = BEST.min(others.len());
    let worst = others.len().saturating_sub(WORST).max(best);
    others.drain(best..worst);
    shown.append(&mut others);
    let colour = |latency: &Latency| match at(latency, tail).and_then(|quantile| quantile.rank) {
        _ if latency.strategy == machine.baseline => "edge",
        _ if controls::is_control(&latency.strategy) => "faint",
        Some(Rank::Better) => "good",
        Some(Rank::Worse) => "bad",
        _ => "open",
    };
    let curves = shown.into_iter().map(|latency| {
        let points = latency.quantiles.iter();
        Quantiles {
            name: latency.strategy.clone(),
            colour: colour(latency),
            points: points
                .map(|quantile| (quantile.share, quantile.ns))
                .collect(),
        }
    });
    quantiles::figure(&curves.collect::<Vec<_>>())
}

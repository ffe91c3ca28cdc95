//! What a read costs against what else a strategy costs, and the frontier of what nothing dominates.

use model::probe::Probe;

use results::{Machine, Metric, Results};

use super::charts::{BOTTOM, Curve, LEFT_END, Point, RATIO_MIN, RIGHT_END, Scale, TOP, chart};
use super::facts::{self, Row, Serde, Value, context, list};
use super::view::{Figure, Section};
use super::{draft, format, pivots};

/// Something that a strategy costs; less is better.
struct Cost<'r> {
    /// What it is, for a column's title and an axis.
    title: &'static str,
    /// Where it was measured.
    note: String,
    scenario: &'r str,
    metric: Metric,
}

impl Cost<'_> {
    fn median(&self, machine: &Machine, strategy: &str) -> Option<f64> {
        let cell = machine.cell(self.scenario, strategy, self.metric)?;
        (cell.median > 0.0).then_some(cell.median)
    }

    /// A value with its unit.
    fn words(&self, value: f64) -> String {
        match self.metric {
            Metric::LiveBytesPerRecord => format::bytes(value),
            _ => format::duration(value),
        }
    }
}

/// A strategy, and what it costs, as far as that was measured.
type Costs<'r> = (&'r str, Vec<Option<f64>>);

pub(super) fn section(results: &Results) -> Section {
    draft::each("pareto", results, |draft, machine| {
        let costs = costs(machine);
        let of = |name: &str| -> Vec<Option<f64>> {
            let medians = costs.iter().map(|cost| cost.median(machine, name));
            medians.collect()
        };
        let all = facts::ranked(machine).map(|name| (name, of(name)));
        let all: Vec<Costs<'_>> = all.collect();
        let cards = machine.contenders();
        let cards = cards.filter(|card| machine.is_ranked(&card.name));
        let strategies = pivots::listed(cards, |card| {
            let values = of(&card.name);
            let texts = costs.iter().zip(&values);
            let texts = texts.map(|(cost, value)| value.map(|value| cost.words(value)));
            let better = all.iter().filter(|(_, other)| beats(other, &values));
            context! {
                costs => texts.collect::<Value>(),
                dominating => list(better, |&(name, _)| name.to_owned()),
            }
        });
        let facts = list(
            &costs,
            |cost| context! { title => cost.title, note => cost.note.as_str() },
        );
        let draft = draft.fact("costs", facts).fact("strategies", strategies);
        (1..costs.len()).fold(draft, |draft, other| {
            draft.figures(format!("plot-{other}"), |machine| {
                let pairs = all.iter().filter_map(|(name, costs)| {
                    let pair = [costs[0]?, costs[other]?];
                    Some((*name, pair))
                });
                let axes = [&costs[0], &costs[other]];
                figure(&pairs.collect::<Vec<_>>(), axes, &machine.baseline)
            })
        })
    })
}

/// A read's cost first, then what it is set against, as far as it was measured.
fn costs<'r>(machine: &'r Machine) -> Vec<Cost<'r>> {
    // The most crowded row that has a processor for each thread, or else the first.
    let mut reads = facts::main_rows(machine);
    reads.retain(|row| row.metric == Metric::ReadNs);
    let cpus = machine.environment.cpus.max(1);
    let fitting = reads.iter().rev();
    let fitting = fitting.filter(|row| row.scenario.threads() <= cpus);
    let fitting = fitting.max_by_key(|row| row.scenario.threads());
    let Some(&read) = fitting.or(reads.first()) else {
        return Vec::new();
    };
    let mut rows = facts::all_rows(machine).into_iter();
    let write = rows.find(|row| {
        row.metric == Metric::WriteNs && facts::timed_rows(machine, row.scenario).len() == 1
    });
    let cost = |title, note: &str, scenario, metric| Cost {
        title,
        note: note.to_owned(),
        scenario,
        metric,
    };
    let of_row =
        |title, row: Row<'r>| cost(title, &row.label(machine), &*row.scenario.name, row.metric);
    let memory = |name| cost("Memory per record", name, name, Metric::LiveBytesPerRecord);
    let title = "A write is seen after";
    let staleness = cost(title, "p99", Probe::Visibility.name(), Metric::VisibleP99Ns);
    let is_measured = |cost: &Cost<'_>| cost.median(machine, &machine.baseline).is_some();
    let scenarios = machine.scenarios.iter().rev();
    let largest = scenarios
        .filter(|scenario| {
            scenario.record == read.scenario.record && is_measured(&memory(&scenario.name))
        })
        .max_by_key(|scenario| scenario.processes);
    let costs = [
        Some(of_row("Read", read)),
        write.map(|row| of_row("Write", row)),
        largest.map(|scenario| memory(&scenario.name)),
        is_measured(&staleness).then_some(staleness),
    ];
    costs.into_iter().flatten().collect()
}

/// Two costs of each strategy against each other; `None` if there are not two strategies.
fn figure(costs: &[(&str, [f64; 2])], [x, y]: [&Cost<'_>; 2], baseline: &str) -> Option<Figure> {
    let on_frontier = |at: &[f64; 2]| {
        let mut others = costs.iter().map(|(_, other)| other.map(Some));
        !others.any(|other| beats(&other, &at.map(Some)))
    };
    // As in the plots of ratios, what is out of the question does not squeeze the rest.
    let of_baseline = costs.iter().find(|(name, _)| *name == baseline);
    let reach = of_baseline.map_or(f64::INFINITY, |(_, at)| at[0] / RATIO_MIN);
    let mut spots: Vec<_> = costs.iter().collect();
    spots.retain(|(_, at)| on_frontier(at) || at[0] <= reach);
    let beyond = match costs.len() - spots.len() {
        0 => String::new(),
        beyond => format!("{beyond} beyond the axis, in the table. "),
    };
    let scale =
        |axis: usize, pixels| Scale::over(spots.iter().map(|(_, at)| at[axis]), 1.2, pixels);
    let (across, up) = (scale(0, [LEFT_END, RIGHT_END])?, scale(1, [BOTTOM, TOP])?);
    let place = |at: &[f64; 2]| (across.at(at[0]), up.at(at[1]));
    // Steps from one to the next: whatever lies above and right of them is dominated.
    let frontier = || spots.iter().filter(|(_, at)| on_frontier(at));
    let mut corners: Vec<Point> = frontier().map(|(_, at)| place(at)).collect();
    corners.sort_unstable();
    let steps = corners.windows(2);
    let steps = steps.flat_map(|pair| [(pair[1].0, pair[0].1), pair[1]]);
    let path: Vec<Point> = corners.iter().take(1).copied().chain(steps).collect();
    let facts = context! {
        columns => across.labels(52.0, |value| x.words(value)),
        rows => up.labels(18.0, |value| y.words(value)),
        title => x.title,
        frontier => Serde(path),
    };
    let curves = spots.iter().map(|(name, at)| {
        let (is_baseline, is_best) = (*name == baseline, on_frontier(at));
        Curve {
            strategy: name,
            // The table has all names.
            name: if is_best || is_baseline { name } else { "" },
            path: vec![place(at)],
            facts: context! { is_baseline, is_best },
        }
    });
    let names =
        frontier().map(|(name, at)| format!("{name} ({}, {})", x.words(at[0]), y.words(at[1])));
    let names = format::list(&names.collect::<Vec<_>>());
    let description = format!("On the frontier: {names}");
    (spots.len() > 1).then(|| Figure {
        key: beyond,
        ..chart("frontier", description, curves, facts)
    })
}

/// Whether all is known of both, and one is at least as good in everything and better in something.
fn beats(a: &[Option<f64>], b: &[Option<f64>]) -> bool {
    let pairs = || a.iter().zip(b);
    pairs().all(|(a, b)| a.is_some() && b.is_some() && a <= b) && pairs().any(|(a, b)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_do_not_beat_each_other() {
        let beats = |a: [f64; 2], b: [f64; 2]| beats(&a.map(Some), &b.map(Some));
        assert!(beats([1.0, 2.0], [1.0, 3.0]));
        assert!(!beats([1.0, 2.0], [1.0, 2.0]));
        assert!(!beats([1.0, 4.0], [2.0, 3.0]));
    }
}

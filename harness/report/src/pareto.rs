//! What a read costs against what else a strategy costs, and the frontier of what nothing dominates.

use model::probe::Situation;

use minijinja::context;

use results::{Machine, Metric, Results};

use super::charts::{RATIO_MIN, Spot, scatter_chart};
use super::facts::{self, Row};
use super::view::{self, Cell, Column, Figure, Section, Table};
use super::{draft, format, pivots, probes};

/// Something that a strategy costs; less is better.
struct Cost {
    /// What it is, for a column's title and an axis.
    title: &'static str,
    /// Where it was measured.
    note: String,
    scenario: String,
    metric: Metric,
    /// A value with its unit.
    words: fn(f64) -> String,
}

impl Cost {
    fn of_row(title: &'static str, row: Row<'_>, machine: &Machine) -> Self {
        Self {
            title,
            note: row.label(machine),
            scenario: row.scenario.name.clone(),
            metric: row.metric,
            words: probes::duration,
        }
    }

    fn of(&self, machine: &Machine, strategy: &str) -> Option<f64> {
        let cell = machine.cell(&self.scenario, strategy, self.metric)?;
        (cell.median > 0.0).then_some(cell.median)
    }
}

pub(super) fn section(results: &Results) -> Section {
    draft::each("pareto", results, |draft, machine| {
        let costs = &costs(machine);
        let others = costs.iter().enumerate().skip(1);
        let facts = costs.iter().map(|cost| {
            let beyond = plot(machine, &costs[0], cost).1;
            context! { title => cost.title, note => cost.note.as_str(), beyond => beyond }
        });
        let draft = draft
            .fact("costs", facts.collect::<Vec<_>>())
            .table("table", |machine| table(machine, costs));
        others.fold(draft, |draft, (number, other)| {
            draft.figures(&format!("plot-{number}"), |machine| {
                Vec::from_iter(figure(machine, &costs[0], other))
            })
        })
    })
}

/// A read's cost first, then what it is set against, as far as it was measured.
fn costs(machine: &Machine) -> Vec<Cost> {
    let rows = facts::all_rows(machine);
    // The report's most crowded row that has a processor for each thread, or else its first.
    let reads: Vec<Row<'_>> = facts::report_rows(machine)
        .into_iter()
        .chain(rows.iter().copied())
        .filter(|row| row.metric == Metric::ReadNs)
        .collect();
    let fits = |row: &&Row<'_>| row.scenario.threads() <= machine.environment.cpus.max(1);
    let fitting = reads
        .iter()
        .rev()
        .filter(fits)
        .max_by_key(|row| row.scenario.threads());
    let Some(&read) = fitting.or(reads.first()) else {
        return Vec::new();
    };
    let write = rows.iter().find(|row| {
        row.metric == Metric::WriteNs && facts::timed_rows(machine, row.scenario).len() == 1
    });
    let mut costs = vec![Cost::of_row("Read", read, machine)];
    costs.extend(write.map(|&row| Cost::of_row("Write", row, machine)));
    let weighed = |name: &str| {
        let live = Metric::LiveBytesPerRecord;
        machine.cell(name, &machine.baseline, live).is_some()
    };
    let scenarios = machine.scenarios.iter().rev();
    let largest = scenarios
        .filter(|one| one.record == read.scenario.record && weighed(&one.name))
        .max_by_key(|one| one.processes);
    costs.extend(largest.map(|scenario| Cost {
        title: "Memory per record",
        note: scenario.name.clone(),
        scenario: scenario.name.clone(),
        metric: Metric::LiveBytesPerRecord,
        words: probes::bytes,
    }));
    let staleness = Cost {
        title: "A write is seen after",
        note: "p99".into(),
        scenario: Situation::Visibility.name().into(),
        metric: Metric::VisibleP99Ns,
        words: probes::duration,
    };
    let is_measured = staleness.of(machine, &machine.baseline).is_some();
    costs.extend(is_measured.then_some(staleness));
    costs
}

/// The contenders that may win.
fn ranked(machine: &Machine) -> impl Iterator<Item = &str> {
    machine
        .contenders()
        .map(|card| card.name.as_str())
        .filter(|name| machine.is_ranked(name))
}

/// The spots of a plot, and how many lie beyond its axis: as in the plots of ratios, what is out of the question does not
/// squeeze the rest.
fn plot<'r>(machine: &'r Machine, x: &Cost, y: &Cost) -> (Vec<Spot<'r>>, usize) {
    let mut spots = spots(machine, x, y);
    let baseline = x.of(machine, &machine.baseline);
    let reach = baseline.map_or(f64::INFINITY, |cost| cost / RATIO_MIN);
    let all = spots.len();
    spots.retain(|spot| spot.on_frontier || spot.at.0 <= reach);
    let beyond = all - spots.len();
    (spots, beyond)
}

fn figure(machine: &Machine, x: &Cost, y: &Cost) -> Option<Figure> {
    let (spots, _) = plot(machine, x, y);
    let frontier = spots.iter().filter(|spot| spot.on_frontier);
    let names = frontier.map(|spot| {
        let (x, y) = ((x.words)(spot.at.0), (y.words)(spot.at.1));
        format!("{} ({x}, {y})", spot.name)
    });
    let names: Vec<String> = names.collect();
    let labels: [&dyn Fn(f64) -> String; 2] = [&x.words, &y.words];
    Some(Figure {
        description: format!("On the frontier: {}", format::list(&names)),
        svg: scatter_chart(&spots, &machine.baseline, x.title, labels)?,
        ..Figure::default()
    })
}

fn spots<'r>(machine: &'r Machine, x: &Cost, y: &Cost) -> Vec<Spot<'r>> {
    let mut spots: Vec<Spot<'_>> = ranked(machine)
        .filter_map(|name| {
            let at = (x.of(machine, name)?, y.of(machine, name)?);
            let on_frontier = false;
            Some(Spot {
                name,
                at,
                on_frontier,
            })
        })
        .collect();
    let all: Vec<(f64, f64)> = spots.iter().map(|spot| spot.at).collect();
    for spot in &mut spots {
        let own = [spot.at.0, spot.at.1];
        spot.on_frontier = !all.iter().any(|&(x, y)| beats(&[x, y], &own));
    }
    spots
}

/// At least as good in everything, and better in something.
fn beats(a: &[f64], b: &[f64]) -> bool {
    let pairs = || a.iter().zip(b);
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
}

/// Names in the last column at most.
const NAMED_MAX: usize = 3;

fn table(machine: &Machine, costs: &[Cost]) -> Table {
    if costs.len() < 2 {
        return Table::default();
    }
    let values = |name: &str| -> Vec<Option<f64>> {
        costs.iter().map(|cost| cost.of(machine, name)).collect()
    };
    let all: Vec<(&str, Vec<f64>)> = ranked(machine)
        .filter_map(|name| Some((name, values(name).into_iter().collect::<Option<_>>()?)))
        .collect();
    let row = |name: &str| {
        let values = values(name);
        let dominating = match values.iter().copied().collect::<Option<Vec<f64>>>() {
            None => Cell::absent("not comparable"),
            Some(values) => {
                let better = all.iter().filter(|(_, other)| beats(other, &values));
                let names: Vec<&str> = better.map(|&(name, _)| name).collect();
                Cell::text(match names.as_slice() {
                    [] => "none".into(),
                    names => format::first_of(names, NAMED_MAX),
                })
            }
        };
        let cells = costs.iter().zip(values).map(|(cost, value)| {
            let figure = value.map(|value| Cell::figure((cost.words)(value)));
            figure.unwrap_or_else(|| Cell::absent("not measured"))
        });
        view::Row::named(name, cells.chain([dominating]).collect())
    };
    let cards = machine.contenders();
    let families = facts::by_family(cards.filter(|card| machine.is_ranked(&card.name)));
    Table::of(pivots::groups(families, |card| Some(row(&card.name))))
        .columns(costs.iter().map(|cost| Column::new(cost.title, &cost.note)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_do_not_beat_each_other() {
        assert!(beats(&[1.0, 2.0], &[1.0, 3.0]));
        assert!(!beats(&[1.0, 2.0], &[1.0, 2.0]));
        assert!(!beats(&[1.0, 4.0], &[2.0, 3.0]));
    }
}

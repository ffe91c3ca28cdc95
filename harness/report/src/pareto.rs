//! What a read costs against what else a strategy costs, and the frontier of what nothing dominates.

use minijinja::context;
use model::probe::Probe;

use results::{Machine, Metric, Results};

use super::charts::canvas::{Canvas, GOOD, MARGIN, OPEN, Paint, Point};
use super::charts::{BOTTOM, Curve, LEFT_END, RATIO_MIN, RIGHT_END, Scale, TOP};
use super::facts::{self, Row};
use super::view::{Cell, Column, Figure, Section, Table};
use super::{draft, format, pivots};

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
            words: format::duration,
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
            let beyond = spots(machine, &costs[0], cost).1;
            context! { title => cost.title, note => cost.note.as_str(), beyond => beyond }
        });
        let draft = draft
            .fact("costs", facts.collect::<Vec<_>>())
            .table("table", |machine| table(machine, costs));
        others.fold(draft, |draft, (number, other)| {
            draft.figures(format!("plot-{number}"), |machine| {
                Vec::from_iter(figure(machine, &costs[0], other))
            })
        })
    })
}

/// A read's cost first, then what it is set against, as far as it was measured.
fn costs(machine: &Machine) -> Vec<Cost> {
    let rows = facts::all_rows(machine);
    // The report's most crowded row that has a processor for each thread, or else its first.
    let reads = facts::report_rows(machine).into_iter().chain(rows.clone());
    let reads: Vec<Row<'_>> = reads.filter(|row| row.metric == Metric::ReadNs).collect();
    let cpus = machine.environment.cpus.max(1);
    let fitting = reads
        .iter()
        .rev()
        .filter(|row| row.scenario.threads() <= cpus);
    let fitting = fitting.max_by_key(|row| row.scenario.threads());
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
        words: format::bytes,
    }));
    let staleness = Cost {
        title: "A write is seen after",
        note: "p99".into(),
        scenario: Probe::Visibility.name().into(),
        metric: Metric::VisibleP99Ns,
        words: format::duration,
    };
    let is_measured = staleness.of(machine, &machine.baseline).is_some();
    costs.extend(is_measured.then_some(staleness));
    costs
}

/// Two costs of a strategy, and whether no other strategy is better in both.
struct Spot<'r> {
    name: &'r str,
    at: [f64; 2],
    on_frontier: bool,
}

/// The spots of a plot, and how many lie beyond its axis: as in the plots of ratios, what is out of the question does not
/// squeeze the rest.
fn spots<'r>(machine: &'r Machine, x: &Cost, y: &Cost) -> (Vec<Spot<'r>>, usize) {
    let costs = facts::ranked(machine)
        .filter_map(|name| Some((name, [x.of(machine, name)?, y.of(machine, name)?])));
    let costs: Vec<(&str, [f64; 2])> = costs.collect();
    let spots = costs.iter().map(|&(name, at)| Spot {
        name,
        at,
        on_frontier: !costs.iter().any(|(_, other)| beats(other, &at)),
    });
    let mut spots: Vec<Spot<'_>> = spots.collect();
    let baseline = x.of(machine, &machine.baseline);
    let reach = baseline.map_or(f64::INFINITY, |cost| cost / RATIO_MIN);
    spots.retain(|spot| spot.on_frontier || spot.at[0] <= reach);
    let beyond = costs.len() - spots.len();
    (spots, beyond)
}

/// Two costs of each strategy against each other; `None` if there are not two strategies.
fn figure(machine: &Machine, x: &Cost, y: &Cost) -> Option<Figure> {
    let (spots, _) = spots(machine, x, y);
    if spots.len() < 2 {
        return None;
    }
    let scale =
        |axis: usize, pixels| Scale::over(spots.iter().map(|spot| spot.at[axis]), 1.2, pixels);
    let (across, up) = (scale(0, [LEFT_END, RIGHT_END])?, scale(1, [BOTTOM, TOP])?);
    let place = |spot: &Spot<'_>| (across.at(spot.at[0]), up.at(spot.at[1]));
    let mut canvas = Canvas::default();
    canvas.grid(
        &across.labels(52.0, x.words),
        &up.labels(18.0, y.words),
        x.title,
    );
    // Steps from one to the next: whatever lies above and right of them is dominated.
    let frontier = || spots.iter().filter(|spot| spot.on_frontier);
    let mut corners: Vec<Point> = frontier().map(place).collect();
    corners.sort_unstable();
    let mut path: Vec<Point> = Vec::new();
    for (x, y) in corners {
        path.extend(path.last().map(|&(_, before)| (x, before)));
        path.push((x, y));
    }
    canvas.path(&path, Paint::Outline(GOOD, 1));
    let curves = spots.iter().map(|spot| {
        // The table has all names.
        let is_named = spot.on_frontier || spot.name == machine.baseline;
        Curve {
            strategy: spot.name,
            name: if is_named { spot.name } else { "" },
            path: vec![place(spot)],
            paint: Paint::Outline(GOOD, 1),
        }
    });
    canvas.curves(&curves.collect::<Vec<_>>(), |canvas, index| {
        let (x, y) = place(&spots[index]);
        if spots[index].name == machine.baseline {
            canvas.rectangle((x - 5, y - 5), (x + 5, y + 5), Paint::Fill(MARGIN));
        } else if spots[index].on_frontier {
            canvas.circle((x, y), 5, Paint::Fill(GOOD));
        } else {
            canvas.circle((x, y), 4, Paint::Outline(OPEN, 2));
        }
    });
    let names = frontier().map(|spot| {
        let [x, y] = [(x.words)(spot.at[0]), (y.words)(spot.at[1])];
        format!("{} ({x}, {y})", spot.name)
    });
    Some(Figure {
        description: format!(
            "On the frontier: {}",
            format::list(&names.collect::<Vec<_>>())
        ),
        svg: canvas.chart(),
        ..Figure::default()
    })
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
    let all = facts::ranked(machine)
        .filter_map(|name| Some((name, values(name).into_iter().collect::<Option<_>>()?)));
    let all: Vec<(&str, Vec<f64>)> = all.collect();
    let cards = machine.contenders();
    let cards = cards.filter(|card| machine.is_ranked(&card.name));
    let table = pivots::table(cards, |card| {
        let values = values(&card.name);
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
            let figure = value.map(|value| Cell::text((cost.words)(value)));
            figure.unwrap_or_else(|| Cell::absent("not measured"))
        });
        Some(cells.chain([dominating]).collect())
    });
    table.columns(costs.iter().map(|cost| Column::new(cost.title, &cost.note)))
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

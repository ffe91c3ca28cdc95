//! What a read costs against what else a strategy costs, and the frontier of what nothing dominates.

use minijinja::context;
use model::probe::Situation;

use results::{Machine, Metric, Results};

use super::charts::canvas::{Canvas, GOOD, MARGIN, OPEN, Paint, Point};
use super::charts::{BOTTOM, Curve, LEFT_END, RATIO_MIN, RIGHT_END, Scale, TOP};
use super::facts::{self, Row};
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

impl<'r> Cost<'r> {
    fn of_row(title: &'static str, row: Row<'r>, machine: &Machine) -> Self {
        Self {
            title,
            note: row.label(machine),
            scenario: &row.scenario.name,
            metric: row.metric,
        }
    }

    fn of(&self, machine: &Machine, strategy: &str) -> Option<f64> {
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

pub(super) fn section(results: &Results) -> Section {
    draft::each("pareto", results, |draft, machine| {
        let costs = costs(machine);
        let values = |name: &str| -> Vec<Option<f64>> {
            costs.iter().map(|cost| cost.of(machine, name)).collect()
        };
        let all = |name: &str| values(name).into_iter().collect::<Option<Vec<f64>>>();
        let known = facts::ranked(machine).filter_map(|name| Some((name, all(name)?)));
        let known: Vec<(&str, Vec<f64>)> = known.collect();
        let cards = machine.contenders();
        let cards = cards.filter(|card| machine.is_ranked(&card.name));
        let strategies = pivots::listed(cards, |card| {
            let texts = costs.iter().zip(values(&card.name));
            let texts = texts.map(|(cost, value)| value.map(|value| cost.words(value)));
            let dominating = all(&card.name).map(|own| {
                let better = known.iter().filter(|(_, other)| beats(other, &own));
                better.map(|&(name, _)| name.to_owned()).collect::<Vec<_>>()
            });
            context! { costs => texts.collect::<Vec<_>>(), dominating }
        });
        let facts = costs.iter().map(|cost| {
            let (_, beyond) = spots(machine, &costs[0], cost);
            context! { title => cost.title, note => cost.note.as_str(), beyond }
        });
        let draft = draft
            .fact("costs", facts.collect::<Vec<_>>())
            .fact("strategies", strategies);
        let others = costs.iter().enumerate().skip(1);
        others.fold(draft, |draft, (number, other)| {
            draft.figures(format!("plot-{number}"), |machine| {
                Vec::from_iter(figure(machine, &costs[0], other))
            })
        })
    })
}

/// A read's cost first, then what it is set against, as far as it was measured.
fn costs(machine: &Machine) -> Vec<Cost<'_>> {
    let rows = facts::all_rows(machine);
    // The report's most crowded row that has a processor for each thread, or else its first.
    let reads = facts::report_rows(machine).into_iter().chain(rows.clone());
    let reads: Vec<Row<'_>> = reads.filter(|row| row.metric == Metric::ReadNs).collect();
    let cpus = machine.environment.cpus.max(1);
    let fitting = reads.iter().rev();
    let fitting = fitting.filter(|row| row.scenario.threads() <= cpus);
    let fitting = fitting.max_by_key(|row| row.scenario.threads());
    let Some(&read) = fitting.or(reads.first()) else {
        return Vec::new();
    };
    let write = rows.iter().find(|row| {
        row.metric == Metric::WriteNs && facts::timed_rows(machine, row.scenario).len() == 1
    });
    let live = Metric::LiveBytesPerRecord;
    let is_weighed = |name: &str| machine.cell(name, &machine.baseline, live).is_some();
    let largest = machine.scenarios.iter().rev();
    let largest = largest
        .filter(|one| one.record == read.scenario.record && is_weighed(&one.name))
        .max_by_key(|one| one.processes);
    let memory = largest.map(|one| Cost {
        title: "Memory per record",
        note: one.name.clone(),
        scenario: &one.name,
        metric: live,
    });
    let staleness = Cost {
        title: "A write is seen after",
        note: "p99".into(),
        scenario: Situation::Visibility.name(),
        metric: Metric::VisibleP99Ns,
    };
    let is_measured = staleness.of(machine, &machine.baseline).is_some();
    let others = [
        write.map(|&row| Cost::of_row("Write", row, machine)),
        memory,
        is_measured.then_some(staleness),
    ];
    let read = Cost::of_row("Read", read, machine);
    [read]
        .into_iter()
        .chain(others.into_iter().flatten())
        .collect()
}

/// Two costs of a strategy, and whether no other strategy is better in both.
struct Spot<'r> {
    name: &'r str,
    at: [f64; 2],
    on_frontier: bool,
}

/// The spots of a plot, and how many lie beyond its axis: as in the plots of ratios, what is out of the question does not
/// squeeze the rest.
fn spots<'r>(machine: &'r Machine, x: &Cost<'_>, y: &Cost<'_>) -> (Vec<Spot<'r>>, usize) {
    let costs = facts::ranked(machine)
        .filter_map(|name| Some((name, [x.of(machine, name)?, y.of(machine, name)?])));
    let costs: Vec<(&str, [f64; 2])> = costs.collect();
    let baseline = x.of(machine, &machine.baseline);
    let reach = baseline.map_or(f64::INFINITY, |cost| cost / RATIO_MIN);
    let spots = costs.iter().map(|&(name, at)| Spot {
        name,
        at,
        on_frontier: !costs.iter().any(|(_, other)| beats(other, &at)),
    });
    let shown = spots.filter(|spot| spot.on_frontier || spot.at[0] <= reach);
    let shown: Vec<Spot<'_>> = shown.collect();
    let beyond = costs.len() - shown.len();
    (shown, beyond)
}

/// Two costs of each strategy against each other; `None` if there are not two strategies.
fn figure(machine: &Machine, x: &Cost<'_>, y: &Cost<'_>) -> Option<Figure> {
    let (spots, _) = spots(machine, x, y);
    let scale =
        |axis: usize, pixels| Scale::over(spots.iter().map(|spot| spot.at[axis]), 1.2, pixels);
    let (across, up) = (scale(0, [LEFT_END, RIGHT_END])?, scale(1, [BOTTOM, TOP])?);
    let place = |spot: &Spot<'_>| (across.at(spot.at[0]), up.at(spot.at[1]));
    let mut canvas = Canvas::default();
    let columns = across.labels(52.0, |value| x.words(value));
    canvas.grid(&columns, &up.labels(18.0, |value| y.words(value)), x.title);
    // Steps from one to the next: whatever lies above and right of them is dominated.
    let frontier = || spots.iter().filter(|spot| spot.on_frontier);
    let mut corners: Vec<Point> = frontier().map(place).collect();
    corners.sort_unstable();
    let steps = corners.windows(2);
    let steps = steps.flat_map(|pair| [(pair[1].0, pair[0].1), pair[1]]);
    let path: Vec<Point> = corners.iter().take(1).copied().chain(steps).collect();
    canvas.path(&path, Paint::Outline(GOOD, 1));
    let is_baseline = |spot: &Spot<'_>| spot.name == machine.baseline;
    let curves = spots.iter().map(|spot| Curve {
        strategy: spot.name,
        // The table has all names.
        name: if spot.on_frontier || is_baseline(spot) {
            spot.name
        } else {
            ""
        },
        path: vec![place(spot)],
        paint: Paint::Outline(GOOD, 1),
    });
    canvas.curves(&curves.collect::<Vec<_>>(), |canvas, index| {
        let spot = &spots[index];
        let (x, y) = place(spot);
        if is_baseline(spot) {
            canvas.rectangle((x - 5, y - 5), (x + 5, y + 5), Paint::Fill(MARGIN));
        } else if spot.on_frontier {
            canvas.circle((x, y), 5, Paint::Fill(GOOD));
        } else {
            canvas.circle((x, y), 4, Paint::Outline(OPEN, 2));
        }
    });
    let names = frontier().map(|spot| {
        let [x, y] = [x.words(spot.at[0]), y.words(spot.at[1])];
        format!("{} ({x}, {y})", spot.name)
    });
    let names = format::list(&names.collect::<Vec<_>>());
    (spots.len() > 1).then(|| Figure {
        description: format!("On the frontier: {names}"),
        svg: canvas.chart(),
        ..Figure::default()
    })
}

/// At least as good in everything, and better in something.
fn beats(a: &[f64], b: &[f64]) -> bool {
    let pairs = || a.iter().zip(b);
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
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

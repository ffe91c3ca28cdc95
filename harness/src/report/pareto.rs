//! What a read costs against what else a strategy costs: who is beaten by nobody.

use model::probe::Situation;

use crate::results::{Machine, Metric, Results};

use super::charts::{RATIO_MIN, Spot, scatter_chart};
use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{self, Cell, Column, Figure, Section, Table};
use super::{format, pivots, probes};

/// Something that a strategy costs; less is better.
struct Cost {
    /// What it is, for a column's title and an axis.
    title: String,
    /// Where it was measured.
    note: String,
    scenario: String,
    metric: Metric,
    words: fn(f64) -> String,
}

impl Cost {
    fn of_row(title: &str, row: Row<'_>, machine: &Machine) -> Self {
        Self {
            title: title.into(),
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

    /// A value with its unit.
    fn words(&self, value: f64) -> String {
        (self.words)(value)
    }
}

pub(super) fn section(results: &Results) -> Section {
    Draft::new("pareto", results)
        .figures("plots", |machine| {
            let costs = costs(machine);
            let Some((read, others)) = costs.split_first() else {
                return Vec::new();
            };
            let figures = others
                .iter()
                .filter_map(|other| figure(machine, read, other));
            figures.collect()
        })
        .table("table", |machine| {
            let costs = costs(machine);
            if costs.len() < 2 {
                Table::default()
            } else {
                table(machine, &costs)
            }
        })
        .section()
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
        title: "Memory per record".into(),
        note: scenario.name.clone(),
        scenario: scenario.name.clone(),
        metric: Metric::LiveBytesPerRecord,
        words: probes::bytes,
    }));
    let staleness = Cost {
        title: "A write is seen after".into(),
        note: "p99".into(),
        scenario: Situation::Visibility.name().into(),
        metric: Metric::VisibleP99Ns,
        words: probes::duration,
    };
    costs.extend(
        staleness
            .of(machine, &machine.baseline)
            .is_some()
            .then_some(staleness),
    );
    costs
}

/// The contenders that may win.
fn ranked(machine: &Machine) -> impl Iterator<Item = &str> {
    machine
        .contenders()
        .map(|card| card.name.as_str())
        .filter(|name| machine.is_ranked(name))
}

fn figure(machine: &Machine, x: &Cost, y: &Cost) -> Option<Figure> {
    let mut spots: Vec<Spot<'_>> = spots(machine, x, y);
    // As in the plots of ratios, what is out of the question does not squeeze the rest.
    let reach = x
        .of(machine, &machine.baseline)
        .map(|cost| cost / RATIO_MIN);
    let all = spots.len();
    spots.retain(|spot| spot.on_frontier || reach.is_none_or(|reach| spot.at.0 <= reach));
    let beyond = match all - spots.len() {
        0 => String::new(),
        more => format!("; {more} beyond the axis, in the table"),
    };
    let named: Vec<String> = spots
        .iter()
        .filter(|spot| spot.on_frontier)
        .map(|spot| {
            format!(
                "{} ({}, {})",
                spot.name,
                x.words(spot.at.0),
                y.words(spot.at.1)
            )
        })
        .collect();
    Some(Figure {
        caption: format!(
            "{} ({}) against {} ({}), log scales, less is better{beyond}",
            x.title,
            x.note,
            y.title.to_lowercase(),
            y.note
        ),
        key: "Dot and line: the frontier; ring: beaten in both by somebody; square: the baseline.",
        description: format!("On the frontier: {}", format::list(&named)),
        svg: scatter_chart(
            &spots,
            &machine.baseline,
            &x.title,
            [&|cost| x.words(cost), &|cost| y.words(cost)],
        )?,
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
    let values = |name: &str| -> Vec<Option<f64>> {
        costs.iter().map(|cost| cost.of(machine, name)).collect()
    };
    let all: Vec<(&str, Vec<f64>)> = ranked(machine)
        .filter_map(|name| Some((name, values(name).into_iter().collect::<Option<_>>()?)))
        .collect();
    let row = |name: &str| {
        let own = values(name);
        let cells = costs.iter().zip(&own).map(|(cost, value)| match value {
            Some(value) => Cell::figure(cost.words(*value)),
            None => Cell::absent("not measured"),
        });
        let beaten = match own.iter().copied().collect::<Option<Vec<f64>>>() {
            None => Cell::absent("not comparable"),
            Some(own) => beaten_by(&all, &own),
        };
        view::Row::named(name, cells.chain([beaten]).collect())
    };
    let cards = machine
        .contenders()
        .filter(|card| machine.is_ranked(&card.name));
    let columns = costs
        .iter()
        .map(|cost| Column::new(&cost.title, &cost.note));
    let groups = pivots::groups(facts::by_family(cards), |card| Some(row(&card.name)));
    Table::of(groups).columns(columns)
}

fn beaten_by(all: &[(&str, Vec<f64>)], own: &[f64]) -> Cell {
    let better = all.iter().filter(|(_, other)| beats(other, own));
    let mut names: Vec<&str> = better.map(|&(name, _)| name).collect();
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    match (names.len(), more) {
        (0, _) => Cell::text("nobody"),
        (_, 0) => Cell::text(names.join(", ")),
        _ => Cell::text(format!("{} and {more} more", names.join(", "))),
    }
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

//! Interval plots with a line for each strategy on each machine.

use basis::controls;

use crate::results::{Merged, Ratio};

use super::super::charts::{INTERVALS, Interval, interval_chart};
use super::super::facts::Row;
use super::super::format;
use super::super::view::Figure;
use super::facts;

/// What stands for a machine in a plot: a letter, and a number where letters end.
pub(super) fn letter(place: usize) -> String {
    u8::try_from(place)
        .ok()
        .filter(|place| *place < 26)
        .map_or_else(
            || (place + 1).to_string(),
            |place| char::from(b'A' + place).to_string(),
        )
}

/// `A epyc-2cpu, B xeon-2cpu`.
pub(super) fn letters(merged: &Merged) -> String {
    let machines = merged.machines.iter().enumerate();
    let named = machines.map(|(place, one)| format!("{} {}", letter(place), one.machine));
    named.collect::<Vec<_>>().join(", ")
}

/// A strategy's ratios, with the machines' places.
struct Lines<'m> {
    name: &'m str,
    ratios: Vec<(usize, &'m Ratio)>,
}

impl Lines<'_> {
    fn lowest(&self) -> f64 {
        let medians = self.ratios.iter().map(|(_, ratio)| ratio.median);
        medians.fold(f64::INFINITY, f64::min)
    }
}

/// The plot of a row, strategies by their lowest ratio; `None` if nothing was compared in it.
pub(super) fn figure(merged: &Merged, row: Row<'_>) -> Option<Figure> {
    let lines = lines(merged, row);
    let (first, last) = (lines.first()?, lines.last()?);
    let labelled: Vec<(&str, String, &Ratio)> = lines
        .iter()
        .flat_map(|line| {
            line.ratios
                .iter()
                .enumerate()
                .map(|(index, (place, ratio))| {
                    let name = if index == 0 { line.name } else { "" };
                    (line.name, format!("{name} {}", letter(*place)), *ratio)
                })
        })
        .collect();
    let intervals: Vec<Interval<'_>> = labelled
        .iter()
        .map(|(strategy, label, ratio)| Interval {
            strategy,
            label,
            ratio,
        })
        .collect();
    let description = format!(
        "{} on {} machines compared with {}; best {}, last {}",
        format::counted(lines.len(), "strategy", "strategies"),
        merged.machines.len(),
        merged.baseline,
        told(first),
        told(last)
    );
    let svg = interval_chart(&intervals, noise(merged, row), merged.margin)?;
    Some(Figure {
        key: INTERVALS,
        caption: format!(
            "{}: times better than {}, sorted by the lowest, log scale, 95 % intervals; {}",
            facts::title(merged, row),
            merged.baseline,
            letters(merged)
        ),
        description,
        svg,
    })
}

fn told(line: &Lines<'_>) -> String {
    let each = line.ratios.iter();
    let each = each.map(|(place, ratio)| format!("{} {}", letter(*place), format::ratio(ratio)));
    format!("{} {}", line.name, each.collect::<Vec<_>>().join(", "))
}

fn lines<'m>(merged: &'m Merged, row: Row<'m>) -> Vec<Lines<'m>> {
    let drawable = |ratio: &&Ratio| ratio.ci_low > 0.0 && ratio.ci_high.is_finite();
    let of = |name: &'m str| Lines {
        name,
        ratios: merged
            .machines
            .iter()
            .enumerate()
            .filter(|(_, one)| one.results.is_ranked(name))
            .filter_map(|(place, one)| {
                Some((place, row.ratio(&one.results, name).filter(drawable)?))
            })
            .collect(),
    };
    let contenders = facts::contenders(merged).into_iter();
    let mut lines: Vec<Lines<'_>> = contenders
        .map(|card| of(&card.name))
        .filter(|line| !line.ratios.is_empty())
        .collect();
    lines.sort_by(|a, b| b.lowest().total_cmp(&a.lowest()));
    lines
}

/// The interval of the baseline against itself that holds those of all machines.
fn noise(merged: &Merged, row: Row<'_>) -> Option<[f64; 2]> {
    let same = merged.machines.iter();
    let same = same.filter_map(|one| row.ratio(&one.results, controls::SAME));
    same.map(|ratio| [ratio.ci_low, ratio.ci_high])
        .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
}

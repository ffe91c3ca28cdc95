//! The intervals of a row, sorted.

use model::controls;

use results::Machine;

use super::charts::{INTERVALS, Interval, interval_chart};
use super::facts::Row;
use super::format;
use super::view::Figure;

/// The plot of a row; `None` if nothing was compared in it.
pub(super) fn figure(machine: &Machine, row: Row<'_>) -> Option<Figure> {
    let mut intervals: Vec<Interval<'_>> = machine
        .contenders()
        .filter(|card| machine.is_ranked(&card.name))
        .filter_map(|card| {
            Some(Interval {
                strategy: &card.name,
                label: &card.name,
                ratio: row.ratio(machine, &card.name)?,
            })
        })
        .collect();
    intervals.sort_by(|a, b| b.ratio.median.total_cmp(&a.ratio.median));
    let (first, last) = (intervals.first()?, intervals.last()?);
    let title = row.title(machine);
    let description = format!(
        "{} compared with {}; best {} {}, last {} {}",
        format::counted(intervals.len(), "strategy", "strategies"),
        machine.baseline,
        first.strategy,
        format::ratio(first.ratio),
        last.strategy,
        format::ratio(last.ratio)
    );
    let noise = row.ratio(machine, controls::SAME);
    let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high]);
    let svg = interval_chart(&intervals, noise, machine.margin)?;
    Some(Figure {
        key: INTERVALS.into(),
        caption: format!(
            "{title}: times better than {}, sorted, log scale, 95 % intervals",
            machine.baseline
        ),
        description,
        svg,
    })
}

//! What the charts of the report have in common: here is decided where things lie, a template below `charts` says what is drawn
//! there.
//!
//! No library: those for Rust neither group marks by what they are about, which the page's highlighting needs, nor leave
//! colours to a style sheet.

#[cfg(test)]
mod tests;

use model::controls;

use super::facts::{self, Row, Serde, Value, context, list, unique};
use super::format::{self, duration, percentile};
use super::render;
use super::view::{Block, Figure};
use results::{Machine, Ratio, Results};

/// The size of a chart, in pixels.
const WIDTH: i32 = 840;
const HEIGHT: i32 = 340;

/// The rectangle between the axes, in pixels.
pub(super) const LEFT_END: i32 = 95;
pub(super) const RIGHT_END: i32 = WIDTH - 240;
pub(super) const TOP: i32 = 16;
pub(super) const BOTTOM: i32 = HEIGHT - 46;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

/// Pixels from the left and from the top.
pub(super) type Point = (i32, i32);

/// A line through points, with its name beside its end, and what else its template draws of it.
pub(super) struct Curve<'r> {
    /// The strategy that it is about.
    pub(super) strategy: &'r str,
    /// Empty for one without a name.
    pub(super) name: &'r str,
    pub(super) path: Vec<Point>,
    pub(super) facts: Value,
}

/// Curves between axes by a template, their names moved apart where they would overlap.
pub(super) fn chart<'r>(
    template: &str,
    description: String,
    curves: impl IntoIterator<Item = Curve<'r>>,
    facts: Value,
) -> Figure {
    let curves = curves.into_iter().filter(|curve| !curve.path.is_empty());
    let curves: Vec<Curve<'_>> = curves.collect();
    let named = curves.iter().filter(|curve| !curve.name.is_empty());
    let ends = named.filter_map(|curve| curve.path.last());
    let mut heights = spread(ends.map(|end| end.1), TOP, BOTTOM).into_iter();
    let curves = list(curves, |curve| {
        let is_named = !curve.name.is_empty();
        let height = is_named.then(|| heights.next()).flatten();
        let (strategy, name) = (curve.strategy, curve.name);
        context! { strategy, name, path => Serde(&curve.path), height, ..curve.facts }
    });
    let chart = context! {
        left => LEFT_END,
        right => RIGHT_END,
        top => TOP,
        bottom => BOTTOM,
        width => WIDTH,
        height => HEIGHT,
    };
    drawing(template, description, context! { chart, curves, ..facts })
}

/// What a template draws, and what that shows.
pub(super) fn drawing(template: &str, description: String, facts: Value) -> Figure {
    let svg = render::render_value(&format!("charts/{template}.svg"), facts) + "\n";
    Figure {
        description,
        svg,
        ..Figure::default()
    }
}

/// A logarithmic scale: values from `low` to `high` between two pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// The pixels between which it lies.
    pub(super) pixels: [i32; 2],
}

/// Steps of a decade that are ticks, the densest first.
const STEPS: [&[f64]; 3] = [&[1.0, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0]];

impl Scale {
    /// Wide enough for all values that are positive and finite, and a factor of room at both ends. `None` if
    /// there is no such value.
    pub(super) fn over(
        values: impl IntoIterator<Item = f64>,
        room: f64,
        pixels: [i32; 2],
    ) -> Option<Self> {
        let values = values.into_iter();
        let usable = values.filter(|value| *value > 0.0 && value.is_finite());
        let (low, high) = usable.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        low.is_finite().then(|| Self {
            low: (low / room).ln(),
            high: (high * room).ln(),
            pixels,
        })
    }

    /// The same for ratios, the baseline's and the margin. What has no end goes on to the edge.
    pub(super) fn over_ratios<'r>(
        ratios: impl Iterator<Item = &'r Ratio>,
        margin: f64,
        pixels: [i32; 2],
    ) -> Option<Self> {
        let ends = ratios.flat_map(|ratio| [ratio.ci_low, ratio.ci_high]);
        let ends = ends.chain([1.0, margin]).map(|end| end.max(RATIO_MIN));
        Self::over(ends, 1.15, pixels)
    }

    /// The pixel of a value; what lies outside is at the end.
    pub(super) fn at(&self, value: f64) -> i32 {
        let share = (value.max(1e-9).ln() - self.low) / (self.high - self.low);
        let [from, to] = self.pixels.map(f64::from);
        (from + share.clamp(0.0, 1.0) * (to - from)).round() as i32
    }

    /// Whether a value lies before the axis begins.
    pub(super) fn is_below(&self, value: f64) -> bool {
        value.ln() < self.low
    }

    /// The ticks as pixels with their labels.
    pub(super) fn labels(&self, apart: f64, label: impl Fn(f64) -> String) -> Value {
        list(self.ticks(apart), |tick| {
            Serde((self.at(tick), label(tick)))
        })
    }

    /// As the axis of ratios, below rows: its ticks, where the baseline is, and where the margin.
    pub(super) fn ratios(&self, margin: f64) -> Value {
        let ticks = self.labels(38.0, |tick| format!("{tick}x"));
        context! { ticks, one => self.at(1.0), edge => self.at(margin), margin }
    }

    /// Round values at least so many pixels apart: 1, 2, 3, 5, 7 of every decade, or fewer.
    fn ticks(&self, apart: f64) -> Vec<f64> {
        let [from, to] = self.pixels.map(f64::from);
        let per_decade = (to - from).abs() / (self.high - self.low) * std::f64::consts::LN_10;
        let fits = |steps: &&&[f64]| {
            let next = steps.iter().skip(1).copied().chain([10.0]);
            let mut steps = steps.iter().zip(next);
            steps.all(|(step, next)| (next / step).log10() * per_decade >= apart)
        };
        let steps = STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]);
        // Divided by whole powers of ten, so that 0.3 is written as that.
        let scaled = |step: f64, decade: i32| match decade {
            ..0 => step / 10_f64.powi(-decade),
            _ => step * 10_f64.powi(decade),
        };
        (-9..=12)
            .flat_map(|decade| steps.iter().map(move |&step| scaled(step, decade)))
            .filter(|tick| (self.low..=self.high).contains(&tick.ln()))
            .collect()
    }
}

/// The distance of two names below each other.
const NAME_HEIGHT: i32 = 16;

/// Heights of names between `top` and `floor`, each as near to its own as the others let it be.
fn spread(heights: impl Iterator<Item = i32>, top: i32, floor: i32) -> Vec<i32> {
    let mut ends: Vec<(usize, i32)> = heights.enumerate().collect();
    ends.sort_by_key(|&(_, y)| y);
    let mut free = top;
    for (_, y) in &mut ends {
        *y = (*y).max(free);
        free = *y + NAME_HEIGHT;
    }
    // What was pushed out below moves up again.
    let mut floor = floor;
    for (_, y) in ends.iter_mut().rev() {
        *y = (*y).min(floor);
        floor = *y - NAME_HEIGHT;
    }
    ends.sort_by_key(|&(index, _)| index);
    ends.into_iter().map(|(_, y)| y).collect()
}

/// The quantiles of a distribution of times.
pub(super) struct Quantiles {
    /// The strategy that it is about, or whatever else.
    pub(super) name: String,
    /// One of those of `shapes.svg.j2`.
    pub(super) colour: &'static str,
    /// Shares with their times in nanoseconds, ascending.
    pub(super) points: Vec<(f64, f64)>,
}

/// Quantiles that the axis names.
const NAMED: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];
/// Decades of rarity where the axis begins, and behind the rarest quantile.
const ROOM: [f64; 2] = [0.3, 0.1];

/// Quantiles as curves up to the rarest: how rare to the right, how long upwards; `None` if there are none.
pub(super) fn quantiles(curves: &[Quantiles]) -> Option<Figure> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let tail = points().map(|&(share, _)| share).reduce(f64::max)?;
    let axis = Scale::over(points().map(|&(_, ns)| ns.max(1.0)), 1.26, [BOTTOM, TOP])?;
    // Decades between all operations and those beyond a share.
    let rarity = |share: f64| -(1.0 - share).log10();
    let x_of = |share: f64| {
        let [first, last] = [ROOM[0], rarity(tail) + ROOM[1]];
        let part = (rarity(share) - first) / (last - first);
        LEFT_END + (part * f64::from(RIGHT_END - LEFT_END)).round() as i32
    };
    let named = NAMED.into_iter().filter(|&share| share <= tail);
    let facts = context! {
        columns => list(named, |share| Serde((x_of(share), percentile(share)))),
        // Decades only.
        rows => axis.labels(f64::INFINITY, duration),
    };
    let lines = curves.iter().map(|curve| {
        let at = |&(share, ns): &(f64, f64)| (x_of(share), axis.at(ns));
        Curve {
            strategy: &curve.name,
            name: &curve.name,
            path: curve.points.iter().map(at).collect(),
            facts: context! { colour => curve.colour },
        }
    });
    let words = |&(share, ns): &(f64, f64)| format!("{} {}", percentile(share), duration(ns));
    let ends = curves.iter().filter_map(|curve| {
        let [first, last] = [curve.points.first()?, curve.points.last()?].map(words);
        Some(format!("{} {first}, {last}", curve.name))
    });
    let description = ends.collect::<Vec<_>>().join("; ");
    Some(chart("quantiles", description, lines, facts))
}

/// Where the names end.
const NAMES: i32 = 205;
/// The widths of an axis, of the figures beside it and of the room between panels.
const AXIS: i32 = 320;
const FIGURES: i32 = 190;
const GAP: i32 = 10;
/// Panels that stand side by side on a screen.
const PANELS: usize = 2;

/// A row of a machine, and what stands above its panel.
type Panel<'r> = (&'r Machine, Row<'r>, String);
/// A strategy with its ratio in each panel.
type Line<'r> = (&'r str, Vec<Option<&'r Ratio>>);

/// The contenders of rows: rows of one machine side by side, or of each row the machines. Names of those that are not meant are
/// faint.
pub(super) fn intervals<'r>(
    results: &'r Results,
    rows: &[Row<'r>],
    is_meant: impl Fn(&str) -> bool,
) -> Vec<Block> {
    let groups: Vec<(String, Vec<Panel<'r>>)> = if let [machine] = &results.machines[..] {
        let panel = |row: &Row<'r>| (machine, *row, row.label(machine));
        let groups = rows.chunks(PANELS).map(|rows| rows.iter().map(panel));
        groups
            .map(|panels| (String::new(), panels.collect()))
            .collect()
    } else {
        let group = |row: &Row<'r>| {
            let label = facts::label(&results.machines, &row.scenario.name, row.metric);
            let machines = results.machines.iter();
            let panels = machines.map(|machine| (machine, *row, machine.name.clone()));
            (format!("{label}: "), panels.collect())
        };
        rows.iter().map(group).collect()
    };
    let figures = groups.into_iter().filter_map(|(caption, panels)| {
        let figure = interval_figure(&panels, &is_meant)?;
        Some(Block::Figure(Figure { caption, ..figure }))
    });
    figures.collect()
}

/// The best over all panels first, each panel over the interval of the baseline against itself. `None` if nothing was
/// compared.
fn interval_figure<'r>(panels: &[Panel<'r>], is_meant: impl Fn(&str) -> bool) -> Option<Figure> {
    let names = panels.iter().flat_map(|panel| facts::ranked(panel.0));
    let line = |name| -> Line<'r> {
        let ratios = panels.iter().map(|(machine, row, _)| {
            let is_ranked = machine.is_ranked(name);
            row.ratio(machine, name).filter(|_| is_ranked)
        });
        (name, ratios.collect())
    };
    let mut lines: Vec<Line<'_>> = unique(names).into_iter().map(line).collect();
    lines.retain(|(_, ratios)| ratios.iter().any(Option::is_some));
    lines.sort_by(|(_, a), (_, b)| facts::mean_ln(b).total_cmp(&facts::mean_ln(a)));
    let ((best, _), (last, _)) = (lines.first()?, lines.last()?);
    let axes = panels.iter().zip(lefts()).enumerate();
    let axes = axes.map(|(number, ((machine, row, _), left))| {
        let ratios = lines.iter().filter_map(|(_, ratios)| ratios[number]);
        let ratios = ratios.chain(row.ratio(machine, controls::SAME));
        Scale::over_ratios(ratios, machine.margin, [left, left + AXIS])
    });
    let axes: Vec<Scale> = axes.collect::<Option<_>>()?;
    let facts = context! {
        width => lefts().nth(panels.len()),
        names => NAMES,
        panels => list(panels.iter().zip(&axes), |((machine, row, title), axis)| {
            let noise = row.ratio(machine, controls::SAME);
            let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high].map(|end| axis.at(end)));
            context! {
                title,
                noise => noise.map(|[low, high]| vec![low, high.max(low + 1)]),
                middle => axis.pixels[0] + AXIS / 2,
                axis => axis.ratios(machine.margin),
            }
        }),
        lines => list(&lines, |(name, ratios)| {
            let cells = list(ratios.iter().zip(&axes), |(ratio, axis)| {
                let at = |end: fn(&Ratio) -> f64| ratio.map(|ratio| axis.at(end(ratio)));
                context! {
                    ratio => Serde(ratio),
                    low => at(|ratio| ratio.ci_low),
                    x => at(|ratio| ratio.median),
                    high => at(|ratio| ratio.ci_high),
                    is_below => ratio.is_some_and(|ratio| axis.is_below(ratio.median)),
                    figures => axis.pixels[1] + GAP,
                }
            });
            context! { name => *name, is_meant => is_meant(name), cells }
        }),
    };
    let strategies = format::counted(lines.len(), "strategy", Some("strategies"));
    let baseline = &panels.first()?.0.baseline;
    let description = format!("{strategies} compared with {baseline}; best {best}, last {last}");
    Some(drawing("intervals", description, facts))
}

/// Where the panels begin.
fn lefts() -> impl Iterator<Item = i32> {
    (0..).map(|panel| NAMES + GAP + panel * (AXIS + FIGURES + GAP))
}

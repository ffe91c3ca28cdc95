//! Flip points: where along a swept axis the answer changes, with an interval on the place itself.
//!
//! A strategy's log ratio to the baseline is taken as piecewise linear between the points of a
//! sweep, over the logarithm of the axis if its values are positive and span more than a decade. Each
//! resample of the bootstrap draws a median at every point and so a whole line; where that line
//! crosses is one draw of the flip. A line that does not cross lies beyond one end or the other, and
//! counts there: an interval that reaches beyond what was swept says so instead of ending where the
//! sweep does.

#[cfg(test)]
mod tests;

use model::collect::{grouped, unique};
use model::parallel;
use model::random;
use model::scenario::{Axis, Scenario};

use results::{Change, Flip, Machine, Map, Metric, Place, Ratio, Verdict};
use stats::{GROUPS_95, draws};

/// Draws of every line: enough for the ends of a 95 % interval.
pub(super) const DRAWS: usize = 2_000;
/// A log ratio further from 0 than this, such as that of who finished no operation, is drawn as if it
/// were here: a line has to pass somewhere.
const FAR: f64 = 14.0;
/// Seed of the bootstrap: fixed, so that a report can be generated again byte for byte.
const SEED: u64 = 0x7069_766f_7400_0002;

/// The log ratios of a strategy in a scenario, by process.
type Ratios<'r> = dyn Fn(&str, &str, Metric) -> Vec<Vec<f64>> + Sync + 'r;

/// All flips and maps of a run. `log_ratios` gives a strategy's log ratios to its baseline
/// neighbours in a scenario, by measuring process.
pub(super) fn find(results: &Machine, log_ratios: &Ratios<'_>) -> (Vec<Flip>, Vec<Map>) {
    let (mut flips, mut maps) = (Vec::new(), Vec::new());
    let points = results.scenarios.iter();
    let points = points.filter_map(|scenario| Some((&scenario.point.as_ref()?.sweep, scenario)));
    for (sweep, points) in grouped(points) {
        let coordinates = points[0].point.iter().flat_map(|point| &point.coordinates);
        let axes: Vec<Axis> = coordinates.map(|at| at.axis).collect();
        // What was timed and compared at some point.
        let cells = results.cells.iter().filter(|cell| {
            let is_compared = cell.metric.is_timed() && cell.ratio.is_some();
            is_compared && points.iter().any(|point| point.name == cell.scenario)
        });
        let mut metrics = unique(cells.map(|cell| cell.metric));
        metrics.sort_unstable();
        for metric in metrics {
            if let [axis] = axes[..]
                && let Some(scale) = Scale::from_points(&points, axis)
            {
                let lines = lines(results, &points, metric, log_ratios);
                let margin = results.margin.ln();
                let contenders = lines.iter().filter(|line| line.name != results.baseline);
                let against = contenders.flat_map(|line| against(line, &scale, margin));
                let crossings = against.chain(overtakings(&lines, &scale));
                flips.extend(crossings.map(|(strategy, change, crossing)| Flip {
                    sweep: sweep.clone(),
                    axis,
                    metric,
                    strategy,
                    change,
                    at: crossing.at.map(|place| scale.value(place)),
                    ci_low: crossing.low.map(|place| scale.value(place)),
                    ci_high: crossing.high.map(|place| scale.value(place)),
                    share: crossing.share,
                }));
            } else if let [rows, columns] = axes[..] {
                let places = points.iter();
                let places = places.filter_map(|point| place(results, point, metric));
                maps.push(Map {
                    sweep: sweep.clone(),
                    rows,
                    columns,
                    metric,
                    places: places.collect(),
                });
            }
        }
    }
    (flips, maps)
}

/// Where the points of a sweep lie.
#[derive(Clone, Debug)]
struct Scale {
    places: Vec<f64>,
    is_log: bool,
}

impl Scale {
    /// `None` for an axis of kinds, between which nothing lies, and for a single point.
    fn from_points(points: &[&Scenario], axis: Axis) -> Option<Self> {
        let values = points.iter().map(|point| point.coordinate(axis));
        Self::over(&values.collect::<Option<Vec<f64>>>()?)
    }

    /// `None` unless the values ascend.
    fn over(values: &[f64]) -> Option<Self> {
        let (&first, &last) = (values.first()?, values.last()?);
        if values.len() < 2 || values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        let is_log = first > 0.0 && last / first > 10.0;
        let place = |&value: &f64| if is_log { value.ln() } else { value };
        Some(Self {
            places: values.iter().map(place).collect(),
            is_log,
        })
    }

    fn value(&self, place: f64) -> f64 {
        if self.is_log { place.exp() } else { place }
    }
}

/// A strategy's log ratio along a sweep, and draws of it.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    /// At each point; `None` where it was not measured.
    points: Vec<Option<At>>,
}

/// A log ratio at a point.
#[derive(Clone, Debug, PartialEq)]
struct At {
    median: f64,
    draws: Vec<f64>,
}

/// All that may win, the baseline among them.
fn ranked(results: &Machine) -> impl Iterator<Item = &str> {
    let names = results.contenders().map(|card| card.name.as_str());
    names.filter(|name| results.is_ranked(name))
}

/// The lines of all that may win; the ratio of the baseline to itself is 1.
fn lines(results: &Machine, points: &[&Scenario], metric: Metric, logs: &Ratios<'_>) -> Vec<Line> {
    let at = |number: usize, name: &str, index: usize, point: &Scenario| {
        if name == results.baseline {
            let draws = vec![0.0; DRAWS];
            return Some(At { median: 0.0, draws });
        }
        let ratio = results.cell(&point.name, name, metric)?.ratio.as_ref();
        let logs = logs(&point.name, name, metric);
        // Processes and not slices: fewer have no 95 % interval at this point either.
        if logs.iter().filter(|process| !process.is_empty()).count() < GROUPS_95 {
            return None;
        }
        let seed = random::seed(SEED, &[number as u64, index as u64]);
        let near = |log: f64| log.clamp(-FAR, FAR);
        let draws: Vec<f64> = draws(&logs, seed, DRAWS).into_iter().map(near).collect();
        let median = near(ratio?.median.ln());
        (!draws.is_empty()).then_some(At { median, draws })
    };
    let contenders: Vec<(usize, &str)> = ranked(results).enumerate().collect();
    parallel::map(&contenders, |&(number, name)| {
        let points = points.iter().enumerate();
        let points = points.map(|(index, point)| at(number, name, index, point));
        Line {
            name: name.into(),
            points: points.collect(),
        }
    })
}

/// Where a flip lies, on the scale of its sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Crossing {
    at: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    share: f64,
}

/// A line as far as it was measured: points that follow each other on the scale, their medians and what was drawn.
struct Stretch {
    places: Vec<f64>,
    medians: Vec<f64>,
    drawn: Vec<Vec<f64>>,
}

impl Stretch {
    /// By how much a line is above another, or above 1 if there is none, where both were measured. The draws of the two
    /// are independent, so what disturbed both is counted twice: the interval is rather too wide.
    fn new(above: &Line, below: Option<&Line>, scale: &Scale) -> Self {
        let points = scale.places.iter().zip(&above.points).enumerate();
        let points = points.filter_map(|(index, (&place, above))| {
            let below = below.map(|line| line.points[index].as_ref());
            (below != Some(None)).then_some((place, above.as_ref()?, below.flatten()))
        });
        let points: Vec<(f64, &At, Option<&At>)> = points.collect();
        let count = points.iter().map(|(_, above, _)| above.draws.len()).min();
        let line = |of: &dyn Fn(&At) -> f64| -> Vec<f64> {
            let values = points.iter();
            let values = values.map(|(_, above, below)| of(above) - below.map_or(0.0, of));
            values.collect()
        };
        Self {
            places: points.iter().map(|(place, ..)| *place).collect(),
            medians: line(&|at| at.median),
            drawn: (0..count.unwrap_or(0))
                .map(|draw| line(&|at| at.draws[draw]))
                .collect(),
        }
    }

    /// Where the medians' line crosses a level, and whether it falls there.
    fn crossings(&self, level: f64) -> Vec<(f64, bool)> {
        crossings(&self.places, &self.medians, level).collect()
    }

    /// The interval of the crossing that the medians' line has near a place, in that direction.
    fn locate(&self, level: f64, falls: bool, near: f64) -> Crossing {
        let place = |line: &Vec<f64>| {
            let same = crossings(&self.places, line, level);
            let same = same.filter(|&(_, falling)| falling == falls);
            let nearest = same
                .map(|(place, _)| place)
                .min_by(|a, b| (a - near).abs().total_cmp(&(b - near).abs()));
            nearest.unwrap_or_else(|| {
                // It has not happened yet at the end, or had already at the beginning.
                let is_above_at_end = line.last().is_some_and(|&last| last > level);
                if is_above_at_end == falls {
                    f64::INFINITY
                } else {
                    f64::NEG_INFINITY
                }
            })
        };
        let mut places: Vec<f64> = self.drawn.iter().map(place).collect();
        places.sort_unstable_by(f64::total_cmp);
        let finite = |share| rank(&places, share).filter(|place| place.is_finite());
        let count = places.iter().filter(|place| place.is_finite()).count();
        Crossing {
            at: finite(0.5).or(Some(near)),
            low: finite(0.025),
            high: finite(0.975),
            share: count as f64 / places.len().max(1) as f64,
        }
    }
}

/// The value with this share of the sorted values at or below it. Not interpolated: infinite values
/// have no middle.
fn rank(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(clippy::cast_sign_loss, reason = "a share of a length is not negative")]
    let index = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied()
}

/// Where a line crosses a level, and whether it falls there.
fn crossings(places: &[f64], line: &[f64], level: f64) -> impl Iterator<Item = (f64, bool)> {
    let ends = places.windows(2).zip(line.windows(2));
    ends.filter_map(move |(x, y)| {
        let falls = y[0] > level;
        (falls != (y[1] > level)).then(|| {
            let share = (level - y[0]) / (y[1] - y[0]);
            (x[0] + share * (x[1] - x[0]), falls)
        })
    })
}

/// Where a strategy's improvement crosses the margin, or that it does not.
fn against(line: &Line, scale: &Scale, margin: f64) -> Vec<(String, Change, Crossing)> {
    let stretch = Stretch::new(line, None, scale);
    if stretch.places.len() < 2 {
        return Vec::new();
    }
    let places = stretch.crossings(margin);
    if !places.is_empty() {
        let change = |(near, falls)| {
            let change = if falls {
                Change::FallsBelowMargin
            } else {
                Change::RisesAboveMargin
            };
            let crossing = stretch.locate(margin, falls, near);
            (line.name.clone(), change, crossing)
        };
        return places.into_iter().map(change).collect();
    }
    let is_above = |line: &[f64]| line[0] > margin;
    let stays = |line: &&Vec<f64>| {
        is_above(line) == is_above(&stretch.medians)
            && crossings(&stretch.places, line, margin).next().is_none()
    };
    let never = stretch.drawn.iter().filter(stays);
    let crossing = Crossing {
        share: never.count() as f64 / stretch.drawn.len().max(1) as f64,
        ..Crossing::default()
    };
    let change = if is_above(&stretch.medians) {
        Change::AlwaysAboveMargin
    } else {
        Change::NeverAboveMargin
    };
    vec![(line.name.clone(), change, crossing)]
}

/// Where the fastest is overtaken, and by whom.
fn overtakings(lines: &[Line], scale: &Scale) -> Vec<(String, Change, Crossing)> {
    let fastest = |index: usize| {
        let measured = lines.iter();
        let measured =
            measured.filter_map(|line| Some((line, line.points[index].as_ref()?.median)));
        // The first of equals, as everywhere.
        let best = measured.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(line, _)| line)
    };
    let overtaken = (1..scale.places.len()).filter_map(|index| {
        let (before, after) = (fastest(index - 1)?, fastest(index)?);
        let stays = before.points[index].is_some() && after.points[index - 1].is_some();
        if before.name == after.name || !stays {
            return None;
        }
        let lead = Stretch::new(before, Some(after), scale);
        let (from, to) = (scale.places[index - 1], scale.places[index]);
        let mut near = lead.crossings(0.0).into_iter().map(|(place, _)| place);
        let near = near.find(|place| (from..=to).contains(place));
        let crossing = lead.locate(0.0, true, near.unwrap_or(f64::midpoint(from, to)));
        let change = Change::OvertakenBy(after.name.clone());
        Some((before.name.clone(), change, crossing))
    });
    overtaken.collect()
}

/// A point of a sweep with two axes: what wins there, and what is as good.
fn place(results: &Machine, point: &Scenario, metric: Metric) -> Option<Place> {
    let [row, column] = &point.point.as_ref()?.coordinates[..] else {
        return None;
    };
    let better = ranked(results).filter_map(|name| {
        let ratio = results.cell(&point.name, name, metric)?.ratio.as_ref()?;
        (ratio.verdict == Verdict::Holds).then_some((name, ratio))
    });
    let mut better: Vec<(&str, &Ratio)> = better.collect();
    better.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
    let names = better
        .iter()
        .filter(|(_, ratio)| ratio.ci_high >= better[0].1.ci_low);
    let mut names = names.map(|&(name, _)| name.to_owned());
    Some(Place {
        row: row.value.clone(),
        column: column.value.clone(),
        scenario: point.name.clone(),
        winner: names.next(),
        as_good: names.collect(),
    })
}

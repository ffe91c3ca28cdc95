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

use std::collections::BTreeSet;

use model::collect::grouped;
use model::parallel;
use model::random;
use model::scenario::{Axis, Scenario};

use super::series::{Series, groups};
use results::{Change, Flip, Machine, Map, Metric, Place, Ratio};
use stats::{GROUPS_95, draws};

/// Draws of every line: enough for the ends of a 95 % interval.
pub(super) const DRAWS: usize = 2_000;
/// A log ratio further from 0 than this, such as that of who finished no operation, is drawn as if it
/// were here: a line has to pass somewhere.
const FAR: f64 = 14.0;
/// Seed of the bootstrap: fixed, so that a report can be generated again byte for byte.
const SEED: u64 = 0x7069_766f_7400_0002;

/// All flips and maps of a run.
pub(super) fn find(results: &Machine, series: &Series<'_>) -> (Vec<Flip>, Vec<Map>) {
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
        let metrics: BTreeSet<Metric> = cells.map(|cell| cell.metric).collect();
        for metric in metrics {
            if let [axis] = axes[..]
                && let Some(values) = points.iter().map(|point| point.coordinate(axis)).collect()
                && let Some(scale) = Scale::over(values)
            {
                let lines = lines(results, series, &points, metric);
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
                let place = |point: &&Scenario| place(results, point, metric);
                maps.push(Map {
                    sweep: sweep.clone(),
                    rows,
                    columns,
                    metric,
                    places: points.iter().filter_map(place).collect(),
                });
            }
        }
    }
    (flips, maps)
}

/// Where the points of a sweep lie.
struct Scale {
    places: Vec<f64>,
    is_log: bool,
}

impl Scale {
    /// `None` unless there are several values and they ascend.
    fn over(mut places: Vec<f64>) -> Option<Self> {
        let (first, last) = (*places.first()?, *places.last()?);
        if places.len() < 2 || !places.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let is_log = first > 0.0 && last / first > 10.0;
        if is_log {
            places = places.into_iter().map(f64::ln).collect();
        }
        Some(Self { places, is_log })
    }

    fn value(&self, place: f64) -> f64 {
        if self.is_log { place.exp() } else { place }
    }
}

/// A strategy's log ratio along a sweep, and draws of it.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    /// At each point the median, and after it what was drawn; `None` where it was not measured.
    points: Vec<Option<Vec<f64>>>,
}

/// All that may win, the baseline among them.
fn ranked(results: &Machine) -> impl Iterator<Item = &str> {
    let names = results.contenders().map(|card| card.name.as_str());
    names.filter(|name| results.is_ranked(name))
}

/// The lines of all that may win; the ratio of the baseline to itself is 1.
fn lines(results: &Machine, series: &Series<'_>, at: &[&Scenario], metric: Metric) -> Vec<Line> {
    let point = |number: usize, name: &str, index: usize, scenario: &Scenario| {
        if name == results.baseline {
            return Some(vec![0.0; 1 + DRAWS]);
        }
        let ratio = results.cell(&scenario.name, name, metric)?.ratio.as_ref()?;
        let logs = groups(series.log_ratios(&scenario.name, name, metric));
        // Processes and not slices: fewer have no 95 % interval at this point either.
        if logs.iter().filter(|process| !process.is_empty()).count() < GROUPS_95 {
            return None;
        }
        let seed = random::seed(SEED, &[number as u64, index as u64]);
        let mut logs = draws(&logs, seed, DRAWS);
        logs.insert(0, ratio.median.ln());
        Some(logs.into_iter().map(|log| log.clamp(-FAR, FAR)).collect())
    };
    let contenders: Vec<(usize, &str)> = ranked(results).enumerate().collect();
    parallel::map(&contenders, |&(number, name)| {
        let points = at.iter().enumerate();
        let points = points.map(|(index, scenario)| point(number, name, index, scenario));
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

/// A line as far as it was measured: places that follow each other on the scale, and the log ratio at each.
type Stretch = Vec<(f64, f64)>;

/// By how much a line is above another, or above 1 if there is none, where both were measured: by their medians, and
/// after that draw by draw. The draws of the two are independent, so what disturbed both is counted twice: the interval
/// is rather too wide.
fn stretches(above: &Line, below: Option<&Line>, scale: &Scale) -> Vec<Stretch> {
    let points = scale
        .places
        .iter()
        .enumerate()
        .filter_map(|(index, &place)| {
            let mut by = above.points[index].clone()?;
            if let Some(below) = below {
                let below = below.points[index].as_ref()?;
                by.iter_mut()
                    .zip(below)
                    .for_each(|(by, below)| *by -= below);
            }
            Some((place, by))
        });
    let points: Vec<(f64, Vec<f64>)> = points.collect();
    let count = points.iter().map(|(_, by)| by.len()).min().unwrap_or(0);
    let stretch = |draw| {
        points
            .iter()
            .map(|(place, by)| (*place, by[draw]))
            .collect()
    };
    (0..count).map(stretch).collect()
}

/// The interval of the crossing that a line has near a place, in that direction, by its draws.
fn locate(drawn: &[Stretch], level: f64, falls: bool, near: f64) -> Crossing {
    let place = |line: &Stretch| {
        let same = crossings(line, level).filter(|&(_, falling)| falling == falls);
        let places = same.map(|(place, _)| place);
        let nearest = places.min_by(|a, b| (a - near).abs().total_cmp(&(b - near).abs()));
        // It has not happened yet at the end, or had already at the beginning.
        let is_above_at_end = line.last().is_some_and(|&(_, last)| last > level);
        let beyond = if is_above_at_end == falls { 1.0 } else { -1.0 };
        nearest.unwrap_or(beyond * f64::INFINITY)
    };
    let mut places: Vec<f64> = drawn.iter().map(place).collect();
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

/// The value with this share of the sorted values at or below it. Not interpolated: infinite values
/// have no middle.
fn rank(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(clippy::cast_sign_loss, reason = "a share of a length is not negative")]
    let index = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied()
}

/// Where a line crosses a level, and whether it falls there.
fn crossings(line: &Stretch, level: f64) -> impl Iterator<Item = (f64, bool)> {
    line.windows(2).filter_map(move |ends| {
        let [(from, before), (to, after)] = [ends[0], ends[1]];
        let share = (level - before) / (after - before);
        let falls = before > level;
        (falls != (after > level)).then_some((from + share * (to - from), falls))
    })
}

/// Where a strategy's improvement crosses the margin, or that it does not.
fn against(line: &Line, scale: &Scale, margin: f64) -> Vec<(String, Change, Crossing)> {
    let stretches = stretches(line, None, scale);
    let Some((medians, drawn)) = stretches.split_first().filter(|(line, _)| line.len() > 1) else {
        return Vec::new();
    };
    let flips = crossings(medians, margin).map(|(near, falls)| {
        let change = if falls {
            Change::FallsBelowMargin
        } else {
            Change::RisesAboveMargin
        };
        let crossing = locate(drawn, margin, falls, near);
        (line.name.clone(), change, crossing)
    });
    let flips: Vec<_> = flips.collect();
    if !flips.is_empty() {
        return flips;
    }
    let is_above = |line: &Stretch| line[0].1 > margin;
    let side = |line: &Stretch| (is_above(line), crossings(line, margin).next().is_some());
    let agree = drawn.iter().filter(|line| side(line) == side(medians));
    let crossing = Crossing {
        share: agree.count() as f64 / drawn.len().max(1) as f64,
        ..Crossing::default()
    };
    let change = if is_above(medians) {
        Change::AlwaysAboveMargin
    } else {
        Change::NeverAboveMargin
    };
    vec![(line.name.clone(), change, crossing)]
}

/// Where the fastest is overtaken, and by whom.
fn overtakings(lines: &[Line], scale: &Scale) -> Vec<(String, Change, Crossing)> {
    let fastest = |index: usize| {
        let median = |line: &Line| line.points[index].as_ref().map(|point| point[0]);
        let measured = lines.iter().filter_map(|line| Some((line, median(line)?)));
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
        let lead = stretches(before, Some(after), scale);
        let (from, to) = (scale.places[index - 1], scale.places[index]);
        let mut near = crossings(&lead[0], 0.0).map(|(place, _)| place);
        let near = near.find(|place| (from..=to).contains(place));
        let near = near.unwrap_or(f64::midpoint(from, to));
        let crossing = locate(&lead[1..], 0.0, true, near);
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
        ratio.gains().then_some((name, ratio))
    });
    let mut better: Vec<(&str, &Ratio)> = better.collect();
    better.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
    let as_good = better
        .iter()
        .filter(|(_, ratio)| ratio.ci_high >= better[0].1.ci_low);
    let mut names = as_good.map(|&(name, _)| name.to_owned());
    Some(Place {
        row: row.value.clone(),
        column: column.value.clone(),
        scenario: point.name.clone(),
        winner: names.next(),
        as_good: names.collect(),
    })
}

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

use std::borrow::Cow;

use model::parallel;
use model::random;
use model::scenario::{Axis, Scenario, Value};

use results::{Change, Flip, Machine, Map, Metric, Place, Ratio, Verdict};
use stats::{GROUPS_95, draws};

/// Draws of every line: enough for the ends of a 95 % interval.
pub(super) const DRAWS: usize = 2_000;
/// A log ratio further from 0 than this, such as that of who finished no operation, is drawn as if it
/// were here: a line has to pass somewhere.
const FAR: f64 = 14.0;
/// Seed of the bootstrap: fixed, so that a report can be generated again byte for byte.
const SEED: u64 = 0x7069_766f_7400_0002;

/// All flips and maps of a run. `log_ratios` gives a strategy's log ratios to its baseline
/// neighbours in a scenario, by measuring process.
pub(super) fn find(
    results: &Machine,
    log_ratios: impl Fn(&str, &str, Metric) -> Vec<Vec<f64>> + Sync,
) -> (Vec<Flip>, Vec<Map>) {
    let (mut flips, mut maps) = (Vec::new(), Vec::new());
    for (sweep, points) in sweeps(results) {
        let axes = axes(points[0]);
        for metric in metrics(results, &points) {
            if let [axis] = axes[..]
                && let Some(scale) = Scale::of(&points, axis)
            {
                let lines = lines(results, &points, metric, &log_ratios);
                let found = along(results, &lines, &scale);
                flips.extend(found.into_iter().map(|(strategy, change, crossing)| Flip {
                    sweep: sweep.into(),
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
                let places = points
                    .iter()
                    .filter_map(|point| place(results, point, metric));
                maps.push(Map {
                    sweep: sweep.into(),
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

/// Every flip along a scale: of each contender against the margin, then of who leads.
fn along(results: &Machine, lines: &[Line], scale: &Scale) -> Vec<(String, Change, Crossing)> {
    let margin = results.margin.ln();
    let contenders = lines.iter().filter(|line| line.name != results.baseline);
    let mut found: Vec<(String, Change, Crossing)> = contenders
        .flat_map(|line| {
            let crossed = against(line, scale, margin).into_iter();
            crossed.map(|(change, crossing)| (line.name.clone(), change, crossing))
        })
        .collect();
    let overtaken = overtakings(lines, scale).into_iter();
    found.extend(
        overtaken.map(|(loser, winner, crossing)| (loser, Change::OvertakenBy(winner), crossing)),
    );
    found
}

/// The sweeps of a run, in order, with their points.
fn sweeps(results: &Machine) -> Vec<(&str, Vec<&Scenario>)> {
    let mut sweeps: Vec<(&str, Vec<&Scenario>)> = Vec::new();
    for scenario in results.scenarios.iter().filter(|s| s.point.is_some()) {
        let family = scenario.family();
        match sweeps.iter_mut().find(|(name, _)| *name == family) {
            Some((_, points)) => points.push(scenario),
            None => sweeps.push((family, vec![scenario])),
        }
    }
    sweeps
}

fn axes(point: &Scenario) -> Vec<Axis> {
    let coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    coordinates.map(|at| at.axis).collect()
}

/// What was timed and compared at some point of a sweep, in the order of the metrics.
fn metrics(results: &Machine, points: &[&Scenario]) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = results
        .cells
        .iter()
        .filter(|cell| cell.metric.is_timed() && cell.ratio.is_some())
        .filter(|cell| points.iter().any(|point| point.name == cell.scenario))
        .map(|cell| cell.metric)
        .collect();
    metrics.sort_unstable();
    metrics.dedup();
    metrics
}

/// Where the points of a sweep lie.
#[derive(Clone, Debug)]
struct Scale {
    places: Vec<f64>,
    is_logarithmic: bool,
}

impl Scale {
    /// `None` for an axis of kinds, between which nothing lies, and for a single point.
    fn of(points: &[&Scenario], axis: Axis) -> Option<Self> {
        let values: Vec<f64> = points
            .iter()
            .map(|point| point.coordinate(axis))
            .collect::<Option<_>>()?;
        Self::over(&values)
    }

    /// `None` unless the values ascend.
    fn over(values: &[f64]) -> Option<Self> {
        let (&first, &last) = (values.first()?, values.last()?);
        if values.len() < 2 || values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        let is_logarithmic = first > 0.0 && last / first > 10.0;
        let place = |&value: &f64| if is_logarithmic { value.ln() } else { value };
        Some(Self {
            places: values.iter().map(place).collect(),
            is_logarithmic,
        })
    }

    fn value(&self, place: f64) -> f64 {
        if self.is_logarithmic {
            place.exp()
        } else {
            place
        }
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
#[derive(Clone, Debug)]
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
fn lines(
    results: &Machine,
    points: &[&Scenario],
    metric: Metric,
    log_ratios: impl Fn(&str, &str, Metric) -> Vec<Vec<f64>> + Sync,
) -> Vec<Line> {
    let contenders: Vec<(usize, &str)> = ranked(results).enumerate().collect();
    parallel::map(&contenders, |&(number, name)| Line {
        name: name.into(),
        points: points
            .iter()
            .enumerate()
            .map(|(index, point)| {
                if name == results.baseline {
                    let draws = vec![0.0; DRAWS];
                    return Some(At { median: 0.0, draws });
                }
                let cell = results.cell(&point.name, name, metric)?;
                let logs = log_ratios(&point.name, name, metric);
                // Processes and not slices: fewer have no 95 % interval at this point either.
                if logs.iter().filter(|process| !process.is_empty()).count() < GROUPS_95 {
                    return None;
                }
                let seed = random::seed(SEED, &[number as u64, index as u64]);
                let near = |log: f64| log.clamp(-FAR, FAR);
                let draws: Vec<f64> = draws(&logs, seed, DRAWS).into_iter().map(near).collect();
                let median = near(cell.ratio.as_ref()?.median.ln());
                (!draws.is_empty()).then_some(At { median, draws })
            })
            .collect(),
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

/// A line as far as it was measured: points that follow each other on the scale.
struct Stretch<'s> {
    places: Vec<f64>,
    points: Vec<Cow<'s, At>>,
}

impl<'s> Stretch<'s> {
    fn new(points: impl Iterator<Item = Option<Cow<'s, At>>>, scale: &Scale) -> Self {
        let places = scale.places.iter().copied();
        let measured = places
            .zip(points)
            .filter_map(|(place, at)| Some((place, at?)));
        let (places, points) = measured.unzip();
        Self { places, points }
    }

    /// Of one line.
    fn of(line: &'s Line, scale: &Scale) -> Self {
        let points = line.points.iter();
        Self::new(points.map(|at| at.as_ref().map(Cow::Borrowed)), scale)
    }

    /// By how much one line is above another, where both were measured. The draws of the two are
    /// independent, so what disturbed both is counted twice: the interval is rather too wide.
    fn between(above: &Line, below: &Line, scale: &Scale) -> Self {
        let lead = |(above, below): (&Option<At>, &Option<At>)| {
            let (above, below) = (above.as_ref()?, below.as_ref()?);
            let draws = above.draws.iter().zip(&below.draws);
            Some(Cow::Owned(At {
                median: above.median - below.median,
                draws: draws.map(|(above, below)| above - below).collect(),
            }))
        };
        Self::new(above.points.iter().zip(&below.points).map(lead), scale)
    }

    fn medians(&self) -> Vec<f64> {
        self.points.iter().map(|at| at.median).collect()
    }

    /// The drawn lines.
    fn drawn(&self) -> impl Iterator<Item = Vec<f64>> {
        let count = self.points.iter().map(|at| at.draws.len()).min();
        (0..count.unwrap_or(0)).map(|draw| self.points.iter().map(|at| at.draws[draw]).collect())
    }

    /// The interval of the crossing that the medians' line has near a place, in that direction.
    fn locate(&self, level: f64, falls: bool, near: f64) -> Crossing {
        let mut places: Vec<f64> = self
            .drawn()
            .map(|line| {
                crossings(&self.places, &line, level)
                    .filter(|&(_, falling)| falling == falls)
                    .map(|(place, _)| place)
                    .min_by(|a, b| (a - near).abs().total_cmp(&(b - near).abs()))
                    .unwrap_or_else(|| {
                        // It has not happened yet at the end, or had already at the beginning.
                        let is_above_at_end = line.last().is_some_and(|&last| last > level);
                        if is_above_at_end == falls {
                            f64::INFINITY
                        } else {
                            f64::NEG_INFINITY
                        }
                    })
            })
            .collect();
        places.sort_unstable_by(f64::total_cmp);
        let finite = |place: f64| place.is_finite().then_some(place);
        let count = places.iter().filter(|place| place.is_finite()).count();
        Crossing {
            at: rank(&places, 0.5).and_then(finite).or(Some(near)),
            low: rank(&places, 0.025).and_then(finite),
            high: rank(&places, 0.975).and_then(finite),
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
fn against(line: &Line, scale: &Scale, margin: f64) -> Vec<(Change, Crossing)> {
    let stretch = Stretch::of(line, scale);
    if stretch.places.len() < 2 {
        return Vec::new();
    }
    let medians = stretch.medians();
    let found: Vec<(f64, bool)> = crossings(&stretch.places, &medians, margin).collect();
    if found.is_empty() {
        let drawn: Vec<Vec<f64>> = stretch.drawn().collect();
        let never = |line: &&Vec<f64>| crossings(&stretch.places, line, margin).next().is_none();
        let share = drawn.iter().filter(never).count() as f64 / drawn.len().max(1) as f64;
        let change = if medians[0] > margin {
            Change::AlwaysAboveMargin
        } else {
            Change::NeverAboveMargin
        };
        return vec![(
            change,
            Crossing {
                share,
                ..Crossing::default()
            },
        )];
    }
    let change = |falls| {
        if falls {
            Change::FallsBelowMargin
        } else {
            Change::RisesAboveMargin
        }
    };
    found
        .into_iter()
        .map(|(near, falls)| (change(falls), stretch.locate(margin, falls, near)))
        .collect()
}

/// Where the fastest is overtaken, and by whom.
fn overtakings(lines: &[Line], scale: &Scale) -> Vec<(String, String, Crossing)> {
    let fastest = |index: usize| {
        lines
            .iter()
            .filter_map(|line| Some((line, line.points[index].as_ref()?.median)))
            // The first of equals, as everywhere.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(line, _)| line)
    };
    let mut found = Vec::new();
    for index in 1..scale.places.len() {
        let (Some(before), Some(after)) = (fastest(index - 1), fastest(index)) else {
            continue;
        };
        let stays = before.points[index].is_some() && after.points[index - 1].is_some();
        if before.name == after.name || !stays {
            continue;
        }
        let lead = Stretch::between(before, after, scale);
        let (from, to) = (scale.places[index - 1], scale.places[index]);
        let near = crossings(&lead.places, &lead.medians(), 0.0)
            .map(|(place, _)| place)
            .find(|place| (from..=to).contains(place))
            .unwrap_or(f64::midpoint(from, to));
        let crossing = lead.locate(0.0, true, near);
        found.push((before.name.clone(), after.name.clone(), crossing));
    }
    found
}

/// A point of a sweep with two axes: what wins there, and what is as good.
fn place(results: &Machine, point: &Scenario, metric: Metric) -> Option<Place> {
    let value = |index: usize| -> Option<Value> {
        let coordinate = point.point.as_ref()?.coordinates.get(index)?;
        Some(coordinate.value.clone())
    };
    let mut better: Vec<(&str, &Ratio)> = ranked(results)
        .filter_map(|name| {
            let cell = results.cell(&point.name, name, metric)?;
            Some((name, cell.ratio.as_ref()?))
        })
        .filter(|(_, ratio)| ratio.verdict == Verdict::Holds)
        .collect();
    better.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
    let winner = better.first().copied();
    let as_good = better
        .iter()
        .skip(1)
        .filter(|(_, ratio)| winner.is_some_and(|(_, best)| ratio.ci_high >= best.ci_low))
        .map(|&(name, _)| name.to_owned())
        .collect();
    Some(Place {
        row: value(0)?,
        column: value(1)?,
        scenario: point.name.clone(),
        winner: winner.map(|(name, _)| name.to_owned()),
        as_good,
    })
}

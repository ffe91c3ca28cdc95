//! Predictions held against what was published: one point is known, the others are compared. And how well they do on the
//! curves that come with the program.

use std::collections::BTreeMap;

use model::error::Result;
use serde::{Deserialize, Serialize};

use crate::Band;
use crate::curve::{Curve, Kind, Point};
use crate::law::{Law, SURE_FROM, Shape};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backtest {
    /// What the curve's time is divided by.
    pub kind: Kind,
    /// The one point that was known.
    pub calibrated_at: u32,
    /// The law that follows from it.
    pub law: Law,
    /// Every point of the curve.
    pub points: Vec<Row>,
    /// The points that were predicted, where bands are narrow.
    pub many: Summary,
    /// The others.
    pub few: Summary,
}

/// One point, as published and as predicted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Processors.
    pub cpus: u32,
    /// Nanoseconds per operation, as published.
    pub published_ns: f64,
    /// As predicted.
    pub predicted_ns: Band,
    /// By how much the prediction is off, as a share of what was published: above 0 too slow.
    pub error: f64,
    /// Whether what was published is inside the band.
    pub is_inside: bool,
    /// Whether this point was known.
    pub is_known: bool,
}

/// How well some points were predicted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many they are.
    pub points: usize,
    /// The median of the errors' sizes; absent without points.
    pub median_error: Option<f64>,
    /// The largest.
    pub worst_error: Option<f64>,
    /// The share of the points inside their bands.
    pub inside: Option<f64>,
}

impl Summary {
    /// Of the rows with [`SURE_FROM`] processors or more, and of those with fewer.
    fn many_and_few(rows: &[Row]) -> [Self; 2] {
        let (many, few) = rows.iter().partition(|row| row.cpus >= SURE_FROM);
        [many, few].map(Self::from_rows)
    }

    /// Of all these rows but the known ones.
    fn from_rows(mut rows: Vec<&Row>) -> Self {
        rows.retain(|row| !row.is_known);
        let mut errors: Vec<f64> = rows.iter().map(|row| row.error.abs()).collect();
        let inside = rows.iter().filter(|row| row.is_inside).count();
        Self {
            points: rows.len(),
            median_error: stats::median(&mut errors),
            worst_error: errors.into_iter().max_by(f64::total_cmp),
            inside: (!rows.is_empty()).then(|| inside as f64 / rows.len() as f64),
        }
    }
}

/// Predicts a curve from its point with `calibrate_at` processors; `shape` where somebody knows it.
///
/// # Errors
///
/// When the curve has no such point; `place` says which curve.
pub fn backtest(
    curve: &Curve,
    kind: Kind,
    calibrate_at: u32,
    shape: Option<Shape>,
    place: &str,
) -> Result<Backtest> {
    let mut point = curve.at(calibrate_at, place)?;
    let share_of_one = |cpus: u32| match kind {
        Kind::PerCpu => 1.0,
        Kind::Aggregate => 1.0 / f64::from(cpus),
    };
    point.ns /= share_of_one(point.cpus);
    let mut law = Law::calibrated(point);
    law.shape = shape.unwrap_or(law.shape);
    let row = |&Point { cpus, ns }: &Point| {
        let predicted_ns = law.per_cpu(cpus).map(|all| all * share_of_one(cpus));
        Row {
            cpus,
            published_ns: ns,
            predicted_ns,
            error: predicted_ns.mid / ns - 1.0,
            is_inside: predicted_ns.contains(ns),
            is_known: cpus == calibrate_at,
        }
    };
    let points: Vec<Row> = curve.points.iter().map(row).collect();
    let [many, few] = Summary::many_and_few(&points);
    Ok(Backtest {
        kind,
        calibrated_at: calibrate_at,
        law,
        many,
        few,
        points,
    })
}

// Paul E. McKenney, "Is Parallel Programming Hard, And, If So, What Can You Do About It?": the data of
// its figures, `rcuscale.hps.2020.05.28a`.
const RCUSCALE: &str = include_str!("../testdata/perfbook-rcuscale.csv");

/// What came of predicting all of its curves, each from one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Where the curves are from.
    pub source: String,
    /// How many there are.
    pub curves: usize,
    /// The processors of the one point that was known of each.
    pub calibrated_at: u32,
    /// The points from [`SURE_FROM`] processors on.
    pub many: Summary,
    /// Those below.
    pub few: Summary,
}

/// Predicts them from their points with so many processors.
///
/// # Panics
///
/// When a curve has no such point: a test reads them at the number that reports use.
pub fn published(calibrated_at: u32) -> Published {
    let curves = curves();
    let rows = curves.iter().flat_map(|(name, curve)| {
        let tested = backtest(curve, Kind::PerCpu, calibrated_at, None, name);
        tested.expect("it has this point").points
    });
    let [many, few] = Summary::many_and_few(&rows.collect::<Vec<_>>());
    Published {
        source: "perfbook, rcuscale on 8 x 28 cores".into(),
        curves: curves.len(),
        calibrated_at,
        many,
        few,
    }
}

/// The curves, by their names: read-side primitives of the Linux kernel.
pub(crate) fn curves() -> BTreeMap<&'static str, Curve> {
    let mut curves: BTreeMap<&str, Curve> = BTreeMap::new();
    let lines = RCUSCALE.lines().filter(|line| !line.starts_with('#'));
    for line in lines.skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let point = Point::parse(&fields[1..=2].join(",")).expect("it is part of the program");
        curves.entry(fields[0]).or_default().points.push(point);
    }
    curves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::curves;

    /// Of all primitives together.
    fn summary(calibrate_at: u32, kind: Kind) -> Summary {
        let rows: Vec<Row> = curves()
            .into_iter()
            .flat_map(|(name, mut curve)| {
                if kind == Kind::Aggregate {
                    let points = curve.points.iter_mut();
                    points.for_each(|point| point.ns /= f64::from(point.cpus));
                }
                backtest(&curve, kind, calibrate_at, None, name)
                    .unwrap()
                    .points
            })
            .filter(|row| row.cpus >= SURE_FROM)
            .collect();
        Summary::from_rows(rows.iter().collect())
    }

    #[test]
    fn published_curves_are_predicted_from_one_point() {
        for calibrate_at in [12, 16, 20, 24, 28, 32, 48, 64] {
            for kind in [Kind::PerCpu, Kind::Aggregate] {
                let summary = summary(calibrate_at, kind);
                assert!(summary.points > 130, "{summary:?}");
                let off = summary.median_error.unwrap();
                assert!(off <= 0.25, "calibrated at {calibrate_at}: off by {off}");
                let inside = summary.inside.unwrap();
                assert!(
                    inside >= 0.8,
                    "calibrated at {calibrate_at}: {inside} inside"
                );
            }
        }
    }

    #[test]
    fn what_grows_is_told_from_what_does_not() {
        for (name, curve) in curves() {
            let tested = backtest(&curve, Kind::PerCpu, 16, None, name).unwrap();
            let expected = if name.contains("rcu") {
                Shape::Flat
            } else {
                Shape::Serial
            };
            assert_eq!(tested.law.shape, expected, "{name}");
        }
    }

    #[test]
    fn the_known_point_is_no_success() {
        let curve = Curve::parse("cpus,ns\n16,600\n32,12\n", "c").unwrap();
        let tested = backtest(&curve, Kind::PerCpu, 16, None, "c").unwrap();
        assert_eq!(tested.many.points, 1);
        assert_eq!(tested.many.inside, Some(0.0));
        assert_eq!(tested.few.median_error, None);
    }

    #[test]
    fn what_reports_say_is_what_the_curves_say() {
        let reports = published(16);
        assert_eq!(reports.curves, curves().len());
        for curve in curves().values() {
            assert!(
                curve.points.is_sorted_by(|a, b| a.cpus < b.cpus),
                "{curve:?}"
            );
        }
        assert!(
            reports.many.points > 130 && reports.few.points > 50,
            "{reports:?}"
        );
        assert!(reports.many.median_error.unwrap() < 0.25, "{reports:?}");
    }
}

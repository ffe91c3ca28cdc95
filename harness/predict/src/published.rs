//! How well the law of two parameters does on the published curves that come with the program.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backtest::{Summary, backtest};
use crate::curve::{Curve, Kind, Point};

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
    /// The points from [`SURE_FROM`](crate::law::SURE_FROM) processors on.
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

    #[test]
    fn what_reports_say_is_what_the_curves_say() {
        let found = published(16);
        assert_eq!(found.curves, curves().len());
        for curve in curves().values() {
            assert!(
                curve.points.is_sorted_by(|a, b| a.cpus < b.cpus),
                "{curve:?}"
            );
        }
        assert!(
            found.many.points > 130 && found.few.points > 50,
            "{found:?}"
        );
        assert!(found.many.median_error.unwrap() < 0.25, "{found:?}");
    }
}

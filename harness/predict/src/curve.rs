//! Published curves: time per operation by number of processors.

use model::error::{Error, Result};
use serde::Serialize;

/// What a curve's time is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Time of an operation on its core: constant if it scales perfectly
    #[default]
    PerCpu,
    /// Wall time divided by the operations of all cores: falls as 1/cpus if it scales perfectly
    Aggregate,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Processors that work at the same time.
    pub cpus: u32,
    /// Nanoseconds per operation.
    pub ns: f64,
}

/// A curve, its processors rising.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Its points, at least two.
    pub points: Vec<Point>,
}

/// More processors than any machine has.
const CPUS_MAX: u32 = 65_536;

impl Curve {
    /// Reads CSV with the header `cpus,ns`; lines that begin with `#` are comments.
    ///
    /// # Errors
    ///
    /// The first line that is not as it should be, by its number.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        Self::read(text).map_err(|wrong| Error::input(format!("{place}:{wrong}")))
    }

    fn read(text: &str) -> std::result::Result<Self, String> {
        let expected = "a header `cpus,ns` and at least two points are expected";
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let first = lines.next();
        let (number, header) = first.ok_or_else(|| format!(" nothing in it: {expected}"))?;
        if !header.split(',').map(str::trim).eq(["cpus", "ns"]) {
            let header = shortened(header);
            let wrong = format!("the header is {header:?}, where `cpus,ns` is expected");
            return Err(format!("{number}: {wrong}"));
        }
        let mut points: Vec<Point> = Vec::new();
        for (number, line) in lines {
            let point = Point::parse(line).map_err(|wrong| format!("{number}: {wrong}"))?;
            let before = points.last().map_or(0, |last| last.cpus);
            if before >= point.cpus {
                let wrong = format!("{number}: {} processors after {before}", point.cpus);
                return Err(format!("{wrong}: their numbers must rise"));
            }
            points.push(point);
        }
        match points.len() {
            0 => Err(format!(" a header and no point: {expected}")),
            1 => Err(format!(" one point only: {expected}")),
            _ => Ok(Self { points }),
        }
    }

    /// The point with so many processors.
    ///
    /// # Errors
    ///
    /// When there is none; names those that there are.
    pub fn at(&self, cpus: u32, place: &str) -> Result<Point> {
        let point = self.points.iter().find(|point| point.cpus == cpus);
        point.copied().ok_or_else(|| {
            let all = self.points.iter().map(|point| point.cpus.to_string());
            let all = all.collect::<Vec<_>>().join(", ");
            let wrong = format!("no point with {cpus} processors to calibrate at");
            Error::input(format!("{place}: {wrong}; there are {all}"))
        })
    }
}

impl Point {
    /// A line of a curve.
    pub(crate) fn parse(line: &str) -> std::result::Result<Self, String> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let &[cpus, ns] = fields.as_slice() else {
            let expected = "where a number of processors and nanoseconds are expected";
            return Err(format!("{} fields, {expected}", fields.len()));
        };
        let count = cpus.parse().ok();
        let count = count.filter(|count| (1..=CPUS_MAX).contains(count));
        let time = ns.parse().ok().filter(|ns| *ns > 0.0 && *ns < 1e15);
        let number = format!("where a whole number from 1 to {CPUS_MAX} is expected");
        let positive = "where a positive time is expected";
        Ok(Self {
            cpus: count.ok_or(format!("{:?} processors, {number}", shortened(cpus)))?,
            ns: time.ok_or(format!("{:?} ns, {positive}", shortened(ns)))?,
        })
    }
}

/// Enough of it to recognise it.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        Curve::parse(text, "c.csv").unwrap_err().to_string()
    }

    #[test]
    fn points_are_read_between_comments() {
        let curve = Curve::parse("# a\n\ncpus, ns\n1,2.5\n# b\n 4 , 3e1\r\n", "c.csv").unwrap();
        let points = [(1, 2.5), (4, 30.0)].map(|(cpus, ns)| Point { cpus, ns });
        assert_eq!(curve.points, points);
        assert_eq!(curve.at(4, "c.csv").unwrap(), points[1]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            ("", "c.csv: nothing in it"),
            ("cpus,ns\n", "no point"),
            ("cpus,ns\n1,1\n", "one point only"),
            ("cpus,time\n1,1\n", "c.csv:1: the header"),
            ("# x\ncpus,ns\n1,1\n1,2\n", "c.csv:4: 1 processors after 1"),
            ("cpus,ns\n2,1\n1,2\n", "c.csv:3: 1 processors after 2"),
            ("cpus,ns\n0,1\n", "c.csv:2: \"0\" processors"),
            ("cpus,ns\n1.5,1\n", "c.csv:2: \"1.5\" processors"),
            ("cpus,ns\n1,-1\n", "c.csv:2: \"-1\" ns"),
            ("cpus,ns\n1,NaN\n", "c.csv:2: \"NaN\" ns"),
            ("cpus,ns\n1,inf\n", "c.csv:2: \"inf\" ns"),
            ("cpus,ns\n1\n", "c.csv:2: 1 fields"),
            ("cpus,ns\n1,2,3\n", "c.csv:2: 3 fields"),
        ] {
            let error = complaint(text);
            assert!(error.contains(expected), "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
        let curve = Curve::parse("cpus,ns\n1,1\n2,1\n", "c.csv").unwrap();
        let error = curve.at(3, "c.csv").unwrap_err().to_string();
        assert!(error.ends_with("there are 1, 2"), "{error}");
    }
}

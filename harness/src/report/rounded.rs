//! Figures as files have them: with as many digits as every machine agrees on.
//!
//! The system's `exp` and `ln` differ between processors in the last bit, and what is computed with them from
//! equal samples in the last three digits or so. No figure is known to nine.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Significant digits of a figure in a file.
const DIGITS: usize = 9;

/// A figure with nine significant digits.
pub(super) fn figure(value: f64) -> f64 {
    let text = format!("{value:.*e}", DIGITS - 1);
    // Nothing but an infinity or what is no number does not come back.
    text.parse().unwrap_or(value)
}

/// JSON with two spaces a level and such figures, ending with a line feed.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Rounded(PrettyFormatter::new()));
    value
        .serialize(&mut serializer)
        .expect("results are plain data");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// A formatter like the one it has, but for figures.
struct Rounded<'i>(PrettyFormatter<'i>);

impl Formatter for Rounded<'_> {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.0.write_f64(writer, figure(value))
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_machines_compute_is_written_alike() {
        assert_eq!(
            json(&[13.984_044_693_935_855, 0.0, -2.5]),
            json(&[13.984_044_693_935_875, 0.0, -2.5])
        );
        assert_eq!(json(&[13.984_044_693_935_855]), "[\n  13.9840447\n]\n");
        assert_ne!(json(&[1.000_000_01]), json(&[1.0]));
        assert_eq!(figure(1e-300).to_bits(), 1e-300_f64.to_bits());
        assert!(figure(f64::INFINITY).is_infinite());
        assert_eq!(json(&(7_u64, "x")), "[\n  7,\n  \"x\"\n]\n");
    }
}

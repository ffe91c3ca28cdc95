//! The results for programs: `results.json`, and its cells as `cells.csv`.
//!
//! Figures have as many digits as every machine agrees on: the system's `exp` and `ln` differ between processors in the
//! last bit, and what is computed with them from equal samples in the last three digits or so. No figure is known to
//! six; counts are exact.

use std::io;

use minijinja::context;
use minijinja::value::{Serde, Value, ValueKind};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::render;
use results::Results;

/// Significant digits of a figure in a file, unless it is a whole number.
const DIGITS: usize = 6;

/// A figure with as many digits as files have.
pub(super) fn figure(value: f64) -> f64 {
    if value.fract() == 0.0 {
        return value;
    }
    let text = format!("{value:.*e}", DIGITS - 1);
    // Nothing but an infinity or what is no number does not come back.
    text.parse().unwrap_or(value)
}

/// The results as `results.json` has them: a line for each row of a table. Ends with a line feed.
///
/// # Panics
///
/// Never: results are plain data.
pub fn json(results: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Rows { depth: 0 });
    let written = results.serialize(&mut serializer);
    written.expect("results are plain data");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// JSON without spaces and with a line for each row of a table, and figures of so many digits.
struct Rows {
    /// How many fields and items what is written is in.
    depth: usize,
}

/// In what the fields of the file stand, and in what the rows of its tables do.
const FIELDS: usize = 0;
const TABLE: usize = 1;

impl Rows {
    fn next<W: ?Sized + io::Write>(
        &self,
        writer: &mut W,
        is_first: bool,
        depth: usize,
    ) -> io::Result<()> {
        let comma = if is_first { "" } else { "," };
        let line = if self.depth == depth { "\n" } else { "" };
        write!(writer, "{comma}{line}")
    }
}

impl Formatter for Rows {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let value = figure(value);
        if value.fract() == 0.0 && value.abs() < 1e15 {
            write!(writer, "{value:.0}")
        } else {
            write!(writer, "{value:?}")
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.next(writer, is_first, FIELDS)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b":")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.next(writer, is_first, TABLE)?;
        self.depth += 1;
        Ok(())
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        Ok(())
    }
}

/// The cells of all machines as comma-separated values, with a line of names first: `cells.csv.j2` lists them. Where nothing was
/// compared the columns of the ratio are empty.
pub fn csv(results: &Results) -> String {
    let machines = results.machines.iter();
    let machines =
        machines.map(|machine| context! { name => &machine.name, cells => Serde(&machine.cells) });
    render::render_value(
        "cells.csv",
        context! { machines => machines.collect::<Vec<_>>() },
    )
}

/// The filter for a line of such a file, without its end: figures as files have them, and nothing for what is not there.
pub(super) fn csv_fields(fields: Vec<Value>) -> Value {
    let texts = fields.into_iter().map(|field| match field.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::Number => figure(f64::try_from(field).expect("a number")).to_string(),
        _ => field.to_string(),
    });
    Value::from_safe_string(csv_line(texts).trim_end_matches('\n').to_owned())
}

/// A line of comma-separated values, its end included. RFC 4180: fields with a comma, a quote or a line end
/// are quoted.
pub fn csv_line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> String {
    let quoted = fields.into_iter().map(|field| {
        let text = field.as_ref();
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_machines_compute_is_written_alike() {
        let json = |value: &[f64]| json(&value);
        assert_eq!(
            json(&[13.984_044_693_935_855, 0.0, -2.5]),
            json(&[13.984_044_693_935_875, 0.0, -2.5])
        );
        assert_eq!(json(&[13.984_044_693_935_855]), "[13.984]\n");
        assert_ne!(json(&[1.000_01]), json(&[1.0]));
        assert_eq!(json(&[123_456_789.0]), "[123456789]\n", "counts are exact");
        assert_eq!(figure(1e-300).to_bits(), 1e-300_f64.to_bits());
        assert!(figure(f64::INFINITY).is_infinite());
    }

    #[test]
    fn every_row_of_a_table_has_a_line() {
        let file = serde_json::json!({ "margin": 1.2, "table": [{ "a": [1, 2] }, { "a": [] }] });
        let lines = [
            "{",
            "\"margin\":1.2,",
            "\"table\":[",
            "{\"a\":[1,2]},",
            "{\"a\":[]}]}",
            "",
        ];
        assert_eq!(json(&file), lines.join("\n"));
    }
}

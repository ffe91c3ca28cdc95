//! The only place that writes to standard output and standard error: no full or closed device ends the
//! command with a panic. What a command has found is shown here in every format.

use std::fmt::Display;
use std::io::{self, Write};

use model::error::{Error, Result};
use regex_lite::{Captures, Regex};
use report::{Form, Table};
use serde::Serialize;
use serde_json::Value;

use crate::arguments::Format;

/// Prints a text and ends the line.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    printed(writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()))
}

/// What printing came to. A reader that has left early (`| head`) is not a fault.
pub(crate) fn printed(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::input(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// A CSV table of findings: its rows, and their fields.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// The list of the rows, as a JSON pointer into the findings; behind it, if each of its items has a list of the
    /// rows, that list as seen from there.
    pub(crate) lists: &'static [&'static str],
    /// The fields, of the row or of what it is part of, with commas between: `ns.mid` is the field `mid` of `ns`.
    pub(crate) fields: &'static str,
}

/// Prints what a command has found: everything as one JSON document, its rows as CSV, its words for people.
pub(crate) fn show(
    format: Format,
    findings: &impl Serialize,
    tables: &[Rows],
    words: impl FnOnce(Form) -> String,
) -> Result<()> {
    match format {
        Format::Json => print(&serde_json::to_string_pretty(findings).expect("plain data")),
        Format::Csv => {
            let findings = serde_json::to_value(findings).expect("plain data");
            let tables = tables.iter().map(|rows| csv(&findings, rows));
            print(&tables.collect::<Vec<_>>().join("\n"))
        }
        Format::Md => print(&words(Form::Markdown)),
        Format::Table => print(&words(Form::Terminal(width()))),
    }
}

fn csv(findings: &Value, rows: &Rows) -> String {
    let fields = || rows.fields.split(", ");
    let mut table = Table::new(fields());
    for scopes in items(&[findings], rows.lists) {
        table.row(fields().map(|field| {
            let pointer = format!("/{}", field.replace('.', "/"));
            match scopes.iter().find_map(|scope| scope.pointer(&pointer)) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            }
        }));
    }
    table.csv()
}

/// The items of lists in lists, each in front of what it is part of.
fn items<'v>(scopes: &[&'v Value], lists: &[&str]) -> Vec<Vec<&'v Value>> {
    let Some((list, below)) = lists.split_first() else {
        return vec![scopes.to_vec()];
    };
    let all = scopes[0].pointer(list).and_then(Value::as_array);
    let all = all.into_iter().flatten();
    all.flat_map(|item| items(&[&[item], scopes].concat(), below))
        .collect()
}

/// Prints a line on standard error. If not even that can be written, nobody reads it, and the exit code says
/// enough.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", shortened(&text.to_string()));
}

/// Columns where standard output is no terminal, and as many as are used of a terminal that has more: a
/// longer line is hard to read.
pub(crate) const WIDTH: u16 = 100;
/// No table fits fewer columns.
const WIDTH_MIN: u16 = 40;

/// Columns to print in.
pub(crate) fn width() -> u16 {
    let columns = comfy_table::Table::new().width();
    columns.unwrap_or(WIDTH).clamp(WIDTH_MIN, WIDTH)
}

/// A line in which no number is longer than anybody reads: 1e300 has 301 digits, and no number that means something
/// has more than 24.
fn shortened(text: &str) -> String {
    let digits = Regex::new("[0-9]{25,}").expect("the pattern is a constant");
    let clipped =
        |digits: &Captures<'_>| format!("{}... ({} digits)", &digits[0][..6], digits[0].len());
    digits.replace_all(text, clipped).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Rows, csv, shortened};

    #[test]
    fn a_row_has_its_own_fields_and_those_of_what_it_is_part_of() {
        let findings = json!({ "all": [
            { "name": "a", "x": 1, "parts": [{ "x": 2, "in": { "low": 0.5 } }, { "x": null }] },
            { "name": "b", "parts": [] },
        ]});
        let rows = Rows {
            lists: &["/all", "/parts"],
            fields: "name, x, in.low",
        };
        assert_eq!(csv(&findings, &rows), "name,x,in.low\na,2,0.5\na,,\n");
    }

    #[test]
    fn a_number_is_not_repeated_digit_by_digit() {
        let said = shortened(&format!("--alone {}: at most 1 s", 1e300));
        assert_eq!(said, "--alone 100000... (301 digits): at most 1 s");
        let plain = "seed 18446744073709551615, pid 7 of 0.25 é";
        assert_eq!(shortened(plain), plain);
    }
}

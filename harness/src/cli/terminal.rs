//! The only place that writes to standard output and standard error: no full or closed device ends the
//! command with a panic. What a command has found is shown here in every format.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::LazyLock;

use model::error::{Error, Result};
use regex_lite::{Captures, Regex};
use report::{Form, csv_line};
use serde::{Deserialize, Serialize};
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

/// A CSV table of what a command has found; `csv.toml` says more.
#[derive(Debug, Deserialize)]
struct Rows {
    lists: Vec<String>,
    fields: String,
}

/// The CSV tables of each command.
static TABLES: LazyLock<HashMap<String, Vec<Rows>>> = LazyLock::new(|| {
    let text = include_str!("../../templates/terminal/csv.toml");
    toml::from_str(text).expect("the tables are part of the program")
});

/// Prints what a command has found: everything as one JSON document, the command's tables as CSV, or words for people.
pub(crate) fn show(
    format: Format,
    command: &str,
    findings: &impl Serialize,
    words: impl FnOnce(Form) -> String,
) -> Result<()> {
    print(&match format {
        Format::Json => serde_json::to_string_pretty(findings).expect("plain data"),
        Format::Csv => {
            let findings = serde_json::to_value(findings).expect("plain data");
            let tables = TABLES[command].iter().map(|rows| csv(&findings, rows));
            tables.collect::<Vec<_>>().join("\n")
        }
        Format::Md => words(Form::Markdown),
        Format::Html => words(Form::Html),
        Format::Table => words(Form::Terminal(width())),
    })
}

fn csv(findings: &Value, rows: &Rows) -> String {
    let fields: Vec<&str> = rows.fields.split(',').map(str::trim).collect();
    let lines = items(&[findings], &rows.lists).into_iter().map(|scopes| {
        csv_line(fields.iter().map(|field| {
            let pointer = format!("/{}", field.replace('.', "/"));
            match scopes.iter().find_map(|scope| scope.pointer(&pointer)) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            }
        }))
    });
    csv_line(&fields) + &lines.collect::<String>()
}

/// The items of lists in lists, each in front of what it is part of.
fn items<'v>(scopes: &[&'v Value], lists: &[String]) -> Vec<Vec<&'v Value>> {
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
            lists: ["/all", "/parts"].map(str::to_owned).to_vec(),
            fields: "name, x, in.low".into(),
        };
        assert_eq!(csv(&findings, &rows), "name,x,in.low\na,2,0.5\na,,\n");
    }

    #[test]
    fn a_number_is_not_repeated_digit_by_digit() {
        let text = shortened(&format!("--alone {}: at most 1 s", 1e300));
        assert_eq!(text, "--alone 100000... (301 digits): at most 1 s");
        let plain = "seed 18446744073709551615, pid 7 of 0.25 é";
        assert_eq!(shortened(plain), plain);
    }
}

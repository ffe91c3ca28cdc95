//! The only place that writes to standard output and standard error: no full or closed device ends the
//! command with a panic.

use std::fmt::Display;
use std::io::{self, Write};

use model::error::{Error, Result};
use regex_lite::{Captures, Regex};
use report::Form;
use serde::Serialize;

use crate::arguments::Format;

/// Prints a text and ends the line.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    printed(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints one JSON document.
pub(crate) fn print_json(document: &impl Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(document).expect("what is printed is plain data"))
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

/// How a section of the report is printed.
pub(crate) fn form(format: Format) -> Form {
    match format {
        Format::Md => Form::Markdown,
        _ => Form::Terminal(width()),
    }
}

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
    use super::shortened;

    #[test]
    fn a_number_is_not_repeated_digit_by_digit() {
        let said = shortened(&format!("--alone {}: at most 1 s", 1e300));
        assert_eq!(said, "--alone 100000... (301 digits): at most 1 s");
        let plain = "seed 18446744073709551615, pid 7 of 0.25 é";
        assert_eq!(shortened(plain), plain);
    }
}

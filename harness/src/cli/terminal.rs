//! The only place that writes to standard output and standard error: no full or closed device ends the
//! command with a panic.

use std::fmt::Display;
use std::io::{self, Write};

use model::error::{Error, Result};
use serde::Serialize;

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

/// Says something that does not end the command.
pub(crate) fn warn(text: &str) {
    say(format!("pivot: warning: {text}"));
}

/// Says why the command ends.
pub(crate) fn complain(error: &Error) {
    say(format!("pivot: {error}"));
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

/// Digits in a row that are shown: no number that means something has more.
const DIGITS_MAX: usize = 24;

/// A line in which no number is longer than anybody reads: 1e300 has 301 digits.
fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit());
        let (digits, after) = from.split_at(end.unwrap_or(from.len()));
        out.push_str(before);
        if digits.len() > DIGITS_MAX {
            out.push_str(&format!("{}... ({} digits)", &digits[..6], digits.len()));
        } else {
            out.push_str(digits);
        }
        rest = after;
    }
    out + rest
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

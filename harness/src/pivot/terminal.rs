//! Standard output, and warnings on standard error.

use std::io::{self, Write};

use basis::error::{Error, Result};

/// Prints a text and ends the line. A reader that has left early (`| head`) is not a fault.
pub(crate) fn print(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::input(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Says something that does not end the command. If not even that can be written, nobody reads it.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr().lock(), "pivot: warning: {text}");
}

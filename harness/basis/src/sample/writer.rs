//! Appending to a sample file, and what must not be overwritten.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Line;
use super::reading::{Reading, Warning, foreign};
use crate::error::{Error, Result};

/// Makes sure that nothing is lost by overwriting a sample file.
///
/// # Errors
///
/// When there is something that this version cannot read.
pub fn may_overwrite(path: &Path) -> Result<()> {
    foreign(path).map_or(Ok(()), |fault| {
        Err(Error::input(format!(
            "{fault}; it is not overwritten: move it away, or write to another folder"
        )))
    })
}

/// The content of a sample file with these lines.
///
/// # Panics
///
/// Never: a line is plain data.
pub fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).expect("a line is plain data"));
        text.push('\n');
    }
    text
}

/// A sample file that is being written.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    /// The length of the file in bytes, up to its last whole line.
    whole: u64,
}

impl Writer {
    /// Creates a sample file, or empties one of an earlier run.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or when there is something that this version cannot read:
    /// that may be somebody's samples, and is left alone.
    pub fn create(path: &Path) -> Result<Self> {
        may_overwrite(path)?;
        let file = File::create(path).map_err(|error| Error::file("write", path, &error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            whole: 0,
        })
    }

    /// Continues the file that was read: what a killed run left of the line in flight is cut off,
    /// everything else stays.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, is packed, or two runs were joined in it.
    pub fn resume(path: &Path, reading: &Reading) -> Result<Self> {
        if reading.is_packed {
            return Err(Error::input(format!(
                "cannot continue {}: it is packed; unpack it with `gunzip`",
                path.display()
            )));
        }
        let is_second_header = |warning: &&Warning| matches!(warning, Warning::SecondHeader { .. });
        if let Some(warning) = reading.warnings.iter().find(is_second_header) {
            return Err(Error::input(format!(
                "cannot continue {}: {warning}",
                path.display()
            )));
        }
        let failed = |error: std::io::Error| Error::file("continue", path, &error);
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        file.set_len(reading.end).map_err(failed)?;
        let mut whole = file.seek(SeekFrom::End(0)).map_err(failed)?;
        if reading.lacks_line_feed {
            file.write_all(b"\n").map_err(failed)?;
            whole += 1;
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            whole,
        })
    }

    /// Appends a line, in one write, so that an interrupted run ends with a whole one.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, a full disk included. The lines before are kept.
    ///
    /// # Panics
    ///
    /// Never: a line is plain data.
    pub fn append(&mut self, line: &Line) -> Result<()> {
        let text = text(std::slice::from_ref(line));
        match self.file.write_all(text.as_bytes()) {
            Ok(()) => {
                self.whole += text.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Best effort: a torn line that cannot be cut off is skipped by whoever reads.
                let _ = self.file.set_len(self.whole);
                Err(Error::input(format!(
                    "cannot write {}: {error}; what was measured before is kept there",
                    self.path.display()
                )))
            }
        }
    }
}

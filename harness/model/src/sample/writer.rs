//! Appending to a sample file, and what must not be overwritten.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Line;
use super::packing::{is_packed, pack, unpacked};
use super::reading::{self, Reading, may_overwrite};
use crate::error::{Error, Result};
use crate::refusal::refuse;

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

/// The content of a sample file, packed if it was, with other lines: without those that `is_old`, and with
/// `new` ones before the end of the run. All that is not understood stays in it byte for byte.
///
/// # Errors
///
/// When it is no sample file, or so damaged that its end is unknown; `place` names it.
pub fn amended(
    content: &[u8],
    place: &str,
    is_old: impl Fn(&Line) -> bool,
    new: &[Line],
) -> Result<Vec<u8>> {
    let plain = unpacked(content);
    let reading = reading::parse_any(content, place)?;
    let why = reading.unclear_end();
    refuse(&[(!why.is_empty(), "unclear-end")], &[&place, &why])?;
    let mut new = Some(text(new));
    let mut out: Vec<u8> = Vec::with_capacity(plain.len());
    for raw in plain.split_inclusive(|&byte| byte == b'\n') {
        let line = serde_json::from_slice::<Line>(raw).ok();
        if line.as_ref().is_some_and(&is_old) {
            continue;
        }
        let is_whole = raw.ends_with(b"\n");
        if line == Some(Line::Complete) || line.is_none() && !is_whole {
            out.extend(new.take().unwrap_or_default().as_bytes());
        }
        out.extend(raw);
        if line.is_some() && !is_whole {
            out.push(b'\n');
        }
    }
    out.extend(new.unwrap_or_default().as_bytes());
    Ok(if is_packed(content) { pack(&out) } else { out })
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
        let is_other = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        refuse(&[(is_other, "no-file")], &[&path.display()])?;
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
        let why = reading.unclear_end();
        refuse(
            &[(reading.is_packed, "packed"), (!why.is_empty(), "joined")],
            &[&path.display(), &why],
        )?;
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
        self.file.write_all(text.as_bytes()).map_err(|error| {
            // Best effort: a torn line that cannot be cut off is skipped by whoever reads.
            let _ = self.file.set_len(self.whole);
            Error::input(format!(
                "cannot write {}: {error}; what was measured before is kept there",
                self.path.display()
            ))
        })?;
        self.whole += text.len() as u64;
        Ok(())
    }
}

//! What differs between a file and what it would be if it were made again.

use std::iter::repeat;
use std::path::Path;

use model::error::{Error, Result};

use report::{self, File};

/// How a file has drifted from what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display)]
pub enum Drift {
    /// It is not there.
    #[strum(to_string = "is missing")]
    Missing,
    /// It is there, and would not be.
    #[strum(to_string = "is left over from an earlier report")]
    Obsolete,
    /// It says something else.
    #[strum(to_string = "differs first in line {line}: has {has:?}, would be {would:?}")]
    Differs {
        /// The first line that differs, counted from 1.
        line: usize,
        /// What it says there, from shortly before the difference on.
        has: String,
        /// What it would say.
        would: String,
    },
}

/// The files of a report that have drifted, with their names in its folder.
///
/// # Errors
///
/// When the folder, or a file that is there, cannot be read.
pub fn of_folder(folder: &Path, files: &[File]) -> Result<Vec<(String, Drift)>> {
    let mut found = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        let drift = match std::fs::read(&path) {
            Ok(bytes) => of_text(&bytes, &file.text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Drift::Missing),
            Err(error) => return Err(Error::file("read", &path, &error)),
        };
        found.extend(drift.map(|drift| (file.name.clone(), drift)));
    }
    let obsolete = report::obsolete(folder, files)?.into_iter();
    found.extend(obsolete.map(|name| (name, Drift::Obsolete)));
    Ok(found)
}

/// Where a file first differs from what it would be; `None` if not in a byte.
pub(super) fn of_text(has: &[u8], would: &str) -> Option<Drift> {
    if has == would.as_bytes() {
        return None;
    }
    let has = String::from_utf8_lossy(has);
    let [ours, theirs] = [&has, would].map(|text| text.split('\n').map(Some).chain(repeat(None)));
    // Behind their ends bytes differ that are no text.
    let mut lines = (1..).zip(ours.zip(theirs));
    let (line, (ours, theirs)) = lines.find(|(_, (a, b))| a != b || a.is_none())?;
    let (ours, theirs) = (ours.unwrap_or_default(), theirs.unwrap_or_default());
    Some(Drift::Differs {
        line,
        has: clipped(ours, theirs),
        would: clipped(theirs, ours),
    })
}

/// How much of a line is shown, in characters, and how much of that before the difference.
const SHOWN: usize = 60;
const BEFORE: usize = 20;

/// A line from shortly before the place on where the other differs.
fn clipped(line: &str, other: &str) -> String {
    let same = line
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let skipped = same.saturating_sub(BEFORE);
    line.chars().skip(skipped).take(SHOWN).collect()
}

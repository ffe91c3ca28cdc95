//! Reading process traces, with line numbers in every complaint.

use std::path::Path;

use serde::Deserialize;

use super::csv::Columns;
use super::validator::Validator;
use super::{Entry, Header, NUMBER_MAX, Process, SCHEMA, What, Workload};
use crate::error::{Error, Result, plain};

/// Longer names are a mistake in a file rather than a name.
const NAME_LENGTH_MAX: usize = 256;
/// More bytes than this are days of a busy machine, and would be held in memory several times.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// As much of what a file says is repeated in a complaint.
const QUOTED_MAX: usize = 160;

/// What is wrong in a line.
pub(super) type Fault = String;

impl Workload {
    /// Reads a trace from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and as [`parse`](Workload::parse).
    pub fn load(path: &Path) -> Result<Self> {
        let unreadable = |error| Error::file("read the process trace", path, &error);
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > FILE_BYTES_MAX {
            return Err(Error::input(format!(
                "{}: {} MiB are too long for a process trace; at most {} are read",
                path.display(),
                length >> 20,
                FILE_BYTES_MAX >> 20
            )));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::parse(&bytes, &path.display().to_string())
    }

    /// Parses a trace in either form; `place` names it in errors.
    ///
    /// # Errors
    ///
    /// With its number, the first line that is not what the [format](super) says, or that cannot have
    /// happened: about a process that was not born or has exited, or earlier than the line before.
    pub fn parse(bytes: &[u8], place: &str) -> Result<Self> {
        let at = |line: usize, fault: Fault| Error::input(format!("{place}:{line}: {fault}"));
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let sound = &bytes[..error.valid_up_to()];
            let line = sound.split(|&byte| byte == b'\n').count();
            at(line, "not UTF-8 text".into())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty());
        let Some((number, first)) = lines.next() else {
            return Err(Error::input(format!(
                "{place}: nothing in it; a process trace begins with {{\"schema\":\"{SCHEMA}\"}} or, as \
                 CSV, with `# {SCHEMA}`"
            )));
        };
        let (header, columns) = match first.strip_prefix('#') {
            None => (header(first).map_err(|fault| at(number, fault))?, None),
            Some(schema) => {
                known(schema.trim()).map_err(|fault| at(number, fault))?;
                let (number, names) = lines
                    .find(|(_, line)| !line.starts_with('#'))
                    .unwrap_or((number + 1, ""));
                let columns = Columns::named(names).map_err(|fault| at(number, fault))?;
                (Header::default(), Some(columns))
            }
        };
        let (mut validator, mut entries) = (Validator::default(), Vec::new());
        for (number, line) in lines {
            let entry = match &columns {
                None => serde_json::from_str(line).map_err(|error| complaint(&error)),
                Some(_) if line.starts_with('#') => continue,
                Some(columns) => columns.entry(line),
            };
            let entry: Entry = entry.map_err(|fault| at(number, fault))?;
            let fault = entry.fault().map_or(Ok(()), Err);
            let entered = fault.and_then(|()| validator.enter(&entry, number));
            entered.map_err(|fault| at(number, fault))?;
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(at(
                number,
                "no event follows the header, so there is nothing to replay".into(),
            ));
        }
        Ok(Self {
            header,
            entries,
            summary: validator.summary,
        })
    }
}

/// Refuses what is of another format or version.
fn known(schema: &str) -> Result<(), Fault> {
    if schema == SCHEMA {
        return Ok(());
    }
    Err(format!(
        "written in the format {:?}; this program reads {SCHEMA:?}",
        quoted(schema)
    ))
}

fn header(line: &str) -> Result<Header, Fault> {
    /// A header of any version.
    #[derive(Deserialize)]
    struct Any {
        schema: String,
    }
    let any: Any = serde_json::from_str(line).map_err(|error| {
        // What a reader of JSON says of a line that is none helps nobody.
        let why = if line.trim_start().starts_with('{') {
            format!(" ({})", complaint(&error))
        } else {
            String::new()
        };
        format!(
            "a process trace begins with {{\"schema\":\"{SCHEMA}\"}} or, as CSV, with `# {SCHEMA}`; this \
             line does not{why}"
        )
    })?;
    known(&any.schema)?;
    serde_json::from_str(line).map_err(|error| complaint(&error))
}

/// What a JSON reader complains about, on one line, whatever it repeats of the file.
pub(super) fn complaint(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    quoted(&plain(&text.replace(" at line 1 column ", " at column ")))
}

/// A piece of a file, safe to show: short, without control characters.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(QUOTED_MAX) {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    if text.chars().count() > QUOTED_MAX {
        shown.push_str("...");
    }
    shown
}

impl Entry {
    /// What is nonsensical about it, if anything.
    fn fault(&self) -> Option<Fault> {
        let Process { pid, start } = self.process;
        if pid == 0 {
            return Some("pid = 0 is nobody's; pids begin at 1".into());
        }
        let mut numbers = vec![("at_ns", self.at_ns), ("pid", pid), ("start", start)];
        if let What::Resources { cpu_ns, rss_bytes } = self.what {
            numbers.extend([("cpu_ns", cpu_ns), ("rss_bytes", rss_bytes)]);
        }
        if let Some((field, value)) = numbers.into_iter().find(|&(_, value)| value >= NUMBER_MAX) {
            return Some(format!("{field} = {value} must be below {NUMBER_MAX}"));
        }
        let What::Born { name: Some(name) } = &self.what else {
            return None;
        };
        if name.chars().any(char::is_control) {
            return Some(format!(
                "name = {:?} has control characters in it; they belong into no name",
                quoted(name)
            ));
        }
        let length = name.chars().count();
        (length > NAME_LENGTH_MAX)
            .then(|| format!("a name of {length} characters is longer than {NAME_LENGTH_MAX}"))
    }
}

//! Reading process traces, with line numbers in every complaint.

use std::path::Path;

use serde::Deserialize;

use super::csv::Columns;
use super::validator::Validator;
use super::{Entry, Header, NUMBER_MAX, Process, SCHEMA, What, Workload};
use crate::error::{Error, Result};

/// Longer names are a mistake in a file rather than a name.
const NAME_LENGTH_MAX: usize = 256;
/// More than this are days of a busy machine, and would be held in memory several times.
const FILE_MEBIBYTES_MAX: u64 = 256;
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
        let mebibytes = length.div_ceil(1 << 20);
        let place = path.display().to_string();
        if mebibytes > FILE_MEBIBYTES_MAX {
            return Err(Error::input(format!(
                "{place}: {mebibytes} MiB are too long for a process trace; at most {FILE_MEBIBYTES_MAX} are read"
            )));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::parse(&bytes, &place)
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
        let lines = (1..).zip(text.lines());
        let mut lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let Some((number, first)) = lines.next() else {
            return Err(Error::input(format!(
                "{place}: nothing in it; {}",
                beginning()
            )));
        };
        let (header, columns) = match first.strip_prefix('#') {
            None => (header(first).map_err(|fault| at(number, fault))?, None),
            Some(schema) => {
                known(schema.trim()).map_err(|fault| at(number, fault))?;
                let names = lines.find(|(_, line)| !line.starts_with('#'));
                let (number, names) = names.unwrap_or((number + 1, ""));
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
            let fault = "no event follows the header, so there is nothing to replay";
            return Err(at(number, fault.into()));
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
    let shown = quoted(schema);
    let fault = || format!("written in the format {shown:?}; this program reads {SCHEMA:?}");
    (schema == SCHEMA).then_some(()).ok_or_else(fault)
}

/// How a process trace begins.
fn beginning() -> String {
    let header = format!("{{\"schema\":\"{SCHEMA}\"}}");
    format!("a process trace begins with {header} or, as CSV, with `# {SCHEMA}`")
}

fn header(line: &str) -> Result<Header, Fault> {
    /// A header of any version.
    #[derive(Deserialize)]
    struct Any {
        schema: String,
    }
    let any: Any = serde_json::from_str(line).map_err(|error| {
        // What a reader of JSON says of a line that is none helps nobody.
        let is_json = line.trim_start().starts_with('{');
        let why = is_json.then(|| format!(" ({})", complaint(&error)));
        let why = why.unwrap_or_default();
        format!("{}; this line does not{why}", beginning())
    })?;
    known(&any.schema)?;
    serde_json::from_str(line).map_err(|error| complaint(&error))
}

/// What a JSON reader complains about, on one line, whatever it repeats of the file.
pub(super) fn complaint(error: &serde_json::Error) -> Fault {
    quoted(&crate::error::complaint(error))
}

/// A piece of a file, safe to show: short, without control characters.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(QUOTED_MAX) {
        match letter {
            _ if letter.is_control() => shown.extend(letter.escape_default()),
            _ => shown.push(letter),
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
            let name = quoted(name);
            return Some(format!(
                "name = {name:?} has control characters in it; they belong into no name"
            ));
        }
        let length = name.chars().count();
        (length > NAME_LENGTH_MAX)
            .then(|| format!("a name of {length} characters is longer than {NAME_LENGTH_MAX}"))
    }
}

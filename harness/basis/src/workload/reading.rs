//! Reading process traces, with line numbers in every complaint.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::csv::Columns;
use super::ledger::Ledger;
use super::{Entry, Header, NUMBER_MAX, Process, ProcessState, SCHEMA, What, Workload};
use crate::error::{Error, Result, plain};

/// Longer names are a mistake in a file rather than a name.
const NAME_LENGTH_MAX: usize = 256;
/// More bytes than this are days of a busy machine, and would be held in memory several times.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// As much of what a file says is repeated in a complaint.
const QUOTED_MAX: usize = 160;

/// A line of either form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) at_ns: u64,
    pub(super) event: Kind,
    pub(super) pid: u64,
    pub(super) start: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<ProcessState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cpu_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rss_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<i32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    Born,
    State,
    Resources,
    Exit,
}

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
        let (mut ledger, mut entries) = (Ledger::default(), Vec::new());
        for (number, line) in lines {
            let row = match &columns {
                None => json(line),
                Some(_) if line.starts_with('#') => continue,
                Some(columns) => columns.row(line),
            };
            let entry = row.and_then(Entry::try_from);
            let entry = entry.and_then(|entry| ledger.enter(&entry, number).map(|()| entry));
            entries.push(entry.map_err(|fault| at(number, fault))?);
        }
        if entries.is_empty() {
            return Err(at(
                number,
                "no event follows the header, so there is nothing to replay".into(),
            ));
        }
        Ok(Self { header, entries })
    }

    /// A trace of these events.
    ///
    /// # Errors
    ///
    /// The first event that cannot follow those before it, by its number from 1.
    pub fn new(header: Header, entries: Vec<Entry>) -> Result<Self> {
        let mut ledger = Ledger::default();
        for (number, entry) in (1..).zip(&entries) {
            ledger
                .enter(entry, number)
                .map_err(|fault| Error::input(format!("event {number}: {fault}")))?;
        }
        if entries.is_empty() {
            return Err(Error::input("a process trace has at least one event"));
        }
        Ok(Self { header, entries })
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

fn json(line: &str) -> Result<Row, Fault> {
    serde_json::from_str(line).map_err(|error| complaint(&error))
}

/// What a JSON reader complains about, on one line, whatever it repeats of the file.
fn complaint(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    quoted(&plain(&text.replace(" at line 1 column ", " at column ")))
}

/// A piece of a file, safe to show: short, without control characters.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(QUOTED_MAX)
        .flat_map(|c| {
            let plain = (!c.is_control()).then_some(c);
            let escaped = c.is_control().then(|| c.escape_default());
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect();
    if text.chars().count() > QUOTED_MAX {
        shown.push_str("...");
    }
    shown
}

impl TryFrom<Row> for Entry {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        row.fault().map_or(Ok(()), Err)?;
        let missing = |field: &str| format!("`{field}` is missing; {}", row.event.fields());
        let what = match row.event {
            Kind::Born => What::Born { name: row.name },
            Kind::State => What::State(row.state.ok_or_else(|| missing("state"))?),
            Kind::Resources => What::Resources {
                cpu_ns: row.cpu_ns.ok_or_else(|| missing("cpu_ns"))?,
                rss_bytes: row.rss_bytes.ok_or_else(|| missing("rss_bytes"))?,
            },
            Kind::Exit => What::Exit { code: row.code },
        };
        Ok(Self {
            at_ns: row.at_ns,
            process: Process {
                pid: row.pid,
                start: row.start,
            },
            what,
        })
    }
}

impl Kind {
    /// What its lines have.
    const fn fields(self) -> &'static str {
        match self {
            Kind::Born => "a birth may have a `name`, and nothing else",
            Kind::State => "a change of state has a `state`, and nothing else",
            Kind::Resources => "a use of resources has `cpu_ns` and `rss_bytes`, and nothing else",
            Kind::Exit => "an exit may have a `code`, and nothing else",
        }
    }
}

impl Row {
    /// What is nonsensical about it, if anything.
    fn fault(&self) -> Option<Fault> {
        if self.pid == 0 {
            return Some("pid = 0 is nobody's; pids begin at 1".into());
        }
        for (field, value) in [
            ("at_ns", Some(self.at_ns)),
            ("pid", Some(self.pid)),
            ("start", Some(self.start)),
            ("cpu_ns", self.cpu_ns),
            ("rss_bytes", self.rss_bytes),
        ] {
            if let Some(value) = value.filter(|&value| value >= NUMBER_MAX) {
                return Some(format!("{field} = {value} must be below {NUMBER_MAX}"));
            }
        }
        if let Some(name) = &self.name {
            if name.chars().any(char::is_control) {
                return Some(format!(
                    "name = {:?} has control characters in it; they belong into no name",
                    quoted(name)
                ));
            }
            if name.chars().count() > NAME_LENGTH_MAX {
                return Some(format!(
                    "a name of {} characters is longer than {NAME_LENGTH_MAX}",
                    name.chars().count()
                ));
            }
        }
        let foreign = [
            ("name", self.name.is_some(), self.event == Kind::Born),
            ("state", self.state.is_some(), self.event == Kind::State),
            (
                "cpu_ns",
                self.cpu_ns.is_some(),
                self.event == Kind::Resources,
            ),
            (
                "rss_bytes",
                self.rss_bytes.is_some(),
                self.event == Kind::Resources,
            ),
            ("code", self.code.is_some(), self.event == Kind::Exit),
        ];
        let (field, ..) = foreign
            .into_iter()
            .find(|&(_, given, fits)| given && !fits)?;
        Some(format!(
            "`{field}` does not belong here; {}",
            self.event.fields()
        ))
    }
}

//! Writing process traces.

use std::path::Path;

use super::ledger::Ledger;
use super::reading::{Kind, Row};
use super::{Entry, Header, SCHEMA, What, Workload};
use crate::error::{Error, Result};
use crate::output::{Existing, Output};

/// How a process trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values.
    Csv,
}

impl Form {
    /// What the name of a file asks for: CSV if it ends so, JSON lines otherwise.
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Form::Csv,
            _ => Form::JsonLines,
        }
    }
}

impl Form {
    /// How a trace begins.
    fn head(self, header: &Header) -> String {
        match self {
            Form::JsonLines => serde_json::to_string(header).expect("plain data") + "\n",
            Form::Csv => {
                format!("# {SCHEMA}\nat_ns,event,pid,start,name,state,cpu_ns,rss_bytes,code\n")
            }
        }
    }

    fn line(self, entry: &Entry) -> String {
        let row = Row::from(entry);
        match self {
            Form::JsonLines => serde_json::to_string(&row).expect("plain data") + "\n",
            Form::Csv => csv(&row),
        }
    }
}

impl Workload {
    /// The trace as text.
    ///
    /// # Panics
    ///
    /// Never: a trace is plain data.
    pub fn text(&self, form: Form) -> String {
        let lines = self.entries.iter().map(|entry| form.line(entry));
        std::iter::once(form.head(&self.header))
            .chain(lines)
            .collect()
    }
}

/// A process trace that is written while its events happen.
#[derive(Debug)]
pub struct Writer {
    output: Output,
    form: Form,
    ledger: Ledger,
    summary: Summary,
}

/// What a trace holds so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its events.
    pub events: usize,
    /// How many processes it has.
    pub births: usize,
    /// How many of them lived at the same time at most.
    pub peak: usize,
    /// When its last event is, in nanoseconds since it began.
    pub duration_ns: u64,
}

impl Writer {
    /// Begins a trace; its file is in its place once it is [published](Writer::publish).
    ///
    /// # Errors
    ///
    /// As [`Output::create`].
    pub fn create(path: &Path, existing: Existing, header: &Header) -> Result<Self> {
        let form = Form::of(path);
        let mut output = Output::create(path, existing)?;
        output.append(form.head(header).as_bytes())?;
        Ok(Self {
            output,
            form,
            ledger: Ledger::default(),
            summary: Summary::default(),
        })
    }

    /// Writes events, at once: a kill loses only later ones.
    ///
    /// # Errors
    ///
    /// When they cannot be written, or one cannot follow those before it.
    pub fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let mut text = String::new();
        for entry in entries {
            self.summary.events += 1;
            let number = self.summary.events;
            let entered = self.ledger.enter(entry, number);
            entered.map_err(|fault| Error::input(format!("event {number}: {fault}")))?;
            text.push_str(&self.form.line(entry));
            self.summary.births += usize::from(matches!(entry.what, What::Born { .. }));
            self.summary.peak = self.summary.peak.max(self.ledger.alive());
            self.summary.duration_ns = entry.at_ns;
        }
        self.output.append(text.as_bytes())
    }

    /// Puts the file in its place; it may be written to further.
    ///
    /// # Errors
    ///
    /// As [`Output::publish`].
    pub fn publish(&mut self) -> Result<()> {
        self.output.publish()
    }

    /// What it holds so far.
    pub const fn summary(&self) -> Summary {
        self.summary
    }
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        let row = Row {
            at_ns: entry.at_ns,
            pid: entry.process.pid,
            start: entry.process.start,
            ..Row::default()
        };
        match &entry.what {
            What::Born { name } => Row {
                event: Kind::Born,
                name: name.clone(),
                ..row
            },
            What::State(state) => Row {
                event: Kind::State,
                state: Some(*state),
                ..row
            },
            What::Resources { cpu_ns, rss_bytes } => Row {
                event: Kind::Resources,
                cpu_ns: Some(*cpu_ns),
                rss_bytes: Some(*rss_bytes),
                ..row
            },
            What::Exit { code } => Row {
                event: Kind::Exit,
                code: *code,
                ..row
            },
        }
    }
}

/// A line of CSV, in the order of the columns that [`Workload::text`] names.
fn csv(row: &Row) -> String {
    fn word(value: impl serde::Serialize) -> String {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(serde_json::Value::Null) | Err(_) => String::new(),
            Ok(other) => other.to_string(),
        }
    }
    let name = row.name.as_ref().map_or_else(String::new, |name| {
        format!("\"{}\"", name.replace('"', "\"\""))
    });
    let Row {
        at_ns, pid, start, ..
    } = row;
    let [event, state] = [word(row.event), word(row.state)];
    let [cpu, rss, code] = [word(row.cpu_ns), word(row.rss_bytes), word(row.code)];
    format!("{at_ns},{event},{pid},{start},{name},{state},{cpu},{rss},{code}\n")
}

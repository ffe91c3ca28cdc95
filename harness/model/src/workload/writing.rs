//! Writing process traces.

use std::path::Path;

use super::csv;
use super::validator::Validator;
use super::{Entry, Header, SCHEMA, Summary, Workload};
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

    /// How a trace begins.
    fn head(self, header: &Header) -> String {
        match self {
            Form::JsonLines => serde_json::to_string(header).expect("plain data") + "\n",
            Form::Csv => format!("# {SCHEMA}\n{}\n", csv::COLUMNS.join(",")),
        }
    }

    fn line(self, entry: &Entry) -> String {
        match self {
            Form::JsonLines => serde_json::to_string(entry).expect("plain data") + "\n",
            Form::Csv => csv::text(entry),
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
        form.head(&self.header) + &lines.collect::<String>()
    }
}

/// A process trace that is written while its events happen.
#[derive(Debug)]
pub struct Writer {
    output: Output,
    form: Form,
    validator: Validator,
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
            validator: Validator::default(),
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
            let number = self.validator.summary.events + 1;
            let entered = self.validator.enter(entry, number);
            entered.map_err(|fault| Error::input(format!("event {number}: {fault}")))?;
            text.push_str(&self.form.line(entry));
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
        self.validator.summary
    }
}

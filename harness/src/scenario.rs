//! A question, as a file: who does what to a table of which size.
//!
//! ```toml
//! name = "paced-contention"
//! title = "Writer-reader contention (paced writer)"
//! question = "What does a read cost while a supervisor writes every 10 us?"
//! origin = "report"
//! processes = 64
//! record = "status-64B"
//!
//! [[groups]]
//! does = "read"
//! threads = 1
//!
//! [[groups]]
//! does = "update"
//! threads = 1
//! every_us = 10
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A scenario: a table, and groups of threads that work on it at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name in tables, options and results: lower case, digits and hyphens.
    pub name: String,
    /// Its title in the report.
    pub title: String,
    /// The question it answers, in one sentence.
    pub question: String,
    /// Where the question comes from.
    #[serde(default)]
    pub origin: Origin,
    /// How many processes the table holds.
    pub processes: usize,
    /// The record the table holds.
    #[serde(default)]
    pub record: RecordKind,
    /// What the processes are called.
    #[serde(default)]
    pub ids: Identifiers,
    /// What each group of threads does.
    pub groups: Vec<Group>,
    /// How many operations, in total, end the scenario. Without it, it runs for the time of a slice
    /// and the cost per operation is measured; with it, the time until all are done is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// What the report measured in this situation, in Go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

/// Where a scenario's question comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A row of the report that every run reproduces.
    Report,
    /// What a registry of processes is used for.
    #[default]
    Registry,
}

/// What the processes of a scenario are called. Tables must take any identifiers; how well a hash
/// spreads them is part of what a lookup costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identifiers {
    /// As a kernel names processes: ascending, with gaps where others have ended.
    #[default]
    Pids,
    /// Random 64-bit numbers.
    Random,
}

/// The records that tables can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RecordKind {
    /// [`contract::ProcessStatus`].
    #[default]
    #[serde(rename = "status-64B")]
    Status,
    /// [`contract::ProcessSnapshot`].
    #[serde(rename = "snapshot-heap")]
    Snapshot,
}

/// Threads that all do the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they do.
    pub does: Activity,
    /// How many there are.
    pub threads: usize,
    /// The time from one operation of a thread to its next, in microseconds. Without it, a thread
    /// starts the next operation as soon as one is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_us: Option<f64>,
}

/// What the threads of a group do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Read one record and touch all of it.
    Read,
    /// Apply a heartbeat to one record.
    Update,
    /// Insert a process that is not in the table and remove an older one, in turn.
    Churn,
    /// Visit every record and touch all of it.
    Scan,
}

/// What the report published, in nanoseconds an operation or milliseconds in total.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The mutex's figure.
    pub mutex: f64,
    /// The channel's figure.
    pub channel: f64,
}

impl Activity {
    /// Whether it changes the table.
    pub const fn writes(self) -> bool {
        matches!(self, Activity::Update | Activity::Churn)
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Activity::Read => "read",
            Activity::Update => "update",
            Activity::Churn => "churn",
            Activity::Scan => "scan",
        })
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use contract::{ProcessSnapshot, ProcessStatus, Specimen};
        f.write_str(match self {
            RecordKind::Status => ProcessStatus::NAME,
            RecordKind::Snapshot => ProcessSnapshot::NAME,
        })
    }
}

/// More threads than this are a mistake in a file rather than a question.
const THREADS_MAX: usize = 1_024;
/// More records than this do not fit the machines that this is for, many times over.
const PROCESSES_MAX: usize = 10_000_000;

impl Scenario {
    /// All threads of all groups.
    pub fn threads(&self) -> usize {
        self.groups.iter().map(|group| group.threads).sum()
    }

    /// What the scenario is about: what its first group does.
    ///
    /// # Panics
    ///
    /// When it has no group, which [`load`](Scenario::load) rules out.
    pub fn subject(&self) -> Activity {
        self.groups[0].does
    }

    /// Whether a group reads, writes or scans as fast as it can, so that its rate is a measurement.
    pub fn measures(&self, activity: Activity) -> bool {
        self.groups
            .iter()
            .any(|group| group.does == activity && group.every_us.is_none())
    }

    /// Reads a scenario file.
    ///
    /// # Errors
    ///
    /// With file, line and column, what is wrong and what would be right.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::input(format!("cannot read scenario {}: {error}", path.display()))
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses a scenario; `place` names the text in errors.
    ///
    /// # Errors
    ///
    /// As [`load`](Scenario::load).
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let scenario: Scenario =
            toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
        match scenario.fault() {
            None => Ok(scenario),
            Some(fault) => Err(Error::input(format!("{place}: {fault}"))),
        }
    }

    /// What is nonsensical about it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(named) {
            return Some(format!(
                "name {:?} must consist of lower-case letters, digits and hyphens",
                self.name
            ));
        }
        if !(1..=PROCESSES_MAX).contains(&self.processes) {
            return Some(format!(
                "processes = {} must lie between 1 and {PROCESSES_MAX}",
                self.processes
            ));
        }
        if self.groups.is_empty() {
            return Some("needs at least one [[groups]] entry with `does` and `threads`".into());
        }
        if !(1..=THREADS_MAX).contains(&self.threads())
            || self.groups.iter().any(|group| group.threads == 0)
        {
            return Some(format!(
                "every group needs at least 1 thread and all groups together at most \
                 {THREADS_MAX}; here they have {}",
                self.threads()
            ));
        }
        if self.operations == Some(0) {
            return Some("operations = 0 measures nothing; leave it out or give at least 1".into());
        }
        self.groups
            .iter()
            .filter_map(|group| group.every_us)
            .find_map(|every| {
                let sensible = every.is_finite() && (0.1..=1e6).contains(&every);
                (!sensible).then(|| format!("every_us = {every} must lie between 0.1 and 1000000"))
            })
    }
}

/// Reads every scenario of a folder, in the order of the files' names.
///
/// # Errors
///
/// When the folder cannot be read, holds no scenario, one is wrong, or two have the same name.
pub fn load_folder(folder: &Path) -> Result<Vec<Scenario>> {
    let unreadable = |error: std::io::Error| {
        Error::input(format!(
            "cannot read the scenario folder {}: {error}",
            folder.display()
        ))
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for file in &files {
        let scenario = Scenario::load(file)?;
        if scenarios
            .iter()
            .any(|earlier| earlier.name == scenario.name)
        {
            return Err(Error::input(format!(
                "{}: the name {:?} is taken by an earlier file; give it one of its own",
                file.display(),
                scenario.name
            )));
        }
        scenarios.push(scenario);
    }
    if scenarios.is_empty() {
        return Err(Error::input(format!(
            "no scenario (*.toml) in {}",
            folder.display()
        )));
    }
    Ok(scenarios)
}

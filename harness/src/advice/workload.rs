//! A workload file: what a table is asked to do, what it must never do, and where.
//!
//! `pivot advise --init` prints a template with every field and what it means; a test holds the two
//! together.

use std::path::Path;

use basis::environment::Build;
use basis::error::{Error, Result};
use basis::scenario::{Identifiers, Keys};
use basis::trace::Operation;
use predict::machine::Machine;
use serde::{Deserialize, Serialize};

use super::needs::Needs;

/// The template that `pivot advise --init` prints: a workload of its own, with every field explained.
pub const TEMPLATE: &str = include_str!("../../templates/workload.toml");

/// A user's workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name in tables, folders and results: lower case, digits and hyphens.
    pub name: String,
    /// What the table is, in a few words; without it, the name.
    #[serde(default)]
    pub title: Option<String>,
    /// The table.
    pub table: Table,
    /// Threads that look records up.
    #[serde(default)]
    pub readers: Option<Readers>,
    /// Threads that change records.
    #[serde(default)]
    pub writers: Option<Writers>,
    /// Threads that visit every record.
    #[serde(default)]
    pub scanners: Option<Scanners>,
    /// Threads that do some of each.
    #[serde(default)]
    pub mixed: Option<Mixed>,
    /// What a replacement must never do, however fast it is.
    #[serde(default)]
    pub needs: Needs,
    /// Which operations decide.
    #[serde(default)]
    pub decision: Criterion,
    /// Where it will run.
    #[serde(default)]
    pub deploy: Deploy,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// How many records it holds.
    pub records: usize,
    /// The size of a record that is plain data, in bytes; 64 without it.
    #[serde(default)]
    pub record_bytes: Option<usize>,
    /// What records are called.
    #[serde(default)]
    pub ids: Identifiers,
    /// Which records are asked for how often.
    #[serde(default)]
    pub skew: Keys,
    /// With the skew `hot`: the share of operations that the hot record gets.
    #[serde(default)]
    pub hot_share: Option<f64>,
    /// The share of lookups that finds its record; all without it.
    #[serde(default)]
    pub hit_rate: Option<f64>,
}

/// Threads that look records up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readers {
    /// How many.
    pub threads: usize,
    /// Lookups of each in a second; as many as it can without it.
    #[serde(default)]
    pub rate_per_s: Option<f64>,
    /// What a lookup does with the record while it holds it, in nanoseconds.
    #[serde(default)]
    pub section_ns: Option<f64>,
}

/// Threads that change records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writers {
    /// How many.
    pub threads: usize,
    /// Changes by each in a second; as many as it can without it.
    #[serde(default)]
    pub rate_per_s: Option<f64>,
    /// The share of changes that insert a new record, none without it; as many remove one.
    #[serde(default)]
    pub inserts: Option<f64>,
}

/// Threads that visit every record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scanners {
    /// How many.
    pub threads: usize,
    /// Scans by each in a second; as many as it can without it.
    #[serde(default)]
    pub rate_per_s: Option<f64>,
}

/// Threads that do some of each. What no share asks for are lookups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixed {
    /// How many.
    pub threads: usize,
    /// Operations of each in a second; as many as it can without it.
    #[serde(default)]
    pub rate_per_s: Option<f64>,
    /// The share that changes a record.
    #[serde(default)]
    pub writes: Option<f64>,
    /// The share that inserts a record; as many more remove one.
    #[serde(default)]
    pub inserts: Option<f64>,
    /// The share that visits every record.
    #[serde(default)]
    pub scans: Option<f64>,
    /// What a lookup does with the record while it holds it, in nanoseconds.
    #[serde(default)]
    pub section_ns: Option<f64>,
}

/// Which operations decide; what is lost on the others is said and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// All that somebody does, without it.
    #[serde(default)]
    pub by: Vec<Side>,
}

/// A part of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What `[readers]` do.
    Readers,
    /// What `[writers]` do.
    Writers,
    /// What `[scanners]` do.
    Scanners,
    /// What `[mixed]` threads do.
    Mixed,
}

impl Side {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Readers => "readers",
            Side::Writers => "writers",
            Side::Scanners => "scanners",
            Side::Mixed => "mixed",
        }
    }
}

/// Where it will run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The processors that the threads have.
    #[serde(default)]
    pub cores: Option<u32>,
    /// A machine of those in `benches/machines`, by its name; all of them without it.
    #[serde(default)]
    pub machine: Option<String>,
    /// The Cargo profile of this workspace that builds as the program is built; that of the running `pivot`
    /// without it.
    #[serde(default)]
    pub profile: Option<String>,
}

impl Deploy {
    /// Whether this program, as it was built, measures what the workload asks for.
    ///
    /// # Errors
    ///
    /// When the workload names another profile: which, and how to measure with that.
    pub fn is_built_alike(&self, build: &Build) -> std::result::Result<(), String> {
        match &self.profile {
            Some(wanted) if *wanted != build.profile => Err(format!(
                "deploy.profile is {wanted:?}, and this pivot was built with {:?}: measure with \
                 `cargo run --profile {wanted} -- advise ...`",
                build.profile
            )),
            _ => Ok(()),
        }
    }
}

impl Workload {
    /// Reads a workload file.
    ///
    /// # Errors
    ///
    /// With file, line and column, what is wrong or contradicts itself, and what would be right.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::file("read", path, &error))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses a workload file; `place` names the text in errors.
    ///
    /// # Errors
    ///
    /// As [`load`](Workload::load).
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let workload: Self =
            toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
        match workload.fault() {
            None => Ok(workload),
            Some(fault) => Err(Error::input(format!("{place}: {fault}"))),
        }
    }

    /// What the table is, in a few words.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// The parts that it has, with their threads and rates.
    pub fn sides(&self) -> Vec<(Side, Crew)> {
        let crew = |threads, rate_per_s| Crew {
            threads,
            rate_per_s,
        };
        let all = [
            (
                Side::Readers,
                self.readers.map(|one| crew(one.threads, one.rate_per_s)),
            ),
            (
                Side::Writers,
                self.writers.map(|one| crew(one.threads, one.rate_per_s)),
            ),
            (
                Side::Scanners,
                self.scanners.map(|one| crew(one.threads, one.rate_per_s)),
            ),
            (
                Side::Mixed,
                self.mixed.map(|one| crew(one.threads, one.rate_per_s)),
            ),
        ];
        all.into_iter()
            .filter_map(|(side, crew)| Some((side, crew?)))
            .collect()
    }

    /// Whether somebody looks records up.
    pub(super) fn reads(&self) -> bool {
        self.readers.is_some() || self.mixed.is_some()
    }

    /// Whether somebody changes records.
    pub(super) fn writes(&self) -> bool {
        self.writing_threads() > 0
    }

    /// Whether somebody changes records that are there.
    pub(super) fn updates(&self) -> bool {
        let of_writers = self
            .writers
            .map(|one| 1.0 - 2.0 * one.inserts.unwrap_or(0.0));
        let of_mixed = self.mixed.and_then(|mixed| mixed.writes);
        of_writers.unwrap_or_default() + of_mixed.unwrap_or_default() > 0.0
    }

    /// The operations that only look at the table.
    pub(super) fn looks(&self) -> Vec<Operation> {
        let misses = self.inserts() || self.table.hit_rate.is_some_and(|rate| rate < 1.0);
        chosen([
            (Operation::ReadHit, self.reads()),
            (Operation::ReadMiss, self.reads() && misses),
            (Operation::Scan, self.scans()),
        ])
    }

    /// The operations that change it.
    pub(super) fn changes(&self) -> Vec<Operation> {
        chosen([
            (Operation::Apply, self.updates()),
            (Operation::Insert, self.inserts()),
            (Operation::Remove, self.inserts()),
        ])
    }

    /// Whether somebody inserts and removes records.
    pub(super) fn inserts(&self) -> bool {
        let of_writers = self.writers.and_then(|writers| writers.inserts);
        let of_mixed = self.mixed.and_then(|mixed| mixed.inserts);
        of_writers.unwrap_or_default() + of_mixed.unwrap_or_default() > 0.0
    }

    /// Whether somebody visits every record.
    pub(super) fn scans(&self) -> bool {
        let of_mixed = self.mixed.and_then(|mixed| mixed.scans);
        self.scanners.is_some() || of_mixed.unwrap_or_default() > 0.0
    }

    /// How many threads change records.
    pub(super) fn writing_threads(&self) -> usize {
        let changes = |mixed: &Mixed| {
            mixed.writes.unwrap_or_default() + mixed.inserts.unwrap_or_default() > 0.0
        };
        let of_mixed = self.mixed.filter(changes).map_or(0, |mixed| mixed.threads);
        self.writers.map_or(0, |writers| writers.threads) + of_mixed
    }

    /// The time that a lookup holds its record, in nanoseconds.
    pub fn section_ns(&self) -> Option<f64> {
        let of_readers = self.readers.and_then(|readers| readers.section_ns);
        of_readers.or(self.mixed.and_then(|mixed| mixed.section_ns))
    }

    /// The machines that it may run on, and how many processors of each; all of them if it does not
    /// say where.
    ///
    /// # Errors
    ///
    /// What contradicts what is known of the machines.
    pub(super) fn machines(&self) -> std::result::Result<Vec<(Machine, u32)>, String> {
        let all = Machine::shipped();
        let cores = self.deploy.cores;
        if let Some(name) = &self.deploy.machine {
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            let Some(machine) = all.iter().find(|one| one.name == *name) else {
                return Err(format!(
                    "deploy.machine = {name:?} is none of {}",
                    names.join(", ")
                ));
            };
            let cores = cores.unwrap_or(machine.cpus());
            if cores > machine.cpus() {
                return Err(format!(
                    "deploy.cores = {cores} are more than the {} of deploy.machine = {name:?}",
                    machine.cpus()
                ));
            }
            return Ok(vec![(machine.clone(), cores)]);
        }
        let most = all.iter().map(Machine::cpus).max().unwrap_or(0);
        if let Some(cores) = cores.filter(|&cores| !(1..=most).contains(&cores)) {
            return Err(format!(
                "deploy.cores = {cores} must lie between 1 and {most}, the largest machine that is known"
            ));
        }
        Ok(all
            .into_iter()
            .filter_map(|machine| {
                let cores = cores.unwrap_or(machine.cpus());
                (cores <= machine.cpus()).then_some((machine, cores))
            })
            .collect())
    }

    /// The machines that it cannot run on, because it has more processors than they have.
    pub(super) fn too_small(&self) -> Vec<String> {
        let asked = self.deploy.cores.filter(|_| self.deploy.machine.is_none());
        let all = Machine::shipped().into_iter();
        all.filter(|machine| asked.is_some_and(|cores| machine.cpus() < cores))
            .map(|machine| machine.name)
            .collect()
    }
}

/// Those that are done.
fn chosen(all: [(Operation, bool); 3]) -> Vec<Operation> {
    let done = all.into_iter().filter(|(_, is_done)| *is_done);
    done.map(|(operation, _)| operation).collect()
}

/// Threads that do the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crew {
    /// How many.
    pub threads: usize,
    /// Operations of each in a second; as many as it can without it.
    pub rate_per_s: Option<f64>,
}

impl Crew {
    /// Operations of all in a second.
    pub fn per_s(self) -> Option<f64> {
        self.rate_per_s.map(|rate| rate * self.threads as f64)
    }
}

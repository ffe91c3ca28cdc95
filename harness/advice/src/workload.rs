//! A workload file: what a table is asked to do, what it must never do, and where. Each of its words is measured as it says, or
//! refused by name.
//!
//! `pivot advise --init` prints a template with every field and what it means; a test holds the two
//! together.

use std::ops::RangeInclusive;
use std::path::Path;

use model::environment::Build;
use model::error::{Error, Result};
use model::refusal::within;
use model::scenario::{Arrivals, HashedKeys, Hasher, Identifiers, Keys, Section};
use model::trace::Operation;
use predict::machine::Machine;
use serde::{Deserialize, Serialize};

use super::validation::{NS_PER_S, RATES};

/// The template that `pivot advise --init` prints: a workload of its own, with every field explained.
pub const TEMPLATE: &str = include_str!("../../templates/workload.toml");

/// A user's workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name in tables, folders and results: lower case, digits and hyphens.
    pub name: String,
    /// What the table is, in a few words; without it, the name.
    pub title: Option<String>,
    /// The strategy that is there now; without it, a mutex of the standard library.
    pub baseline: Option<String>,
    /// Who uses it.
    #[serde(default)]
    pub run_as: RunAs,
    /// The table.
    pub table: Table,
    /// Threads that look records up.
    pub readers: Option<Part>,
    /// Threads that change records.
    pub writers: Option<Part>,
    /// Threads that visit every record.
    pub scanners: Option<Part>,
    /// Threads that do some of each.
    pub mixed: Option<Part>,
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
    /// What it is.
    #[serde(default)]
    pub shape: Shape,
    /// How many records it holds; a cell holds one.
    pub records: Option<usize>,
    /// What the records are: plain data without it, or what `needs.heap_records` says.
    pub value: Option<ValueKind>,
    /// The size of a record that is plain data, in bytes; 64 without it.
    pub record_bytes: Option<usize>,
    /// What the keys are.
    #[serde(default)]
    pub keys: KeyKind,
    /// How long keys are that are strings, in bytes.
    pub key_bytes: Option<usize>,
    /// What hashes the keys.
    #[serde(default)]
    pub hasher: Hasher,
    /// What records are called.
    #[serde(default)]
    pub ids: Identifiers,
    /// Which records are asked for how often.
    #[serde(default)]
    pub skew: Keys,
    /// With the skew `hot`: the share of operations that the hot record gets.
    pub hot_share: Option<f64>,
    /// The share of lookups and changes that finds its record; all without it.
    pub hit_rate: Option<f64>,
}

impl Table {
    /// How many records it holds.
    pub fn records(&self) -> usize {
        self.records.unwrap_or(1)
    }

    /// Keys that cost more than an identifier.
    pub fn hashed(&self) -> Option<HashedKeys> {
        let keys = HashedKeys {
            string_bytes: self.key_bytes,
            hasher: self.hasher,
        };
        (keys != HashedKeys::default()).then_some(keys)
    }
}

/// What the lock guards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A map from keys to records.
    #[default]
    Table,
    /// One value: a configuration, a snapshot. Measured as a table of one record.
    Cell,
    /// A number that is counted up.
    Counter,
    /// A cache that throws out what was not used for long: its lookups change it.
    BoundedCache,
    /// What one thread puts in and another takes out, in order.
    Queue,
    /// No value: what a lock of `()` protects lies elsewhere.
    Nothing,
}

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Integers of 64 bits.
    #[default]
    Integers,
    /// Strings on the heap.
    Strings,
}

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Plain data.
    Plain,
    /// They own memory: strings, vectors. A lookup reads them in place.
    Heap,
    /// An `Arc` that a lookup clones, to read what is behind it when nothing is held any more.
    Arc,
}

/// Who uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunAs {
    /// Threads.
    #[default]
    Threads,
    /// Tasks of an executor that hold nothing while they wait: measured as the threads that run them.
    Tasks,
    /// Tasks that hold it while they wait for something else.
    TasksAcrossAwait,
}

/// How the operations of a part with a rate lie in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// At equal distances.
    #[default]
    Steady,
    /// At random times, independent of each other.
    Poisson,
    /// `burst` at once, at random times.
    Bursts,
}

/// The times that operations of a kind take inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Times {
    /// All take the same, in nanoseconds.
    Always(f64),
    /// In given shares.
    Shares(Vec<Section>),
}

impl Times {
    /// Their mean, in nanoseconds.
    pub fn mean(&self) -> f64 {
        let sections = self.sections();
        sections
            .iter()
            .map(|section| section.ns * section.share)
            .sum()
    }

    /// The longest of them, in nanoseconds.
    pub fn longest(&self) -> f64 {
        let sections = self.sections();
        sections
            .iter()
            .map(|section| section.ns)
            .fold(0.0, f64::max)
    }

    /// As a scenario gives them.
    pub(super) fn sections(&self) -> Vec<Section> {
        match self {
            Times::Always(ns) if *ns == 0.0 => Vec::new(),
            Times::Always(ns) => vec![Section {
                ns: *ns,
                share: 1.0,
            }],
            Times::Shares(all) => all.clone(),
        }
    }
}

impl Pattern {
    /// As a scenario gives it; `burst` are the operations at once.
    pub(super) const fn arrivals(self, burst: Option<u32>) -> Arrivals {
        match (self, burst) {
            (Pattern::Steady, _) => Arrivals::Steady,
            (Pattern::Bursts, Some(size)) => Arrivals::Bursts(size),
            (Pattern::Poisson | Pattern::Bursts, _) => Arrivals::Bursts(1),
        }
    }
}

/// Threads that do the same. Which of the fields a section of the file may have is in `validation`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The section; set by [`Workload::parts`].
    #[serde(skip)]
    pub side: Side,
    /// How many.
    pub threads: usize,
    /// Operations of each in a second; as many as it can without it.
    pub rate_per_s: Option<f64>,
    /// How they lie in time, if they have a rate.
    #[serde(default)]
    pub arrivals: Pattern,
    /// With bursts: how many operations come at once.
    pub burst: Option<u32>,
    /// What a lookup does with the record while it holds it, in nanoseconds; of writers, what a change does.
    pub section_ns: Option<Times>,
    /// The same of the changes of a mix.
    pub write_section_ns: Option<Times>,
    /// The share of operations that changes a record that is there.
    pub writes: Option<f64>,
    /// The share that inserts a record, none without it; as many more remove one.
    pub inserts: Option<f64>,
    /// The share that visits every record.
    pub scans: Option<f64>,
}

impl Part {
    /// Operations of all its threads in a second.
    pub fn per_s(&self) -> Option<f64> {
        self.rate_per_s.map(|rate| rate * self.threads as f64)
    }

    /// The times inside a lookup.
    pub fn read_times(&self) -> Option<&Times> {
        let of_reads = self.section_ns.as_ref();
        of_reads.filter(|_| self.side != Side::Writers)
    }

    /// The times inside a change of a record.
    pub fn write_times(&self) -> Option<&Times> {
        match self.side {
            Side::Writers => self.section_ns.as_ref(),
            _ => self.write_section_ns.as_ref(),
        }
    }

    /// The mean time inside one of its operations, in nanoseconds.
    pub(super) fn inside_ns(&self) -> f64 {
        let mean = |times: Option<&Times>| times.map_or(0.0, Times::mean);
        let writes = self.writes().unwrap_or(0.0);
        self.reads() * mean(self.read_times()) + writes * mean(self.write_times())
    }

    /// Operations in a second for which one of its threads has the time.
    pub(super) fn rate_most(&self) -> f64 {
        RATES.end().min(NS_PER_S / self.inside_ns())
    }

    /// The share of operations that looks a record up: what the others leave.
    pub(super) fn reads(&self) -> f64 {
        let share = |share: Option<f64>| share.unwrap_or(0.0);
        let others = share(self.writes()) + 2.0 * share(self.inserts) + share(self.scans);
        match self.side {
            Side::Scanners => 0.0,
            // Sums of decimal fractions are not exact.
            _ if others > 1.0 - 1e-9 => 0.0,
            _ => 1.0 - others,
        }
    }

    /// The share of operations that changes a record that is there: of writers, what inserts and removes leave.
    pub(super) fn writes(&self) -> Option<f64> {
        match self.side {
            Side::Writers => Some(1.0 - 2.0 * self.inserts.unwrap_or(0.0)),
            _ => self.writes,
        }
    }
}

fn is_positive(share: Option<f64>) -> bool {
    share.is_some_and(|share| share > 0.0)
}

/// The `[needs]` of a workload file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a file of needs, each asked for or not"
)]
pub struct Needs {
    /// A read returns the latest value.
    pub linearizable: bool,
    /// A scan shows all records from one instant.
    pub snapshot_scans: bool,
    /// No writer, stopped wherever it is, holds a reader up.
    pub readers_never_wait: bool,
    /// No reader, stopped wherever it is, holds a writer up; with several writers, no writer either.
    pub writers_never_wait: bool,
    /// Who may allocate.
    pub allocates: Allocation,
    /// Memory that readers hold back stays below one version of the table.
    pub bounded_memory: bool,
    /// A thread that disappears while it uses the table blocks no other thread.
    pub survives_dead_thread: bool,
    /// A thread that panics while it uses the table leaves it whole and working.
    pub survives_panic: bool,
    /// A thread may use the table while it is inside a lookup or a scan, or holds a guard of a record.
    pub reentrant: bool,
    /// Records own memory: strings, vectors.
    pub heap_records: bool,
}

/// Who may allocate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// Everybody.
    #[default]
    Anywhere,
    /// Writers only.
    NotInReads,
    /// Nobody.
    Never,
}

/// Which operations decide; what gets worse in the others is reported, and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The parts that decide; all without it.
    #[serde(default)]
    pub by: Vec<Side>,
}

/// A section of the file that says what threads do; displayed as its name there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Side {
    /// What `[readers]` do.
    #[default]
    Readers,
    /// What `[writers]` do.
    Writers,
    /// What `[scanners]` do.
    Scanners,
    /// What `[mixed]` threads do.
    Mixed,
}

/// Where it will run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The processors that the threads have.
    pub cores: Option<u32>,
    /// A machine of those in `benches/machines`, by its name; all of them without it.
    pub machine: Option<String>,
    /// The Cargo profile of this workspace that builds as the program is built; that of the running `pivot`
    /// without it.
    pub profile: Option<String>,
}

impl Deploy {
    /// Whether this program, as it was built, measures what the workload asks for.
    ///
    /// # Errors
    ///
    /// When the workload names another profile: which, and how to measure with that.
    pub fn is_built_alike(&self, build: &Build) -> Result<(), String> {
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
        let mut workload: Self =
            toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
        let wrong = |why| Error::input(format!("{place}: {why}"));
        workload.validate().map_err(wrong)?;
        // Said in either place, it is the same.
        workload.needs.heap_records |= workload.owns_memory();
        Ok(workload)
    }

    /// Whether its records own memory, by what the table says they are.
    pub(super) const fn owns_memory(&self) -> bool {
        matches!(self.table.value, Some(ValueKind::Heap | ValueKind::Arc))
    }

    /// What the table is, in a few words.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// The parts that it has, in the order of the file.
    pub fn parts(&self) -> Vec<Part> {
        let sections = [
            (Side::Readers, &self.readers),
            (Side::Writers, &self.writers),
            (Side::Scanners, &self.scanners),
            (Side::Mixed, &self.mixed),
        ];
        let part = |(side, part): (Side, &Option<Part>)| {
            let part = part.clone()?;
            Some(Part { side, ..part })
        };
        sections.into_iter().filter_map(part).collect()
    }

    /// What its threads do.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let parts = self.parts();
        let any = |does: fn(&Part) -> bool| parts.iter().any(does);
        let reads = any(|part| part.reads() > 0.0);
        let inserts = any(|part| is_positive(part.inserts));
        let misses = inserts || self.table.hit_rate.is_some_and(|rate| rate < 1.0);
        let scans = any(|part| part.side == Side::Scanners || is_positive(part.scans));
        only([
            (Operation::ReadHit, reads),
            (Operation::ReadMiss, reads && misses),
            (Operation::Apply, any(|part| is_positive(part.writes()))),
            (Operation::Insert, inserts),
            (Operation::Remove, inserts),
            (Operation::Scan, scans),
        ])
    }

    /// Whether some thread does that.
    pub(super) fn does(&self, operation: Operation) -> bool {
        self.operations().contains(&operation)
    }

    /// Whether some thread changes records.
    pub(super) fn writes(&self) -> bool {
        self.operations().into_iter().any(Operation::is_write)
    }

    /// How many threads change records.
    pub(super) fn writing_threads(&self) -> usize {
        let parts = self.parts().into_iter();
        let writing = parts.filter(|part| is_positive(part.writes()) || is_positive(part.inserts));
        writing.map(|part| part.threads).sum()
    }

    /// The times that a lookup holds its record.
    pub(super) fn read_times(&self) -> Option<Times> {
        let parts = self.parts();
        parts.iter().find_map(|part| part.read_times().cloned())
    }

    /// The times that a change takes while it is applied.
    pub(super) fn write_times(&self) -> Option<Times> {
        let parts = self.parts();
        parts.iter().find_map(|part| part.write_times().cloned())
    }

    /// The machines that it may be like: the one that it names, or all that are known.
    ///
    /// # Errors
    ///
    /// What contradicts what is known of the machines.
    pub(super) fn machines(&self) -> Result<Vec<Machine>, String> {
        let Deploy { cores, machine, .. } = &self.deploy;
        let mut machines = Machine::shipped();
        if let Some(wanted) = machine {
            let names: Vec<String> = machines
                .iter()
                .map(|machine| machine.name.clone())
                .collect();
            machines.retain(|machine| machine.name == *wanted);
            if machines.is_empty() {
                let names = names.join(", ");
                return Err(format!("deploy.machine = {wanted:?} is none of {names}"));
            }
        }
        let known = cores_of(&machines);
        within("deploy.cores", cores.unwrap_or(*known.end()), known)?;
        Ok(machines)
    }
}

/// From one processor to as many as the largest machine has that is known.
pub(super) fn cores_known() -> RangeInclusive<u32> {
    cores_of(&Machine::shipped())
}

fn cores_of(machines: &[Machine]) -> RangeInclusive<u32> {
    1..=machines.iter().map(Machine::cpus).max().unwrap_or(0)
}

/// Those whose condition holds.
pub(super) fn only<T, const N: usize>(all: [(T, bool); N]) -> Vec<T> {
    let all = all.into_iter();
    all.filter_map(|(item, holds)| holds.then_some(item))
        .collect()
}

//! From a workload to scenarios: the workload itself, its neighbours, and its operations alone.
//!
//! Only threads without a pause have a cost that can be measured. So a part of the workload that has a
//! rate is measured in a scenario of its own: as many of its threads as it takes to reach that rate do
//! without a pause what they do, and the other parts keep to theirs. A paced thread keeps a processor
//! busy while it waits; so a paced part is one thread at the rate of all.

use basis::scenario::{Activity, Axis, Group, Origin, RecordKind, Scenario, Sweep, Value};
use serde::Serialize;

use super::workload::{Crew, Side, Workload};
use crate::results::Metric;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Questions {
    /// The scenarios, the workload itself first.
    pub scenarios: Vec<Scenario>,
    /// What of it decides or is told, in the order of the workload's parts.
    pub subjects: Vec<Subject>,
    /// How the workload was translated, where that is not obvious: sentences.
    pub notes: Vec<String>,
}

/// A part of the workload, and where its cost is measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subject {
    /// The part.
    pub side: Side,
    /// The scenario's name.
    pub scenario: String,
    /// The metric.
    pub metric: Metric,
    /// Whether it decides.
    pub decides: bool,
    /// Operations of all its threads in a second, if it has a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_s: Option<f64>,
    /// Threads that it is measured with.
    pub threads: usize,
}

/// What one thread does without a pause at least, in a second: 500 ns for an operation are slow.
const SATURATED_PER_S: f64 = 2e6;
/// One thread cannot keep a schedule that is tighter than this, in microseconds.
const PERIOD_MIN_US: f64 = 1.0;
/// Nor would a schedule that is slower than this ever come up, in microseconds.
const PERIOD_MAX_US: f64 = 1e6;
/// Shares of writes at which the neighbours ask the same: where the answer usually flips.
const WRITES: [f64; 4] = [0.001, 0.03, 0.3, 0.9];
/// Times inside a read, in nanoseconds.
const SECTIONS_NS: [f64; 3] = [10.0, 300.0, 10_000.0];
/// Neighbours of a large crowd are asked with fewer threads: shares matter there, and not how many wait.
const NEIGHBOURS_MAX: usize = 8;
/// Plain records that there are.
const PLAIN: [RecordKind; 4] = [
    RecordKind::Padded16,
    RecordKind::Status,
    RecordKind::Padded1Ki,
    RecordKind::Padded4Ki,
];

impl Workload {
    /// What to measure to answer it.
    ///
    /// # Errors
    ///
    /// What no scenario can ask.
    pub fn questions(&self) -> Result<Questions, String> {
        let mut notes = Vec::new();
        let table = self.scenario_of_table(&mut notes);
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut subjects = Vec::new();
        let sides = self.sides();
        let unpaced = |crew: &Crew| crew.rate_per_s.is_none();
        if sides.iter().any(|(_, crew)| unpaced(crew)) {
            let groups = self.groups(|_, crew| unpaced(&crew).then_some(crew.threads));
            scenarios.push(decisive(named(&table, &self.name, groups)));
        }
        for &(side, crew) in &sides {
            let (scenario, threads) = match crew.per_s() {
                None => (self.name.clone(), crew.threads),
                Some(per_s) => {
                    let scenario = format!("{}-{}", self.name, side.name());
                    let threads = saturating(crew, per_s);
                    let groups = self.groups(|other, crew| {
                        let is_measured = other == side;
                        (is_measured || unpaced(&crew)).then_some(if is_measured {
                            threads
                        } else {
                            crew.threads
                        })
                    });
                    scenarios.push(decisive(named(&table, &scenario, groups)));
                    notes.push(saturated(side, crew, per_s, threads));
                    (scenario, threads)
                }
            };
            let by = &self.decision.by;
            subjects.push(Subject {
                side,
                scenario,
                metric: metric(side, &self.group(side, 1, None)),
                decides: by.is_empty() || by.contains(&side),
                per_s: crew.per_s(),
                threads,
            });
        }
        scenarios.extend(self.neighbours(&table)?);
        scenarios.extend(self.alone(&table));
        let mut all = Vec::new();
        for scenario in scenarios {
            all.extend(scenario.expanded()?);
        }
        Ok(Questions {
            scenarios: all,
            subjects,
            notes,
        })
    }

    /// The record that is closest to the user's.
    pub fn record(&self) -> RecordKind {
        if self.needs.heap_records {
            return RecordKind::Snapshot;
        }
        let Some(bytes) = self.table.record_bytes else {
            return RecordKind::Status;
        };
        let distance = |kind: &RecordKind| ((kind.size() as f64).ln() - (bytes as f64).ln()).abs();
        let nearest = PLAIN
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.unwrap_or_default()
    }

    /// A scenario in which nobody does anything yet.
    fn scenario_of_table(&self, notes: &mut Vec<String>) -> Scenario {
        let record = self.record();
        if let Some(bytes) = self
            .table
            .record_bytes
            .filter(|&bytes| bytes != record.size())
        {
            notes.push(format!(
                "A record of {bytes} bytes is measured as {record}, the nearest that there is."
            ));
        }
        Scenario {
            title: self.title().to_owned(),
            question: "The workload of a user, as a file describes it.".into(),
            processes: self.table.records,
            record,
            ids: self.table.ids,
            keys: self.table.skew,
            hot_share: self.table.hot_share,
            hit_rate: self.table.hit_rate,
            ..Scenario::default()
        }
    }

    /// All parts as groups; `unpaced` says with how many threads one does without a pause what it does,
    /// if it does.
    fn groups(&self, unpaced: impl Fn(Side, Crew) -> Option<usize>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (side, crew) in self.sides() {
            match (unpaced(side, crew), crew.per_s()) {
                (None, Some(per_s)) => groups.push(self.paced(side, crew, per_s)),
                (threads, _) => {
                    groups.push(self.group(side, threads.unwrap_or(crew.threads), None));
                }
            }
        }
        // What a scenario is about stands first.
        groups.sort_by_key(|group| group.every_us.is_some());
        groups
    }

    /// A part at its rate: one thread for all, or as many as can keep up with it.
    fn paced(&self, side: Side, crew: Crew, per_s: f64) -> Group {
        #[expect(clippy::cast_sign_loss, reason = "rates are positive")]
        let least = (per_s * PERIOD_MIN_US / 1e6).ceil() as usize;
        let threads = least.clamp(1, crew.threads.max(1));
        let period_us = 1e6 * threads as f64 / per_s;
        self.group(side, threads, Some(period_us.min(PERIOD_MAX_US)))
    }

    fn group(&self, side: Side, threads: usize, every_us: Option<f64>) -> Group {
        let group = Group {
            threads,
            every_us,
            ..Group::default()
        };
        let positive = |share: Option<f64>| share.filter(|&share| share != 0.0);
        match side {
            Side::Readers => Group {
                does: Activity::Read,
                section_ns: self.readers.and_then(|one| positive(one.section_ns)),
                ..group
            },
            Side::Writers => match self.writers.and_then(|one| positive(one.inserts)) {
                None => Group {
                    does: Activity::Update,
                    ..group
                },
                Some(inserts) => Group {
                    does: Activity::Mix,
                    writes: Some(1.0 - 2.0 * inserts),
                    inserts: Some(inserts),
                    ..group
                },
            },
            Side::Scanners => Group {
                does: Activity::Scan,
                ..group
            },
            Side::Mixed => Group {
                does: Activity::Mix,
                writes: self.mixed.and_then(|one| one.writes),
                inserts: self.mixed.and_then(|one| one.inserts),
                scans: self.mixed.and_then(|one| one.scans),
                section_ns: self.mixed.and_then(|one| positive(one.section_ns)),
                ..group
            },
        }
    }

    /// The same table with other shares of writes, and with other times inside a read.
    fn neighbours(&self, table: &Scenario) -> Result<Vec<Scenario>, String> {
        let crowd: usize = self.sides().iter().map(|(_, crew)| crew.threads).sum();
        let mix = Group {
            does: Activity::Mix,
            threads: crowd.clamp(1, NEIGHBOURS_MAX),
            section_ns: self.section_ns().filter(|&ns| ns > 0.0),
            ..Group::default()
        };
        let swept = |axis: Axis, values: &[f64], group: Group, others: Vec<Group>| {
            let values = values.iter().copied().map(Value::Number).collect();
            let sweep = Sweep {
                axis,
                values,
                group: Some(0),
            };
            let groups = std::iter::once(group).chain(others).collect();
            Scenario {
                sweep: vec![sweep],
                ..named(table, &format!("{}-by-{}", self.name, slug(axis)), groups)
            }
        };
        let mut found = vec![swept(Axis::Writes, &WRITES, mix, Vec::new())];
        let reading = if self.readers.is_some() {
            Some(Side::Readers)
        } else {
            self.mixed.map(|_| Side::Mixed)
        };
        if let Some(side) = reading {
            let threads = |crew: Crew| crew.per_s().map_or(crew.threads, |s| saturating(crew, s));
            let mut groups = self.groups(|other, crew| {
                (other == side || crew.rate_per_s.is_none()).then_some(threads(crew))
            });
            let does = self.group(side, 1, None).does;
            let place = groups.iter().position(|group| group.does == does);
            let place = place.ok_or("nobody reads")?;
            let group = groups.remove(place);
            found.push(swept(Axis::SectionNs, &SECTIONS_NS, group, groups));
        }
        Ok(found)
    }

    /// One thread alone, for what predictions start from; only for the record that is traced.
    fn alone(&self, table: &Scenario) -> Vec<Scenario> {
        if !self.is_predictable() {
            return Vec::new();
        }
        let one = |name: &str, does: Activity| {
            let group = Group {
                does,
                threads: 1,
                ..Group::default()
            };
            named(table, &format!("{}-alone-{name}", self.name), vec![group])
        };
        let reads = self.reads().then(|| one("read", Activity::Read));
        let writes = self.writes().then(|| one("update", Activity::Update));
        reads.into_iter().chain(writes).collect()
    }

    /// Whether traces say something about it: they are of one record, which no section holds up.
    pub fn is_predictable(&self) -> bool {
        self.record() == RecordKind::Status && self.section_ns().is_none_or(|ns| ns == 0.0)
    }
}

fn named(table: &Scenario, name: &str, groups: Vec<Group>) -> Scenario {
    Scenario {
        name: name.to_owned(),
        groups,
        ..table.clone()
    }
}

/// What the run is for: it is measured in every round, and what lies around it in some.
fn decisive(scenario: Scenario) -> Scenario {
    Scenario {
        origin: Origin::Report,
        ..scenario
    }
}

/// Threads that reach a rate if they never pause.
fn saturating(crew: Crew, per_s: f64) -> usize {
    #[expect(clippy::cast_sign_loss, reason = "rates are positive")]
    let threads = (per_s / SATURATED_PER_S).ceil() as usize;
    threads.clamp(1, crew.threads.max(1))
}

fn saturated(side: Side, crew: Crew, per_s: f64, threads: usize) -> String {
    format!(
        "{}: {} at {per_s:.0} operations a second together; their cost is measured with {} that never pauses, which \
         is more load than that.",
        side.name(),
        counted(crew.threads),
        counted(threads)
    )
}

fn counted(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}

fn metric(side: Side, group: &Group) -> Metric {
    match (side, group.does) {
        (_, Activity::Mix) => Metric::OperationNs,
        (Side::Scanners, _) => Metric::ScanNs,
        (Side::Writers, _) => Metric::WriteNs,
        (Side::Readers | Side::Mixed, _) => Metric::ReadNs,
    }
}

fn slug(axis: Axis) -> String {
    axis.name().replace('_', "-")
}

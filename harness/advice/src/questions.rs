//! From a workload to scenarios: the workload itself, its neighbours, and its operations alone.
//!
//! Only threads without a pause have a cost that can be measured. So a part of the workload that has a
//! rate is measured in a scenario of its own: as many of its threads as it takes to reach that rate do
//! without a pause what they do, and the other parts keep to theirs. A paced thread keeps a processor
//! busy while it waits; so a paced part is one thread at the rate of all.

use model::scenario::{Activity, Axis, Group, Origin, RecordKind, Scenario, Section, Sweep, Value};
use model::trace::Operation;
use serde::Serialize;

use super::workload::{Part, Side, Times, ValueKind, Workload, only};
use results::{Cell, Flag, Judged, Machine, Metric, is_worse};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Questions {
    /// The scenarios, the workload itself first.
    pub scenarios: Vec<Scenario>,
    /// What of it decides or is reported, in the order of the workload's parts.
    pub subjects: Vec<Subject>,
}

/// A part of the workload, and where its cost is measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subject {
    /// The part's section of the file.
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

impl Subject {
    /// Where its cost is measured.
    pub(super) fn row(&self) -> Judged {
        Judged {
            scenario: self.scenario.clone(),
            metric: self.metric,
        }
    }

    /// What was measured of it.
    pub fn cell<'r>(&self, results: &'r Machine, strategy: &str) -> Option<&'r Cell> {
        results.cell(&self.scenario, strategy, self.metric)
    }

    /// How many times better a strategy is in it, if it loses: 0 if it did nothing in most slices, whatever the interval
    /// says, or was not compared. It loses, too, if it did nothing in many slices and is slower as measured.
    pub fn loss(&self, results: &Machine, strategy: &str) -> Option<f64> {
        let cell = self.cell(results, strategy);
        let cell = cell.filter(|cell| !cell.flags.contains(&Flag::Starved));
        let Some((cell, ratio)) = cell.and_then(|cell| Some((cell, cell.ratio.as_ref()?))) else {
            return Some(0.0);
        };
        let is_held_up = cell.is_often_starved() && is_worse(ratio.median);
        (ratio.loses() || is_held_up).then_some(ratio.median)
    }

    /// The share of one processor that a strategy takes for it at its rate, if it has one.
    pub fn busy(&self, results: &Machine, strategy: &str) -> Option<f64> {
        let cell = self.cell(results, strategy)?;
        // A cell is wall time by the operations of the threads that have a processor.
        let running = self.threads.min(results.environment.cpus) as f64;
        let busy = cell.median * running * self.per_s? / 1e9;
        busy.is_finite().then_some(busy)
    }
}

/// What one thread does without a pause at least, in a second: 500 ns for an operation are slow.
const SATURATED_PER_S: f64 = 2e6;
/// What a scan takes for each record: 20 ns are slow.
const SCANNED_NS: f64 = 20.0;
/// One thread cannot keep a schedule that is tighter than this, in microseconds.
const PERIOD_MIN_US: f64 = 1.0;
/// Nor would a schedule that is slower than this ever come up, in microseconds: slower ones are measured at this.
const PERIOD_MAX_US: f64 = 1e6;
/// Shares of writes at which the neighbours ask the same: where the answer usually flips.
const WRITES: [f64; 4] = [0.001, 0.03, 0.3, 0.9];
/// Times inside a read, in nanoseconds.
const SECTIONS_NS: [f64; 3] = [10.0, 300.0, 10_000.0];
/// Neighbours of many threads are asked with fewer threads: shares matter there, and not how many wait.
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
        let (table, parts) = (self.table_scenario(), self.parts());
        let records = self.table.records();
        let asked = |name: &str, focus| Scenario {
            // It is what the run is for.
            origin: Origin::Report,
            ..named(&table, name, groups(&parts, records, focus))
        };
        let has_saturated = parts.iter().any(|part| part.rate_per_s.is_none());
        let whole = has_saturated.then(|| asked(&self.name, None));
        let mut scenarios = Vec::from_iter(whole);
        let mut subjects = Vec::new();
        for part in &parts {
            let mut scenario = self.name.clone();
            if part.rate_per_s.is_some() {
                scenario = format!("{}-{}", self.name, part.side);
                scenarios.push(asked(&scenario, Some(part.side)));
            }
            let by = &self.decision.by;
            subjects.push(Subject {
                side: part.side,
                scenario,
                metric: group(part, 1, None).does.metric(),
                decides: by.is_empty() || by.contains(&part.side),
                per_s: part.per_s(),
                threads: unpaced_threads(part, records),
            });
        }
        scenarios.extend(self.neighbours(&table));
        scenarios.extend(self.alone(&table));
        let points: Result<Vec<_>, _> = scenarios.into_iter().map(Scenario::expanded).collect();
        Ok(Questions {
            scenarios: points?.concat(),
            subjects,
        })
    }

    /// The record that is closest to the user's.
    pub fn record(&self) -> RecordKind {
        match (self.table.value, self.table.record_bytes) {
            (Some(ValueKind::Arc), _) => RecordKind::Shared,
            (Some(ValueKind::Heap), _) => RecordKind::Snapshot,
            _ if self.needs.heap_records => RecordKind::Snapshot,
            (_, None) => RecordKind::Status,
            (_, Some(bytes)) => {
                let distance = |kind: RecordKind| (kind.size() as f64 / bytes as f64).ln().abs();
                let kinds = PLAIN.into_iter();
                let closest = kinds.min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
                closest.unwrap_or_default()
            }
        }
    }

    /// A scenario in which no thread does anything yet.
    pub(super) fn table_scenario(&self) -> Scenario {
        Scenario {
            title: self.title().to_owned(),
            question: "The workload of a user, as a file describes it.".into(),
            processes: self.table.records(),
            record: self.record(),
            ids: self.table.ids,
            keys: self.table.skew,
            hot_share: self.table.hot_share,
            hit_rate: self.table.hit_rate,
            hashed: self.table.hashed(),
            ..Scenario::default()
        }
    }

    /// The same table with other shares of writes, and with other times inside a read.
    fn neighbours(&self, table: &Scenario) -> Vec<Scenario> {
        let parts = self.parts();
        let threads: usize = parts.iter().map(|part| part.threads).sum();
        let mix = Group {
            does: Activity::Mix,
            threads: threads.clamp(1, NEIGHBOURS_MAX),
            sections: sections(self.read_times().as_ref()),
            // Of neighbours without writes the times inside them say nothing; those have some.
            write_sections: sections(self.write_times().as_ref()),
            ..Group::default()
        };
        let swept = |axis: Axis, values: &[f64], groups: Vec<Group>| {
            let slug = axis.to_string().replace('_', "-");
            let values = values.iter().copied().map(Value::Number).collect();
            let group = Some(0);
            Scenario {
                sweep: vec![Sweep {
                    axis,
                    values,
                    group,
                }],
                ..named(table, &format!("{}-by-{slug}", self.name), groups)
            }
        };
        let reading = parts.iter().find(|part| part.reads() > 0.0);
        let by_section = reading.map(|part| {
            let mut groups = groups(&parts, self.table.records(), Some(part.side));
            groups[0].sections.clear();
            swept(Axis::SectionNs, &SECTIONS_NS, groups)
        });
        let by_writes = swept(Axis::Writes, &WRITES, vec![mix]);
        [by_writes].into_iter().chain(by_section).collect()
    }

    /// One thread alone, for what predictions start from; only for the record that is traced.
    fn alone(&self, table: &Scenario) -> Vec<Scenario> {
        let mut all = only([
            (Activity::Read, self.does(Operation::ReadHit)),
            (Activity::Update, self.writes()),
        ]);
        all.retain(|_| self.is_predictable());
        let alone = all.into_iter().map(|does| {
            let group = Group {
                does,
                threads: 1,
                ..Group::default()
            };
            named(table, &format!("{}-alone-{does}", self.name), vec![group])
        });
        alone.collect()
    }

    /// Whether traces say something about it: they are of one record, which no section holds up.
    pub fn is_predictable(&self) -> bool {
        let spends = |times: Option<Times>| times.is_some_and(|times| times.longest() > 0.0);
        let is_plain = self.record() == RecordKind::Status && self.table.hashed().is_none();
        is_plain && !spends(self.read_times()) && !spends(self.write_times())
    }
}

fn named(table: &Scenario, name: &str, groups: Vec<Group>) -> Scenario {
    Scenario {
        name: name.to_owned(),
        groups,
        ..table.clone()
    }
}

/// All parts, those with a rate at that rate, but for the one that the scenario is about: it stands first, and never
/// pauses.
fn groups(parts: &[Part], records: usize, focus: Option<Side>) -> Vec<Group> {
    let all = parts.iter().map(|part| match part.per_s() {
        Some(per_s) if focus != Some(part.side) => paced(part, records, per_s),
        _ => group(part, unpaced_threads(part, records), None),
    });
    let mut groups: Vec<(Side, Group)> = parts.iter().map(|part| part.side).zip(all).collect();
    groups.sort_by_key(|(side, group)| (focus != Some(*side), group.every_us.is_some()));
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A part at its rate: one thread for all, or as many as can keep up with it.
fn paced(part: &Part, records: usize, per_s: f64) -> Group {
    // Twice the time inside: a thread that is hardly ever done keeps no schedule.
    let period_us = PERIOD_MIN_US.max(2.0 * busy_ns(part, records) / 1e3);
    let threads = threads_for(part, per_s * period_us / 1e6);
    let period_us = 1e6 * threads as f64 / per_s;
    group(part, threads, Some(period_us.min(PERIOD_MAX_US)))
}

/// With how many threads a part is measured that never pauses: all, or as many as reach its rate.
fn unpaced_threads(part: &Part, records: usize) -> usize {
    let each_s = 1.0 / SATURATED_PER_S + busy_ns(part, records) / 1e9;
    let of_rate = |per_s: f64| threads_for(part, per_s * each_s);
    part.per_s().map_or(part.threads, of_rate)
}

/// The mean time inside an operation of a part, that of its scans included.
fn busy_ns(part: &Part, records: usize) -> f64 {
    let scans = match part.side {
        Side::Scanners => 1.0,
        _ => part.scans.unwrap_or(0.0),
    };
    part.inside_ns() + scans * records as f64 * SCANNED_NS
}

/// As many threads as that, rounded up; one at least, and no more than the part has.
fn threads_for(part: &Part, threads: f64) -> usize {
    #[expect(clippy::cast_sign_loss, reason = "rates are positive")]
    let threads = threads.ceil() as usize;
    threads.clamp(1, part.threads.max(1))
}

pub(super) fn group(part: &Part, threads: usize, every_us: Option<f64>) -> Group {
    let does = match part.side {
        Side::Readers => Activity::Read,
        Side::Scanners => Activity::Scan,
        Side::Writers if part.inserts.is_none_or(|share| share == 0.0) => Activity::Update,
        Side::Writers | Side::Mixed => Activity::Mix,
    };
    let share = |share: Option<f64>| share.filter(|_| does == Activity::Mix);
    let arrivals = part.arrivals.arrivals(part.burst);
    Group {
        does,
        threads,
        every_us,
        arrivals: every_us.map(|_| arrivals).unwrap_or_default(),
        sections: sections(part.read_times()),
        write_sections: sections(part.write_times()),
        writes: share(part.writes()),
        inserts: share(part.inserts),
        scans: share(part.scans),
        ..Group::default()
    }
}

fn sections(times: Option<&Times>) -> Vec<Section> {
    times.map(Times::sections).unwrap_or_default()
}

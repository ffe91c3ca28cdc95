//! Synthetic runs: sample lines of invented strategies, analysed on the real path.
#![expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the figures are small and positive"
)]

use std::collections::BTreeMap;

use contract::Profile;
use model::assumption;
use model::claims::Claims;
use model::controls;
use model::environment::{Build, Commit, Environment};
use model::fault::{Attempt, Deed, Fate, Fault, FaultSeen, Tally};
use model::sample::{
    Allocation, Card, CheckOutcome, Exclusion, GroupCount, Header, Line, Memory, SCHEMA, Slice,
    SliceKey,
};
use model::scenario::{Activity, Group, Origin, Published, RecordKind, Scenario};

use crate::analysis::{Samples, analyse, merge};
use crate::results::Results;

const ASSUMPTIONS: &str = include_str!("../../../../benches/assumptions.toml");
/// Counted window of every slice.
const WINDOW_NS: u64 = 10_000_000;
/// What the baseline pays for an operation of every kind.
const BASELINE_NS: f64 = 40.0;

/// A strategy by what it is worth: times better than the baseline when reading alone, among readers,
/// and when writing or scanning.
#[derive(Clone)]
pub(crate) struct Invented {
    pub(crate) name: String,
    pub(crate) reads: f64,
    pub(crate) readers: f64,
    pub(crate) writes: f64,
    pub(crate) allocations: u64,
    pub(crate) claims: Claims,
}

pub(crate) fn invented(name: &str, reads: f64, readers: f64, writes: f64) -> Invented {
    Invented {
        name: name.into(),
        reads,
        readers,
        writes,
        allocations: 0,
        claims: Claims::from(&Profile::locked("", "")),
    }
}

impl Invented {
    /// The same with other claims.
    pub(crate) fn claiming(mut self, change: impl FnOnce(&mut Claims)) -> Self {
        change(&mut self.claims);
        self
    }
}

/// What the lines of a run on one machine come out as.
pub(crate) fn analysed(lines: Vec<Line>) -> Results {
    let samples = Samples::from_lines(lines).expect("the first line is the header");
    merge(vec![analyse(&samples)])
}

/// A run in the making.
pub(super) struct Run {
    pub(super) strategies: Vec<Invented>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) checks: Vec<CheckOutcome>,
    pub(super) faults: Vec<FaultSeen>,
    pub(super) exclusions: Vec<Exclusion>,
    /// Lines of other kinds, as they are.
    pub(super) others: Vec<Line>,
    pub(super) complete: bool,
    /// What the planted slowdowns are planted in.
    pub(super) controls_of: String,
    pub(super) processes: u32,
    pub(super) blocks: u32,
}

impl Run {
    /// The report's rows and some of a registry's, with the given contenders beside the baseline.
    pub(super) fn new(contenders: impl IntoIterator<Item = Invented>) -> Self {
        let mut strategies = vec![invented("mutex/std", 1.0, 1.0, 1.0)];
        strategies.extend(contenders);
        let controls = [
            invented(controls::SAME, 1.0, 1.0, 1.0),
            invented(controls::NO_OP, 60.0, 60.0, 60.0),
            invented(controls::UNSYNCHRONISED, 5.0, 5.0, 3.0),
        ];
        strategies.extend(controls);
        Self {
            strategies,
            scenarios: scenarios(),
            checks: Vec::new(),
            faults: Vec::new(),
            exclusions: Vec::new(),
            others: Vec::new(),
            complete: true,
            controls_of: "mutex/std".into(),
            // As many as a verdict among some forty takes: 2^(1-14).
            processes: 14,
            blocks: 1,
        }
    }

    /// Nothing but the baseline, as `--strategy mutex` leaves it.
    pub(super) fn baseline_only() -> Self {
        let mut run = Self::new([]);
        run.strategies.truncate(1);
        run
    }

    pub(super) fn check(mut self, strategy: &str, check: &str, passed: bool) -> Self {
        self.checks.push(CheckOutcome {
            strategy: strategy.into(),
            record: RecordKind::Status,
            check: check.into(),
            passed,
            evidence: format!("{check}: 1000000 operations by 4 threads"),
        });
        self
    }

    /// A reader is gone, and somebody cannot go on, or everybody can.
    pub(super) fn reader_gone(mut self, strategy: &str, held_up: Option<Deed>) -> Self {
        let attempt = |deed, fate| (deed, Attempt { fate, tries: 1 });
        let mut meanwhile = BTreeMap::from([attempt(Deed::Read, Fate::Done)]);
        meanwhile.extend(held_up.map(|deed| attempt(deed, Fate::HeldUp)));
        self.faults.push(FaultSeen {
            strategy: strategy.into(),
            fault: Fault::ReaderGone,
            meanwhile,
            never: Vec::new(),
            tallies: BTreeMap::from([(Tally::KeptBytes, 0)]),
            died: None,
        });
        self
    }

    /// The first scenario with another reader.
    pub(super) fn second_reader(&self) -> Scenario {
        Scenario {
            name: "two-readers".into(),
            title: "Two readers".into(),
            groups: vec![group(Activity::Read, 2, None)],
            ..self.scenarios[0].clone()
        }
    }

    pub(super) fn results(&self) -> Results {
        analysed(self.lines())
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::Header(Box::new(self.header()))];
        for scenario in &self.scenarios {
            self.slices(scenario, &mut lines);
            self.counts(scenario, &mut lines);
        }
        lines.extend(self.checks.iter().cloned().map(Line::Check));
        lines.extend(self.faults.iter().cloned().map(Line::Fault));
        lines.extend(self.others.iter().cloned());
        lines.extend(self.complete.then_some(Line::Complete));
        lines
    }

    fn header(&self) -> Header {
        Header {
            schema: SCHEMA.into(),
            baseline: self.strategies[0].name.clone(),
            controls_of: self.controls_of.clone(),
            environment: environment(),
            scenarios: self.scenarios.clone(),
            strategies: self.strategies.iter().map(card).collect(),
            exclusions: self.exclusions.clone(),
            window_ns: WINDOW_NS,
            assumptions: assumption::parse(ASSUMPTIONS, "fixture").expect("they are sound"),
            looks: 1,
            runs: Vec::new(),
        }
    }

    /// Blocks of baseline and contender in turn, as the protocol wants them.
    fn slices(&self, scenario: &Scenario, lines: &mut Vec<Line>) {
        let baseline = &self.strategies[0];
        for process in 0..self.processes {
            for block in 0..self.blocks {
                let mut position = 0;
                let mut push = |strategy: &Invented| {
                    let key = SliceKey {
                        scenario: scenario.name.clone(),
                        process,
                        block,
                        position,
                        strategy: strategy.name.clone(),
                    };
                    lines.push(Line::Slice(slice(scenario, strategy, key)));
                    position += 1;
                };
                push(baseline);
                for strategy in &self.strategies[1..] {
                    if !self.is_excluded(scenario, strategy) {
                        push(strategy);
                        push(baseline);
                    }
                }
            }
        }
    }

    fn is_excluded(&self, scenario: &Scenario, strategy: &Invented) -> bool {
        self.exclusions
            .iter()
            .any(|one| one.scenario == scenario.name && one.strategy == strategy.name)
    }

    fn counts(&self, scenario: &Scenario, lines: &mut Vec<Line>) {
        for strategy in self
            .strategies
            .iter()
            .filter(|one| !self.is_excluded(scenario, one))
        {
            for does in [Activity::Read, Activity::Update, Activity::Scan] {
                let each = if does == Activity::Update {
                    0
                } else {
                    strategy.allocations
                };
                lines.push(Line::Allocation(Allocation {
                    scenario: scenario.name.clone(),
                    strategy: strategy.name.clone(),
                    does,
                    operations: 1_000,
                    allocations: each * 1_000,
                    bytes: each * 48_000,
                }));
            }
            lines.push(Line::Memory(Memory {
                scenario: scenario.name.clone(),
                strategy: strategy.name.clone(),
                records: scenario.processes as u64,
                live_bytes: (90.0 + strategy.readers) as i64 * scenario.processes as i64,
            }));
        }
    }
}

fn slice(scenario: &Scenario, strategy: &Invented, key: SliceKey) -> Slice {
    let noise = 1.0 + 0.08 * (noise(&key) - 0.5);
    let cost = |does: Activity| {
        let times = match does {
            Activity::Read if scenario.threads() == 1 => strategy.reads,
            Activity::Read => strategy.readers,
            _ => strategy.writes,
        };
        BASELINE_NS * noise / times
    };
    let groups: Vec<GroupCount> = scenario
        .groups
        .iter()
        .map(|group| GroupCount {
            does: group.does,
            paced: group.every_us.is_some(),
            operations: vec![(WINDOW_NS as f64 / cost(group.does)) as u64],
            spans_ns: Vec::new(),
            misses: 0,
            drift: None,
            kinds: None,
        })
        .collect();
    let window_ns = scenario.operations.map_or(WINDOW_NS, |operations| {
        (operations as f64 * cost(Activity::Read)) as u64
    });
    Slice {
        key,
        window_ns,
        groups,
        restarts: 0,
    }
}

/// A number between 0 and 1 that depends on the slice alone (FNV-1a).
fn noise(key: &SliceKey) -> f64 {
    let text = format!("{key:?}");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

fn card(strategy: &Invented) -> Card {
    Card {
        name: strategy.name.clone(),
        summary: format!("{} in one line", strategy.name),
        library: "own".into(),
        avoid_when: "it does not fit".into(),
        control: strategy.name.starts_with("control/"),
        claims: Claims {
            read_allocates: strategy.allocations > 0,
            ..strategy.claims.clone()
        },
    }
}

fn group(does: Activity, threads: usize, every_us: Option<f64>) -> Group {
    Group {
        does,
        threads,
        every_us,
        ..Group::default()
    }
}

fn scenario(name: &str, title: &str, groups: Vec<Group>) -> Scenario {
    Scenario {
        name: name.into(),
        title: title.into(),
        question: format!("What does it cost: {}?", title.to_lowercase()),
        origin: Origin::Registry,
        processes: 1_024,
        ids: model::scenario::Identifiers::default(),
        record: RecordKind::Status,
        groups,
        ..Scenario::default()
    }
}

fn reported(scenario: Scenario, mutex: f64, channel: f64) -> Scenario {
    Scenario {
        origin: Origin::Report,
        processes: 64,
        published: Some(Published { mutex, channel }),
        ..scenario
    }
}

fn scenarios() -> Vec<Scenario> {
    use Activity::{Read, Scan, Update};
    let contention = |name, title, every| {
        scenario(
            name,
            title,
            vec![group(Read, 1, None), group(Update, 1, every)],
        )
    };
    let single = vec![group(Read, 1, None)];
    let ten = vec![group(Read, 10, None)];
    let total = Scenario {
        operations: Some(100_000),
        ..scenario(
            "deadlock-100k",
            "100,000 operations",
            vec![group(Read, 4, None)],
        )
    };
    vec![
        reported(
            scenario("single-reader", "Single reader", single),
            31.51,
            1631.0,
        ),
        reported(scenario("ten-readers", "Ten readers", ten), 69.47, 1074.0),
        reported(
            contention("contention-paced", "Paced contention", Some(10.0)),
            22.51,
            1512.0,
        ),
        reported(
            contention("contention-saturating", "Saturating contention", None),
            22.51,
            1512.0,
        ),
        reported(total, 19.46, 119.86),
        scenario("update", "Updates", vec![group(Update, 2, None)]),
        scenario(
            "scan-while-writing",
            "Scan while writing",
            vec![group(Scan, 1, None), group(Update, 1, None)],
        ),
    ]
}

fn environment() -> Environment {
    Environment {
        started_at: "2026-01-02T03:04:05Z".into(),
        command: "pivot run --preset default --seed 7".into(),
        seed: 7,
        preset: "default".into(),
        cpu: "Invented CPU".into(),
        cpus: 2,
        kernel: "linux 6.1".into(),
        build: Build {
            rustc: "rustc 1.95.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            profile: "release".into(),
            opt_level: "3".into(),
            codegen_units: Some(1),
            lto: Some("false".into()),
            rustflags: String::new(),
        },
        libraries: vec![("papaya".into(), "0.2.5".into())],
        commit: Some(Commit {
            id: "0123456789ab".into(),
            dirty: true,
        }),
        ..Environment::default()
    }
}

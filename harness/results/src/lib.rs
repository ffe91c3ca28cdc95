//! `results.json`: what runs found, flat and stable, for people and for data frames.
//!
//! Documented in `reports/SCHEMA.md`, for programs in `reports/results.schema.json`. A ratio is always
//! "times better than `vs`": above 1 is an improvement, whatever the metric's direction.

mod adoption_rule;
mod agreement;
mod flips;
mod latency;
mod scaling;
mod use_cases;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use model::claims::{Claim, Property};
use model::environment::Environment;
use model::fault::{Consequence, Fault};
use model::preset::Preset;
use model::probe::Described;
use model::sample::Exclusion;
use model::scenario::Scenario;
use model::stall::StallSeen;
use model::trace::TraceSeen;

pub use adoption_rule::{
    MARGIN, PLAIN, PROCESSES_LEAST, Scope, TOLERATED, decide, decide_together, is_plain, is_range,
    is_worse, may_qualify,
};
pub use agreement::{CalledThere, Contradiction, Overall, RatioThere, There};
pub use flips::{Change, Flip, Map, Place};
pub use latency::{Latency, Quantile, Rank};
pub use model::metric::Metric;
pub use model::sample::Card;
pub use predict::Band;
pub use scaling::{Expected, HERE, Meeting, OneToTwo, Prediction, Ranking, Scaling, Unpredicted};
pub use use_cases::{Answer, Choice, Gain, Loss, UseCase};

/// The version of this format.
pub const SCHEMA: &str = "pivot-results/6";

/// Everything that a report says, as data: what was found on each machine, and what follows from all of them.
///
/// In files it is flat, for data frames: the tables of all machines are one array each, with the machine's name in
/// front of every row. The cells are a file of their own, `cells.csv`; traces and stalls are in the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The strategy that the others are compared with, on every machine.
    pub baseline: String,
    /// The margin of the adoption rule: a ratio above it is an improvement that counts.
    pub margin: f64,
    /// Whether a machine's run was cut short.
    pub partial: bool,
    /// What was found on each machine: at least one.
    pub machines: Vec<Machine>,
    /// What follows for each strategy, over all machines.
    pub overall: Vec<Overall>,
    /// Where one machine has the opposite verdict of another.
    pub differences: Vec<Contradiction>,
}

/// What was found on one machine. Tables stand in files beside the machines, see [`Results`].
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Its short name, for example `epyc-2cpu`; no two are alike.
    pub name: String,
    /// Its runs, by their paths as seen from the report's folder; none where their samples lie beside the report.
    pub runs: Vec<String>,
    /// As in [`Results`].
    #[serde(skip_serializing)]
    pub baseline: String,
    /// As in [`Results`].
    #[serde(skip_serializing)]
    pub margin: f64,
    /// Whether its run was cut short.
    pub partial: bool,
    /// Where it ran, and the command that repeats it.
    pub environment: Environment,
    /// How much was measured, and how it was estimated.
    pub protocol: Protocol,
    /// Why nothing was traced, where that was tried.
    pub untraced: Option<String>,
    /// What is predicted of more processors, and how well that did; absent without traces and a calibration.
    pub scaling: Option<Scaling>,
    /// Slices that could not be measured, and anything else a reader has to know.
    pub warnings: Vec<String>,
    /// What was asked.
    #[serde(skip_serializing)]
    pub scenarios: Vec<Scenario>,
    /// The probes that were made; cells name them as their scenario.
    #[serde(default, skip_serializing)]
    pub situations: Vec<Described>,
    /// Who competed, and the controls. In the file, what they claim is in words.
    #[serde(skip)]
    pub strategies: Vec<Card>,
    /// Who could not take part in what.
    #[serde(default, skip_serializing)]
    pub exclusions: Vec<Exclusion>,
    /// One per scenario x strategy x metric, in `cells.csv`.
    #[serde(skip)]
    pub cells: Vec<Cell>,
    /// The report's assumptions, judged per strategy, and per scenario where that matters.
    #[serde(default, skip_serializing)]
    pub assumptions: Vec<Judgement>,
    /// What follows for each strategy, by the adoption rule.
    #[serde(default, skip_serializing)]
    pub recommendations: Vec<Recommendation>,
    /// What the strategies claim, and what the checks saw.
    #[serde(default, skip_serializing)]
    pub guarantees: Vec<Guarantee>,
    /// What faults did to them.
    #[serde(default, skip_serializing)]
    pub faults: Vec<Faulted>,
    /// How long operations took under a schedule, quantile by quantile.
    #[serde(default, skip_serializing)]
    pub latencies: Vec<Latency>,
    /// What the operations of each strategy execute and share, as in the samples, and only there.
    #[serde(skip)]
    pub traces: Vec<TraceSeen>,
    /// Who can go on while somebody is stopped in the middle of an operation, as in the samples, and only there.
    #[serde(skip)]
    pub stalls: Vec<StallSeen>,
    /// Where along the axes of sweeps the answer changes.
    #[serde(default, skip_serializing)]
    pub flips: Vec<Flip>,
    /// Who wins where on sweeps with two axes.
    #[serde(default, skip_serializing)]
    pub maps: Vec<Map>,
    /// What could have refuted the measurement itself.
    #[serde(default, skip_serializing)]
    pub controls: Vec<Control>,
    /// What readers come with, answered.
    #[serde(default, skip_serializing)]
    pub use_cases: Vec<UseCase>,
}

/// A row of a table of one machine.
#[derive(Serialize)]
struct OnMachine<'r, T> {
    machine: &'r str,
    #[serde(flatten)]
    row: T,
}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut file = to.serialize_map(None)?;
        file.serialize_entry("schema", SCHEMA)?;
        file.serialize_entry("baseline", &self.baseline)?;
        file.serialize_entry("margin", &self.margin)?;
        file.serialize_entry("partial", &self.partial)?;
        file.serialize_entry("machines", &self.machines)?;
        file.serialize_entry("overall", &self.overall)?;
        file.serialize_entry("differences", &self.differences)?;
        macro_rules! tables {
            ($($table:ident),*) => {
                $(file.serialize_entry(stringify!($table), &rows(&self.machines, |machine| &machine.$table))?;)*
            };
        }
        tables!(scenarios, situations);
        let cards = self.machines.iter().flat_map(|machine| {
            let cards = machine.strategies.iter().map(Card::in_words);
            cards.map(|card| machine.row(card))
        });
        file.serialize_entry("strategies", &cards.collect::<Vec<_>>())?;
        tables!(exclusions, assumptions, recommendations, guarantees, faults);
        tables!(latencies, flips, maps, controls, use_cases);
        file.end()
    }
}

/// A table of all machines.
fn rows<T>(machines: &[Machine], table: fn(&Machine) -> &Vec<T>) -> Vec<OnMachine<'_, &T>> {
    let rows = |machine| table(machine).iter().map(|row| machine.row(row));
    machines.iter().flat_map(rows).collect()
}

/// How much was measured, and how the estimates were made of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// The counted window of a slice where every thread has a processor, in nanoseconds.
    pub window_ns: u64,
    /// Measuring processes, at most, that a scenario was measured by.
    pub processes: usize,
    /// Blocks, over all scenarios and processes.
    pub blocks: usize,
    /// Slices, over all blocks.
    pub slices: usize,
    /// Slices that could not be measured.
    pub failures: usize,
    /// Blocks during which the processors were not where they usually are. A ratio counts both places if both say the same.
    pub moved: usize,
    /// The share of the processors' time during the blocks that the hypervisor gave to others.
    pub stolen: f64,
    /// Verdicts that were made together.
    pub verdicts: usize,
    /// The level of each: the probability with which the interval of a ratio misses its median, and up to which a
    /// verdict is given. As many of them are wrong, at most, as the false discovery rate allows.
    pub level: f64,
    /// How often the run looked which of them were settled; of several runs, all their looks.
    pub looks: u32,
    /// Resamples of the bootstrap that flips are located by.
    pub resamples: usize,
    /// Runs of this machine that the samples are of.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub runs: usize,
}

/// A metric of a strategy in a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The scenario's name.
    pub scenario: String,
    /// `crate/variant`.
    pub strategy: String,
    /// What was measured.
    pub metric: Metric,
    /// Its unit.
    pub unit: String,
    /// The median over the processes of the medians of their slices (for counts: the count per
    /// operation). Infinite, in files null, where it is that of slices without a finished operation.
    #[serde(deserialize_with = "unbounded")]
    pub median: f64,
    /// The lower end of its 99 % interval.
    #[serde(deserialize_with = "unbounded")]
    pub ci_low: f64,
    /// The upper end of its 99 % interval; infinite, in files null, as the median.
    #[serde(deserialize_with = "unbounded")]
    pub ci_high: f64,
    /// How many slices it rests on.
    pub n: usize,
    /// How many measuring processes these are of; 0 of counts. Fewer than eight have no 99 % interval:
    /// the bounds are then their range.
    #[serde(default, skip_serializing_if = "model::is_default")]
    pub processes: usize,
    /// In how many of the slices no operation was finished.
    #[serde(default, skip_serializing_if = "model::is_default")]
    pub starved: usize,
    /// What else a reader has to know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// How it compares with the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
}

/// A larger share of slices without a finished operation grants no improvement.
const STARVED_MAX: f64 = 0.1;

impl Cell {
    /// Whether no operation was finished in too many of its slices.
    pub fn is_often_starved(&self) -> bool {
        self.starved as f64 > STARVED_MAX * self.n as f64
    }
}

/// What a reader has to know about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Flag {
    /// Within 30 % of the no-op control: the harness may hide how fast it is.
    HarnessBound,
    /// More threads than processors: it measures the scheduler, too.
    Oversubscribed,
    /// In half of its windows a thread did fewer than 10 operations, on average.
    FewOperations,
    /// Its windows were faster at the end than at the beginning, or slower, by more than 5 %.
    Unsteady,
    /// In at least half of its windows no operation was finished, so it has no figure.
    Starved,
}

/// A comparison with the baseline: times better.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The baseline.
    pub vs: String,
    /// The median over the processes of the medians of their slices' ratios to the baseline's slices
    /// before and after. Not the quotient of two cells' medians, which compares slices of different
    /// moments. 0 where no operation was finished; infinite, in files null, where the baseline
    /// finished none.
    #[serde(deserialize_with = "unbounded")]
    pub median: f64,
    /// The lower end of its interval, at the level of the run's verdicts.
    #[serde(deserialize_with = "unbounded")]
    pub ci_low: f64,
    /// The upper end of its interval.
    #[serde(deserialize_with = "unbounded")]
    pub ci_high: f64,
    /// How many slices it rests on.
    pub n: usize,
    /// How many measuring processes these are of; 0 of counts. Fewer than eight have no 99 % interval:
    /// the bounds are then their range.
    #[serde(default, skip_serializing_if = "model::is_default")]
    pub processes: usize,
    /// How probable it is that so few processes lie on the other side of the margin, if it is the
    /// true median; before correction for the number of verdicts. At least `2^(1 - processes)`.
    pub p: Option<f64>,
    /// Why no verdict is given whatever the interval says: where too little was finished.
    pub withheld: Option<String>,
    /// Whether it improves by more than the margin.
    pub verdict: Verdict,
}

/// A figure that JSON has no number for is infinite.
fn unbounded<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::INFINITY))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_one(number: &usize) -> bool {
    *number == 1
}

const fn one() -> usize {
    1
}

/// The judgement of a claim against its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum Verdict {
    /// The whole interval is on the right side of the margin.
    Holds,
    /// The whole interval is on the wrong side.
    Rejected,
    /// Too close to call: the interval contains the margin, or too little was finished.
    Inconclusive,
}

/// An assumption about a strategy, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The assumption's id, for example `performance`.
    pub id: String,
    /// `crate/variant`.
    pub strategy: String,
    /// The scenario, where the assumption is judged per scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The judgement.
    pub verdict: Verdict,
    /// The figures it rests on, in words.
    pub why: String,
}

/// What follows for a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// `crate/variant`.
    pub strategy: String,
    /// The decision.
    pub decision: Decision,
    /// Scenario and metric pairs in which it improves on the baseline by more than the margin.
    pub gains: Vec<Judged>,
    /// Those in which it is worse than the baseline by more than [`TOLERATED`], for certain.
    pub losses: Vec<Judged>,
    /// Those that the samples do not decide.
    pub open: Vec<Judged>,
}

/// A metric of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The scenario's name.
    pub scenario: String,
    /// The metric.
    pub metric: Metric,
}

/// The decision about a strategy: on one machine, or over several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Better by more than the margin wherever the report measured, and nowhere worse by more than is tolerated.
    #[strum(to_string = "adopt")]
    Adopt,
    /// Better by more than the margin in some situations; not in all of the report's, or worse
    /// elsewhere.
    #[strum(to_string = "adopt for some operations")]
    AdoptForSome,
    /// Over several machines only: better somewhere on one and nowhere on another, or on each somewhere else.
    #[strum(to_string = "machines differ")]
    MachinesDiffer,
    /// Better by more than the margin nowhere.
    #[strum(to_string = "stay with the baseline")]
    StayWithBaseline,
    /// Better by more than the margin nowhere for certain, but possibly somewhere.
    #[strum(to_string = "undecided")]
    Undecided,
    /// Nothing was measured in enough processes to decide anything, or it was the preset that decides nothing.
    #[strum(to_string = "too few to say")]
    TooFew,
    /// A check failed: not ranked.
    #[strum(to_string = "disqualified")]
    Disqualified,
}

/// A property that a strategy claims or a check that it has to pass, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// `crate/variant`.
    pub strategy: String,
    /// What is guaranteed.
    pub property: Guaranteed,
    /// What is claimed.
    pub claimed: String,
    /// What was observed; empty where no check looks.
    pub observed: String,
    /// How claim and observation compare.
    pub grade: Grade,
    /// The check, and what it counted.
    pub evidence: String,
}

/// What a guarantee is about; in files, its name.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Guaranteed {
    /// A property of which strategies claim different things, for example `read consistency`.
    #[strum(transparent)]
    Claim(Property),
    /// What every strategy promises alike: a check and the record it was made with, for example
    /// `shutdown (status)`.
    #[strum(transparent)]
    ByAll(String),
}

/// How a claim and what was observed compare (jcstress's terms).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Grade {
    /// As claimed.
    Acceptable,
    /// Allowed, and better than claimed.
    Interesting,
    /// Not allowed: the strategy is not ranked.
    #[strum(to_string = "FORBIDDEN")]
    Forbidden,
    /// Claimed, and not checked yet.
    Unchecked,
}

/// What a fault did to a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faulted {
    /// `crate/variant`.
    pub strategy: String,
    /// What went wrong.
    pub fault: Fault,
    /// What it came to, at worst.
    pub consequence: Consequence,
    /// What others tried meanwhile and how it went, and what was counted.
    pub evidence: String,
}

/// A finding about the measurement itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// The scenario.
    pub scenario: String,
    /// The control strategy.
    pub control: String,
    /// What had to come out.
    pub expected: String,
    /// What came out.
    pub observed: String,
    /// Whether it did.
    pub passed: bool,
}

impl Machine {
    /// A row of one of its tables.
    fn row<T>(&self, row: T) -> OnMachine<'_, T> {
        let machine = &self.name;
        OnMachine { machine, row }
    }

    /// A cell, if it was measured.
    pub fn cell(&self, scenario: &str, strategy: &str, metric: Metric) -> Option<&Cell> {
        // The metric first: it is compared in an instruction.
        self.cells.iter().find(|cell| {
            cell.metric == metric && cell.strategy == strategy && cell.scenario == scenario
        })
    }

    /// The decision about a strategy; none about the baseline and controls.
    pub fn recommendation(&self, strategy: &str) -> Option<&Recommendation> {
        let mut all = self.recommendations.iter();
        all.find(|recommendation| recommendation.strategy == strategy)
    }

    /// What the operations of a strategy execute and share, if it was traced.
    pub fn trace(&self, strategy: &str) -> Option<&TraceSeen> {
        self.traces.iter().find(|trace| trace.strategy == strategy)
    }

    /// Who can go on beside a strategy's stalled operations, if that was tried.
    pub fn stall(&self, strategy: &str) -> Option<&StallSeen> {
        self.stalls.iter().find(|stall| stall.strategy == strategy)
    }

    /// Whether no check has disqualified the strategy.
    pub fn is_ranked(&self, strategy: &str) -> bool {
        let mut all = self.guarantees.iter();
        all.all(|seen| seen.strategy != strategy || seen.grade != Grade::Forbidden)
    }

    /// Whether it was measured for decisions: preset quick asks only if everything is in order, and roughly how fast it
    /// is.
    pub fn decides(&self) -> bool {
        self.environment.preset != Preset::Quick.to_string()
    }

    /// What is said of a strategy.
    pub fn card(&self, strategy: &str) -> Option<&Card> {
        self.strategies.iter().find(|card| card.name == strategy)
    }

    /// What a strategy claims less than the baseline does: the property, its claim and the baseline's.
    pub fn weaker_claims(&self, strategy: &str) -> Vec<(Property, Claim, Claim)> {
        let cards = self.card(strategy).zip(self.card(&self.baseline));
        let weaker = cards.map(|(card, baseline)| card.claims.weaker_than(&baseline.claims));
        weaker.into_iter().flatten().collect()
    }

    /// The strategies that compete, in the registry's order.
    pub fn contenders(&self) -> impl Iterator<Item = &Card> {
        self.strategies.iter().filter(|card| !card.control)
    }
}

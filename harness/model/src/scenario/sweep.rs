//! Axes: one question asked at several points.
//!
//! ```toml
//! [[sweep]]
//! axis = "writes"
//! values = [0, 0.01, 0.1, 0.5]
//! ```

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Activity, Group, Scenario};
use crate::error::complaint;
use crate::refusal::{Validity, refusal, refuse};

/// An axis of a scenario file, and where on it to ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// What varies.
    pub axis: Axis,
    /// The values that it takes.
    pub values: Vec<Value>,
    /// Whose axis it is, counted from 0, if it is one of a group. Without it, that of the first group
    /// it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
}

/// What can vary: the fields of a scenario, then those of a group, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(strum::Display, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Axis {
    /// How many processes the table holds.
    Processes,
    /// The record.
    Record,
    /// What the processes are called.
    Ids,
    /// Which processes the operations go to.
    Keys,
    /// The share of the hot process.
    HotShare,
    /// The share of lookups that finds something.
    HitRate,
    /// How many threads a group has.
    Threads,
    /// The time between two operations of a thread.
    EveryUs,
    /// A mix's share of heartbeats.
    Writes,
    /// A mix's share of reads with a heartbeat after them.
    ReadModifyWrites,
    /// A mix's share of insertions, with as many removals.
    Inserts,
    /// A mix's share of scans.
    Scans,
    /// The time inside the section of a read.
    SectionNs,
    /// Writes between two publishes.
    PublishEvery,
    /// How much faster than its trace a replay is.
    Speed,
}

/// A place on an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::Display)]
#[serde(untagged)]
pub enum Value {
    /// On an axis of quantities.
    #[strum(transparent)]
    Number(f64),
    /// On an axis of kinds.
    #[strum(transparent)]
    Word(String),
}

/// Where on a sweep a scenario lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The name of the sweep: that of its file's scenario.
    pub sweep: String,
    /// The axes and the values on them, in the file's order.
    pub coordinates: Vec<Coordinate>,
}

/// A value on an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinate {
    /// The axis.
    pub axis: Axis,
    /// The value.
    pub value: Value,
}

/// More points than this are a mistake in a file rather than a question.
pub const POINTS_MAX: usize = 64;
/// No axis has larger whole numbers.
const NUMBER_MAX: f64 = u32::MAX as f64;

/// The points of a sweep, or the scenario itself if it sweeps nothing.
pub(super) fn expand(mut scenario: Scenario) -> Result<Vec<Scenario>, String> {
    let axes = std::mem::take(&mut scenario.sweep);
    validate(&scenario, &axes)?;
    let mut points = vec![scenario];
    for sweep in &axes {
        let values = sweep.values.iter();
        let steps = |point| values.clone().map(move |value| step(point, sweep, value));
        points = points.iter().flat_map(steps).collect::<Result<_, _>>()?;
    }
    Ok(points)
}

/// Refuses what is nonsensical about the axes of a file.
fn validate(scenario: &Scenario, sweeps: &[Sweep]) -> Validity {
    for sweep in sweeps {
        let (axis, values) = (sweep.axis, &sweep.values);
        let mut places = 1..values.len();
        let repeated = places.find(|&place| values[..place].contains(&values[place]));
        let repeated = repeated.map(|place| values[place].to_string());
        let backward =
            |pair: &[Value]| matches!(pair, [Value::Number(a), Value::Number(b)] if a > b);
        refuse(
            &[
                (axis.is_of_table() && sweep.group.is_some(), "no-group"),
                (values.len() < 2, "few-values"),
                (repeated.is_some(), "twice"),
                (values.windows(2).any(backward), "descending"),
            ],
            &[&axis, &repeated.unwrap_or_default()],
        )?;
    }
    // Without a number it is the first group that it fits, which another one may name.
    let meant = |sweep: &Sweep| (sweep.axis, owner(scenario, sweep).ok());
    let is_same = matches!(sweeps, [first, second] if meant(first) == meant(second));
    let axis = sweeps.first().map(|sweep| sweep.axis.to_string());
    let counts = sweeps.iter().map(|sweep| sweep.values.len());
    let points = counts.fold(1, usize::saturating_mul);
    refuse(
        &[
            (is_same, "same-axes"),
            (sweeps.len() > 2, "many-axes"),
            (points > POINTS_MAX, "many-points"),
        ],
        &[
            &axis.unwrap_or_default(),
            &sweeps.len(),
            &points,
            &POINTS_MAX,
        ],
    )
}

/// The scenario, one axis further.
fn step(from: &Scenario, sweep: &Sweep, value: &Value) -> Result<Scenario, String> {
    let mut scenario = from.clone();
    let axis = sweep.axis;
    set(&mut scenario, sweep, value)?;
    let separator = if from.point.is_some() { "," } else { "@" };
    scenario.name = format!("{}{separator}{axis}={value}", from.name);
    scenario.title = format!("{}, {} {value}", from.title, axis.words());
    let point = scenario.point.get_or_insert_with(|| Point {
        sweep: from.name.clone(),
        coordinates: Vec::new(),
    });
    let value = value.clone();
    point.coordinates.push(Coordinate { axis, value });
    Ok(scenario)
}

/// Gives an axis of the scenario a value: the field that is called like the axis.
fn set(scenario: &mut Scenario, sweep: &Sweep, value: &Value) -> Result<(), String> {
    let axis = sweep.axis;
    let is_kind = matches!(axis, Axis::Record | Axis::Ids | Axis::Keys);
    let given = match value {
        Value::Number(number) if is_kind => {
            return Err(format!("axis {axis}: {number} is a number, and not a kind"));
        }
        // JSON tells whole numbers from others.
        #[expect(clippy::cast_sign_loss, reason = "no negative number gets here")]
        Value::Number(number) if (0.0..=NUMBER_MAX).contains(number) && number.fract() == 0.0 => {
            (*number as u64).into()
        }
        Value::Number(number) if number.is_finite() => (*number).into(),
        Value::Word(word) if is_kind => word.as_str().into(),
        _ => return Err(format!("axis {axis}: {value} is not a number")),
    };
    let mut fields = serde_json::to_value(&*scenario).expect("a scenario is plain data");
    let owner = if axis.is_of_table() {
        &mut fields
    } else {
        &mut fields["groups"][owner(scenario, sweep)?]
    };
    owner[axis.to_string()] = given;
    let fault = |error| format!("axis {axis}: {}", complaint(&error));
    *scenario = serde_json::from_value(fields).map_err(fault)?;
    Ok(())
}

/// The place of the group that an axis belongs to.
fn owner(scenario: &Scenario, &Sweep { axis, group, .. }: &Sweep) -> Result<usize, String> {
    let count = scenario.groups.len();
    match group {
        Some(index) if index < count => Ok(index),
        Some(index) => Err(refusal("absent-group", &[&axis, &index, &(count - 1)])),
        None => {
            let (needs, fits) = axis.needs();
            let index = scenario.groups.iter().position(fits);
            index.ok_or_else(|| format!("axis {axis}: no group {needs}"))
        }
    }
}

impl Axis {
    /// Whether it is a field of the scenario, and of no group.
    fn is_of_table(self) -> bool {
        self <= Self::HitRate
    }

    /// What a group has to be or do to have this axis, and whether one does.
    fn needs(self) -> (&'static str, fn(&Group) -> bool) {
        match self {
            Axis::Threads => ("is there", |_| true),
            Axis::EveryUs => ("has an every_us to vary", |group| group.every_us.is_some()),
            Axis::SectionNs => ("reads", Group::reads),
            Axis::PublishEvery => ("writes", Group::writes),
            Axis::Speed => ("does \"replay\"", |group| group.does == Activity::Replay),
            _ => ("does \"mix\"", |group| group.does == Activity::Mix),
        }
    }

    /// What it is, in prose, with its unit.
    ///
    /// # Panics
    ///
    /// Never: a test reads them all.
    pub fn words(self) -> &'static str {
        static ALL: LazyLock<BTreeMap<Axis, String>> =
            LazyLock::new(|| toml::from_str(include_str!("axes.toml")).expect("a test reads it"));
        &ALL[&self]
    }
}

impl Scenario {
    /// Where it lies on an axis of quantities; for a kind of record, its size in bytes.
    pub fn coordinate(&self, axis: Axis) -> Option<f64> {
        let mut coordinates = self.point.as_ref()?.coordinates.iter();
        let coordinate = coordinates.find(|coordinate| coordinate.axis == axis)?;
        match &coordinate.value {
            Value::Number(number) => Some(*number),
            Value::Word(_) if axis == Axis::Record => Some(self.record.size() as f64),
            Value::Word(_) => None,
        }
    }
}

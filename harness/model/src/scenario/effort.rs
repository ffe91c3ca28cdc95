//! How long the points of sweeps take at least, before they are measured.

use std::time::Duration;

use super::Scenario;
use crate::error::{Error, Result};

/// What a run spends at least on every scenario.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// A slice: what is counted of it and what is not.
    pub slice: Duration,
    /// The blocks without which there is no interval.
    pub blocks: u32,
    /// The measuring processes that share them, each with tables of its own.
    pub processes: u32,
}

/// No strategy does an operation faster than this on one thread, and most take many times as long.
const FASTEST_OPERATION: Duration = Duration::from_nanos(5);

/// Filling a table takes about this long for each record; some take less, messages far more.
const FILL_PER_RECORD: Duration = Duration::from_nanos(300);

impl Effort {
    /// The shortest time that a scenario takes, with so many strategies: a block has a slice of each,
    /// and one of the baseline around each of the others.
    pub fn shortest(&self, scenario: &Scenario, strategies: usize) -> Duration {
        let slices = strategies.saturating_sub(1) * 2 + 1;
        let records = scenario.processes * strategies * self.processes as usize;
        let slice = self.slice.as_secs_f64().max(slice_of_operations(scenario));
        let measuring = slice * slices as f64 * f64::from(self.blocks);
        Duration::from_secs_f64(measuring + FILL_PER_RECORD.as_secs_f64() * records as f64)
    }
}

/// The shortest slice of a scenario with a given number of operations, in seconds.
fn slice_of_operations(scenario: &Scenario) -> f64 {
    let each = scenario.operations.unwrap_or(0) as f64 / scenario.threads().max(1) as f64;
    each * FASTEST_OPERATION.as_secs_f64()
}

/// Refuses optional sweeps that would not be measured well enough within a budget, and scenarios whose number of
/// operations does not fit it: says how long they would take and what to do. Other scenarios are never
/// refused: with few of them a run does what it can.
///
/// # Errors
///
/// [`Error::Input`], if the scenarios take longer than `budget` and points of sweeps are among them, or if
/// one takes longer because of its number of operations.
pub fn affordable(
    scenarios: &[Scenario],
    strategies: impl Fn(&Scenario) -> usize,
    effort: Effort,
    budget: Duration,
    is_largest: bool,
) -> Result<()> {
    let shown_budget = span(budget);
    let mut needed = Duration::ZERO;
    for scenario in scenarios {
        let shortest = effort.shortest(scenario, strategies(scenario));
        needed += shortest;
        if let Some(operations) = scenario.operations
            && shortest > budget
        {
            let slice = Duration::from_secs_f64(slice_of_operations(scenario));
            return Err(Error::input(format!(
                "scenario {}: {operations} operations take at least {} a slice and {} in all, and this preset \
                 measures for {shown_budget}; give fewer operations",
                scenario.name,
                span(slice),
                span(shortest),
            )));
        }
    }
    let is_chosen = |scenario: &&Scenario| scenario.point.is_some() && scenario.optional;
    let points = scenarios.iter().filter(is_chosen).count();
    if points == 0 || needed <= budget {
        return Ok(());
    }
    let remedy = if is_largest {
        "choose fewer of them with --scenario, or fewer strategies with --strategy"
    } else {
        "use --preset full, or fewer strategies with --strategy"
    };
    let needed = span(needed);
    Err(Error::input(format!(
        "the {points} points of the chosen sweeps need at least {needed}, and this preset measures for \
         {shown_budget}; {remedy}"
    )))
}

/// `40 s`, `12 min`, `3.5 h`, `17 days`: as exact as an estimate deserves.
fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..120.0 => format!("{} s", seconds.ceil()),
        ..7200.0 => format!("{} min", (seconds / 60.0).ceil()),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        ..63e6 => format!("{:.0} days", seconds / 86_400.0),
        _ => format!("{:.0} years", seconds / 31_557_600.0),
    }
}

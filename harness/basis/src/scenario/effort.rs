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

/// Filling a table takes about this long for each record; some take less, messages far more.
const FILL_PER_RECORD: Duration = Duration::from_nanos(300);

impl Effort {
    /// The shortest time that a scenario takes, with so many strategies: a block has a slice of each,
    /// and one of the baseline around each of the others.
    pub fn shortest(&self, scenario: &Scenario, strategies: usize) -> Duration {
        let slices = strategies.saturating_sub(1) * 2 + 1;
        let records = scenario.processes * strategies * self.processes as usize;
        self.slice * slices as u32 * self.blocks
            + Duration::from_secs_f64(FILL_PER_RECORD.as_secs_f64() * records as f64)
    }
}

/// Refuses sweeps that would not be measured well enough within a budget: says how long they would
/// take and what to do. Scenarios that are no points of sweeps are never refused: with few of them a
/// run does what it can.
///
/// # Errors
///
/// [`Error::Input`], if the scenarios take longer than `budget` and points of sweeps are among them.
pub fn affordable(
    scenarios: &[Scenario],
    strategies: impl Fn(&Scenario) -> usize,
    effort: Effort,
    budget: Duration,
    is_largest: bool,
) -> Result<()> {
    let points = scenarios.iter().filter(|s| s.point.is_some()).count();
    let needed: Duration = scenarios
        .iter()
        .map(|scenario| effort.shortest(scenario, strategies(scenario)))
        .sum();
    if points == 0 || needed <= budget {
        return Ok(());
    }
    let remedy = if is_largest {
        "choose fewer of them with --scenario, or fewer strategies with --strategy"
    } else {
        "use --preset full, or fewer strategies with --strategy"
    };
    Err(Error::input(format!(
        "the {points} points of the chosen sweeps need at least {}, and this preset measures for {}; \
         {remedy}",
        span(needed),
        span(budget)
    )))
}

/// `40 s`, `12 min`, `3.5 h`: as exact as an estimate deserves.
fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..120.0 => format!("{} s", seconds.ceil()),
        ..7200.0 => format!("{} min", (seconds / 60.0).ceil()),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

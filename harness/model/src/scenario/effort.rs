//! How long the points of sweeps take at least, before they are measured.

use std::time::Duration;

use super::Scenario;
use crate::error::Result;
use crate::refusal::refuse;

/// No strategy does an operation faster than this on one thread, and most take many times as long.
const FASTEST_OPERATION: Duration = Duration::from_nanos(5);

/// Filling a table takes about this long for each record; some take less, messages far more.
const FILL_PER_RECORD: Duration = Duration::from_nanos(300);

/// So many slices stand between two of the baseline. One would mean that half of all time goes to the baseline; many, that
/// what they are compared with was measured long before or after.
pub const BETWEEN: usize = 2;

/// How many slices a block of so many strategies has, the baseline among them.
pub const fn slices_in_block(strategies: usize) -> usize {
    let contenders = strategies.saturating_sub(1);
    contenders + contenders.div_ceil(BETWEEN) + 1
}

/// The shortest time that a scenario takes, with so many strategies and measuring processes, each with tables of its own
/// and a block, without which there is no interval.
pub fn least(scenario: &Scenario, strategies: usize, processes: u32, slice: Duration) -> Duration {
    let slices = slices_in_block(strategies);
    let records = scenario.processes * strategies * processes as usize;
    let slice = slice.as_secs_f64().max(slice_of_operations(scenario));
    let measuring = slice * slices as f64 * f64::from(processes);
    Duration::from_secs_f64(measuring + FILL_PER_RECORD.as_secs_f64() * records as f64)
}

/// The shortest slice of a scenario with a given number of operations, in seconds.
fn slice_of_operations(scenario: &Scenario) -> f64 {
    let each = scenario.operations.unwrap_or(0) as f64 / scenario.threads().max(1) as f64;
    each * FASTEST_OPERATION.as_secs_f64()
}

/// Given the [least] time of each, refuses optional sweeps that would not be measured well enough within a budget, and
/// scenarios whose number of operations does not fit it: says how long they would take and what to do. Other scenarios
/// are never refused: with few of them a run does what it can.
///
/// # Errors
///
/// [`Error::Input`](crate::error::Error::Input), if the scenarios take longer than `budget` and points of sweeps are among them, or if
/// one takes longer because of its number of operations.
pub fn affordable<'s>(
    scenarios: impl IntoIterator<Item = (&'s Scenario, Duration)>,
    budget: Duration,
    is_largest: bool,
) -> Result<()> {
    let (mut needed, mut points) = (Duration::ZERO, 0);
    for (scenario, shortest) in scenarios {
        points += u32::from(scenario.point.is_some() && scenario.optional);
        needed += shortest;
        let operations = scenario.operations.unwrap_or_default();
        let slice = Duration::from_secs_f64(slice_of_operations(scenario));
        let [slice, all, most] = [slice, shortest, budget].map(span);
        refuse(
            &[(operations > 0 && shortest > budget, "many-operations")],
            &[&scenario.name, &operations, &slice, &all, &most],
        )?;
    }
    let is_long = points > 0 && needed > budget;
    let [needed, budget] = [needed, budget].map(span);
    Ok(refuse(
        &[
            (is_long && is_largest, "too-long"),
            (is_long, "too-long-for-preset"),
        ],
        &[&points, &needed, &budget],
    )?)
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

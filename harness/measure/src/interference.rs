//! What disturbs a block, looked at before and after it and never at its result.

use std::io;
use std::time::Duration;

use model::clock;
use model::sample::{Interference, Part};

use super::calibration;

/// What disturbs a block of so many slices, while `measure` is at it, that keeps so many processors busy.
pub(crate) fn watched(
    processors: usize,
    part: &Part,
    (block, slices): (u32, u32),
    measure: impl FnOnce() -> io::Result<()>,
) -> io::Result<Interference> {
    let hand_off_before = hand_off_ns(processors);
    let (began, stolen_before) = (clock::now(), stolen());
    measure()?;
    let (took, stolen) = (began.elapsed(), stolen().saturating_sub(stolen_before));
    let hand_offs = hand_off_before.zip(hand_off_ns(processors));
    Ok(Interference {
        scenario: part.scenario.clone(),
        process: part.process,
        block,
        slices,
        took_ns: took.as_nanos() as u64,
        stolen_ns: stolen.as_nanos() as u64,
        hand_off_ns: hand_offs.map(|(before, after)| [before, after]),
    })
}

/// What handing a line over costs, where threads on several processors can do so. A hypervisor moves virtual processors: to
/// cores that share a cache, to cores that do not, on one core. Nothing else tells: no time is stolen.
fn hand_off_ns(processors: usize) -> Option<f64> {
    (processors > 1).then(calibration::hand_off_briefly)
}

/// What the hypervisor took so far; nothing where the system does not say. Linux counts it in
/// hundredths of a second (`USER_HZ`, fixed in its interface), over all processors.
fn stolen() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut fields = text.lines().next().unwrap_or_default().split_whitespace();
    let ticks = fields.nth(8).and_then(|ticks| ticks.parse().ok());
    Duration::from_millis(10 * ticks.unwrap_or(0))
}

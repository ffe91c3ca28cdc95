//! What disturbs a block, looked at before and after it and never at its result.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use model::clock;
use model::sample::{Interference, Part};

use super::calibration;

/// The calibration spin: chains of dependent multiplications, about a millisecond in all on a
/// processor of today. The fastest of them counts: on a virtual machine whole milliseconds often
/// differ from each other, the fastest sixteenths hardly ever unless the processor itself has become
/// slower.
const SPINS: usize = 16;
/// Steps of each chain.
const SPIN_STEPS: u64 = 46_000;
/// Chains before those that count: processors take some milliseconds to settle on the frequency for
/// as many busy cores, which may be lower for two than for one.
const WARMING_UP: usize = 4 * SPINS;

/// What disturbs a block of so many slices, while `measure` is at it, that keeps so many processors busy.
pub(crate) fn watched(
    processors: usize,
    part: &Part,
    (block, slices): (u32, u32),
    measure: impl FnOnce() -> io::Result<()>,
) -> io::Result<Interference> {
    let (spin_before, hand_off_before) = (spin(processors), hand_off_ns(processors));
    let began = clock::now();
    let (stolen_before, preemptions_before) = (stolen(), preemptions());
    measure()?;
    let took = began.elapsed();
    let stolen = stolen().saturating_sub(stolen_before);
    let preemptions = preemptions() - preemptions_before;
    let spin_after = spin(processors);
    let hand_offs = hand_off_before.zip(hand_off_ns(processors));
    Ok(Interference {
        scenario: part.scenario.clone(),
        process: part.process,
        block,
        slices,
        took_ns: took.as_nanos() as u64,
        stolen_ns: stolen.as_nanos() as u64,
        preemptions,
        spin_before_ns: spin_before.as_nanos() as u64,
        spin_after_ns: spin_after.as_nanos() as u64,
        hand_off_ns: hand_offs.map(|(before, after)| [before, after]),
    })
}

/// The spin, on as many processors at once as the scenario keeps busy; the slowest of them.
fn spin(processors: usize) -> Duration {
    let fastest = || {
        let spins = (0..WARMING_UP + SPINS).map(|_| chain());
        spins.skip(WARMING_UP).min().unwrap_or_default()
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..processors).map(|_| scope.spawn(fastest)).collect();
        let here = fastest();
        let there = others.into_iter().filter_map(|other| other.join().ok());
        there.max().map_or(here, |slowest| slowest.max(here))
    })
}

/// What handing a line over costs, where threads on several processors can do so. A hypervisor moves virtual processors: to
/// cores that share a cache, to cores that do not, on one core. Nothing else tells: no time is stolen.
fn hand_off_ns(processors: usize) -> Option<f64> {
    (processors > 1).then(calibration::hand_off_briefly)
}

fn chain() -> Duration {
    let began = clock::now();
    let mut value = black_box(1u64);
    for step in 0..SPIN_STEPS {
        value = value.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ step;
    }
    black_box(value);
    began.elapsed()
}

/// What the hypervisor took so far; nothing where the system does not say. Linux counts it in
/// hundredths of a second (`USER_HZ`, fixed in its interface), over all processors.
fn stolen() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut fields = text.lines().next().unwrap_or_default().split_whitespace();
    let ticks = fields.nth(8).and_then(|ticks| ticks.parse().ok());
    Duration::from_millis(10 * ticks.unwrap_or(0))
}

/// How often a thread of this process, ended ones included, lost its processor without asking.
fn preemptions() -> u64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| {
        usage.involuntary_context_switches().max(0).cast_unsigned()
    })
}

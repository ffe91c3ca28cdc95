//! The faults of a run: every strategy under every fault, a process for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use basis::error::Result;
use basis::fault::{Fault, FaultSeen};
use basis::preset::Preset;
use basis::sample::{Card, Line};
use faults::FaultTask;

use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;
use super::{Observer, Plan, Recording};
use crate::analysis::contradicts;

/// Processes at a time of faults that mostly wait for what is held up.
const WAITING_AT_A_TIME: usize = 8;
/// Processes at a time of faults in which one thread works without a pause and others want to be in
/// time: each has a processor, at best.
const BUSY_AT_A_TIME: usize = 1;
/// What contradicts a claim is believed if it is seen again with so many times the patience.
const SECOND_PATIENCE: u64 = 20;

/// How thoroughly faults are injected.
#[derive(Clone, Copy, Debug)]
struct Thoroughness {
    /// How often a thread is stopped at a place that chance finds.
    stops: u32,
    /// What does not end within so many milliseconds is held up.
    patience_ms: u64,
}

impl Thoroughness {
    const fn of(effort: Preset) -> Self {
        let (stops, patience_ms) = match effort {
            Preset::Quick => (20, 50),
            Preset::Default => (1_000, 100),
            Preset::Full => (20_000, 500),
        };
        Self { stops, patience_ms }
    }
}

impl Plan {
    /// Puts every contender under every fault, and keeps what was seen. What the recording has already
    /// is not done again.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A process that a fault ends is a result.
    pub(super) fn inject(
        &self,
        contenders: &[Card],
        effort: Preset,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let seen: BTreeSet<(&str, Fault)> = recording
            .lines()
            .iter()
            .filter_map(|line| match line {
                Line::Fault(seen) => Some((seen.strategy.as_str(), seen.fault)),
                _ => None,
            })
            .collect();
        let work: Vec<(&Card, Fault)> = Fault::ALL
            .into_iter()
            .flat_map(|fault| contenders.iter().map(move |card| (card, fault)))
            .filter(|(card, fault)| !seen.contains(&(card.name.as_str(), *fault)))
            .collect();
        let thoroughness = Thoroughness::of(effort);
        let (busy, waiting): (Vec<_>, Vec<_>) =
            work.into_iter().partition(|(_, fault)| fault.is_busy());
        let all = busy.len() + waiting.len();
        let mut done = 0;
        let mut keep = |seen: FaultSeen| {
            done += 1;
            let share = f64::from(done) / all as f64;
            observer.stage(
                &format!("injecting faults: {}", seen.fault),
                super::VERIFYING_SHARE * (1.0 + share) / 2.0,
            );
            recording.keep(Line::Fault(seen))
        };
        let put_under =
            |&(card, fault): &(&Card, Fault)| self.put_under(card, fault, thoroughness, interrupt);
        side_by_side(WAITING_AT_A_TIME, &waiting, put_under, &mut keep)?;
        side_by_side(BUSY_AT_A_TIME, &busy, put_under, &mut keep)
    }

    /// One fault; twice if what was seen contradicts what the strategy claims.
    fn put_under(
        &self,
        card: &Card,
        fault: Fault,
        thoroughness: Thoroughness,
        interrupt: &Interrupt,
    ) -> Result<FaultSeen> {
        let see = |patience_ms| {
            let task = FaultTask {
                strategy: card.name.clone(),
                fault,
                seed: self.seed,
                stops: thoroughness.stops,
                patience_ms,
            };
            watch(task, interrupt)
        };
        let seen = see(thoroughness.patience_ms)?;
        if contradicts(card, &seen) {
            return see(thoroughness.patience_ms * SECOND_PATIENCE);
        }
        Ok(seen)
    }
}

/// Does `work` on so many threads, and hands over what comes of it, in any order.
pub(super) fn side_by_side<W: Sync, T: Send>(
    threads: usize,
    work: &[W],
    carry_out: impl Fn(&W) -> Result<T> + Sync,
    mut hand_over: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (found, findings) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(work.len()) {
            let (found, next, carry_out) = (found.clone(), &next, &carry_out);
            scope.spawn(move || {
                while let Some(piece) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if found.send(carry_out(piece)).is_err() {
                        // Nobody listens any more: something failed.
                        return;
                    }
                }
            });
        }
        drop(found);
        findings.into_iter().try_for_each(|found| hand_over(found?))
    })
}

/// What the process saw, or how it ended.
fn watch(task: FaultTask, interrupt: &Interrupt) -> Result<FaultSeen> {
    let mut seen = FaultSeen {
        strategy: task.strategy.clone(),
        fault: task.fault,
        meanwhile: BTreeMap::new(),
        never: Vec::new(),
        tallies: BTreeMap::new(),
        died: None,
    };
    let ending = carry_out(&Task::Fault(task), interrupt, |line| {
        if let Line::Fault(found) = line {
            seen = found;
        }
        Ok(())
    })?;
    if let Ending::Failed(failed) = ending {
        seen.died = Some(failed.reason);
    }
    Ok(seen)
}

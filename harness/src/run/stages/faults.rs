//! Every contender under every fault, in a process for each.

use std::collections::BTreeMap;

use basis::error::Result;
use basis::fault::{Fault, FaultSeen};
use basis::preset::Preset;
use basis::sample::{Card, Line};
use faults::FaultTask;

use crate::analysis::contradicts;
use crate::run::Plan;
use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// Processes at a time of faults that mostly wait for what is held up.
const WAITING_AT_A_TIME: usize = 8;
/// Processes at a time of faults in which one thread works without a pause and others want to be in
/// time: each has a processor, at best.
const BUSY_AT_A_TIME: usize = 1;
/// What contradicts a claim is believed if it is seen again with so many times the patience.
const SECOND_PATIENCE: u64 = 20;

/// Puts every contender under every fault that is busy, or that is not. A process that a fault ends is a result.
#[derive(Clone, Copy, Debug)]
pub struct Faults<'p> {
    /// The contenders and the seed.
    pub plan: &'p Plan,
    /// How thoroughly faults are injected.
    pub effort: Preset,
    /// Whether these are the faults in which a thread works without a pause.
    pub are_busy: bool,
}

/// How often a thread is stopped at a place that chance finds, and after how many milliseconds what has not ended is
/// held up.
const fn stops_and_patience(effort: Preset) -> (u32, u64) {
    match effort {
        Preset::Quick => (20, 50),
        Preset::Default => (1_000, 100),
        Preset::Full => (20_000, 500),
    }
}

impl Stage for Faults<'_> {
    type Task = (Card, Fault);
    const NAME: &'static str = "injecting faults:";

    fn tasks(&self) -> Vec<(Card, Fault)> {
        let contenders = self.plan.contenders();
        let faults = Fault::ALL.iter().copied();
        let faults = faults.filter(|fault| fault.is_busy() == self.are_busy);
        let under = |fault| contenders.iter().map(move |card| (card.clone(), fault));
        faults.flat_map(under).collect()
    }

    fn is_done(&self, (card, fault): &(Card, Fault), done: &Done) -> bool {
        done.faults.contains(&(card.name.clone(), *fault))
    }

    fn subject(&self, (_, fault): &(Card, Fault)) -> String {
        fault.to_string()
    }

    fn width(&self) -> usize {
        if self.are_busy {
            BUSY_AT_A_TIME
        } else {
            WAITING_AT_A_TIME
        }
    }

    /// Twice if what was seen contradicts what the strategy claims.
    fn carry_out(&self, (card, fault): &(Card, Fault), worker: &Worker<'_>) -> Result<()> {
        let (stops, patience_ms) = stops_and_patience(self.effort);
        let mut task = FaultTask {
            strategy: card.name.clone(),
            fault: *fault,
            seed: self.plan.seed,
            stops,
            patience_ms,
        };
        let mut seen = inject(&task, worker)?;
        if contradicts(card, &seen) {
            task.patience_ms *= SECOND_PATIENCE;
            seen = inject(&task, worker)?;
        }
        worker.keep(Line::Fault(seen));
        Ok(())
    }
}

/// What the process saw, and how it ended if it did not survive.
fn inject(task: &FaultTask, worker: &Worker<'_>) -> Result<FaultSeen> {
    let (answer, failed) = worker.ask(&Task::Fault(task.clone()))?;
    let mut seen = match answer {
        Some(Line::Fault(seen)) => seen,
        _ => FaultSeen {
            strategy: task.strategy.clone(),
            fault: task.fault,
            meanwhile: BTreeMap::new(),
            never: Vec::new(),
            tallies: BTreeMap::new(),
            died: None,
        },
    };
    seen.died = failed.map(|failed| failed.reason).or(seen.died);
    Ok(seen)
}

//! The stages of a run: which tasks each consists of.

use std::path::Path;
use std::time::Duration;

use contract::Concurrency;
use experiments::checks::VerifyTask;
use experiments::faults::FaultTask;
use experiments::probes::ProbeTask;
use model::environment;
use model::error::Result;
use model::fault::{Fault, FaultSeen};
use model::preset::Preset;
use model::probe::Situation;
use model::random::shuffle;
use model::sample::{Card, Line};
use model::scenario::RecordKind;
use model::trace::{Operation, State};
use model::workload::Workload;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use registry::roster;
use trace::{StallTask, TraceTask};

use super::Plan;
use super::task::Task;
use super::worker_pool::{Stage, Worker};
use crate::replay::ReplayTask;
use analysis::contradicts;

impl Plan {
    /// The strategies that are compared, without controls.
    pub fn contenders(&self) -> Vec<Card> {
        roster::entries(RecordKind::Status)
            .iter()
            .map(|entry| Card::from(&entry.profile))
            .filter(|card| !card.control && self.strategies.contains(&card.name))
            .collect()
    }

    /// The names of the strategies that are right for something, controls included.
    fn names(&self, is_right: fn(&roster::Entry) -> bool) -> Vec<&'static str> {
        let entries = roster::entries(RecordKind::Status).into_iter();
        let names = entries.filter(is_right).map(|entry| entry.profile.name);
        names
            .filter(|name| self.strategies.iter().any(|planned| planned == name))
            .collect()
    }
}

/// Runs the checks on every contender.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'p> {
    /// The contenders and the seed.
    pub plan: &'p Plan,
    /// How thorough the checks are.
    pub effort: Preset,
}

impl Stage for Checks<'_> {
    const NAME: &'static str = "verifying";

    fn tasks(&self) -> Vec<Task> {
        let task = |card: Card| {
            Task::Verify(VerifyTask {
                strategy: card.name,
                preset: self.effort,
                seed: self.plan.seed,
            })
        };
        self.plan.contenders().into_iter().map(task).collect()
    }
}

/// Puts every contender under every fault that is busy, or that is not.
#[derive(Clone, Copy, Debug)]
pub struct Faults<'p> {
    /// The contenders and the seed.
    pub plan: &'p Plan,
    /// How thoroughly faults are injected.
    pub effort: Preset,
    /// Whether these are the faults in which a thread works without a pause.
    pub are_busy: bool,
}

/// Processes at a time of faults that mostly wait for what is held up.
const WAITING_AT_A_TIME: usize = 8;
/// Processes at a time of faults in which one thread works without a pause and others want to be in
/// time: each has a processor, at best.
const BUSY_AT_A_TIME: usize = 1;
/// What contradicts a claim is believed if it is seen again with so many times the patience.
const SECOND_PATIENCE: u64 = 20;

impl Stage for Faults<'_> {
    const NAME: &'static str = "injecting faults:";

    fn tasks(&self) -> Vec<Task> {
        let (stops, patience_ms) = match self.effort {
            Preset::Quick => (20, 50),
            Preset::Default => (1_000, 100),
            Preset::Full => (20_000, 500),
        };
        let contenders = self.plan.contenders();
        let faults = Fault::ALL.iter().copied();
        let faults = faults.filter(|fault| fault.is_busy() == self.are_busy);
        let under = |fault| {
            let task = move |card: &Card| {
                Task::Fault(FaultTask {
                    strategy: card.name.clone(),
                    fault,
                    seed: self.plan.seed,
                    stops,
                    patience_ms,
                })
            };
            contenders.iter().map(task)
        };
        faults.flat_map(under).collect()
    }

    fn width(&self) -> usize {
        if self.are_busy {
            BUSY_AT_A_TIME
        } else {
            WAITING_AT_A_TIME
        }
    }

    /// Twice if what was seen contradicts what the strategy claims.
    fn carry_out(&self, task: &Task, worker: &Worker<'_>) -> Result<()> {
        let mut seen = worker.ask(task)?;
        if let (Some(Line::Fault(fault)), Task::Fault(task)) = (&seen, task)
            && self.is_contradiction(fault)
        {
            let patience_ms = task.patience_ms * SECOND_PATIENCE;
            let task = task.clone();
            seen = worker.ask(&Task::Fault(FaultTask {
                patience_ms,
                ..task
            }))?;
        }
        if let Some(line) = seen {
            worker.keep(line);
        }
        Ok(())
    }
}

impl Faults<'_> {
    fn is_contradiction(&self, seen: &FaultSeen) -> bool {
        let mut contenders = self.plan.contenders().into_iter();
        contenders.any(|card| card.name == seen.strategy && contradicts(&card, seen))
    }
}

/// Replays a process trace on every contender: the outcome of a check is whether each ends with the model's table.
#[derive(Clone, Debug)]
pub struct Replays(Vec<Task>);

impl Replays {
    /// A replay on each contender of a plan.
    ///
    /// # Errors
    ///
    /// When the trace cannot be read: said once, and not as the failure of each strategy.
    pub fn of(plan: &Plan, trace: &Path) -> Result<Self> {
        Workload::load(trace)?;
        let task = |card: Card| {
            Task::Replay(ReplayTask {
                strategy: card.name,
                trace: trace.to_owned(),
            })
        };
        Ok(Self(plan.contenders().into_iter().map(task).collect()))
    }
}

impl Stage for Replays {
    const NAME: &'static str = "replaying on";

    fn tasks(&self) -> Vec<Task> {
        self.0.clone()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }
}

/// Looks at every strategy instruction by instruction.
#[derive(Clone, Debug)]
pub struct Traces(pub Vec<TraceTask>);

impl Traces {
    /// What a preset allows of every strategy that holds the traced record, controls included. A step takes a
    /// system call and more, and an operation has to be repeated in each layout.
    pub fn of(plan: &Plan, preset: Preset) -> Self {
        let (operations, states): (&[Operation], &[State]) = match preset {
            Preset::Quick => (
                &[Operation::ReadHit, Operation::ReadMiss, Operation::Apply],
                &[State::Quiescent],
            ),
            Preset::Default | Preset::Full => (Operation::ALL, State::ALL),
        };
        let task = |strategy: &str| TraceTask {
            strategy: strategy.to_owned(),
            operations: operations.to_vec(),
            states: states.to_vec(),
            layouts: if preset == Preset::Full { 5 } else { 1 },
        };
        let names = plan.names(|entry| entry.excluded.is_none());
        Self(names.into_iter().map(task).collect())
    }
}

impl Stage for Traces {
    const NAME: &'static str = "tracing";

    fn tasks(&self) -> Vec<Task> {
        self.0.iter().cloned().map(Task::Trace).collect()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }

    fn unavailable(&self) -> Option<String> {
        trace::available().err().map(|why| why.to_string())
    }
}

/// Stops threads of strategies instruction by instruction.
#[derive(Clone, Debug)]
pub struct Stalls {
    /// Which threads, and what is tried meanwhile.
    pub tasks: Vec<StallTask>,
    /// What is not done after this time is left undone.
    pub budget: Duration,
}

impl Stage for Stalls {
    const NAME: &'static str = "stopping";

    fn tasks(&self) -> Vec<Task> {
        self.tasks.iter().cloned().map(Task::Stall).collect()
    }

    fn width(&self) -> usize {
        environment::cpus()
    }

    fn budget(&self) -> Duration {
        self.budget
    }

    fn unavailable(&self) -> Option<String> {
        trace::available().err().map(|why| why.to_string())
    }
}

/// Puts every strategy, controls included, into every situation, in a process for each.
#[derive(Clone, Copy, Debug)]
pub struct Probes<'p> {
    /// The strategies and the seed.
    pub plan: &'p Plan,
    /// How often, and how long.
    pub effort: Preset,
}

/// In how many fresh processes a strategy is put into each situation, and how long it may take over all situations
/// and processes, setting up apart.
const fn processes_and_budget(effort: Preset) -> (u32, Duration) {
    let (processes, budget_ms) = match effort {
        // Tails and waits take time; half a minute has none to spare.
        Preset::Quick => (0, 0),
        Preset::Default => (3, 600),
        Preset::Full => (10, 6_000),
    };
    (processes, Duration::from_millis(budget_ms))
}

/// For one strategy in one situation and process.
fn budget_of(situation: Situation, effort: Preset) -> Duration {
    let (processes, budget) = processes_and_budget(effort);
    let whole: u32 = Situation::ALL.iter().copied().map(weight).sum();
    budget / processes.max(1) * weight(situation) / whole
}

/// How much of the time a situation gets, in proportion to the others: tails need many operations.
/// Garbage gets a limit and not a length; most strategies need a millisecond.
const fn weight(situation: Situation) -> u32 {
    match situation {
        Situation::HalfLoad | Situation::HighLoad => 4,
        Situation::Visibility | Situation::FairnessReadWrite => 3,
        Situation::StalledReader
        | Situation::StalledWriter
        | Situation::Scan
        | Situation::FairnessTwoWriters => 2,
        Situation::GarbageOfUpdates
        | Situation::GarbageOfChurn
        | Situation::HeldGuardUpdates
        | Situation::HeldGuardChurn
        | Situation::Shutdown => 1,
    }
}

impl Stage for Probes<'_> {
    const NAME: &'static str = "probing";

    fn tasks(&self) -> Vec<Task> {
        let seed = self.plan.seed;
        // Those that one thread at a time may use would wait for themselves.
        let is_shared = |entry: &roster::Entry| entry.profile.concurrency == Concurrency::Any;
        let names = self.plan.names(is_shared);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let processes = 0..processes_and_budget(self.effort).0;
        let all = processes.flat_map(|p| Situation::ALL.iter().map(move |&s| (p, s)));
        all.flat_map(|(process, situation)| {
            // Strategies in random order beside each other: a machine that changes meanwhile decides
            // between situations and not between strategies.
            let mut order = names.clone();
            shuffle(&mut order, &mut random);
            let budget_ms = budget_of(situation, self.effort).as_millis() as u64;
            order.into_iter().map(move |strategy| {
                Task::Probe(ProbeTask {
                    situation,
                    strategy: strategy.to_owned(),
                    process,
                    seed,
                    budget_ms,
                })
            })
        })
        .collect()
    }
}

/// Measures what handing a line over costs. Where the process does not survive, predictions are missing and
/// nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Calibration;

impl Stage for Calibration {
    const NAME: &'static str = "calibrating";

    fn tasks(&self) -> Vec<Task> {
        vec![Task::Calibrate]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_time_sees_no_less() {
        let task = |preset| {
            let plan = Plan {
                scenarios: Vec::new(),
                strategies: vec!["mutex/std".into()],
                baseline: String::new(),
                assumptions: Vec::new(),
                preset,
                seed: 1,
            };
            Traces::of(&plan, preset).0.remove(0)
        };
        let tasks = [Preset::Quick, Preset::Default, Preset::Full].map(task);
        for pair in tasks.windows(2) {
            let (less, more) = (&pair[0], &pair[1]);
            assert!(less.layouts <= more.layouts && less.layouts > 0);
            let operations = &more.operations;
            assert!(less.operations.iter().all(|one| operations.contains(one)));
            assert!(less.states.iter().all(|one| more.states.contains(one)));
        }
    }

    #[test]
    fn the_situations_of_a_strategy_share_its_budget() {
        for effort in [Preset::Quick, Preset::Default, Preset::Full] {
            let (processes, budget) = processes_and_budget(effort);
            let each: Duration = Situation::ALL.iter().map(|&s| budget_of(s, effort)).sum();
            let left = budget.checked_sub(each * processes);
            assert!(left.is_some_and(|rest| rest < Duration::from_micros(1)));
        }
    }
}

//! The stages of a run: which tasks each consists of.

use std::path::Path;
use std::time::Duration;

use contract::{Concurrency, Role};
use experiments::checks::VerifyTask;
use experiments::faults::FaultTask;
use experiments::probes::ProbeTask;
use model::environment;
use model::error::Result;
use model::fault::Fault;
use model::preset::Preset;
use model::probe::Situation;
use model::random::shuffle;
use model::sample::{Card, Line};
use model::scenario::RecordKind;
use model::trace::{Operation, State};
use model::workload::Workload;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use registry::roster::{self, Entry};
use trace::{StallTask, TraceTask};

use super::Plan;
use super::task::Task;
use super::worker_pool::{Stage, Worker};
use crate::replay::ReplayTask;
use analysis::contradicts;

/// Processes at a time of faults that mostly wait for what is held up.
const WAITING_AT_A_TIME: usize = 8;
/// Processes at a time of faults in which one thread works without a pause and others want to be in
/// time: each has a processor, at best.
const BUSY_AT_A_TIME: usize = 1;
/// What contradicts a claim is believed if it is seen again with so many times the patience.
const SECOND_PATIENCE: u64 = 20;

impl Plan {
    /// The strategies that are compared, without controls.
    pub fn contenders(&self) -> Vec<Card> {
        let entries = self.entries().into_iter();
        let cards = entries.map(|entry| Card::from(&entry.profile));
        cards.filter(|card| !card.control).collect()
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = roster::entries(RecordKind::Status);
        entries.retain(|entry| {
            self.strategies
                .iter()
                .any(|name| name == entry.profile.name)
        });
        entries
    }

    /// The names of the strategies that are right for something, controls included.
    fn names(&self, is_right: fn(&Entry) -> bool) -> impl Iterator<Item = String> + use<> {
        let entries = self.entries().into_iter().filter(is_right);
        entries.map(|entry| entry.profile.name.to_owned())
    }

    fn contender_names(&self) -> impl Iterator<Item = String> + use<> {
        self.names(|entry| entry.profile.role == Role::Contender)
    }

    /// Runs the checks on every contender.
    pub(super) fn checks(&self, effort: Preset) -> Stage {
        let tasks = self.contender_names().map(|strategy| {
            Task::Verify(VerifyTask {
                strategy,
                preset: effort,
                seed: self.seed,
            })
        });
        Stage::new("verifying", tasks)
    }

    /// Puts every contender under every fault in which a thread works without a pause, or under the others.
    pub(super) fn faults(&self, effort: Preset, are_busy: bool) -> Stage {
        let (stops, patience_ms) = match effort {
            Preset::Quick => (20, 50),
            Preset::Default => (1_000, 100),
            Preset::Full => (20_000, 500),
        };
        let faults = Fault::ALL.iter().copied();
        let faults = faults.filter(|fault| fault.is_busy() == are_busy);
        let tasks = faults.flat_map(|fault| {
            self.contender_names().map(move |strategy| {
                Task::Fault(FaultTask {
                    strategy,
                    fault,
                    seed: self.seed,
                    stops,
                    patience_ms,
                })
            })
        });
        Stage {
            width: if are_busy {
                BUSY_AT_A_TIME
            } else {
                WAITING_AT_A_TIME
            },
            ..Stage::new("injecting faults:", tasks)
        }
    }

    /// Traces what a preset allows of every strategy that holds the traced record, controls included. A step takes a
    /// system call and more, and an operation has to be repeated in each layout.
    pub fn traces(&self, preset: Preset) -> Stage {
        let (operations, states): (&[Operation], &[State]) = match preset {
            Preset::Quick => (
                &[Operation::ReadHit, Operation::ReadMiss, Operation::Apply],
                &[State::Quiescent],
            ),
            Preset::Default | Preset::Full => (Operation::ALL, State::ALL),
        };
        let names = self.names(|entry| entry.excluded.is_none());
        traces(names.map(|strategy| TraceTask {
            strategy,
            operations: operations.to_vec(),
            states: states.to_vec(),
            layouts: if preset == Preset::Full { 5 } else { 1 },
        }))
    }

    /// Puts every strategy, controls included, into every situation, in a process for each.
    pub(super) fn probes(&self, effort: Preset) -> Stage {
        // Those that one thread at a time may use would wait for themselves.
        let names = self.names(|entry| entry.profile.concurrency == Concurrency::Any);
        let names: Vec<String> = names.collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let processes = 0..processes_and_budget(effort).0;
        let all = processes.flat_map(|p| Situation::ALL.iter().map(move |&s| (p, s)));
        let tasks = all.flat_map(|(process, situation)| {
            // Strategies in random order beside each other: a machine that changes meanwhile decides
            // between situations and not between strategies.
            let mut order = names.clone();
            shuffle(&mut order, &mut random);
            let budget_ms = budget_of(situation, effort).as_millis() as u64;
            order.into_iter().map(move |strategy| {
                Task::Probe(ProbeTask {
                    situation,
                    strategy,
                    process,
                    seed: self.seed,
                    budget_ms,
                })
            })
        });
        Stage::new("probing", tasks)
    }
}

/// Puts a strategy under a fault; twice if what was seen contradicts what the strategy claims.
pub(super) fn put_under_fault(cards: &[Card], task: &Task, worker: &Worker<'_>) -> Result<()> {
    let mut answer = worker.ask(task)?;
    if let (Some(Line::Fault(seen)), Task::Fault(task)) = (&answer, task)
        && let Some(card) = cards.iter().find(|card| card.name == seen.strategy)
        && contradicts(card, seen)
    {
        answer = worker.ask(&Task::Fault(FaultTask {
            patience_ms: task.patience_ms * SECOND_PATIENCE,
            ..task.clone()
        }))?;
    }
    if let Some(line) = answer {
        worker.keep(line);
    }
    Ok(())
}

/// Replays a process log on strategies: the outcome of a check is whether each ends with the model's table.
///
/// # Errors
///
/// When the log cannot be read: said once, and not as the failure of each strategy.
pub fn replays(strategies: impl IntoIterator<Item = String>, log: &Path) -> Result<Stage> {
    Workload::load(log)?;
    let tasks = strategies.into_iter().map(|strategy| {
        Task::Replay(ReplayTask {
            strategy,
            trace: log.to_owned(),
        })
    });
    Ok(Stage {
        width: environment::cpus(),
        ..Stage::new("replaying on", tasks)
    })
}

/// Looks at strategies instruction by instruction.
pub fn traces(tasks: impl IntoIterator<Item = TraceTask>) -> Stage {
    stepped("tracing", tasks.into_iter().map(Task::Trace))
}

/// Stops threads of strategies instruction by instruction. What is not done after `budget` is left undone.
pub fn stalls(tasks: impl IntoIterator<Item = StallTask>, budget: Duration) -> Stage {
    Stage {
        budget,
        ..stepped("stopping", tasks.into_iter().map(Task::Stall))
    }
}

fn stepped(name: &'static str, tasks: impl Iterator<Item = Task>) -> Stage {
    Stage {
        width: environment::cpus(),
        unavailable: || trace::available().err().map(|why| why.to_string()),
        ..Stage::new(name, tasks)
    }
}

/// Measures what handing a line over costs. Where the process does not survive, predictions are missing and
/// nothing else.
pub fn calibration() -> Stage {
    Stage::new("calibrating", [Task::Calibrate])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_time_sees_no_less() {
        let task = |preset| {
            let plan = Plan {
                strategies: vec!["mutex/std".into()],
                ..Plan::default()
            };
            match plan.traces(preset).tasks.remove(0) {
                Task::Trace(task) => task,
                other => panic!("a trace: {other:?}"),
            }
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

//! Every strategy in every situation, in a process for each.

use std::time::Duration;

use basis::error::Result;
use basis::preset::Preset;
use basis::probe::Situation;
use basis::random::shuffle;
use basis::scenario::RecordKind;
use contract::Concurrency;
use probes::ProbeTask;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use registry::roster;

use crate::run::Plan;
use crate::run::done::Done;
use crate::run::task::Task;
use crate::run::worker_pool::{Stage, Worker};

/// How much the probes of a run may take.
#[derive(Clone, Copy, Debug)]
struct ProbeEffort {
    /// In how many fresh processes a strategy is put into each situation.
    processes: u32,
    /// For one strategy, over all situations and processes, setting up apart.
    budget: Duration,
}

impl ProbeEffort {
    /// What a preset allows.
    const fn of(preset: Preset) -> Self {
        let (processes, budget_ms) = match preset {
            // Tails and waits take time; half a minute has none to spare.
            Preset::Quick => (0, 0),
            Preset::Default => (3, 600),
            Preset::Full => (10, 6_000),
        };
        Self {
            processes,
            budget: Duration::from_millis(budget_ms),
        }
    }

    /// For one strategy in one situation and process.
    fn budget(self, situation: Situation) -> Duration {
        let whole: u32 = Situation::ALL.iter().copied().map(weight).sum();
        self.budget / self.processes.max(1) * weight(situation) / whole
    }
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

/// Puts every strategy, controls included, into every situation. One that hangs or panics is noted, and kept as a
/// failure.
#[derive(Clone, Copy, Debug)]
pub struct Probes<'p> {
    /// The strategies and the seed.
    pub plan: &'p Plan,
    /// How often, and how long.
    pub effort: Preset,
}

impl Stage for Probes<'_> {
    type Task = ProbeTask;
    const NAME: &'static str = "probing";

    fn tasks(&self) -> Vec<ProbeTask> {
        let Plan {
            strategies, seed, ..
        } = self.plan;
        let effort = ProbeEffort::of(self.effort);
        // Those that one thread at a time may use would wait for themselves.
        let names: Vec<&str> = roster::entries(RecordKind::Status)
            .into_iter()
            .filter(|entry| entry.profile.concurrency == Concurrency::Any)
            .map(|entry| entry.profile.name)
            .filter(|name| strategies.iter().any(|planned| planned == name))
            .collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(*seed);
        let all = (0..effort.processes).flat_map(|p| Situation::ALL.iter().map(move |&s| (p, s)));
        all.flat_map(|(process, situation)| {
            // Strategies in random order beside each other: a machine that changes meanwhile decides
            // between situations and not between strategies.
            let mut order = names.clone();
            shuffle(&mut order, &mut random);
            order.into_iter().map(move |strategy| ProbeTask {
                situation,
                strategy: strategy.to_owned(),
                process,
                seed: *seed,
                budget_ms: effort.budget(situation).as_millis() as u64,
            })
        })
        .collect()
    }

    fn is_done(&self, task: &ProbeTask, done: &Done) -> bool {
        let key = (task.process, task.situation, task.strategy.clone());
        done.probes.contains(&key)
    }

    fn subject(&self, task: &ProbeTask) -> String {
        task.situation.described().title.to_lowercase()
    }

    fn carry_out(&self, task: &ProbeTask, worker: &Worker<'_>) -> Result<()> {
        worker.stream_all(&Task::Probe(task.clone()), task.situation.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_situations_of_a_strategy_share_its_budget() {
        for preset in [Preset::Quick, Preset::Default, Preset::Full] {
            let effort = ProbeEffort::of(preset);
            let each: Duration = Situation::ALL.iter().map(|&s| effort.budget(s)).sum();
            let spent = each * effort.processes;
            let left = effort.budget.checked_sub(spent);
            assert!(left.is_some_and(|rest| rest < Duration::from_micros(1)));
        }
    }
}

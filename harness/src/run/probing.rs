//! The probes of a run: every strategy in every situation, a process for each.

use std::collections::BTreeSet;
use std::time::Duration;

use basis::error::Result;
use basis::preset::Preset;
use basis::probe::Situation;
use basis::random::shuffle;
use basis::sample::Line;
use basis::scenario::RecordKind;
use contract::Concurrency;
use probes::ProbeTask;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use registry::roster;

use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;
use super::{Observer, Plan, Recording};

/// How much the probes of a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeEffort {
    /// In how many fresh processes a strategy is put into each situation.
    pub processes: u32,
    /// For one strategy, over all situations and processes, setting up apart.
    pub budget: Duration,
}

impl ProbeEffort {
    /// What a preset allows.
    pub const fn of(preset: Preset) -> Self {
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
        let whole: u32 = Situation::ALL.into_iter().map(weight).sum();
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

impl Plan {
    /// Puts every strategy, controls included, into every situation, and keeps what comes of it. What
    /// the recording has already is not done again.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A strategy that hangs or panics is not an
    /// error: it is noted and kept as a failure.
    pub fn probe(
        &self,
        effort: ProbeEffort,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let done: BTreeSet<(u32, Situation, String)> = recording
            .lines()
            .iter()
            .filter_map(|line| match line {
                Line::Probe(probe) => {
                    Some((probe.process, probe.situation, probe.strategy.clone()))
                }
                _ => None,
            })
            .collect();
        // Those that one thread at a time may use would wait for themselves.
        let strategies: Vec<String> = roster::entries(RecordKind::Status)
            .into_iter()
            .filter(|entry| entry.profile.concurrency == Concurrency::Any)
            .map(|entry| entry.profile.name.to_owned())
            .filter(|name| self.strategies.contains(name))
            .collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let all = (0..effort.processes).flat_map(|p| Situation::ALL.map(|s| (p, s)));
        let parts = effort.processes as usize * Situation::ALL.len();
        for (part, (process, situation)) in all.enumerate() {
            observer.stage(
                &format!("probing {}", situation.title().to_lowercase()),
                super::VERIFYING_SHARE
                    + super::TRACING_SHARE
                    + super::PROBING_SHARE * part as f64 / parts as f64,
            );
            // Strategies in random order beside each other: a machine that changes meanwhile decides
            // between situations and not between strategies.
            let mut order: Vec<&String> = strategies.iter().collect();
            shuffle(&mut order, &mut random);
            for strategy in order {
                if done.contains(&(process, situation, strategy.clone())) {
                    continue;
                }
                let task = Task::Probe(ProbeTask {
                    situation,
                    strategy: strategy.clone(),
                    process,
                    seed: self.seed,
                    budget_ms: effort.budget(situation).as_millis() as u64,
                });
                let ending = carry_out(&task, interrupt, |line| recording.keep(line))?;
                if let Ending::Failed(failed) = ending {
                    observer.note(&format!(
                        "{}: {}: {}",
                        situation.name(),
                        failed.during,
                        failed.reason
                    ));
                    failed.slice.map_or(Ok(()), |line| recording.keep(line))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_situations_of_a_strategy_share_its_budget() {
        for preset in [Preset::Quick, Preset::Default, Preset::Full] {
            let effort = ProbeEffort::of(preset);
            let each: Duration = Situation::ALL.map(|s| effort.budget(s)).into_iter().sum();
            let spent = each * effort.processes;
            let left = effort.budget.checked_sub(spent);
            assert!(left.is_some_and(|rest| rest < Duration::from_micros(1)));
        }
    }
}

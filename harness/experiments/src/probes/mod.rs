//! Probes: short measurements of one strategy, of what its throughput does not show.
//!
//! Each [`Probe`] of each strategy has a process of its own, so that no garbage of one is freed in the next. The files
//! beside this one are the probes, those of a kind in one, and what they are made of. A new probe needs
//!
//! - a variant of `Probe` (`model/src/probe/kind.rs`) and its words (`probes.toml` beside it), and what it counts
//!   and times, if that is new (`Count` and `Distribution` in `model/src/probe/mod.rs`);
//! - a function here, and its line in [`probe`];
//! - its share of the time, in `harness/src/run/stages.rs`;
//! - its metrics (`model/src/metric.rs`), how they follow from the counts (`analysis/src/probes.rs`), and their line in
//!   `reports/SCHEMA.md`;
//! - its columns (`templates/sections/probes.md.j2`).
//!
//! A probe ends for every strategy: whoever may be held up works on a thread of its own, the coordinator waits for
//! times and not for threads, and what it finds then - that nothing was done - is the result. Only then it lets go
//! whatever it holds, and joins.

mod fixture;
mod garbage;
mod latency;
mod open_loop;
mod phases;
mod shutdown;
mod visibility;

use std::time::Duration;

use model::probe::{Probe, ProbeSeen};
use model::random;
use serde::{Deserialize, Serialize};

use self::fixture::Fixture;

/// One probe of one strategy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeTask {
    /// The probe.
    pub probe: Probe,
    /// The strategy.
    pub strategy: String,
    /// The strategy whose table that is: its own, or the baseline's if it is the baseline under a second name.
    pub table: String,
    /// Which of the probing processes this is.
    pub process: u32,
    /// The seed of the run.
    pub seed: u64,
    /// How long it may take, in milliseconds, setting up apart. What has a natural length of its own
    /// may take less.
    pub budget_ms: u64,
    /// Of a latency: how many reads to ask for in a second.
    #[serde(default)]
    pub reads_per_s: Option<f64>,
}

/// Probes.
///
/// # Panics
///
/// When the task names no strategy of the registry, asks for a latency without a rate, or for a probe of recorded
/// runs.
pub fn probe(task: &ProbeTask) -> ProbeSeen {
    use Probe as P;
    let make = crate::instrumented_record::strategy(&task.table)
        .expect("the parent names strategies of the registry only");
    let fixture = &Fixture::new(make, random::seed(task.seed, &[u64::from(task.process)]));
    let budget = Duration::from_millis(task.budget_ms);
    let mut outcome = ProbeSeen::new(task.probe, &task.strategy, task.process);
    let out = &mut outcome;
    match task.probe {
        P::OwnHalfLoad | P::OwnHighLoad => panic!("{}: recorded runs only", task.probe.name()),
        P::Knee => latency::knee(fixture, budget, out),
        P::LowLoad | P::ModerateLoad => {
            let rate = task.reads_per_s.expect("the parent names the rate");
            latency::probe(fixture, rate, budget, out);
        }
        P::Visibility => visibility::probe(fixture, budget, out),
        P::GarbageOfUpdates | P::GarbageOfChurn | P::HeldGuardUpdates | P::HeldGuardChurn => {
            garbage::probe(fixture, budget, out);
        }
        P::StalledReader | P::StalledWriter | P::Scan => phases::disturbance(fixture, budget, out),
        P::FairnessReadWrite | P::FairnessTwoWriters => phases::fairness(fixture, budget, out),
        P::Shutdown => shutdown::probe(fixture, budget, out),
    }
    outcome
}

/// What a thread returns; a panic goes on in the thread that waits for it.
fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    let ended = thread.join();
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

//! Probes: short measurements of one strategy, of what its throughput does not show.
//!
//! Each [`Situation`] is asked in a process of its own for each strategy, so that no garbage of one is freed in the
//! next; situations of a kind share a module. A new one needs its `Situation` and its words (`model/src/probe`), a
//! module here, its figures in `analysis/src/probes.rs`, and its table in `templates/sections/probes.md.j2`.
//! A probe ends for every strategy: whoever may be held up works on a thread
//! of its own, the coordinator waits for times and not for threads, and what it finds then - that
//! nothing was done - is the result. Only then it lets go whatever it holds, and joins.

mod disturbance;
mod fairness;
mod garbage;
mod ground;
mod latency;
mod open_loop;
mod shutdown;
mod stage;
mod timeline;
mod visibility;

use std::collections::BTreeMap;
use std::time::Duration;

use model::probe::{Count, Distribution, Histogram, Probe, Situation};
use model::random;
use serde::{Deserialize, Serialize};

use self::ground::Ground;

/// One strategy in one situation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeTask {
    /// The situation.
    pub situation: Situation,
    /// The strategy.
    pub strategy: String,
    /// Which of the probing processes this is.
    pub process: u32,
    /// The seed of the run.
    pub seed: u64,
    /// How long it may take, in milliseconds, setting up apart. What has a natural length of its own
    /// may take less.
    pub budget_ms: u64,
}

/// What a probe brings back.
#[derive(Debug, Default)]
struct Findings {
    counts: BTreeMap<Count, i64>,
    histograms: BTreeMap<Distribution, Histogram>,
}

impl Findings {
    fn count(&mut self, what: Count, number: u64) {
        self.signed(what, number.cast_signed());
    }

    fn signed(&mut self, what: Count, number: i64) {
        self.counts.insert(what, number);
    }

    fn keep(&mut self, what: Distribution, histogram: Histogram) {
        self.histograms.insert(what, histogram);
    }
}

/// Probes.
///
/// # Panics
///
/// When the task names no strategy of the registry.
pub fn probe(task: &ProbeTask) -> Probe {
    use Situation as S;
    let make = crate::subject::strategy(&task.strategy)
        .expect("the parent names strategies of the registry only");
    let ground = &Ground::new(random::seed(task.seed, &[u64::from(task.process)]));
    let budget = Duration::from_millis(task.budget_ms);
    let situation = task.situation;
    let findings = match situation {
        S::HalfLoad => latency::probe(make, ground, 0.5, budget),
        S::HighLoad => latency::probe(make, ground, 0.8, budget),
        S::Visibility => visibility::probe(make, ground, budget),
        S::GarbageOfUpdates | S::GarbageOfChurn | S::HeldGuardUpdates | S::HeldGuardChurn => {
            garbage::probe(make, ground, situation, budget)
        }
        S::StalledReader | S::StalledWriter | S::Scan => {
            disturbance::probe(make, ground, situation, budget)
        }
        S::FairnessReadWrite | S::FairnessTwoWriters => {
            fairness::probe(make, ground, situation, budget)
        }
        S::Shutdown => shutdown::probe(make, ground, budget),
    };
    let histograms = findings.histograms.into_iter();
    Probe {
        situation,
        strategy: task.strategy.clone(),
        process: task.process,
        counts: findings.counts,
        histograms: histograms
            .map(|(of, histogram)| (of, histogram.sparse()))
            .collect(),
    }
}

/// What a thread returns; a panic goes on in the thread that waits for it.
fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    let ended = thread.join();
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

//! What the threads of a scenario work on, prepared before any time is taken.
//!
//! No random number is drawn and nothing is allocated inside a timed loop: every thread walks a tape.
//! All readers and updaters share one tape of identifiers and begin at different places, so that they
//! meet on the same records, and so that ten threads' tapes do not push the table out of the cache.
//! Threads whose operations differ have a `Script` each.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use contract::{ErasedHandle, Handle, ProcessId, Specimen};
use model::random::{below, shuffle, uniform};
use model::scenario::{Identifiers, Keys as Asked, Scenario};
use model::workload::Workload;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::batch::BATCH_MAX;
use crate::keys::Keys;
use crate::replay::{self, Replay};
use crate::script::Script;
use crate::zipf::Zipf;

/// Entries of a tape: 64 KiB of identifiers, too long for a branch predictor to learn and short
/// enough for a second-level cache.
pub(crate) const TAPE_LENGTH: usize = 8_192;

/// Pids begin somewhere in the range that a kernel starts from.
const PID_START_SPAN: u64 = 30_000;
/// The largest step from one process that still lives to the next.
const PID_GAP_MAX: u64 = 8;

/// How many of a churning thread's processes are in the table at a time.
pub(crate) const CHURN_WINDOW: usize = 32;

/// The identifiers of a scenario and the order in which they are used.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The processes in the table.
    pub processes: Vec<ProcessId>,
    /// The shared tape.
    tape: Vec<ProcessId>,
    /// Which entries of it ask for a process that never was; empty if none does.
    absent: Vec<bool>,
    /// A tape of operations for each thread that needs one, by the thread's number.
    pub scripts: Vec<Option<Script>>,
    /// The process trace, if one is replayed. The table is filled as when most of its processes live.
    pub replay: Option<Replay>,
    /// Differs from process to process.
    pub seed: u64,
}

impl Field {
    /// Draws identifiers and tapes. Equal seeds give equal fields.
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut pid = 300 + random.next_u64() % PID_START_SPAN;
        let mut name = || match scenario.ids {
            Identifiers::Random => random.next_u64(),
            Identifiers::Pids => {
                pid += 1 + random.next_u64() % PID_GAP_MAX;
                pid
            }
        };
        let processes: Vec<ProcessId> =
            (0..scenario.processes).map(|_| ProcessId(name())).collect();
        let keys = Keyring::new(scenario, &processes);
        let hashed = |keys| Arc::new(Keys::new(keys, &processes));
        let hashed = scenario.hashed.map(hashed);
        let absent = keys.misses(TAPE_LENGTH, &mut random);
        let draw = |&is_absent: &bool| {
            if is_absent {
                keys.absent(&mut random)
            } else {
                keys.draw(&mut random)
            }
        };
        let tape = absent.iter().map(draw).collect();
        let groups = scenario.groups.iter();
        let groups = groups.flat_map(|group| std::iter::repeat_n(group, group.threads));
        let scripts = groups.map(|group| {
            let follows = group.follows_script() || scenario.record.is_scripted();
            let follows = follows || hashed.is_some();
            follows.then(|| Script::new(group, &keys, hashed.as_ref(), &mut random))
        });
        let scripts = scripts.collect();
        Self {
            tape,
            absent: if keys.all_hit() { Vec::new() } else { absent },
            scripts,
            processes,
            replay: None,
            seed,
        }
    }

    /// The processes of a trace, for a scenario that replays it.
    pub(crate) fn replaying(workload: &Workload, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let replay = Replay::new(workload, &mut random);
        Self {
            tape: replay::draw(&replay.fullest, &mut random),
            absent: Vec::new(),
            scripts: Vec::new(),
            processes: replay.fullest.clone(),
            replay: Some(replay),
            seed,
        }
    }

    /// Puts every process into an empty table, running.
    pub(crate) fn fill<R: Specimen>(&self, mut handle: ErasedHandle<'_, R>) {
        let records = self.processes.iter().map(|&id| (id, R::running(id)));
        handle.fill(&records.collect::<Vec<_>>());
        handle.publish();
    }

    /// The shared tape, and where thread `index` of `threads` begins.
    pub(crate) fn tape(&self, index: usize, threads: usize) -> (&[ProcessId], usize) {
        let start = TAPE_LENGTH / threads.max(1) * index;
        (&self.tape, start / BATCH_MAX * BATCH_MAX)
    }

    /// How many of `total` entries of the shared tape, from `start` on and round again, ask for a
    /// process that never was; `None` if no entry does.
    pub(crate) fn absent_in(&self, start: usize, total: u64) -> Option<u64> {
        if self.absent.is_empty() {
            return None;
        }
        let entries = passes(self.absent.len(), start, total);
        let absent = entries.filter(|&(entry, _)| self.absent[entry]);
        Some(absent.map(|(_, times)| times).sum())
    }

    /// The tape of operations of a thread, if its operations differ.
    pub(crate) fn script(&self, index: usize) -> Option<&Script> {
        self.scripts.get(index)?.as_ref()
    }

    /// A tape of identifiers that nobody else uses, for a thread that inserts and removes.
    pub(crate) fn churn_tape(&self, index: usize) -> Churn {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ (index as u64 + 1) << 32);
        let ids = (0..TAPE_LENGTH).map(|_| ProcessId(random.next_u64()));
        Churn { ids: ids.collect() }
    }
}

/// Which processes are asked for how often.
#[derive(Debug)]
pub(crate) struct Keyring<'p> {
    processes: &'p [ProcessId],
    popularity: Popularity,
    /// The share of operations that asks for a process that never was.
    miss_rate: f64,
    /// All processes, where someone asks for others.
    known: HashSet<ProcessId>,
    /// The identifiers among which those that never were are drawn.
    span: std::ops::RangeInclusive<u64>,
}

#[derive(Debug)]
enum Popularity {
    Uniform,
    /// Scattered over the table.
    Zipf(Zipf),
    /// The share of the hot one, which is the first that was drawn.
    Hot(f64),
    /// By how long ago it came.
    Latest(Zipf),
}

impl<'p> Keyring<'p> {
    fn new(scenario: &Scenario, processes: &'p [ProcessId]) -> Self {
        let popularity = match scenario.keys {
            Asked::Uniform => Popularity::Uniform,
            Asked::Zipf => Popularity::Zipf(Zipf::to_scramble()),
            Asked::Hot => Popularity::Hot(scenario.hot_share().unwrap_or_default()),
            Asked::Latest => Popularity::Latest(Zipf::over(processes.len() as u64)),
        };
        let miss_rate = 1.0 - scenario.hit_rate.unwrap_or(1.0);
        let known = processes.iter().copied().filter(|_| miss_rate > 0.0);
        let span = match scenario.ids {
            Identifiers::Random => 0..=u64::MAX,
            // The gaps, and a few beyond the last: a table of one process has no gap.
            Identifiers::Pids => processes[0].0..=processes[processes.len() - 1].0 + PID_GAP_MAX,
        };
        Self {
            processes,
            popularity,
            miss_rate,
            known: known.collect(),
            span,
        }
    }

    fn all_hit(&self) -> bool {
        self.miss_rate <= 0.0
    }

    /// Which of so many operations ask for a process that never was: exactly their share, in random
    /// order.
    pub(crate) fn misses(&self, count: usize, random: &mut Xoshiro256PlusPlus) -> Vec<bool> {
        let mut misses = vec![false; count];
        if !self.all_hit() {
            #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
            let quota = (self.miss_rate * count as f64).round() as usize;
            misses[..quota.min(count)].fill(true);
            shuffle(&mut misses, random);
        }
        misses
    }

    /// A process that is in the table.
    pub(crate) fn draw(&self, random: &mut Xoshiro256PlusPlus) -> ProcessId {
        let count = self.processes.len();
        let place = match &self.popularity {
            Popularity::Uniform | Popularity::Latest(_) => below(random, count),
            Popularity::Zipf(zipf) => zipf.scrambled(uniform(random), count),
            Popularity::Hot(share) if uniform(random) < *share => 0,
            // The others only: the share of the hot one is exact.
            Popularity::Hot(_) if count > 1 => 1 + below(random, count - 1),
            Popularity::Hot(_) => 0,
        };
        self.processes[place]
    }

    /// A process to look up, where `young` have come last, the youngest first.
    pub(crate) fn draw_read(
        &self,
        young: &VecDeque<ProcessId>,
        random: &mut Xoshiro256PlusPlus,
    ) -> ProcessId {
        let Popularity::Latest(zipf) = &self.popularity else {
            return self.draw(random);
        };
        let age = zipf.rank(uniform(random)) as usize;
        match age.checked_sub(young.len()) {
            None => young[age],
            Some(age) => self.processes[self.processes.len() - 1 - age],
        }
    }

    /// A process that never was.
    pub(crate) fn absent(&self, random: &mut Xoshiro256PlusPlus) -> ProcessId {
        let (first, last) = (*self.span.start(), *self.span.end());
        let width = u128::from(last - first) + 1;
        loop {
            let offset = (u128::from(random.next_u64()) % width) as u64;
            let id = ProcessId(first + offset);
            if !self.known.contains(&id) {
                return id;
            }
        }
    }
}

/// The tape of a churning thread: at each step one identifier comes and an older one goes.
#[derive(Clone, Debug)]
pub(crate) struct Churn {
    ids: Vec<ProcessId>,
}

impl Churn {
    /// The identifier that comes at this step.
    #[inline]
    pub(crate) fn comes(&self, step: usize) -> ProcessId {
        self.ids[step % TAPE_LENGTH]
    }

    /// The identifier that goes at this step: it came as many steps ago as a thread keeps
    /// processes in the table.
    #[inline]
    pub(crate) fn goes(&self, step: usize) -> ProcessId {
        self.ids[(step + TAPE_LENGTH - CHURN_WINDOW) % TAPE_LENGTH]
    }

    /// The identifiers that are in the table before this step.
    pub(crate) fn present(&self, step: usize) -> impl Iterator<Item = ProcessId> {
        (step.saturating_sub(CHURN_WINDOW)..step).map(|step| self.ids[step % TAPE_LENGTH])
    }
}

/// Every entry of a tape of so many, and how often it is among `total` of them from `at` on and round again.
pub(crate) fn passes(length: usize, at: usize, total: u64) -> impl Iterator<Item = (usize, u64)> {
    let (laps, rest) = (total / length as u64, (total % length as u64) as usize);
    let is_in_rest = move |entry| (entry + length - at) % length < rest;
    (0..length).map(move |entry| (entry, laps + u64::from(is_in_rest(entry))))
}

#[cfg(test)]
mod tests;

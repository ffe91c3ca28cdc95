//! A strategy, set up on a field, that can be asked for slices.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use basis::clock;
use basis::controls;
use basis::sample::{Allocation, GroupCount, Memory};
use basis::scenario::{Activity, Group, Scenario, Shares};
use conformance::{Counting, Usage};
use contract::{ErasedHandle, Specimen, Strategy};
use crossbeam_utils::CachePadded;

use crate::accounting;
use crate::field::Field;
use crate::places::Places;
use crate::threads::{Duty, Loops, Shared, Tally};

/// How long a slice runs before it is counted, and how long it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Uncounted, once all threads are running.
    pub ramp: Duration,
    /// Counted.
    pub counted: Duration,
    /// Whether to look at the counts after each third, too.
    pub in_thirds: bool,
    /// The block that the slice is of.
    pub block: u32,
}

/// A strategy on a field.
pub(crate) struct Contestant<'f> {
    /// Its name.
    pub name: &'static str,
    engine: Box<dyn Engine>,
    scenario: &'f Scenario,
    field: &'f Field,
    live_bytes: i64,
    /// Operations done for each that is counted: 1, but for the planted slowdowns.
    planted: f64,
}

/// All that is compiled for each strategy and record: the timed loops, entered through one dynamic
/// call per thread and slice, and never one per operation.
trait Engine: Send + Sync {
    /// Makes a handle and works with it; see [`Loops::work`].
    fn work(&self, duty: Duty<'_>, shared: &Shared) -> Tally;

    /// Makes the table as it is where the slices of a block begin in a trace that is replayed.
    fn enter(&self, field: &Field, block: u32);

    /// What the heap sees during some operations; see [`accounting::count`].
    fn account(&self, field: &Field, does: Activity, operations: usize) -> Usage;
}

struct Table<S, R, L>(S, PhantomData<fn() -> (R, L)>);

impl<S: Strategy<R>, R: Specimen, L: Loops> Engine for Table<S, R, L> {
    fn work(&self, duty: Duty<'_>, shared: &Shared) -> Tally {
        L::work::<R>(&mut self.0.handle(), duty, shared)
    }

    fn enter(&self, field: &Field, block: u32) {
        if let Some(replay) = field.replay() {
            let handle = ErasedHandle::<R>::new(self.0.handle());
            replay.start(block).enter(handle);
        }
    }

    fn account(&self, field: &Field, does: Activity, operations: usize) -> Usage {
        accounting::count::<R>(ErasedHandle::new(self.0.handle()), field, does, operations)
    }
}

impl<'f> Contestant<'f> {
    /// Sets `S` up on a field.
    pub(crate) fn new<S: Strategy<R>, R: Specimen, L: Loops>(
        scenario: &'f Scenario,
        field: &'f Field,
    ) -> Self {
        let counting = Counting::start();
        let table = S::with_capacity(scenario.processes);
        field.fill(ErasedHandle::new(table.handle()));
        let live_bytes = counting.usage().live_bytes();
        drop(counting);
        let engine = Box::new(Table::<S, R, L>(table, PhantomData));
        Self {
            name: S::PROFILE.name,
            engine,
            scenario,
            field,
            live_bytes,
            planted: controls::planted(S::PROFILE.name).unwrap_or(1.0),
        }
    }

    /// Runs all groups at once and counts while all of them are running.
    pub(crate) fn slice(&self, window: Window) -> (Duration, Vec<GroupCount>) {
        if self.scenario.operations.is_some() {
            return self.to_the_end(window.block);
        }
        self.engine.enter(self.field, window.block);
        let (looks, ends) = self.run(window.block, |shared| watch(shared, window));
        let tallies: Vec<Tally> = ends.into_iter().map(|(tally, _)| tally).collect();
        let (first, last) = (&looks[0], &looks[looks.len() - 1]);
        let operations = first.operations_until(last);
        let mut groups = self.count(&operations, &tallies);
        if let [first, second, third, last] = &looks[..] {
            let early = self.count(&first.operations_until(second), &tallies);
            let late = self.count(&third.operations_until(last), &tallies);
            let lengths = (second.at - first.at, last.at - third.at);
            for (group, (early, late)) in groups.iter_mut().zip(early.iter().zip(&late)) {
                group.drift = drift((early, lengths.0), (late, lengths.1));
            }
        }
        (last.at - first.at, groups)
    }

    /// Runs all groups until they have done the scenario's operations.
    fn to_the_end(&self, block: u32) -> (Duration, Vec<GroupCount>) {
        let (began, ends) = self.run(block, |shared| {
            let began = clock::now();
            shared.start();
            began
        });
        let last = ends.iter().map(|&(_, end)| end).max().unwrap_or(began);
        let quotas: Vec<u64> = self
            .duties(block)
            .iter()
            .map(|duty| duty.quota.unwrap_or_default())
            .collect();
        let tallies: Vec<Tally> = ends.into_iter().map(|(tally, _)| tally).collect();
        (last - began, self.count(&quotas, &tallies))
    }

    /// What the heap sees per read, write and scan, on one thread.
    pub(crate) fn allocations(&self) -> Vec<Allocation> {
        let has = |share: fn(&Shares) -> f64| {
            let mut groups = self.scenario.groups.iter();
            groups.any(|group| share(&group.shares()) > 0.0)
        };
        let write = if has(|shares| shares.inserts) {
            Activity::Churn
        } else {
            Activity::Update
        };
        let scan = has(|shares| shares.scans).then_some((Activity::Scan, 16));
        [(Activity::Read, 256), (write, 256)]
            .into_iter()
            .chain(scan)
            .map(|(does, operations)| {
                let usage = self.engine.account(self.field, does, operations);
                Allocation {
                    scenario: self.scenario.name.clone(),
                    strategy: self.name.into(),
                    does,
                    operations: operations as u64,
                    allocations: usage.allocations,
                    bytes: usage.allocated_bytes,
                }
            })
            .collect()
    }

    /// What the filled table keeps alive.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            scenario: self.scenario.name.clone(),
            strategy: self.name.into(),
            records: self.field.processes.len() as u64,
            live_bytes: self.live_bytes,
        }
    }

    /// Every thread of the scenario, with its group.
    fn duties(&self, block: u32) -> Vec<Duty<'_>> {
        fn of_group(group: &Group) -> impl Iterator<Item = &Group> {
            std::iter::repeat_n(group, group.threads)
        }
        let threads = self.scenario.threads();
        let quota = self
            .scenario
            .operations
            .map(|total| scaled(total / threads as u64, self.planted));
        let all = self.scenario.groups.iter().flat_map(of_group).enumerate();
        all.map(|(index, group)| Duty {
            field: self.field,
            group,
            index,
            threads,
            quota,
            block,
        })
        .collect()
    }

    /// Runs all threads while `coordinate` watches; returns what it returns, and each thread's
    /// tally and end.
    fn run<T>(
        &self,
        block: u32,
        coordinate: impl FnOnce(&Shared) -> T,
    ) -> (T, Vec<(Tally, Instant)>) {
        let duties = self.duties(block);
        let shared = Shared::for_threads(duties.len());
        std::thread::scope(|scope| {
            let work = |duty| (self.engine.work(duty, &shared), clock::now());
            let place = Places::of(duties.len(), self.field.turn());
            let workers: Vec<_> = duties
                .into_iter()
                .map(|duty| {
                    let place = place.of_thread(duty.index);
                    scope.spawn(move || {
                        place.take();
                        work(duty)
                    })
                })
                .collect();
            let outcome = coordinate(&shared);
            let ends = workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|p| std::panic::resume_unwind(p))
                })
                .collect();
            (outcome, ends)
        })
    }

    /// Sums up per group.
    fn count(&self, operations: &[u64], tallies: &[Tally]) -> Vec<GroupCount> {
        let mut first = 0;
        let of_group = |group: &Group| {
            let threads = first..first + group.threads;
            first = threads.end;
            GroupCount {
                does: group.does,
                paced: group.is_paced(),
                operations: operations[threads.clone()]
                    .iter()
                    .map(|&done| scaled(done, 1.0 / self.planted))
                    .collect(),
                misses: tallies[threads.clone()]
                    .iter()
                    .map(|tally| tally.misses)
                    .sum(),
                drift: None,
                kinds: Tally::kinds(&tallies[threads]),
            }
        };
        self.scenario.groups.iter().map(of_group).collect()
    }
}

impl std::fmt::Debug for Contestant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contestant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A count, times a factor.
#[expect(clippy::cast_sign_loss, reason = "a count and a positive factor")]
fn scaled(count: u64, factor: f64) -> u64 {
    (count as f64 * factor).round() as u64
}

/// The threads' counts at an instant.
struct Look {
    at: Instant,
    counts: Vec<u64>,
}

impl Look {
    fn at(shared: &Shared) -> Self {
        let counts = |count: &CachePadded<AtomicU64>| count.load(Ordering::Relaxed);
        Self {
            at: clock::now(),
            counts: shared.done.iter().map(counts).collect(),
        }
    }

    fn operations_until(&self, later: &Self) -> Vec<u64> {
        let both = later.counts.iter().zip(&self.counts);
        both.map(|(after, before)| after - before).collect()
    }
}

/// Waits until every thread has done something and the ramp is over, and looks at the counts at the
/// beginning and the end of the window, while all threads go on; in between, if asked to. Then stops
/// them.
fn watch(shared: &Shared, window: Window) -> Vec<Look> {
    shared.start();
    while !shared.stopped() && Look::at(shared).counts.contains(&0) {
        std::thread::sleep(Duration::from_micros(100));
    }
    std::thread::sleep(window.ramp);
    let parts = if window.in_thirds { 3 } else { 1 };
    let mut looks = vec![Look::at(shared)];
    for _ in 0..parts {
        std::thread::sleep(window.counted / parts);
        looks.push(Look::at(shared));
    }
    shared.stop.store(true, Ordering::Relaxed);
    looks
}

/// How much faster a group was late than early, as a logarithm; `None` if it did nothing then.
fn drift(early: (&GroupCount, Duration), late: (&GroupCount, Duration)) -> Option<f64> {
    let rate = |(group, length): (&GroupCount, Duration)| {
        group.operations.iter().sum::<u64>() as f64 / length.as_secs_f64()
    };
    let drift = (rate(late) / rate(early)).ln();
    drift.is_finite().then_some(drift)
}

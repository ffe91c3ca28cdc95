//! A strategy, set up on a field, that can be asked for slices.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use conformance::{Counting, Usage};
use contract::{ErasedHandle, Specimen, Strategy};

use super::accounting;
use super::field::Field;
use super::threads::{Duty, Loops, Shared, Tally};
use crate::clock;
use crate::sample::{Allocation, GroupCount, Memory};
use crate::scenario::{Activity, Group, Scenario, Shares};

/// How long a slice runs before it is counted, and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Uncounted, once all threads are running.
    pub ramp: Duration,
    /// Counted.
    pub counted: Duration,
}

/// A strategy on a field.
pub struct Contestant<'f> {
    /// Its name.
    pub name: &'static str,
    engine: Box<dyn Engine>,
    scenario: &'f Scenario,
    field: &'f Field,
    live_bytes: i64,
}

/// All that is compiled for each strategy and record: the timed loops, entered through one dynamic
/// call per thread and slice, and never one per operation.
trait Engine: Send + Sync {
    /// Makes a handle and works with it; see [`Loops::work`].
    fn work(&self, duty: Duty<'_>, shared: &Shared) -> Tally;

    /// What the heap sees during some operations; see [`accounting::count`].
    fn account(&self, field: &Field, does: Activity, operations: usize) -> Usage;
}

struct Table<S, R, L>(S, PhantomData<fn() -> (R, L)>);

impl<S: Strategy<R>, R: Specimen, L: Loops> Engine for Table<S, R, L> {
    fn work(&self, duty: Duty<'_>, shared: &Shared) -> Tally {
        L::work::<R>(&mut self.0.handle(), duty, shared)
    }

    fn account(&self, field: &Field, does: Activity, operations: usize) -> Usage {
        accounting::count::<R>(ErasedHandle::new(self.0.handle()), field, does, operations)
    }
}

impl<'f> Contestant<'f> {
    /// Sets `S` up on a field.
    pub(super) fn new<S: Strategy<R>, R: Specimen, L: Loops>(
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
        }
    }

    /// Runs all groups at once and counts while all of them are running.
    pub fn slice(&self, window: Window) -> (Duration, Vec<GroupCount>) {
        if self.scenario.operations.is_some() {
            return self.to_the_end();
        }
        let ((took, operations), ends) = self.run(|shared| watch(shared, window));
        let tallies: Vec<Tally> = ends.into_iter().map(|(tally, _)| tally).collect();
        (took, self.count(&operations, &tallies))
    }

    /// Runs all groups until they have done the scenario's operations.
    fn to_the_end(&self) -> (Duration, Vec<GroupCount>) {
        let (began, ends) = self.run(|shared| {
            let began = clock::now();
            shared.start();
            began
        });
        let last = ends.iter().map(|&(_, end)| end).max().unwrap_or(began);
        let quotas: Vec<u64> = self
            .duties()
            .iter()
            .map(|duty| duty.quota.unwrap_or_default())
            .collect();
        let tallies: Vec<Tally> = ends.into_iter().map(|(tally, _)| tally).collect();
        (last - began, self.count(&quotas, &tallies))
    }

    /// What the heap sees per read, write and scan, on one thread.
    pub fn allocations(&self) -> Vec<Allocation> {
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
    pub fn memory(&self) -> Memory {
        Memory {
            scenario: self.scenario.name.clone(),
            strategy: self.name.into(),
            records: self.field.processes.len() as u64,
            live_bytes: self.live_bytes,
        }
    }

    /// Every thread of the scenario, with its group.
    fn duties(&self) -> Vec<Duty<'_>> {
        fn of_group(group: &Group) -> impl Iterator<Item = &Group> {
            std::iter::repeat_n(group, group.threads)
        }
        let threads = self.scenario.threads();
        let quota = self.scenario.operations.map(|total| total / threads as u64);
        let all = self.scenario.groups.iter().flat_map(of_group).enumerate();
        all.map(|(index, group)| Duty {
            field: self.field,
            group,
            index,
            threads,
            quota,
        })
        .collect()
    }

    /// Runs all threads while `coordinate` watches; returns what it returns, and each thread's
    /// tally and end.
    fn run<T>(&self, coordinate: impl FnOnce(&Shared) -> T) -> (T, Vec<(Tally, Instant)>) {
        let duties = self.duties();
        let shared = Shared::for_threads(duties.len());
        std::thread::scope(|scope| {
            let work = |duty| (self.engine.work(duty, &shared), clock::now());
            let workers: Vec<_> = duties
                .into_iter()
                .map(|duty| scope.spawn(move || work(duty)))
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
                paced: group.every_us.is_some(),
                operations: operations[threads.clone()].to_vec(),
                misses: tallies[threads.clone()]
                    .iter()
                    .map(|tally| tally.misses)
                    .sum(),
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

/// Waits until every thread has done something and the ramp is over, counts during the window while
/// all of them go on, and stops them. Returns how long the window really was, and what each did.
fn watch(shared: &Shared, window: Window) -> (Duration, Vec<u64>) {
    let counts = || -> Vec<u64> {
        shared
            .done
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    };
    shared.start();
    while !shared.stopped() && counts().contains(&0) {
        std::thread::sleep(Duration::from_micros(100));
    }
    std::thread::sleep(window.ramp);
    let (began, before) = (clock::now(), counts());
    std::thread::sleep(window.counted);
    let (ended, after) = (clock::now(), counts());
    shared.stop.store(true, Ordering::Relaxed);
    let done = after
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    (ended - began, done)
}

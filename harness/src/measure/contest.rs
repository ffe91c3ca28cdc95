//! A strategy, set up on a field, that can be asked for slices.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use conformance::Counting;
use contract::{ErasedHandle, Handle, Specimen, Strategy};

use super::field::{Field, heartbeat};
use super::threads::{Duty, Shared, work};
use crate::clock;
use crate::sample::{Allocation, GroupCount, Memory};
use crate::scenario::{Activity, Group, Scenario};

/// How long a slice runs before it is counted, and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Uncounted, once all threads are running.
    pub ramp: Duration,
    /// Counted.
    pub counted: Duration,
}

/// A strategy on a field, its type erased: dynamic dispatch happens per slice, never per operation.
pub trait Contestant {
    /// Runs all groups at once and counts while all of them are running.
    fn slice(&self, window: Window) -> (Duration, Vec<GroupCount>);

    /// What the heap sees per read, write and scan, on one thread.
    fn allocations(&self) -> Vec<Allocation>;

    /// What the filled table keeps alive.
    fn memory(&self) -> Memory;
}

/// A strategy `S` holding records `R`, filled with a scenario's processes.
struct Prepared<'f, S, R> {
    table: S,
    scenario: &'f Scenario,
    field: &'f Field,
    live_bytes: i64,
    _record: PhantomData<fn() -> R>,
}

/// Sets `S` up on a field.
pub fn prepare<'f, S: Strategy<R>, R: Specimen>(
    scenario: &'f Scenario,
    field: &'f Field,
) -> Box<dyn Contestant + 'f> {
    let counting = Counting::start();
    let table = S::with_capacity(scenario.processes);
    field.fill(&mut ErasedHandle::new(table.handle()));
    let live_bytes = counting.usage().live_bytes();
    drop(counting);
    Box::new(Prepared {
        table,
        scenario,
        field,
        live_bytes,
        _record: PhantomData::<fn() -> R>,
    })
}

impl<S: Strategy<R>, R: Specimen> Prepared<'_, S, R> {
    /// Every thread of the scenario, with its group.
    fn duties(&self) -> Vec<Duty<'_>> {
        let threads = self.scenario.threads();
        let groups = self.scenario.groups.iter();
        fn of_group(group: &Group) -> impl Iterator<Item = &Group> {
            std::iter::repeat_n(group, group.threads)
        }
        groups
            .flat_map(of_group)
            .enumerate()
            .map(|(index, group)| Duty {
                field: self.field,
                group,
                index,
                threads,
                quota: self.scenario.operations.map(|total| total / threads as u64),
            })
            .collect()
    }

    /// Runs all threads while `coordinate` watches; returns what it returns, and each thread's
    /// misses and end.
    fn run<T>(&self, coordinate: impl FnOnce(&Shared) -> T) -> (T, Vec<(u64, Instant)>) {
        let duties = self.duties();
        let shared = Shared::for_threads(duties.len());
        std::thread::scope(|scope| {
            let workers: Vec<_> = duties
                .into_iter()
                .map(|duty| {
                    let (table, shared) = (&self.table, &shared);
                    scope.spawn(move || {
                        let misses = work::<R>(&mut table.handle(), duty, shared);
                        (misses, clock::now())
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
    fn count(&self, operations: &[u64], misses: &[u64]) -> Vec<GroupCount> {
        let mut first = 0;
        self.scenario
            .groups
            .iter()
            .map(|group| {
                let threads = first..first + group.threads;
                first = threads.end;
                GroupCount {
                    does: group.does,
                    paced: group.every_us.is_some(),
                    operations: operations[threads.clone()].to_vec(),
                    misses: misses[threads].iter().sum(),
                }
            })
            .collect()
    }
}

impl<S: Strategy<R>, R: Specimen> Contestant for Prepared<'_, S, R> {
    fn slice(&self, window: Window) -> (Duration, Vec<GroupCount>) {
        if self.scenario.operations.is_some() {
            let (began, ends) = self.run(|shared| {
                let began = clock::now();
                shared.start();
                began
            });
            let last = ends.iter().map(|&(_, end)| end).max().unwrap_or(began);
            let (misses, quota): (Vec<u64>, Vec<u64>) = self
                .duties()
                .iter()
                .zip(&ends)
                .map(|(duty, &(misses, _))| (misses, duty.quota.unwrap_or(0)))
                .unzip();
            return (last - began, self.count(&quota, &misses));
        }
        let ((took, operations), ends) = self.run(|shared| watch(shared, window));
        let misses: Vec<u64> = ends.into_iter().map(|(misses, _)| misses).collect();
        (took, self.count(&operations, &misses))
    }

    fn allocations(&self) -> Vec<Allocation> {
        let mut handle = ErasedHandle::new(self.table.handle());
        let (ids, _) = self.field.tape(0, 1);
        let churned = self.field.churn_tape(0);
        let mut seen = vec![
            self.account(Activity::Read, 256, |step| {
                handle.read(ids[step], R::touch);
            }),
            self.account(Activity::Update, 256, |step| {
                let _ = handle.apply(ids[step], heartbeat(step));
            }),
        ];
        if self
            .scenario
            .groups
            .iter()
            .any(|group| group.does == Activity::Churn)
        {
            // A churning writer's allocations, in place of an updating one's.
            seen[1] = self.account(Activity::Churn, 256, |step| {
                let id = churned.comes(step);
                drop(handle.insert(id, R::pending(id)));
                drop(handle.remove(id));
            });
            seen[1].operations *= 2;
        }
        if self
            .scenario
            .groups
            .iter()
            .any(|group| group.does == Activity::Scan)
        {
            seen.push(self.account(Activity::Scan, 16, |_| {
                handle.scan(|_, record| {
                    std::hint::black_box(record.touch());
                })
            }));
        }
        seen
    }

    fn memory(&self) -> Memory {
        Memory {
            scenario: self.scenario.name.clone(),
            strategy: S::PROFILE.name.into(),
            records: self.field.processes.len() as u64,
            live_bytes: self.live_bytes,
        }
    }
}

impl<S: Strategy<R>, R: Specimen> Prepared<'_, S, R> {
    /// Counts what the heap sees during `operations` calls, after as many uncounted ones.
    fn account(
        &self,
        does: Activity,
        operations: usize,
        mut operation: impl FnMut(usize),
    ) -> Allocation {
        (0..operations).for_each(&mut operation);
        let counting = Counting::start();
        (operations..2 * operations).for_each(&mut operation);
        let usage = counting.usage();
        Allocation {
            scenario: self.scenario.name.clone(),
            strategy: S::PROFILE.name.into(),
            does,
            operations: operations as u64,
            allocations: usage.allocations,
            bytes: usage.allocated_bytes,
        }
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

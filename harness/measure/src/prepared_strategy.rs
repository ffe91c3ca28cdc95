//! A strategy of the registry, set up on a field: it can be asked for slices, and for what an operation costs alone, as
//! the heap sees it and in time.

use std::marker::PhantomData;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use conformance::{Counting, Usage};
use contract::{ErasedHandle, Profile, Strategy, Visitor};
use model::clock;
use model::controls::{self, How, Planted};
use model::sample::{Allocation, GroupCount, Memory};
use model::scenario::{Activity, Group, Scenario, Shares};
use registry::Only;

use crate::affinity::Affinity;
use crate::field::Field;
use crate::progress::{Completion, Look, Shared, WINDOW_BEGINS, WINDOW_ENDS, whole_operations};
use crate::script::Step;
use crate::section::{Extra, Section, Slowdown};
use crate::threads::{Loops, ThreadJob, ThreadResult, take};

/// In the first block of a process counts are looked at after each third of a window, too; doing it everywhere would wake
/// the coordinator three times as often.
const BLOCK_IN_THIRDS: u32 = 0;

/// How long a slice runs before it is counted, and how long it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Uncounted, once all threads are running.
    pub ramp: Duration,
    /// Counted; longer where an operation takes long.
    pub counted: Duration,
    /// The block that the slice is of.
    pub block: u32,
}

/// Operations of each thread that fit into a window if the threads have to wait for each other...
const OPERATIONS_MIN: u32 = 20;
/// ...unless it would become longer than this. Twenty scans of a million records are 0.3 s.
const WINDOW_MAX: Duration = Duration::from_millis(400);
/// Of an operation that takes more than this share of a window whole ones are counted over the time
/// that exactly they took: where a window begins and ends would decide about that share.
const SHARE_MAX: u32 = 200;

/// How long a window has to be for operations that take `alone` when nobody is in the way.
fn long_enough(window: Duration, alone: Duration, threads: usize) -> Duration {
    let wanted = alone * OPERATIONS_MIN * threads as u32;
    window.max(wanted.min(WINDOW_MAX))
}

/// So long after all threads stand ready they begin, where the time from the first operation to the
/// last is taken: waking up is no part of it.
const WAKING_UP: Duration = Duration::from_micros(200);

/// A strategy on a field.
pub(crate) struct PreparedStrategy<'f> {
    /// Its name.
    pub name: &'static str,
    engine: Box<dyn Engine>,
    scenario: &'f Scenario,
    field: &'f Field,
    live_bytes: i64,
    /// Operations done for each that is counted: 1, but for a slowdown that is a miscount.
    done_for_each_counted: f64,
    groups: Vec<PreparedGroup<'f>>,
}

/// A group of the scenario, with what is known of it on this table.
struct PreparedGroup<'f> {
    group: &'f Group,
    /// The numbers of its threads.
    threads: Range<usize>,
    /// About how long its slowest operation takes alone.
    alone: Duration,
    /// What is spent in its operations beyond what they take.
    slowdown: Option<Slowdown>,
}

impl PreparedGroup<'_> {
    /// Whether its operations are too long to be counted by the window alone.
    fn is_long(&self, window: Window) -> bool {
        !self.group.is_paced() && self.alone * SHARE_MAX > window.counted
    }
}

/// All that is compiled for each strategy and record: the timed loops, entered through one dynamic
/// call per thread and slice, and never one per operation.
trait Engine: Send + Sync {
    /// Makes a handle and works with it; see [`Loops::work`].
    fn work(&self, job: ThreadJob<'_>) -> ThreadResult;

    /// Makes the table as it is where the slices of a block begin in a trace that is replayed.
    fn enter(&self, field: &Field, block: u32);

    /// Does an operation on the calling thread and through dynamic calls.
    fn alone<'f>(&'f self, field: &'f Field, does: Activity) -> Operate<'f>;

    /// Whose table it is.
    #[cfg(test)]
    fn strategy(&self) -> &'static str;
}

struct Table<S, R>(S, PhantomData<fn() -> R>);

impl<S: Strategy<R>, R: Loops> Engine for Table<S, R> {
    fn work(&self, job: ThreadJob<'_>) -> ThreadResult {
        R::work(&mut self.0.handle(), job)
    }

    fn enter(&self, field: &Field, block: u32) {
        if let Some(replay) = &field.replay {
            let handle = ErasedHandle::<R>::new(self.0.handle());
            replay.start(block).enter(handle);
        }
    }

    fn alone<'f>(&'f self, field: &'f Field, does: Activity) -> Operate<'f> {
        let handle = ErasedHandle::<R>::new(self.0.handle());
        Box::new(alone(handle, field, does))
    }

    #[cfg(test)]
    fn strategy(&self) -> &'static str {
        S::PROFILE.name
    }
}

impl<'f> PreparedStrategy<'f> {
    /// Sets `S` up on a field; as a double of the baseline, if something is planted in it.
    pub(crate) fn new<S: Strategy<R>, R: Loops>(
        scenario: &'f Scenario,
        field: &'f Field,
        planted: Option<&'static Planted>,
    ) -> Self {
        let counting = Counting::start();
        let table = S::with_capacity(scenario.processes);
        field.fill(ErasedHandle::new(table.handle()));
        let live_bytes = counting.usage().live_bytes();
        drop(counting);
        let name = planted.map_or(S::PROFILE.name, |planted| planted.name);
        let engine = Box::new(Table::<S, R>(table, PhantomData));
        Self::with_engine(name, engine, live_bytes, scenario, field, planted)
    }

    fn with_engine(
        name: &'static str,
        engine: Box<dyn Engine>,
        live_bytes: i64,
        scenario: &'f Scenario,
        field: &'f Field,
        planted: Option<&'static Planted>,
    ) -> Self {
        let times = |how| planted.and_then(|p| (p.how == how).then_some(p.times));
        let mut next = 0;
        let groups = scenario.groups.iter().map(|group| {
            let first = next;
            next += group.threads;
            PreparedGroup {
                group,
                threads: first..next,
                alone: duration(&*engine, field, group),
                slowdown: times(How::Spent).map(|times| slowdown(&*engine, field, group, times)),
            }
        });
        Self {
            name,
            done_for_each_counted: times(How::Miscounted).unwrap_or(1.0),
            groups: groups.collect(),
            engine,
            scenario,
            field,
            live_bytes,
        }
    }

    /// Runs all groups at once and counts while all of them are running.
    pub(crate) fn slice(&self, window: Window) -> (Duration, Vec<GroupCount>) {
        if self.scenario.operations.is_some() {
            return self.to_the_end(window.block);
        }
        self.engine.enter(self.field, window.block);
        let ((looks, given_up), noted, results) =
            self.run(window.block, |shared| self.watch(shared, window));
        let (first, last) = (&looks[0], &looks[looks.len() - 1]);
        let mut counts = self.count(&first.operations_until(last), &results);
        for (count, group) in counts.iter_mut().zip(&self.groups) {
            if group.is_long(window) {
                let whole = group.threads.clone().map(|thread| {
                    let given_up = (given_up.at, given_up.counts[thread]);
                    let (done, span) = whole_operations(&noted[thread], first.at, given_up);
                    (done, span.as_nanos() as u64)
                });
                let operations: Vec<u64>;
                (operations, count.spans_ns) = whole.unzip();
                count.operations = self.counted(&operations);
            } else if let [first, second, third, last] = &looks[..] {
                // Of whole operations a third has too few.
                let rate = |from: &Look, until: &Look| {
                    let operations = &from.operations_until(until)[group.threads.clone()];
                    let operations: u64 = self.counted(operations).iter().sum();
                    operations as f64 / (until.at - from.at).as_secs_f64()
                };
                let drift = (rate(third, last) / rate(first, second)).ln();
                count.drift = drift.is_finite().then_some(drift);
            }
        }
        (last.at - first.at, counts)
    }

    /// Waits until every thread has done something and the ramp is over, and looks at the counts at the
    /// beginning and the end of the window, while all threads go on; in between, if asked to. Then waits
    /// for the operations that are under way, where they take long, and stops everybody. Returns the counts of
    /// the window, and those when nobody was waited for any longer.
    fn watch(&self, shared: &Shared, window: Window) -> (Vec<Look>, Look) {
        shared.start(Duration::ZERO);
        while !shared.stopped() && shared.counts().contains(&0) {
            std::thread::sleep(GLANCE);
        }
        std::thread::sleep(window.ramp);
        let slowest = self.groups.iter().map(|group| group.alone).max();
        let slowest = slowest.unwrap_or_default();
        let counted = long_enough(window.counted, slowest, self.scenario.threads());
        let is_in_thirds = window.block == BLOCK_IN_THIRDS;
        let parts = if is_in_thirds { 3 } else { 1 };
        shared.ask(WINDOW_BEGINS);
        let mut looks = vec![Look::at(shared)];
        for _ in 0..parts {
            std::thread::sleep(counted / parts);
            looks.push(Look::at(shared));
        }
        shared.ask(WINDOW_ENDS);
        // As long as the window at most: whoever is not done then is being starved.
        let patience = clock::now() + counted;
        let is_under_way = || {
            let mut long = self.groups.iter().filter(|group| group.is_long(window));
            let answers = |done: &Completion| done.answers == WINDOW_ENDS;
            let is_under_way = |thread| !shared.noted(thread).iter().any(answers);
            long.any(|group| group.threads.clone().any(is_under_way))
        };
        while !shared.stopped() && clock::now() < patience && is_under_way() {
            std::thread::sleep(GLANCE);
        }
        let given_up = Look::at(shared);
        shared.stop.store(true, Ordering::Relaxed);
        (looks, given_up)
    }

    /// Runs all groups until they have done the scenario's operations: the time from the first thread's
    /// first operation to the last one's last, and what they have done.
    fn to_the_end(&self, block: u32) -> (Duration, Vec<GroupCount>) {
        let ((), noted, results) = self.run(block, |shared| shared.start(WAKING_UP));
        // Each has noted its beginning first and its end last.
        let began = noted.iter().map(|noted| noted[0].at).min();
        let ends = || noted.iter().map(|noted| noted[noted.len() - 1]);
        let ended = ends().map(|end| end.at).max();
        let took = ended.zip(began).map(|(end, begin)| end - begin);
        let done: Vec<u64> = ends().map(|end| end.total).collect();
        (took.unwrap_or_default(), self.count(&done, &results))
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
        let allocation = |(does, operations)| {
            let usage = count(self.engine.alone(self.field, does), operations);
            Allocation {
                scenario: self.scenario.name.clone(),
                strategy: self.name.into(),
                does,
                operations: operations as u64,
                allocations: usage.allocations,
                bytes: usage.allocated_bytes,
            }
        };
        let all = [(Activity::Read, 256), (write, 256)].into_iter();
        all.chain(scan).map(allocation).collect()
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

    /// What each thread of the scenario is to do.
    fn jobs<'j>(&'j self, block: u32, shared: &'j Shared) -> impl Iterator<Item = ThreadJob<'j>> {
        let threads = self.scenario.threads();
        let quota = move |index| {
            let total = self.scenario.operations? as usize;
            // What cannot be divided is the first threads'.
            let share = total / threads + usize::from(index < total % threads);
            Some(scaled(share as u64, self.done_for_each_counted))
        };
        self.groups.iter().flat_map(move |group| {
            group.threads.clone().map(move |index| ThreadJob {
                shared,
                field: self.field,
                group: group.group,
                index,
                threads,
                quota: quota(index),
                block,
                slowdown: group.slowdown,
            })
        })
    }

    /// Runs all threads while `coordinate` watches; returns what it returns, and by thread what each has
    /// noted and its result.
    fn run<T>(
        &self,
        block: u32,
        coordinate: impl FnOnce(&Shared) -> T,
    ) -> (T, Vec<Vec<Completion>>, Vec<ThreadResult>) {
        let threads = self.scenario.threads();
        let shared = &Shared::for_threads(threads);
        let affinity = &Affinity::for_threads(threads, self.field.seed as usize);
        std::thread::scope(|scope| {
            let workers = self.jobs(block, shared).map(|job| {
                scope.spawn(move || {
                    affinity.pin(job.index);
                    let result = catch_unwind(AssertUnwindSafe(|| self.engine.work(job)));
                    if result.is_err() {
                        // The others stop, too.
                        shared.stop.store(true, Ordering::Relaxed);
                    }
                    result
                })
            });
            let workers: Vec<_> = workers.collect();
            let outcome = coordinate(shared);
            let results = workers.into_iter().map(|worker| worker.join().flatten());
            let results = results.map(|result| result.unwrap_or_else(|panic| resume_unwind(panic)));
            let results: Vec<ThreadResult> = results.collect();
            let noted = (0..results.len()).map(|thread| shared.noted(thread).clone());
            (outcome, noted.collect(), results)
        })
    }

    /// What is counted of what the threads have done.
    fn counted(&self, operations: &[u64]) -> Vec<u64> {
        let share = 1.0 / self.done_for_each_counted;
        operations.iter().map(|&done| scaled(done, share)).collect()
    }

    /// Sums up per group.
    fn count(&self, operations: &[u64], results: &[ThreadResult]) -> Vec<GroupCount> {
        let of_group = |PreparedGroup { group, threads, .. }: &PreparedGroup<'_>| {
            let results = &results[threads.clone()];
            GroupCount {
                does: group.does,
                paced: group.is_paced(),
                operations: self.counted(&operations[threads.clone()]),
                spans_ns: Vec::new(),
                misses: results.iter().map(|result| result.misses).sum(),
                drift: None,
                kinds: ThreadResult::kinds(results),
            }
        };
        self.groups.iter().map(of_group).collect()
    }
}

/// A count, times a factor.
#[expect(clippy::cast_sign_loss, reason = "a count and a positive factor")]
fn scaled(count: u64, factor: f64) -> u64 {
    (count as f64 * factor).round() as u64
}

/// How often the coordinator looks whether threads are under way.
const GLANCE: Duration = Duration::from_micros(100);

/// About how long the slowest operation of a group takes alone.
fn duration(engine: &dyn Engine, field: &Field, group: &Group) -> Duration {
    let shares = group.shares();
    let kinds = [
        (Activity::Read, shares.reads() + shares.read_modify_writes),
        (Activity::Update, shares.writes + shares.read_modify_writes),
        (Activity::Churn, shares.inserts),
        (Activity::Scan, shares.scans),
    ];
    let has_some = |&(_, share): &(Activity, f64)| share > 0.0;
    let section = Duration::from_secs_f64(group.longest_section_ns() * 1e-9);
    // A trace inserts and removes, too.
    let births = (group.does == Activity::Replay).then_some(Activity::Churn);
    let done = kinds.into_iter().filter(has_some).map(|(does, _)| does);
    let all = done.chain(births).map(|does| engine.alone(field, does));
    all.map(duration_of).max().unwrap_or_default() + section
}

/// The slowdown with which a group's operations take so many times as long alone.
fn slowdown(engine: &dyn Engine, field: &Field, group: &Group, times: f64) -> Slowdown {
    /// Of so many runs of each kind, in turn, the fastest counts.
    const RUNS: usize = 10;
    /// What a run takes about, and operations in it at most.
    const RUN: Duration = Duration::from_micros(100);
    const RUN_MAX: u64 = 4_096;
    let each = duration_of(engine.alone(field, group.does));
    let operations = (RUN.as_nanos() / each.as_nanos().max(1)) as u64;
    let group = Group {
        does: group.does,
        threads: 1,
        ..Group::default()
    };
    let run = |slowdown| {
        let shared = Shared::opened(1);
        let job = ThreadJob {
            shared: &shared,
            field,
            group: &group,
            index: 0,
            threads: 1,
            quota: Some(operations.clamp(16, RUN_MAX)),
            block: 0,
            slowdown,
        };
        engine.work(job);
        let noted = shared.noted(0);
        let (begin, end) = (noted[0], noted[noted.len() - 1]);
        (end.at - begin.at).as_nanos() as f64 / end.total as f64
    };
    Slowdown::calibrated(times, Section::lasting, |slowdown| {
        let pairs = (0..RUNS).map(|_| (run(None), run(Some(slowdown))));
        pairs.fold((f64::INFINITY, f64::INFINITY), |fastest, pair| {
            (fastest.0.min(pair.0), fastest.1.min(pair.1))
        })
    })
}

/// Sets the named strategy up on a field, if it can take part; a double of the baseline is the baseline itself, under
/// another name.
pub(crate) fn prepare<'f>(
    scenario: &'f Scenario,
    field: &'f Field,
    name: &str,
    baseline: &str,
) -> Option<PreparedStrategy<'f>> {
    let planted = controls::planted(name);
    let strategy = planted.map_or(name, |_| baseline);
    let mut setup = Setup {
        scenario,
        field,
        planted,
        prepared: None,
    };
    registry::visit(scenario.record, &mut Only(strategy, &mut setup));
    setup.prepared
}

/// What a strategy is set up with, and the strategy once it is.
struct Setup<'f> {
    scenario: &'f Scenario,
    field: &'f Field,
    planted: Option<&'static Planted>,
    prepared: Option<PreparedStrategy<'f>>,
}

impl<R: Loops> Visitor<R> for Setup<'_> {
    fn visit<S: Strategy<R>>(&mut self) {
        let prepared = PreparedStrategy::new::<S, R>(self.scenario, self.field, self.planted);
        self.prepared = Some(prepared);
    }

    fn exclude(&mut self, _: Profile, _: &'static str) {}
}

/// Does one operation after the other, each at a step of the tape.
type Operate<'f> = Box<dyn FnMut(usize) + 'f>;

/// An [`Operate`] on the calling thread and through dynamic calls.
fn alone<'f, R: Loops>(
    mut handle: ErasedHandle<'f, R>,
    field: &'f Field,
    does: Activity,
) -> impl FnMut(usize) + use<'f, R> {
    let (ids, _) = field.tape(0, 1);
    let churned = field.churn_tape(0);
    move |at| {
        let (step, id) = match does {
            Activity::Read => (Step::Read, ids[at]),
            // Most events of a trace are heartbeats.
            Activity::Update | Activity::Replay => (Step::Write, ids[at]),
            // Insertions and removals in turn, as in the timed loop.
            Activity::Churn if at.is_multiple_of(2) => (Step::Insert, churned.comes(at)),
            Activity::Churn => (Step::Remove, churned.comes(at - 1)),
            Activity::Scan => (Step::Scan, ids[at]),
            Activity::Mix => match field.scripts.iter().flatten().next() {
                Some(script) => (script.steps[at], script.ids[at]),
                None => return,
            },
        };
        take(&mut handle, step, id, at, Extra::default());
    }
}

/// Counts what the heap sees, on any thread, during `operations` operations, after as many uncounted
/// ones: first uses that allocate once are not what an operation costs.
fn count(mut operate: Operate<'_>, operations: usize) -> Usage {
    (0..operations).for_each(&mut operate);
    let counting = Counting::start();
    (operations..2 * operations).for_each(operate);
    counting.usage()
}

/// About how long an operation takes that is not disturbed: of a kind the fastest of some, and of two
/// kinds in turn (insertions and removals) the slower one.
fn duration_of(mut operate: Operate<'_>) -> Duration {
    let mut fastest = [Duration::MAX; 2];
    for step in 0..6 {
        let began = clock::now();
        operate(step);
        let fastest = &mut fastest[step % 2];
        *fastest = began.elapsed().min(*fastest);
    }
    fastest[0].max(fastest[1])
}

#[cfg(test)]
mod tests;

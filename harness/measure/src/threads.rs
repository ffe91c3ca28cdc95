//! The timed loops: what each thread of a group does between two looks at the stop flag.
//!
//! The only code that is generic over the strategy and runs while time is taken. A thread works in
//! batches of some ten microseconds, publishes its count after each and then looks whether to stop or
//! to note the time, so neither the count nor the flags cost anything per operation.

use std::hint::black_box;

use contract::{
    Change, Event, Handle, Padded, ProcessId, ProcessSnapshot, ProcessStatus, SharedStatus,
    Specimen,
};
use model::clock;
use model::sample::Kinds;
use model::scenario::{Activity, Group};

use crate::batch::Batch;
use crate::field::{Field, TAPE_LENGTH};
use crate::pace::Pacer;
use crate::progress::{Course, Shared};
use crate::replay_loop::replay;
use crate::script::{Script, Step};
use crate::section::{Extra, Section, Slowdown};

/// What a thread is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadJob<'f> {
    /// What it and the coordinator tell each other.
    pub(crate) shared: &'f Shared,
    pub(crate) field: &'f Field,
    pub(crate) group: &'f Group,
    /// Which of all threads of the scenario.
    pub(crate) index: usize,
    /// How many threads the scenario has.
    pub(crate) threads: usize,
    /// How many operations to do; without, until stopped.
    pub(crate) quota: Option<u64>,
    /// The block of the slice: where it begins, if a trace is replayed.
    pub(crate) block: u32,
    /// What its plain reads and updates are to take longer than they do.
    pub(crate) slowdown: Option<Slowdown>,
}

impl<'f> ThreadJob<'f> {
    /// The tape of identifiers, and where the thread begins on it.
    fn tape(self) -> (&'f [ProcessId], usize) {
        let (tape, start) = self.field.tape(self.index, self.threads);
        match &self.field.replay {
            Some(replay) => (&replay.start(self.block).tape, start),
            None => (tape, start),
        }
    }
}

/// What became of a thread's operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThreadResult {
    /// Those that found no record or were rejected, and should not have.
    pub(crate) misses: u64,
    /// Of which kind they were, where the activity alone does not say it.
    kinds: Option<Kinds>,
}

impl ThreadResult {
    /// Of `misses` operations without success, those that asked for a process that never was are as
    /// they should be.
    pub(crate) fn from_misses(misses: u64, kinds: Option<Kinds>) -> Self {
        let absent = kinds.map_or(0, |kinds| kinds.absent);
        Self {
            misses: misses.saturating_sub(absent),
            kinds,
        }
    }

    /// Of which kind the operations of several threads were.
    pub(crate) fn kinds(results: &[Self]) -> Option<Kinds> {
        let kinds = results.iter().filter_map(|result| result.kinds);
        kinds.reduce(|sum, kinds| sum + kinds)
    }
}

/// A record, and which timed loops are compiled for it: the most of what the program consists of.
pub(crate) trait Loops: Specimen {
    /// Works until stopped or done: in the loop of an activity, or in the one that follows a tape of operations.
    fn work(handle: &mut impl Handle<Self>, job: ThreadJob<'_>) -> ThreadResult {
        if let Some(script) = job.field.script(job.index) {
            return follow(handle, script, job);
        }
        match &job.field.replay {
            Some(trace) if job.group.does == Activity::Replay => replay(handle, trace, job),
            _ => repeat(handle, job),
        }
    }

    /// Touches all of a record and spends what a read is to take beyond that; whether there was one.
    #[inline]
    fn read(handle: &mut impl Handle<Self>, id: ProcessId, extra: Extra<'_>) -> bool {
        let value = handle.read(id, |record| extra.spend(record.touch()));
        black_box(value).is_some()
    }
}

impl Loops for ProcessStatus {}
impl Loops for ProcessSnapshot {}

impl<const WORDS: usize> Loops for Padded<WORDS> {
    fn work(handle: &mut impl Handle<Self>, job: ThreadJob<'_>) -> ThreadResult {
        work_by_script(handle, job)
    }
}

impl Loops for SharedStatus {
    fn work(handle: &mut impl Handle<Self>, job: ThreadJob<'_>) -> ThreadResult {
        work_by_script(handle, job)
    }

    /// Takes the record out, and does the rest when the strategy holds nothing any more.
    #[inline]
    fn read(handle: &mut impl Handle<Self>, id: ProcessId, extra: Extra<'_>) -> bool {
        let taken = handle.read(id, |record| {
            black_box(extra.look_up(0));
            record.taken()
        });
        let value = taken.map(|record| extra.section.spend(record.touch()));
        black_box(value).is_some()
    }
}

/// Only the loop that follows a tape of operations; the field has one for every thread then.
fn work_by_script<R: Loops>(handle: &mut impl Handle<R>, job: ThreadJob<'_>) -> ThreadResult {
    let script = job.field.script(job.index);
    follow(handle, script.expect("as the field sees to"), job)
}

/// Does the same over and over.
fn repeat<R: Specimen>(handle: &mut impl Handle<R>, job: ThreadJob<'_>) -> ThreadResult {
    let (tape, start) = job.tape();
    let (total, misses) = match job.group.does {
        // A mix has a script, and a replay a trace.
        Activity::Read | Activity::Mix | Activity::Replay => drive(job, start, |from, count| {
            let ids = &tape[from..from + count];
            match job.slowdown {
                None => read_each(handle, ids, from, |_, value| value),
                Some(slowdown) => {
                    read_each(handle, ids, from, |step, value| slowdown.spend(step, value))
                }
            }
        }),
        Activity::Update => drive(job, start, |from, count| {
            let ids = &tape[from..from + count];
            match job.slowdown {
                None => update_each(handle, ids, from, |_, _| {}),
                Some(slowdown) => update_each(handle, ids, from, |step, revision| {
                    black_box(slowdown.spend(step, revision));
                }),
            }
        }),
        Activity::Churn => return churn(handle, job),
        Activity::Scan => drive(job, start, |_, count| {
            let empty = |_| u64::from(!scan(handle));
            (0..count).map(empty).sum()
        }),
    };
    let absent = match (&job.field.replay, job.group.does) {
        // Who has exited meanwhile is not there, as the trace wants it.
        (Some(_), _) => Some(misses),
        (None, Activity::Scan) => None,
        (None, _) => job.field.absent_in(start, total),
    };
    let kinds = absent.map(|absent| {
        let mut kinds = Kinds {
            absent,
            ..Kinds::default()
        };
        *match job.group.does {
            Activity::Update => &mut kinds.writes,
            Activity::Scan => &mut kinds.scans,
            _ => &mut kinds.reads,
        } = total;
        kinds
    });
    ThreadResult::from_misses(misses, kinds)
}

/// Reads records, the first at step `from` of the tape, touches all of each and spends what it is to take beyond that;
/// how many there were not.
///
/// A function of its own, as is [`update_each`]: compiled into the worker, a loop of a few nanoseconds shares the
/// registers with all that the worker holds, and which strategy's loop then counts on the stack is a matter of luck.
#[inline(never)]
fn read_each<R: Specimen>(
    handle: &mut impl Handle<R>,
    ids: &[ProcessId],
    from: usize,
    spend: impl Fn(usize, u64) -> u64,
) -> u64 {
    let mut misses = 0;
    for (step, &id) in (from..).zip(ids) {
        match handle.read(id, |record| spend(step, record.touch())) {
            Some(value) => drop(black_box(value)),
            None => misses += 1,
        }
    }
    misses
}

/// Applies heartbeats, the first at step `from` of the tape, and spends what each is to take beyond that, on the revision
/// that it made; how many were not taken.
#[inline(never)]
fn update_each<R: Specimen>(
    handle: &mut impl Handle<R>,
    ids: &[ProcessId],
    from: usize,
    spend: impl Fn(usize, u64),
) -> u64 {
    let mut misses = 0;
    for (step, &id) in (from..).zip(ids) {
        match heartbeat_taken(handle, id, step) {
            Some(revision) => spend(step, revision),
            None => misses += 1,
        }
    }
    misses
}

/// Applies a heartbeat; the revision that it made, if there was a record and it took it.
#[inline]
fn heartbeat_taken<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    step: usize,
) -> Option<u64> {
    handle.apply(id, Event::heartbeat(step as u64))?.ok()
}

/// Applies a heartbeat that takes so long; the same. Apart, so that the other heartbeats stay free of it.
#[cold]
#[inline(never)]
fn work_taken<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    step: usize,
    Section(links): Section,
) -> Option<u64> {
    let event = Event::at(step as u64, Change::Work { links });
    handle.apply(id, event)?.ok()
}

/// Touches all of every record; whether there was one.
#[inline]
fn scan<R: Specimen>(handle: &mut impl Handle<R>) -> bool {
    let (mut sum, mut records) = (0u64, 0usize);
    handle.scan(|_, record| {
        sum = sum.wrapping_add(record.touch());
        records += 1;
    });
    black_box(sum);
    records > 0
}

/// Does what a tape of operations says. Also for groups of one activity that spend time inside a read
/// section or publish on their own: the loops above stay free of both.
fn follow<R: Loops>(
    handle: &mut impl Handle<R>,
    script: &Script,
    job: ThreadJob<'_>,
) -> ThreadResult {
    let section_ns = job.group.section_ns;
    let section = section_ns.map_or_else(Section::default, Section::lasting);
    // Without a policy of its own a thread would publish after more writes than a slice has.
    let publish_every = job.group.publish_every.unwrap_or(u32::MAX);
    let mut unpublished = 0;
    script.enter(handle);
    let (total, misses) = drive(job, 0, |from, count| {
        let mut misses = 0;
        let steps = &script.steps[from..from + count];
        for ((&step, &id), at) in steps
            .iter()
            .zip(&script.ids[from..from + count])
            .zip(from..)
        {
            let extra = script.extra(step, at, section);
            misses += u64::from(!take(handle, step, id, at, extra));
            if !script.pauses.is_empty() {
                black_box(script.pauses[at % script.pauses.len()].spend(id.0));
            }
            if step.writes() {
                unpublished += 1;
                if unpublished == publish_every {
                    handle.publish();
                    unpublished = 0;
                }
            }
        }
        misses
    });
    script.leave(handle, total);
    ThreadResult::from_misses(misses, Some(script.kinds(total)))
}

/// Takes a step of a tape of operations; whether it found what it asked for.
#[inline]
pub(crate) fn take<R: Loops>(
    handle: &mut impl Handle<R>,
    step: Step,
    id: ProcessId,
    at: usize,
    extra: Extra<'_>,
) -> bool {
    if !matches!(step, Step::Read | Step::ReadModifyWrite | Step::Scan) && extra.key.is_some() {
        black_box(extra.look_up(0));
    }
    match step {
        Step::Read => R::read(handle, id, extra),
        Step::Write if extra.section == Section::default() => {
            heartbeat_taken(handle, id, at).is_some()
        }
        Step::Write => work_taken(handle, id, at, extra.section).is_some(),
        Step::ReadModifyWrite => {
            R::read(handle, id, extra) & heartbeat_taken(handle, id, at).is_some()
        }
        Step::Insert => {
            black_box(handle.insert(id, R::pending(id)));
            true
        }
        Step::Remove => {
            black_box(handle.remove(id));
            true
        }
        Step::Scan => scan(handle),
    }
}

/// Inserts and removes in turn; each counts as one operation. Leaves the table as it was.
fn churn<R: Specimen>(handle: &mut impl Handle<R>, job: ThreadJob<'_>) -> ThreadResult {
    let tape = job.field.churn_tape(job.index);
    let mut step = 0;
    let (_, misses) = drive(job, 0, |_, count| {
        // Pairs: a batch of one inserts and removes, too, and is then counted as one.
        for _ in 0..count.div_ceil(2) {
            let comes = tape.comes(step);
            black_box(handle.insert(comes, R::pending(comes)));
            black_box(handle.remove(tape.goes(step)));
            step += 1;
        }
        0
    });
    for id in tape.present(step) {
        handle.remove(id);
    }
    ThreadResult::from_misses(misses, None)
}

/// Calls `operate(from, count)` with stretches of the tape, until stopped or until the quota is done;
/// how many operations that were, and the sum of what the calls return.
fn drive(
    job: ThreadJob<'_>,
    start: usize,
    mut operate: impl FnMut(usize, usize) -> u64,
) -> (u64, u64) {
    let (arrivals, seed) = (job.group.arrivals, job.field.seed ^ job.index as u64);
    let pacer = |period_us| Pacer::every_us(period_us, arrivals, seed);
    let mut pacer = job.group.every_us.map(pacer);
    let smallest = 1 + usize::from(job.group.does == Activity::Churn);
    let mut batch = Batch::new(smallest, pacer.is_some());
    let (mut at, mut misses) = (start, 0u64);
    let mut course = Course::begin(job.shared, job.index);
    loop {
        let size = match job.quota {
            Some(quota) => {
                let left = quota.saturating_sub(course.total) as usize;
                batch.size.min(left.next_multiple_of(smallest))
            }
            None => batch.size,
        };
        // One call of `operate`, so that each loop is compiled once.
        let began = batch.is_timed().then(clock::now);
        misses += operate(at, size);
        at = (at + size) % TAPE_LENGTH;
        if let Some(began) = began {
            batch.adapt(began.elapsed(), at);
        }
        let goes_on = course.completed(size as u64);
        if !goes_on || job.quota.is_some_and(|quota| course.total >= quota) {
            return (course.end(), misses);
        }
        if let Some(pacer) = &mut pacer {
            pacer.wait(&job.shared.stop);
        }
    }
}

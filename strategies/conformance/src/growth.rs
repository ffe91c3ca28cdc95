//! Many more records than the table was made for, inserted by several threads while others update,
//! read and scan them: none is lost, not for a moment.
//!
//! How it could fail: moving to a larger table forgets an entry, or drops one that is inserted or
//! changed meanwhile; two threads grow the table at once; readers look into the old table or the
//! half-filled new one; a handle that slept while the table grew, several times perhaps, does not find
//! its way; a capacity is a limit.
//!
//! What makes it exact: most identifiers have one inserter, who is told that they were absent. Every
//! eighth is inserted by all of them, each with a revision of its own: one is told that it was absent,
//! and all but the last record come out once. The others are updated, and the revisions that all
//! updaters were given must be 2, 3, 4, ... as in the check of updates.
//!
//! The inserters keep abreast, so that a growth meets the others' inserts, and wait for those who update
//! and read, who wait for them: each does its share of every doubling. That a growth meets an operation
//! between two particular instructions is left to chance. What a handle does that slept is not: that
//! takes one thread.
//!
//! Identifiers are without order; their number is cut to a quarter where every write copies the
//! whole table, which takes quadratic time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Concurrency, Handle, ProcessId, ScanConsistency, Specimen, WriteCost};

use crate::crew::{Member, Pace};
use crate::specimens::{Gaze, heartbeat, observe, running, scattered, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

mod sleepers;

/// Room that the table is made with.
const CAPACITY: usize = 1;
/// The leaders; an updater and a reader follow.
const INSERTERS: usize = 3;
const UPDATER: usize = INSERTERS;
const FOLLOWERS: usize = 2;
/// Of so many identifiers one is inserted by everyone.
const CONTESTED_EVERY: u64 = 8;
/// How far an inserter may be ahead of another one.
const LEAD_MAX: u64 = 16;
/// How many more records there may be than a follower has done operations. More than are invisible at
/// a time, or everyone would wait for each other.
const HEAD_START: u64 = 4 * INSERTS_PER_PUBLISH;
/// Operations of each follower for each record, at most.
const OPERATIONS_PER_RECORD_MAX: u64 = 4;
/// Inserts between two publishes.
const INSERTS_PER_PUBLISH: u64 = 64;

/// What one member did.
#[derive(Default)]
struct Diary {
    /// What a contested insert displaced: its number, and a revision or nothing.
    displaced: Vec<(u64, Option<u64>)>,
    /// The revisions that updates were given, with the number of the record.
    accepted: Vec<(u64, u64)>,
    reads: u64,
    scans: u64,
}

/// How far everyone is.
struct Course {
    records: u64,
    inserters: usize,
    /// Of each inserter: it has inserted its share of the records below, and readers see it.
    visible: [AtomicU64; INSERTERS],
    /// Of each inserter: it has inserted its share of the records below.
    inserted: [AtomicU64; INSERTERS],
    /// Operations of each follower.
    followed: [AtomicU64; FOLLOWERS],
    /// For each record, a revision that readers must not see less than.
    floors: Vec<AtomicU64>,
}

// SeqCst throughout: the check's own accesses must not be what is in question.
impl Course {
    fn new(records: u64, inserters: usize) -> Self {
        Self {
            records,
            inserters,
            visible: [const { AtomicU64::new(0) }; INSERTERS],
            inserted: [const { AtomicU64::new(0) }; INSERTERS],
            followed: [const { AtomicU64::new(0) }; FOLLOWERS],
            floors: (0..records).map(|_| AtomicU64::new(1)).collect(),
        }
    }

    /// Records below this number are visible to every reader.
    fn visible(&self) -> u64 {
        lowest(&self.visible[..self.inserters])
    }

    /// Whether an inserter may go on with record `number`.
    fn is_abreast(&self, number: u64) -> bool {
        let is_followed = self.inserters == 1 || lowest(&self.followed) + HEAD_START >= number;
        is_followed && number <= lowest(&self.inserted[..self.inserters]) + LEAD_MAX
    }

    /// Whether a follower may go on that has done so much.
    fn is_ahead_of(&self, operations: u64) -> bool {
        operations < OPERATIONS_PER_RECORD_MAX * self.visible()
    }
}

fn lowest(counts: &[AtomicU64]) -> u64 {
    let counts = counts.iter().map(|count| count.load(Ordering::SeqCst));
    counts.min().unwrap_or(0)
}

const fn is_contested(number: u64) -> bool {
    number.is_multiple_of(CONTESTED_EVERY)
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let slept = sleepers::check(trial)?;
    let records = match trial.profile.write_cost {
        WriteCost::CopiesTable => trial.effort.grown_to / 4,
        _ => trial.effort.grown_to,
    };
    let inserters = match trial.profile.concurrency {
        Concurrency::Any => INSERTERS,
        Concurrency::OneThread => 1,
    };
    let table = trial.table(CAPACITY);
    let course = Course::new(records, inserters);
    let diaries = trial.crew(Pace::Crowd, INSERTERS, FOLLOWERS, |member| {
        let handle = table.handle();
        match member.index {
            0..INSERTERS => fill(trial, member, handle, &course),
            UPDATER => update(trial, member, handle, &course),
            _ => reread(trial, member, handle, &course),
        }
    })?;
    let mut handle = table.handle();
    handle.publish();
    let accounts = Accounts::new(&diaries);
    for number in 0..records {
        // Each: where another thread does the reads, they take long on a busy machine.
        trial.progress.tick();
        let last = present(&mut handle, number)?;
        if is_contested(number) {
            accounts.came_out_once(number, inserters, last)?;
        } else {
            accounts.counted(number, last)?;
        }
    }
    let visits = scan(&mut handle)?;
    if visits.values().any(|&times| times > 1) || visits.len() as u64 != records {
        return Err(Promise::VisitsOnce.broken(format!(
            "a scan of {records} records visited {}, in {} visits",
            visits.len(),
            visits.values().sum::<u64>()
        )));
    }
    let total = |count: fn(&Diary) -> u64| diaries.iter().map(count).sum::<u64>();
    Ok(Evidence::Observed(format!(
        "from {CAPACITY} to {records} records by {inserters} threads, none lost; {} updates counted, {} \
         reads and {} scans meanwhile missed none; {slept} operations of handles that slept meanwhile",
        total(|diary| diary.accepted.len() as u64),
        total(|diary| diary.reads),
        total(|diary| diary.scans),
    )))
}

fn fill<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    course: &Course,
) -> Result<Diary, Breach> {
    let mut diary = Diary::default();
    for number in member.rounds(course.records) {
        member.wait_until(|| course.is_abreast(number));
        let id = scattered(number);
        if is_contested(number) {
            let record = running::<R>(id, own_revision(member.index));
            let displaced = handle.insert(id, record);
            let displaced = displaced.as_ref().map(R::revision);
            diary.displaced.push((number, displaced));
        } else if number as usize % course.inserters == member.index
            && let Some(displaced) = handle.insert(id, running(id, 1))
        {
            let account = format!("insert of {id}, which is absent, displaced {displaced:?}");
            return Err(Promise::Displaces.broken(account));
        }
        course.inserted[member.index].store(number + 1, Ordering::SeqCst);
        let publishes = number % INSERTS_PER_PUBLISH == 0;
        if publishes {
            handle.publish();
        }
        if publishes || trial.reads_latest() {
            course.visible[member.index].store(number + 1, Ordering::SeqCst);
        }
    }
    Ok(diary)
}

/// The revision at which an inserter inserts what everyone does.
const fn own_revision(inserter: usize) -> u64 {
    1 + inserter as u64
}

fn update<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    course: &Course,
) -> Result<Diary, Breach> {
    let mut diary = Diary::default();
    follow(trial, member, course, |number| {
        if is_contested(number) {
            diary.reads += 1;
            return present(&mut handle, number).map(drop);
        }
        let id = scattered(number);
        match handle.apply(id, heartbeat(number)) {
            Some(Ok(revision)) => {
                // After the write has returned, hence a floor.
                course.floors[number as usize].fetch_max(revision, Ordering::SeqCst);
                diary.accepted.push((number, revision));
                Ok(())
            }
            Some(Err(rejected)) => {
                Err(Promise::AppliesOnce.broken(format!("heartbeat to {id}, running: {rejected}")))
            }
            None => Err(lost(number, "a heartbeat to it")),
        }
    })?;
    Ok(diary)
}

fn reread<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    course: &Course,
) -> Result<Diary, Breach> {
    let mut diary = Diary::default();
    let mut scanned_at = 1;
    follow(trial, member, course, |number| {
        let visible = course.visible();
        if visible >= 2 * scanned_at {
            scanned_at = visible;
            diary.scans += 1;
            return scan_shows(trial, &mut handle, visible);
        }
        let floor = course.floors[number as usize].load(Ordering::SeqCst);
        let revision = present(&mut handle, number)?;
        diary.reads += 1;
        if revision + trial.lag_writes() < floor {
            let id = scattered(number);
            return Err(Promise::Fresh.broken(format!(
                "a read of {id} gave revision {revision}; the update to {floor} had returned before"
            )));
        }
        Ok(())
    })?;
    Ok(diary)
}

/// Does `act` with visible records, one after the other, never far ahead of the inserts.
fn follow<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    course: &Course,
    mut act: impl FnMut(u64) -> Result<(), Breach>,
) -> Result<(), Breach> {
    let mut dice = trial.dice(member.index);
    let followed = &course.followed[member.index - INSERTERS];
    for operations in member.rounds(course.records * OPERATIONS_PER_RECORD_MAX) {
        member.wait_until(|| course.is_ahead_of(operations));
        let visible = course.visible();
        if visible > 0 {
            act(dice.below(visible as usize) as u64)?;
        }
        followed.store(operations + 1, Ordering::SeqCst);
    }
    Ok(())
}

/// The revision of record `number`, which must be there.
fn present<R: Specimen>(handle: &mut impl Handle<R>, number: u64) -> Result<u64, Breach> {
    observe(handle, scattered(number), Gaze::Glance)?.ok_or_else(|| lost(number, "a read of it"))
}

fn lost(number: u64, what: &str) -> Breach {
    Promise::Grows.broken(format!(
        "{}, record {number} of a table made for {CAPACITY}, is not there after its insert had \
         returned: {what} gave nothing",
        scattered(number)
    ))
}

/// How often a scan visited each identifier.
fn scan<R: Specimen>(handle: &mut impl Handle<R>) -> Result<HashMap<ProcessId, u64>, Breach> {
    let mut visits = HashMap::new();
    let mut outcome = Ok(());
    handle.scan(|id, record| {
        *visits.entry(id).or_insert(0) += 1;
        if let Err(breach) = whole(id, record) {
            outcome = Err(breach);
        }
    });
    outcome.map(|()| visits)
}

/// A scan shows what was visible before it; a weak one perhaps twice.
fn scan_shows<R: Specimen>(
    trial: &Trial<'_, R>,
    handle: &mut impl Handle<R>,
    visible: u64,
) -> Result<(), Breach> {
    let visits = scan(handle)?;
    if let Some(number) = (0..visible).find(|&number| !visits.contains_key(&scattered(number))) {
        return Err(lost(number, "a scan"));
    }
    let is_weak = trial.profile.scan_consistency == ScanConsistency::Weak;
    match visits.iter().find(|(_, times)| **times > 1) {
        Some((id, times)) if !is_weak => {
            Err(Promise::VisitsOnce.broken(format!("a scan visited {id} {times} times")))
        }
        _ => Ok(()),
    }
}

/// What all members were told, record by record.
struct Accounts {
    displaced: HashMap<u64, Vec<Option<u64>>>,
    accepted: HashMap<u64, Vec<u64>>,
}

impl Accounts {
    fn new(diaries: &[Diary]) -> Self {
        let (mut displaced, mut accepted) = (HashMap::new(), HashMap::new());
        for diary in diaries {
            for &(number, revision) in &diary.displaced {
                let entry: &mut Vec<_> = displaced.entry(number).or_default();
                entry.push(revision);
            }
            for &(number, revision) in &diary.accepted {
                let entry: &mut Vec<_> = accepted.entry(number).or_default();
                entry.push(revision);
            }
        }
        Self {
            displaced,
            accepted,
        }
    }

    /// Everyone inserted it: one found nothing there, and every record but the last was displaced once.
    fn came_out_once(&self, number: u64, inserters: usize, last: u64) -> Result<(), Breach> {
        let displaced = self.displaced.get(&number).into_iter().flatten();
        let mut out: Vec<Option<u64>> = displaced.copied().chain([Some(last)]).collect();
        out.sort_unstable();
        let each_once = (0..inserters).map(|inserter| Some(own_revision(inserter)));
        if out.iter().copied().eq([None].into_iter().chain(each_once)) {
            return Ok(());
        }
        Err(Promise::Displaces.broken(format!(
            "{} was inserted by {inserters} threads, at revisions 1 to {inserters}; what they displaced \
             and what is there at the end should be nothing once and each revision once, and is {out:?}",
            scattered(number)
        )))
    }

    /// Every revision from 2 to the last was given to one update.
    fn counted(&self, number: u64, last: u64) -> Result<(), Breach> {
        let mut given = self.accepted.get(&number).cloned().unwrap_or_default();
        given.sort_unstable();
        if given.iter().copied().eq(2..=last) {
            return Ok(());
        }
        Err(Promise::AppliesOnce.broken(format!(
            "{} is at revision {last}, and the updates of it were given {given:?}",
            scattered(number)
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard};

    use contract::{ErasedTable, Event, IdMap, ProcessStatus, Profile, Rejected, Strategy};

    use super::*;
    use crate::effort::{Effort, Seed};
    use crate::watchdog::Progress;

    /// A right table, for one thread: it is read by nobody before all is there.
    struct Right(Mutex<IdMap<ProcessStatus>>);

    impl Right {
        fn map(&self) -> MutexGuard<'_, IdMap<ProcessStatus>> {
            self.0.lock().unwrap()
        }
    }

    impl Strategy<ProcessStatus> for Right {
        const PROFILE: Profile = Profile {
            concurrency: Concurrency::OneThread,
            ..Profile::locked("planted/right", "wrong in no way")
        };
        type Handle<'s> = &'s Self;

        fn with_capacity(_: usize) -> Self {
            Self(Mutex::default())
        }

        fn handle(&self) -> &Self {
            self
        }
    }

    impl Handle<ProcessStatus> for &Right {
        fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&ProcessStatus) -> T) -> Option<T> {
            self.map().get(&id).map(f)
        }

        fn insert(&mut self, id: ProcessId, record: ProcessStatus) -> Option<ProcessStatus> {
            self.map().insert(id, record)
        }

        fn apply(&mut self, _: ProcessId, _: Event) -> Option<Result<u64, Rejected>> {
            unreachable!("no thread updates")
        }

        fn remove(&mut self, _: ProcessId) -> Option<ProcessStatus> {
            unreachable!("no thread removes")
        }

        fn scan(&mut self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
            self.map()
                .iter()
                .for_each(|(&id, record)| visit(id, record));
        }
    }

    #[test]
    fn each_read_of_the_audit_is_progress() {
        let (effort, progress) = (Effort::quick(), Progress::default());
        let trial = Trial {
            make: ErasedTable::new::<Right>,
            effort: &effort,
            seed: Seed(1),
            profile: Right::PROFILE,
            progress: &progress,
        };
        check(&trial).unwrap();
        assert!(progress.ticks() >= effort.grown_to);
    }
}

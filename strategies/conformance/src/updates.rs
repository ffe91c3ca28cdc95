//! Many threads change the same few records: every accepted event counts exactly once, and readers
//! see whole records, in order, as fresh as claimed, and always there.
//!
//! How it could fail: a read and a write in two critical sections lose an update; an unvalidated
//! copy is torn; a cached snapshot is stale, or older than the one before; a table that replaces a
//! record by removing and inserting it lets a reader find nothing.
//!
//! What makes it exact: each accepted event returns its revision, so the revisions that all writers
//! were given must be 2, 3, 4, ... without a gap or a repetition. Each writer raises a floor *after*
//! its write returned; a reader that loads the floor *before* its read must see at least that.
//!
//! First in a crowd, then as a duel of one writer and one reader over one record.
//!
//! It finds a race only if it happens. A window of a few instructions in which the strategy does not
//! call the record is met in the duel alone, and there not for certain; a record that fills one
//! cache line is hardly ever seen torn at all, which is why this check also runs with
//! [`Wide`](crate::Wide) ones. On x86-64 it cannot find an ordering that only weaker machines break.

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Change, Event, Handle, ProcessId, Specimen, State};

use crate::crew::{Member, Pace};
use crate::specimens::{Gaze, IDS, heartbeat, observe, running};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

/// Each of the crowd's two halves.
const CROWD: usize = 2;
/// Few, so that writers meet; two of them with equal low bits.
const HOT: usize = 3;
const HOT_IDS: [ProcessId; HOT] = [IDS[1], IDS[2], IDS[4]];
/// A reader lingers on a record, and lets others run, once in so many reads.
const LINGERS_ONCE_IN: usize = 16;
/// A read is at most this much cheaper than a write: where readers stop at the latest.
const READS_PER_WRITE_MAX: u64 = 64;

/// What one member did.
#[derive(Default)]
struct Diary {
    /// The revisions that it was given.
    accepted: [Vec<u64>; HOT],
    rejected: u64,
    reads: u64,
}

/// For each identifier, a revision that readers must not see less than.
struct Floors {
    revisions: [AtomicU64; HOT],
    lag_writes: u64,
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let table = trial.table(HOT);
    let mut handle = table.handle();
    for id in HOT_IDS {
        handle.insert(id, running(id, 1));
    }
    handle.publish();
    drop(handle);
    let floors = Floors {
        revisions: [const { AtomicU64::new(1) }; HOT],
        lag_writes: trial.lag_writes(),
    };
    let mut diaries = Vec::new();
    for pace in Pace::BOTH {
        let half = pace.members(CROWD);
        diaries.extend(trial.crew(pace, half, half, |member| {
            let mut witness = Witness::new(&floors, table.handle());
            match (pace, member.leads()) {
                (Pace::Crowd, true) => write(trial, member, &mut witness)?,
                (Pace::Crowd, false) => read(trial, member, &mut witness)?,
                (Pace::Duel, _) => duel(trial, member, &mut witness)?,
            }
            Ok(witness.diary)
        })?);
    }
    let mut handle = table.handle();
    handle.publish();
    for (number, id) in HOT_IDS.into_iter().enumerate() {
        let last = observe(&mut handle, id, Gaze::Glance)?;
        audit(id, number, &diaries, last)?;
    }
    let total = |count: fn(&Diary) -> u64| diaries.iter().map(count).sum::<u64>();
    Ok(Evidence::Observed(format!(
        "{} updates, none lost or doubled; {} rejected; {} reads whole, in order",
        total(|diary| diary.accepted.iter().map(|list| list.len() as u64).sum()),
        total(|diary| diary.rejected),
        total(|diary| diary.reads),
    )))
}

fn write<R: Specimen, H: Handle<R>>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    witness: &mut Witness<'_, H>,
) -> Result<(), Breach> {
    let mut dice = trial.dice(member.index);
    for round in member.rounds_until_met(trial.effort.operations / CROWD as u64) {
        let number = dice.below(HOT);
        match dice.below(8) {
            0 => witness.rejected(number)?,
            1 => witness.read(number, Gaze::Glance)?,
            _ => witness.update(number, round)?,
        }
    }
    Ok(())
}

fn read<R: Specimen, H: Handle<R>>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    witness: &mut Witness<'_, H>,
) -> Result<(), Breach> {
    let mut dice = trial.dice(member.index);
    for _ in member.rounds(trial.effort.operations * READS_PER_WRITE_MAX) {
        let gaze = if dice.once_in(LINGERS_ONCE_IN) {
            Gaze::Linger
        } else {
            Gaze::Glance
        };
        witness.read(dice.below(HOT), gaze)?;
    }
    Ok(())
}

fn duel<R: Specimen, H: Handle<R>>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    witness: &mut Witness<'_, H>,
) -> Result<(), Breach> {
    let updates = trial.effort.operations;
    if member.leads() {
        member
            .rounds_until_met(updates)
            .try_for_each(|round| witness.update(0, round))
    } else {
        member
            .rounds(updates * READS_PER_WRITE_MAX)
            .try_for_each(|_| witness.read(0, Gaze::Glance))
    }
}

/// One thread at the table, and what it has seen there.
struct Witness<'c, H> {
    floors: &'c Floors,
    handle: H,
    /// The latest revision seen of each identifier.
    latest: [u64; HOT],
    diary: Diary,
}

impl<'c, H> Witness<'c, H> {
    fn new(floors: &'c Floors, handle: H) -> Self {
        Self {
            floors,
            handle,
            latest: [1; HOT],
            diary: Diary::default(),
        }
    }

    fn update<R: Specimen>(&mut self, number: usize, stamp: u64) -> Result<(), Breach>
    where
        H: Handle<R>,
    {
        let id = HOT_IDS[number];
        match self.handle.apply(id, heartbeat(stamp)) {
            Some(Ok(revision)) => {
                // After the write has returned, hence a floor. SeqCst, as the checks' own accesses
                // must not be what is in question.
                self.floors.revisions[number].fetch_max(revision, Ordering::SeqCst);
                self.diary.accepted[number].push(revision);
                Ok(())
            }
            Some(Err(rejected)) => {
                Err(Promise::AppliesOnce.broken(format!("heartbeat to {id}, running: {rejected}")))
            }
            None => Err(never_removed(Promise::Present, "heartbeat to", id)),
        }
    }

    fn rejected<R: Specimen>(&mut self, number: usize) -> Result<(), Breach>
    where
        H: Handle<R>,
    {
        let id = HOT_IDS[number];
        match self.handle.apply(id, Event::at(0, Change::Start)) {
            Some(Err(rejected)) if rejected.state == State::Running => {
                self.diary.rejected += 1;
                Ok(())
            }
            None => Err(never_removed(Promise::Present, "start of", id)),
            other => {
                Err(Promise::RejectsUnchanged
                    .broken(format!("start of {id}, running, gave {other:?}")))
            }
        }
    }

    fn read<R: Specimen>(&mut self, number: usize, gaze: Gaze) -> Result<(), Breach>
    where
        H: Handle<R>,
    {
        let id = HOT_IDS[number];
        let floor = self.floors.revisions[number].load(Ordering::SeqCst);
        let revision = observe(&mut self.handle, id, gaze)?
            .ok_or_else(|| never_removed(Promise::Present, "read of", id))?;
        self.diary.reads += 1;
        let before = std::mem::replace(&mut self.latest[number], revision);
        if revision < before {
            return Err(Promise::Monotonic.broken(format!(
                "a reader of {id} saw revision {before} and then {revision}"
            )));
        }
        if revision + self.floors.lag_writes < floor {
            return Err(Promise::Fresh.broken(format!(
                "a read of {id} gave revision {revision}; the update to {floor} had returned before"
            )));
        }
        Ok(())
    }
}

fn never_removed(promise: Promise, what: &str, id: ProcessId) -> Breach {
    promise.broken(format!(
        "{what} {id} found nothing; it was only ever updated, never removed"
    ))
}

/// Every revision of `id` from 2 to the last was given to one writer once.
fn audit(id: ProcessId, number: usize, diaries: &[Diary], last: Option<u64>) -> Result<(), Breach> {
    let mut given: Vec<u64> = diaries
        .iter()
        .flat_map(|diary| diary.accepted[number].iter().copied())
        .collect();
    given.sort_unstable();
    if let Some([twice, _]) = given.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Promise::AppliesOnce.broken(format!(
            "two updates of {id} both made revision {twice}: one is lost"
        )));
    }
    let expected = 1 + given.len() as u64;
    if last == Some(expected) && given.last().is_none_or(|&revision| revision == expected) {
        return Ok(());
    }
    Err(Promise::AppliesOnce.broken(format!(
        "{} updates of {id} were accepted, so it should be at revision {expected}, \
         and a read after the last one gave {last:?}",
        given.len()
    )))
}

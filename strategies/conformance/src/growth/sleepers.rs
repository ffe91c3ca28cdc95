//! Handles that sleep while the table grows, and what each does first when it wakes. One thread: every
//! answer is known.

use contract::{Concurrency, ErasedHandle, Handle, Specimen};

use super::CAPACITY;
use crate::specimens::{brief_or_nothing, heartbeat, running, scattered, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Promise};

/// Records before a handle falls asleep.
const EARLY: u64 = 2;
/// Records when it wakes: several times as many as any table has grown to that was made for one.
const RECORDS: u64 = 256;
/// Updates of each record meanwhile, so that it is at this revision and one.
const UPDATES: u64 = 2;

/// Which record: one that was there when the handle fell asleep, one that came since, or none.
#[derive(Clone, Copy, Debug)]
enum Which {
    Early,
    Late,
    Absent,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Read,
    Apply,
    Insert,
    Remove,
}

const WHICH: [Which; 3] = [Which::Early, Which::Late, Which::Absent];
const ACTS: [Act; 4] = [Act::Read, Act::Apply, Act::Insert, Act::Remove];

impl Which {
    const fn number(self) -> u64 {
        match self {
            Which::Early => 0,
            Which::Late => RECORDS - 1,
            Which::Absent => RECORDS,
        }
    }

    /// The revision at which the table has it.
    const fn revision(self) -> Option<u64> {
        match self {
            Which::Early | Which::Late => Some(1 + UPDATES),
            Which::Absent => None,
        }
    }
}

/// How many operations were tried.
pub(super) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<usize, Breach> {
    if trial.profile.concurrency == Concurrency::OneThread {
        return Ok(0);
    }
    for which in WHICH {
        for act in ACTS {
            trial.progress.tick();
            wake(trial, act, which)?;
        }
    }
    Ok(WHICH.len() * ACTS.len())
}

fn wake<R: Specimen>(trial: &Trial<'_, R>, act: Act, which: Which) -> Result<(), Breach> {
    let table = trial.table(CAPACITY);
    let mut busy = table.handle();
    let insert = |handle: &mut ErasedHandle<'_, R>, number: u64| {
        handle.insert(scattered(number), running(scattered(number), 1));
    };
    (0..EARLY).for_each(|number| insert(&mut busy, number));
    busy.publish();
    let mut sleeper = table.handle();
    // It has been at work before.
    let _ = sleeper.read(scattered(0), R::revision);
    (EARLY..RECORDS).for_each(|number| insert(&mut busy, number));
    for number in 0..RECORDS {
        for stamp in 0..UPDATES {
            let _ = busy.apply(scattered(number), heartbeat(stamp));
        }
    }
    busy.publish();

    let id = scattered(which.number());
    let before = which.revision();
    let (answer, expected, after) = match act {
        Act::Read => (sleeper.read(id, R::revision), before, before),
        Act::Apply => {
            let answer = sleeper.apply(id, heartbeat(UPDATES)).and_then(Result::ok);
            let next = before.map(|revision| revision + 1);
            (answer, next, next)
        }
        Act::Insert => {
            let displaced = sleeper.insert(id, running(id, 1));
            (displaced.as_ref().map(R::revision), before, Some(1))
        }
        Act::Remove => {
            let removed = sleeper.remove(id);
            (removed.as_ref().map(R::revision), before, None)
        }
    };
    if answer != expected {
        return Err(Promise::Grows.broken(format!(
            "{act:?} of {id} ({which:?}), the first operation of a handle that slept while the table grew \
             from {EARLY} to {RECORDS} records, gave {answer:?} instead of {expected:?}"
        )));
    }
    sleeper.publish();
    for (handle, whose) in [(&mut sleeper, "that handle"), (&mut busy, "another handle")] {
        let mut scanned = None;
        let mut others = 0;
        handle.scan(|visited, record| {
            if visited == id {
                scanned = Some(record.clone());
            } else {
                others += 1;
            }
        });
        scanned.iter().try_for_each(|record| whole(id, record))?;
        let others_expected = RECORDS - u64::from(before.is_some());
        if scanned.as_ref().map(R::revision) != after || others != others_expected {
            return Err(Promise::Grows.broken(format!(
                "after {act:?} of {id} ({which:?}) by a handle that slept while the table grew, a scan of \
                 {whose} shows {} and {others} others, instead of revision {after:?} and {others_expected}",
                brief_or_nothing(scanned.as_ref())
            )));
        }
    }
    Ok(())
}

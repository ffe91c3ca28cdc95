//! The process lifecycle: in every state, every legal change is applied once and every illegal one
//! is rejected with the reason and changes nothing; an unknown identifier gives `None`.
//!
//! How it could fail: a strategy that carries out an event on two copies, retries it, or sends it to
//! another thread may apply it twice, or lose the difference between *rejected* and *unknown*; one
//! that packs the state into a word may decide by itself, and wrongly, what is legal.
//!
//! All thirty pairs of state and change, under every awkward identifier; nothing is random.

use contract::{Change, Event, Handle, ProcessId, Specimen, State};

use crate::specimens::{Gaze, IDS, difference, observe, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

/// How a pending process gets into each state.
const PATHS: [(State, &[Change]); 5] = [
    (State::Pending, &[]),
    (State::Running, &[Change::Start]),
    (State::Stopped, &[Change::Start, Change::Stop]),
    (State::Failed, &[Change::Start, Change::Exit { code: 3 }]),
    (State::Succeeded, &[Change::Start, Change::Exit { code: 0 }]),
];

/// How often each answer was given.
#[derive(Default)]
struct Counts {
    accepted: u64,
    rejected: u64,
    unknown: u64,
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let table = trial.table(IDS.len());
    let mut handle = table.handle();
    let mut counts = Counts::default();
    for id in IDS {
        unknown(&mut handle, id, &mut counts)?;
        for (state, path) in PATHS {
            trial.progress.tick();
            for change in Change::EXAMPLES {
                let record = arrive(&mut handle, id, path, &mut counts)?;
                if record.state() != state {
                    return Err(Promise::AppliesOnce.broken(format!(
                        "{id} is {} where it should be {state}",
                        record.state()
                    )));
                }
                attempt(&mut handle, id, record, change, &mut counts)?;
                let removed = handle.remove(id);
                if removed.is_none() {
                    return Err(Promise::Removes.broken(format!("remove {id} gave nothing")));
                }
            }
        }
        unknown(&mut handle, id, &mut counts)?;
    }
    Ok(Evidence::Observed(format!(
        "{} legal changes applied once, {} illegal ones rejected, {} operations on unknown ids",
        counts.accepted, counts.rejected, counts.unknown
    )))
}

/// Inserts a pending process and takes it along `path`.
fn arrive<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    path: &[Change],
    counts: &mut Counts,
) -> Result<R, Breach> {
    let mut record = R::pending(id);
    handle.insert(id, record.clone());
    for &change in path {
        record = attempt(handle, id, record, change, counts)?;
    }
    Ok(record)
}

/// Applies `change` to `id`, which holds `before`; returns what it must hold then, and does.
fn attempt<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    before: R,
    change: Change,
    counts: &mut Counts,
) -> Result<R, Breach> {
    let event = Event::at(1_000 + before.revision(), change);
    let from = before.state();
    let (promise, expected, after) = match before.apply(&event) {
        Ok(after) => (Promise::AppliesOnce, Ok(after.revision()), after),
        Err(rejected) => (Promise::RejectsUnchanged, Err(rejected), before),
    };
    let outcome = handle.apply(id, event);
    if outcome != Some(expected) {
        return Err(promise.broken(format!(
            "{change} to {id}, {from}: gave {outcome:?} instead of {:?}",
            Some(expected)
        )));
    }
    handle.publish();
    let actual = handle.read(id, R::clone);
    if let Some(record) = &actual {
        whole(id, record)?;
    }
    if actual.as_ref() != Some(&after) {
        return Err(promise.broken(format!(
            "{change} to {id}, {from}: left {}",
            difference(actual.as_ref(), Some(&after))
        )));
    }
    match expected {
        Ok(_) => counts.accepted += 1,
        Err(_) => counts.rejected += 1,
    }
    Ok(after)
}

/// `id` is not in the table: every operation on it says so.
fn unknown<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    counts: &mut Counts,
) -> Result<(), Breach> {
    handle.publish();
    if let Some(revision) = observe(handle, id, Gaze::Glance)? {
        let account = format!("read of {id}, not in the table, gave revision {revision}");
        return Err(Promise::Absent.broken(account));
    }
    for change in Change::EXAMPLES {
        if let Some(outcome) = handle.apply(id, Event::at(1, change)) {
            let account = format!("{change} to {id}, not in the table, gave {outcome:?}");
            return Err(Promise::Unknown.broken(account));
        }
    }
    if let Some(record) = handle.remove(id) {
        let account = format!("remove of {id}, not in the table, gave {record:?}");
        return Err(Promise::Unknown.broken(account));
    }
    counts.unknown += 2 + Change::EXAMPLES.len() as u64;
    Ok(())
}

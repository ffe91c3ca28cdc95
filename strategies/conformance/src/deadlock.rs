//! Every operation returns: a million of them, of every kind, by four threads over few identifiers.
//!
//! How it could fail: two locks taken in two orders; a lock kept on an early return; a handle that is
//! dropped in the wrong moment; a wake-up that is lost, a retry loop in which everybody spoils
//! everybody's attempt.
//!
//! There is no time limit: when nothing at all gets done for the watchdog's patience, it ends the
//! process. So a deadlock of some threads is found when the others have finished, and slowness is
//! never taken for one. It does not show that there can be no deadlock: only an argument about the
//! code can.

use contract::{ErasedTable, Handle, ProcessId, Specimen};

use crate::crew::{Member, Pace};
use crate::specimens::{IDS, heartbeat, running};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence};

const THREADS: usize = 4;
const SHARED_IDS: usize = 8;
/// Operations that a thread does with one handle.
const OPERATIONS_PER_HANDLE: u64 = 4_096;

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let table = trial.table(SHARED_IDS);
    let done = trial.crew(Pace::Crowd, THREADS, 0, |member| {
        Ok(operate::<R>(trial, member, &table))
    })?;
    Ok(Evidence::Observed(format!(
        "{} operations by {THREADS} threads over {SHARED_IDS} identifiers, all returned",
        done.iter().sum::<u64>()
    )))
}

/// Does this thread's share; returns how many operations that were.
fn operate<R: Specimen>(trial: &Trial<'_, R>, member: &Member<'_>, table: &ErasedTable<R>) -> u64 {
    let mut dice = trial.dice(member.index);
    let records: [R; SHARED_IDS] = std::array::from_fn(|number| running(IDS[number], 1));
    let mut handle = table.handle();
    let mut done = 0;
    for round in member.rounds(trial.effort.deadlock_operations / THREADS as u64) {
        let number = dice.below(SHARED_IDS);
        operation(
            &mut handle,
            dice.below(64),
            IDS[number],
            &records[number],
            round,
        );
        done += 1;
        if done % OPERATIONS_PER_HANDLE == 0 {
            drop(handle);
            handle = table.handle();
        }
    }
    done
}

/// One operation; `choice` is below 64 and says which.
fn operation<R: Specimen>(
    handle: &mut impl Handle<R>,
    choice: usize,
    id: ProcessId,
    record: &R,
    stamp: u64,
) {
    match choice {
        0 => handle.scan(|_, record| {
            std::hint::black_box(record.touch());
        }),
        1 => handle.publish(),
        2..8 => drop(handle.remove(id)),
        8..16 => drop(handle.insert(id, record.clone())),
        16..32 => {
            let _ = handle.apply(id, heartbeat(stamp));
        }
        _ => {
            std::hint::black_box(handle.read(id, R::touch));
        }
    }
}

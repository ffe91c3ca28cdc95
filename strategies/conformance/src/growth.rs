//! Many more records than the table was made for, while others read them: none is lost, not for a
//! moment.
//!
//! How it could fail: moving to a larger table forgets an entry, or drops one that is inserted
//! meanwhile; readers look into the old table or the half-filled new one; a capacity is a limit.
//!
//! Identifiers are without order; their number is cut to a quarter where every write copies the
//! whole table, which takes quadratic time.

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Handle, Specimen, WriteCost};

use crate::check::Trial;
use crate::crew::{Member, Pace};
use crate::specimens::{Gaze, observe, running, scattered, whole};
use crate::verdict::{Breach, Evidence, Promise};

/// Room that the table is made with.
const CAPACITY: usize = 1;
/// Reads of each reader for each insert, at most.
const READS_PER_INSERT_MAX: u64 = 8;
/// Inserts between two publishes.
const INSERTS_PER_PUBLISH: u64 = 64;

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let records = match trial.profile.write_cost {
        WriteCost::CopiesTable => trial.effort.grown_to / 4,
        _ => trial.effort.grown_to,
    };
    let table = trial.table(CAPACITY);
    // Records below this number are visible to every reader.
    let visible = AtomicU64::new(0);
    let reads = trial.crew(Pace::Crowd, 1, 1, |member| {
        if member.leads() {
            fill(trial, member, table.handle(), records, &visible)
        } else {
            reread(trial, member, table.handle(), records, &visible)
        }
    })?;
    let mut handle = table.handle();
    handle.publish();
    for number in 0..records {
        present(&mut handle, number)?;
    }
    scan_all(&mut handle, records)?;
    Ok(Evidence::Observed(format!(
        "from {CAPACITY} to {records} records, none lost; {} reads meanwhile missed none",
        reads.iter().sum::<u64>()
    )))
}

fn fill<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    records: u64,
    visible: &AtomicU64,
) -> Result<u64, Breach> {
    for number in member.rounds(records) {
        let id = scattered(number);
        if let Some(displaced) = handle.insert(id, running(id, 1)) {
            let account = format!("insert of {id}, which is absent, displaced {displaced:?}");
            return Err(Promise::Displaces.broken(account));
        }
        let publishes = number % INSERTS_PER_PUBLISH == 0;
        if publishes {
            handle.publish();
        }
        if publishes || trial.reads_latest() {
            // SeqCst: the check's own accesses must not be what is in question.
            visible.store(number + 1, Ordering::SeqCst);
        }
    }
    Ok(0)
}

fn reread<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    records: u64,
    visible: &AtomicU64,
) -> Result<u64, Breach> {
    let mut dice = trial.dice(member.index);
    let mut reads = 0;
    for _ in member.rounds(records * READS_PER_INSERT_MAX) {
        // Never ahead of the inserts: all reads would be done before a writer that is late begins.
        member.wait_until(|| reads < READS_PER_INSERT_MAX * visible.load(Ordering::SeqCst));
        let there = visible.load(Ordering::SeqCst);
        if there > 0 {
            present(&mut handle, dice.below(there as usize) as u64)?;
            reads += 1;
        }
    }
    Ok(reads)
}

fn present<R: Specimen>(handle: &mut impl Handle<R>, number: u64) -> Result<(), Breach> {
    let id = scattered(number);
    match observe(handle, id, Gaze::Glance)? {
        Some(_) => Ok(()),
        None => Err(Promise::Grows.broken(format!(
            "{id}, record {number} of a table made for {CAPACITY}, is not there after its insert \
             had returned"
        ))),
    }
}

fn scan_all<R: Specimen>(handle: &mut impl Handle<R>, records: u64) -> Result<(), Breach> {
    let mut visits = 0;
    let mut outcome = Ok(());
    handle.scan(|id, record| {
        visits += 1;
        if let Err(breach) = whole(id, record) {
            outcome = Err(breach);
        }
    });
    outcome?;
    if visits == records {
        return Ok(());
    }
    Err(Promise::VisitsOnce.broken(format!("a scan of {records} records visited {visits}")))
}

//! Whether a table ends as a process trace says, replayed while others look at it.
//!
//! What is right is said by a plain map and [`contract::Record::apply`]: after every
//! operation its answer, and behind the last one every record. Meanwhile two threads scan the table as a
//! status page does and look processes up as a health checker does; every record that they get to
//! see has to be whole.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::{Concurrency, ErasedHandle, ErasedTable, Handle, ProcessId, Record};
use experiments::instrumented_record::InstrumentedRecord;
use model::error::Error;
use model::sample::CheckOutcome;
use model::scenario::RecordKind;
use model::workload::{Operation, Step, Workload};
use registry::strategies;
use serde::{Deserialize, Serialize};

/// The name of the check that a replay is.
pub const CHECK: &str = "replay";

/// A process trace, to be replayed on one strategy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayTask {
    /// The strategy.
    pub strategy: String,
    /// The file of the trace.
    pub trace: PathBuf,
}

/// Replays, and says as the outcome of a check whether the table was right.
///
/// # Errors
///
/// When the trace cannot be read any more.
///
/// # Panics
///
/// When the task names no strategy of the registry.
pub fn check(task: &ReplayTask) -> Result<CheckOutcome, Error> {
    let workload = Workload::load(&task.trace)?;
    let operations = workload.operations();
    let make = experiments::instrumented_record::strategy(&task.strategy);
    let mut entries = strategies::entries(RecordKind::Status).into_iter();
    let entry = entries.find(|entry| entry.profile.name == task.strategy);
    let (make, entry) = make
        .zip(entry)
        .expect("the parent names strategies of the registry only");
    let is_shared = entry.profile.concurrency != Concurrency::OneThread;
    let replayed = replay(&make(workload.summary.peak), &operations, is_shared);
    let count = operations.len();
    Ok(CheckOutcome {
        strategy: task.strategy.clone(),
        record: RecordKind::Status,
        check: CHECK.into(),
        passed: replayed.is_ok(),
        evidence: match replayed {
            Ok((records, [scans, lookups])) => format!(
                "{count} operations of a process trace, each answered as by the model; at the end the model's \
                 {records} records; {scans} scans and {lookups} lookups meanwhile saw whole ones"
            ),
            Err(fault) => fault,
        },
    })
}

/// What a replay came to: how many records are in the table behind the last operation, and how often all records were
/// visited meanwhile, and one was looked up.
type Replayed = (usize, [u64; 2]);

/// Replays on a table, as fast as it goes, while two threads look at it, if several may. Otherwise, the first thing that is
/// not as the model has it.
fn replay(
    table: &ErasedTable<InstrumentedRecord>,
    operations: &[Operation],
    is_shared: bool,
) -> Result<Replayed, String> {
    let over = AtomicBool::new(false);
    let watchers = if is_shared { 2 } else { 0 };
    // All begin together: a trace may be over before a thread has come up.
    let ready = Barrier::new(1 + watchers);
    let (ended, looks) = std::thread::scope(|scope| {
        let watch = || {
            let handle = table.handle();
            ready.wait();
            watch(handle, operations, &over)
        };
        let watchers: Vec<_> = (0..watchers).map(|_| scope.spawn(watch)).collect();
        let handle = table.handle();
        ready.wait();
        let ended = catch_unwind(AssertUnwindSafe(|| write(handle, operations)));
        // Also when a strategy panics, or those who look would go on for ever.
        over.store(true, Ordering::Relaxed);
        let looks = watchers.into_iter().map(|watcher| {
            let looks = watcher.join();
            looks.unwrap_or_else(|_| Err("a reader panicked".into()))
        });
        (ended, looks.collect::<Result<Vec<_>, String>>())
    });
    let records = ended.unwrap_or_else(|panic| resume_unwind(panic))?;
    let looks = looks?;
    let sum = |kind: usize| looks.iter().map(|looks| looks[kind]).sum();
    Ok((records, [0, 1].map(sum)))
}

/// After so many operations those who look get a turn, also where processors are few.
const YIELD_EVERY: usize = 64;

/// Carries the operations out on table and model; how many records there are at the end.
fn write(
    mut handle: ErasedHandle<'_, InstrumentedRecord>,
    operations: &[Operation],
) -> Result<usize, String> {
    let mut model: BTreeMap<ProcessId, InstrumentedRecord> = BTreeMap::new();
    for (number, &Operation { id, step, .. }) in (1_usize..).zip(operations) {
        let record = InstrumentedRecord::pending(id);
        let agreed = match step {
            Step::Insert => {
                let right = model.insert(id, record);
                agree("insert", &handle.insert(id, record), &right)
            }
            Step::Apply(event) => {
                let record = model.get_mut(&id);
                let right = record.map(|record| record.apply_in_place(&event));
                agree("apply", &handle.apply(id, event), &right)
            }
            Step::Remove => agree("remove", &handle.remove(id), &model.remove(&id)),
        };
        agreed.map_err(|fault| format!("operation {number}, on {id}: {fault}"))?;
        if number.is_multiple_of(YIELD_EVERY) {
            std::thread::yield_now();
        }
    }
    handle.publish();
    compare(&mut handle, operations, &model)?;
    Ok(model.len())
}

fn agree<T: PartialEq + Debug>(what: &str, answer: &T, right: &T) -> Result<(), String> {
    let fault = || format!("{what} answers {answer:?}, where {right:?} is right");
    if answer == right {
        Ok(())
    } else {
        Err(fault())
    }
}

/// Holds the final table against the model's: by a scan, and by a lookup of everybody who ever was.
fn compare(
    handle: &mut ErasedHandle<'_, InstrumentedRecord>,
    operations: &[Operation],
    model: &BTreeMap<ProcessId, InstrumentedRecord>,
) -> Result<(), String> {
    let mut visited = Vec::new();
    handle.scan(|id, record| visited.push((id, *record)));
    visited.sort_unstable_by_key(|&(id, _)| id);
    let right: Vec<_> = model.iter().map(|(&id, &record)| (id, record)).collect();
    for place in 0..visited.len().max(right.len()) {
        let (visited, right) = (visited.get(place), right.get(place));
        if visited != right {
            return Err(format!(
                "the final table has {visited:?} where {right:?} is right"
            ));
        }
    }
    for &Operation { id, .. } in operations {
        let answer = handle.read(id, |record| *record);
        agree("a final lookup", &answer, &model.get(&id).copied())
            .map_err(|fault| format!("{id}: {fault}"))?;
    }
    Ok(())
}

/// Scans the table as a status page does and looks processes up as a health checker does, in turn, until it is over; how
/// often each.
fn watch(
    mut handle: ErasedHandle<'_, InstrumentedRecord>,
    operations: &[Operation],
    over: &AtomicBool,
) -> Result<[u64; 2], String> {
    // The dead and the unborn, too.
    let mut ids = operations.iter().map(|operation| operation.id).cycle();
    let (mut scans, mut lookups) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let mut flaw = None;
        handle.scan(|id, record| flaw = flaw.or(record.examine(id).err().map(|flaw| (id, flaw))));
        if let Some((id, flaw)) = flaw {
            return Err(format!("a scan saw the record of {id}, and {flaw}"));
        }
        scans += 1;
        for id in ids.by_ref().take(64) {
            if let Some(Err(flaw)) = handle.read(id, |record| record.examine(id)) {
                return Err(format!("a lookup saw the record of {id}, and {flaw}"));
            }
            lookups += 1;
        }
        std::thread::yield_now();
    }
    Ok([scans, lookups])
}

#[cfg(test)]
mod tests;

//! Tables that are dropped full, after several threads used them: no thread is left and no byte.
//!
//! How it could fail: an actor's thread outlives its table, or is told to stop and not joined;
//! records that are still in the table, or retired and not yet reclaimed, are forgotten; of a heap
//! record the strings are.
//!
//! # How bytes are judged
//!
//! One table after the other is made, used and dropped, and the live bytes of the process are noted
//! each time. A leak makes them rise with every table. Other things make them rise once (a library's
//! table of parked threads, made when a thread first has to wait; an idle thread of the program that
//! happens to allocate), so a rise counts only when it comes again in each of several series.
//! - Where the profile says that nothing outlives its write (`Reclamation::Immediate`,
//!   `NextPublish`), a rise is a last level above the first: exact to the byte.
//! - Where reclamation is deferred or by last reference, a library may keep a stock for the whole
//!   process (a collector's queue, thread-local slots for reuse). Such a stock swings; a leak does
//!   not. A rise is then a *lowest* level in the second half above the *highest* in the first.
//!
//! What a table leaks only in some rare interleaving may be missed here; [`churn`](crate::churn)
//! does more operations on one table.
//!
//! Threads are counted in `/proc/self/task`, so on Linux only.

use std::time::Duration;

use contract::{Handle, Reclamation, Specimen};

use crate::accounting::{Counting, allocator_is_installed};
use crate::crew::Pace;
use crate::specimens::{advance, heartbeat, running, scattered};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

const THREADS: usize = 3;
/// Records that each thread inserts; neighbours share half of them.
const RECORDS: u64 = 64;
/// A rise counts when it comes again in so many series.
const SERIES: usize = 5;
/// First tables of a process make what is made once.
const WARM_UP: usize = 2;
/// How often to look whether threads have left.
const LOOKS_AT_THREADS: usize = 400;

/// Fails unless bytes can be counted at all.
pub(crate) fn allocator_must_count() -> Result<(), Breach> {
    if allocator_is_installed() {
        return Ok(());
    }
    Err(Promise::AllocatorCounts
        .broken("it does not, so nothing can be said about bytes that are left"))
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    allocator_must_count()?;
    let counting = Counting::start();
    let threads_before = threads_now();
    for _ in 0..WARM_UP {
        live_and_die::<R>(trial)?;
    }
    // Threads first: one that is left keeps bytes, too.
    let threads = threads_are_gone(threads_before)?;
    let tables = trial.effort.tables_dropped.max(6);
    let mut rises = Vec::new();
    let bytes = loop {
        let mut levels = Vec::with_capacity(tables);
        for _ in 0..tables {
            live_and_die::<R>(trial)?;
            levels.push(counting.usage().live_bytes());
        }
        match rise(trial.profile.reclamation, &levels) {
            0 => break describe(&levels),
            rise => rises.push(rise),
        }
        if rises.len() == SERIES {
            return Err(Promise::FreesAll.broken(format!(
                "live bytes rose by {rises:?} in {SERIES} series of {tables} tables each, of about \
                 {} records",
                RECORDS * 2
            )));
        }
    };
    threads_are_gone(threads_before)?;
    Ok(Evidence::Observed(format!(
        "{tables} tables dropped full: {bytes}; {threads}"
    )))
}

/// How far the level rose, or 0.
fn rise(reclamation: Reclamation, levels: &[i64]) -> i64 {
    let (first, second) = levels.split_at(levels.len() / 2);
    let rise = match reclamation {
        Reclamation::Immediate | Reclamation::NextPublish => levels[levels.len() - 1] - levels[0],
        Reclamation::LastReference | Reclamation::Deferred => {
            second.iter().min().unwrap_or(&0) - first.iter().max().unwrap_or(&0)
        }
    };
    rise.max(0)
}

fn describe(levels: &[i64]) -> String {
    let (low, high) = (levels.iter().min(), levels.iter().max());
    match high.zip(low).map_or(0, |(high, low)| high - low) {
        0 => "not a byte left".to_owned(),
        swing => format!("bytes left swing by {swing} and do not rise"),
    }
}

/// Makes a table, lets threads use it, and drops it full.
fn live_and_die<R: Specimen>(trial: &Trial<'_, R>) -> Result<(), Breach> {
    let table = trial.table(RECORDS as usize);
    trial.crew(Pace::Crowd, THREADS, 0, |member| {
        let mut handle = table.handle();
        let first = member.index as u64 * RECORDS / 2;
        for number in first..first + RECORDS {
            // Each: where every write copies the table, they take long on a busy machine.
            trial.progress.tick();
            let id = scattered(number);
            let mut record: R = running(id, 1);
            handle.insert(id, record.clone());
            advance(&mut record, 1);
            handle.insert(id, record);
            let _ = handle.apply(id, heartbeat(number));
            std::hint::black_box(handle.read(id, R::touch));
            if number % 4 == 0 {
                drop(handle.remove(id));
            }
        }
        handle.scan(|_, record| {
            std::hint::black_box(record.touch());
        });
        Ok(())
    })?;
    Ok(())
}

/// Threads of this process; `None` where that cannot be seen.
pub fn threads_now() -> Option<usize> {
    std::fs::read_dir("/proc/self/task")
        .ok()
        .map(Iterator::count)
}

/// The same after threads were joined, which take a moment to leave the kernel's list: more than `before`
/// if some do not leave.
pub fn threads_after_join(before: usize) -> Option<usize> {
    settled(before, threads_now)
}

fn settled(before: usize, mut look: impl FnMut() -> Option<usize>) -> Option<usize> {
    for _ in 1..LOOKS_AT_THREADS {
        let now = look()?;
        if now <= before {
            return Some(now);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    look()
}

fn threads_are_gone(before: Option<usize>) -> Result<&'static str, Breach> {
    let Some((before, now)) = before.zip(before.and_then(threads_after_join)) else {
        return Ok("threads are not observable here");
    };
    if now <= before {
        return Ok("not a thread left");
    }
    Err(Promise::JoinsThreads.broken(format!(
        "{before} threads before the first table was made, {now} after one was dropped"
    )))
}

#[cfg(test)]
mod tests {
    use super::{allocator_must_count, settled};
    use crate::verdict::Promise;

    /// This test program does not install the counting allocator: all counts are zero in it, and the
    /// checks that rely on them must not take that for a pass.
    #[test]
    fn without_the_allocator_nothing_is_said() {
        let breach = allocator_must_count().unwrap_err();
        assert_eq!(breach.promise, Promise::AllocatorCounts);
    }

    #[test]
    fn who_is_about_to_leave_is_not_left() {
        let mut counts = [3, 2, 1].into_iter();
        assert_eq!(settled(1, || counts.next()), Some(1));
    }
}

//! Ever new identifiers in a table that stays small, and then the same few again and again: it
//! never runs out of room, and what is removed is freed.
//!
//! How it could fail: a slot of a removed record is never used again, until the table is full of
//! tombstones and an insert panics, hangs or is dropped; something per identifier is kept for ever;
//! removed records are unlinked and not freed.
//!
//! Bytes are counted, and judged by their trend: the lowest level of the last quarter of the samples
//! against the highest of the second eighth, which is far enough apart for something that doubles. A table that reclaims late has a level that swings, a
//! table that leaks has one that rises by some bytes for each record, however long it is followed. Less than one byte for each is
//! not seen, nor is a table that gets slower and slower, unless so slow that the watchdog barks.

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Handle, ProcessId, Specimen};

use crate::accounting::Counting;
use crate::crew::{Member, Pace};
use crate::shutdown::allocator_must_count;
use crate::specimens::{Gaze, brief_or_nothing, observe, running, scattered};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

/// Records in the table at a time.
const WINDOW: u64 = 16;
/// How often the live bytes are looked at.
const SAMPLES: u64 = 64;
/// How many times as long a rise is followed before it counts as one. A table that reclaims late may
/// have the high point of its swing at the end of one churn, but not of each longer one; what leaks
/// by the record leaks in all of them.
const SUSPICIONS: [u64; 3] = [1, 4, LAST_SUSPICION];
const LAST_SUSPICION: u64 = 16;
/// Where the reader stops at the latest, in reads per insert.
const READS_PER_INSERT_MAX: u64 = 8;

/// Which identifiers come by.
#[derive(Clone, Copy)]
enum Tide {
    /// No identifier twice.
    New,
    /// Always the same, twice as many as are in the table at a time.
    Again,
}

impl Tide {
    const fn id(self, number: u64) -> ProcessId {
        match self {
            Tide::New => scattered(number),
            Tide::Again => scattered(number % (2 * WINDOW)),
        }
    }
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    allocator_must_count()?;
    let mut highest = 0;
    for (tide, ids) in [(Tide::New, "new"), (Tide::Again, "the same")] {
        for inserts in SUSPICIONS.map(|times| times * trial.effort.churned_ids) {
            let levels = levels(trial, tide, inserts)?;
            highest = highest.max(levels.iter().copied().max().unwrap_or(0));
            let between = inserts / 2;
            let Some(rise) = rise(&levels).filter(|&rise| rise > between.cast_signed()) else {
                break;
            };
            if inserts == LAST_SUSPICION * trial.effort.churned_ids {
                return Err(Promise::Reclaims.broken(format!(
                    "inserting and removing {ids} identifiers, {WINDOW} at a time: live bytes rose \
                     by {rise} while {between} records came and went"
                )));
            }
        }
    }
    Ok(Evidence::Observed(format!(
        "{} inserts and removals of new identifiers and as many of the same, {WINDOW} at a time: \
         at most {highest} bytes live",
        trial.effort.churned_ids
    )))
}

/// The live bytes, sampled while so many records come and go.
fn levels<R: Specimen>(trial: &Trial<'_, R>, tide: Tide, inserts: u64) -> Result<Vec<i64>, Breach> {
    let counting = Counting::start();
    let table = trial.table(WINDOW as usize);
    let head = AtomicU64::new(0);
    let mut levels = trial.crew(Pace::Crowd, 1, 1, |member| {
        if member.leads() {
            churn(
                trial,
                member,
                table.handle(),
                tide,
                &head,
                inserts,
                &counting,
            )
        } else {
            follow(trial, member, table.handle(), tide, &head, inserts)
        }
    })?;
    Ok(levels.swap_remove(0))
}

/// From the highest of the second eighth to the lowest of the last quarter.
fn rise(levels: &[i64]) -> Option<i64> {
    let eighth = levels.len() / 8;
    let early = levels.get(eighth..2 * eighth)?.iter().max()?;
    let late = levels.get(6 * eighth..)?.iter().min()?;
    Some(late - early)
}

/// Inserts at the head and removes at the tail; returns the live bytes, sampled.
fn churn<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    tide: Tide,
    head: &AtomicU64,
    inserts: u64,
    counting: &Counting,
) -> Result<Vec<i64>, Breach> {
    let mut levels = Vec::with_capacity(SAMPLES as usize + 1);
    for number in member.rounds(inserts) {
        let id = tide.id(number);
        if let Some(displaced) = handle.insert(id, running(id, 1 + number % 8)) {
            let account = format!("insert of {id}, which is absent, displaced {displaced:?}");
            return Err(Promise::Displaces.broken(account));
        }
        head.store(number, Ordering::Relaxed);
        let revision = observe(&mut handle, id, Gaze::Glance)?;
        if revision.is_none() && trial.reads_latest() {
            return Err(Promise::Present.broken(format!(
                "{id}, the {number}th to be inserted, was not there afterwards, with {WINDOW} in \
                 the table"
            )));
        }
        if let Some(oldest) = number.checked_sub(WINDOW) {
            let id = tide.id(oldest);
            let removed = handle.remove(id);
            if removed.as_ref().map(R::revision) != Some(1 + oldest % 8) {
                return Err(Promise::Removes.broken(format!(
                    "remove of {id}, the {oldest}th to be inserted, gave {}",
                    brief_or_nothing(removed.as_ref())
                )));
            }
        }
        if (number + 1) % (inserts / SAMPLES).max(1) == 0 {
            handle.publish();
            levels.push(counting.usage().live_bytes());
        }
    }
    Ok(levels)
}

/// Reads around the head, so that reclamation has readers to wait for.
fn follow<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    tide: Tide,
    head: &AtomicU64,
    inserts: u64,
) -> Result<Vec<i64>, Breach> {
    let mut dice = trial.dice(member.index);
    for _ in member.rounds(inserts * READS_PER_INSERT_MAX) {
        let newest = head.load(Ordering::Relaxed);
        let number = newest.saturating_sub(dice.below(2 * WINDOW as usize) as u64);
        observe(&mut handle, tide.id(number), Gaze::Glance)?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::rise;

    #[test]
    fn swinging_is_not_rising() {
        let swinging: Vec<i64> = (0..64).map(|i| i * 100 % 700).collect();
        let rising: Vec<i64> = (0..64).map(|i| i * 100 % 700 + i * 50).collect();
        assert!(rise(&swinging).unwrap() < 0);
        assert!(rise(&rising).unwrap() > 0);
        assert_eq!(rise(&[]), None);
    }
}

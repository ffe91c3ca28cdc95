//! Scans while records change, come and go: each record is whole, records that stay are all there,
//! and where the profile claims an atomic snapshot, everything is from one instant.
//!
//! How it could fail: a scan that collects identifiers first and reads them one by one mixes instants;
//! a table that updates by removing and inserting shows a scan too little; a resize under a scan shows
//! it a record twice or not at all.
//!
//! What makes it exact: one thread updates the lasting records in a fixed order, round after round,
//! so at any instant their revisions, in that order, fall by at most one in total. After each round
//! it inserts the next of a circle of tokens *before* it removes the previous one, so at any instant
//! there is one token or two. A scan that shows anything else does not show one instant. A third kind
//! of record comes and goes at another thread's will, to keep the table's shape moving.
//!
//! Weak scans: a record that stays must appear, or the scan would show less than each record on its
//! own; that it appears twice, from two instants, is counted and not held against it.
//! [`ScanConsistency::PerShard`] is tested as weak, and for visiting once: which shard a record
//! belongs to is the strategy's secret.

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Handle, ProcessId, ScanConsistency, Specimen};

use crate::crew::{Member, Pace};
use crate::specimens::{heartbeat, running, scattered, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};
use crate::yielding_record::maybe_yield;

/// The updater leads; the scanners and the shaker follow, of whom a duel has only a scanner.
const SCANNERS: usize = 2;
const SHAKERS: usize = 1;
const LASTING: usize = 8;
const TOKENS: usize = 4;
/// Records that come and go without a pattern.
const PASSING: u64 = 32;
/// Where scanners stop at the latest, in scans per round of the updater.
const SCANS_PER_ROUND_MAX: u64 = 32;

const fn lasting(number: usize) -> ProcessId {
    scattered(number as u64)
}

const fn token(number: usize) -> ProcessId {
    scattered((LASTING + number % TOKENS) as u64)
}

const fn passing(number: u64) -> ProcessId {
    scattered((LASTING + TOKENS) as u64 + number)
}

/// What all the scans showed.
#[derive(Default)]
struct Counts {
    scans: u64,
    /// Scans that showed more than one instant.
    mixed: u64,
    /// Lasting records that a scan visited more than once.
    repeated: u64,
}

type Floors = [AtomicU64; LASTING];

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let mut results = Vec::new();
    for pace in Pace::BOTH {
        let table = trial.table(LASTING);
        let mut handle = table.handle();
        for number in 0..LASTING {
            handle.insert(lasting(number), running(lasting(number), 1));
        }
        handle.insert(token(0), running(token(0), 1));
        handle.publish();
        drop(handle);
        let floors = [const { AtomicU64::new(1) }; LASTING];
        let followers = pace.members(SCANNERS + SHAKERS);
        results.extend(trial.crew(pace, 1, followers, |member| match member.index {
            0 => update(trial, member, table.handle(), &floors),
            1..=SCANNERS => scan(trial, member, table.handle(), &floors),
            _ => {
                shake(trial, member, table.handle());
                Ok(Counts::default())
            }
        })?);
    }
    let total = |count: fn(&Counts) -> u64| results.iter().map(count).sum::<u64>();
    let (scans, mixed, repeated) = (
        total(|counts| counts.scans),
        total(|counts| counts.mixed),
        total(|counts| counts.repeated),
    );
    let instants = match mixed {
        0 => "each of one instant".to_owned(),
        _ => format!("{mixed} of them of several instants"),
    };
    Ok(Evidence::Observed(format!(
        "{scans} scans saw every lasting record, {instants}; {repeated} records seen twice"
    )))
}

/// Rounds of the updater; each is as many operations.
fn rounds<R: Specimen>(trial: &Trial<'_, R>) -> u64 {
    trial.effort.operations / (LASTING as u64 + 2) / 2
}

fn update<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    floors: &Floors,
) -> Result<Counts, Breach> {
    for round in member.rounds_until_met(rounds(trial)) {
        for (number, floor) in floors.iter().enumerate() {
            match handle.apply(lasting(number), heartbeat(round)) {
                // SeqCst: the check's own accesses must not be what is in question.
                Some(Ok(revision)) => floor.store(revision, Ordering::SeqCst),
                other => {
                    return Err(Promise::AppliesOnce.broken(format!(
                        "heartbeat to {}, running, gave {other:?}",
                        lasting(number)
                    )));
                }
            }
        }
        let (old, new) = (round as usize, round as usize + 1);
        handle.insert(token(new), running(token(new), 1));
        handle.remove(token(old));
    }
    Ok(Counts::default())
}

fn shake<R: Specimen>(trial: &Trial<'_, R>, member: &Member<'_>, mut handle: impl Handle<R>) {
    let mut dice = trial.dice(member.index);
    for _ in member.rounds(trial.effort.operations * 4) {
        let id = passing(dice.below(PASSING as usize) as u64);
        if dice.once_in(2) {
            handle.insert(id, R::pending(id));
        } else {
            handle.remove(id);
        }
    }
}

fn scan<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    floors: &Floors,
) -> Result<Counts, Breach> {
    let mut counts = Counts::default();
    let mut latest = [0; LASTING];
    for _ in member.rounds(rounds(trial) * SCANS_PER_ROUND_MAX) {
        let floor = floors.each_ref().map(|floor| floor.load(Ordering::SeqCst));
        let picture = Picture::take(&mut handle)?;
        counts.scans += 1;
        let claim = trial.profile.scan_consistency;
        counts.repeated += picture.complete(claim != ScanConsistency::Weak)?;
        picture.fresh(&floor, trial.lag_writes())?;
        picture.follows(&mut latest)?;
        match picture.one_instant() {
            Err(mixture) if claim == ScanConsistency::Snapshot => {
                return Err(Promise::ScansOneInstant.broken(mixture));
            }
            Err(_) => counts.mixed += 1,
            Ok(()) => {}
        }
    }
    Ok(counts)
}

/// What one scan showed.
#[derive(Default)]
struct Picture {
    /// Lowest and highest revision of each lasting record, and how often it was visited.
    lasting: [(u64, u64, u64); LASTING],
    tokens: u64,
}

impl Picture {
    fn take<R: Specimen>(handle: &mut impl Handle<R>) -> Result<Self, Breach> {
        let mut picture = Picture::default();
        let mut broken = None;
        handle.scan(|id, record| {
            // Writers meet a scan in the middle.
            maybe_yield();
            if let Err(breach) = whole(id, record).and_then(|()| picture.add(id, record)) {
                broken = Some(breach);
            }
        });
        broken.map_or(Ok(picture), Err)
    }

    fn add<R: Specimen>(&mut self, id: ProcessId, record: &R) -> Result<(), Breach> {
        if let Some(number) = (0..LASTING).find(|&number| lasting(number) == id) {
            let (low, high, visits) = &mut self.lasting[number];
            let revision = record.revision();
            *low = if *visits == 0 {
                revision
            } else {
                revision.min(*low)
            };
            *high = revision.max(*high);
            *visits += 1;
        } else if (0..TOKENS).any(|number| token(number) == id) {
            self.tokens += 1;
        } else if !(0..PASSING).any(|number| passing(number) == id) {
            return Err(Promise::VisitsOnce
                .broken(format!("a scan visited {id}, which was never inserted")));
        }
        Ok(())
    }

    /// Every lasting record was visited; returns how many were more than once.
    fn complete(&self, once: bool) -> Result<u64, Breach> {
        let mut repeated = 0;
        for (number, &(_, _, visits)) in self.lasting.iter().enumerate() {
            let id = lasting(number);
            if visits == 0 {
                return Err(Promise::Present.broken(format!(
                    "a scan did not visit {id}, which was only ever updated, never removed"
                )));
            }
            if visits > 1 && once {
                return Err(Promise::VisitsOnce.broken(format!(
                    "a scan visited {id} {visits} times, which was only ever updated"
                )));
            }
            repeated += u64::from(visits > 1);
        }
        Ok(repeated)
    }

    /// Each record is no older than what had been written before the scan.
    fn fresh(&self, floor: &[u64; LASTING], lag_writes: u64) -> Result<(), Breach> {
        for (number, &(low, _, _)) in self.lasting.iter().enumerate() {
            if low + lag_writes < floor[number] {
                return Err(Promise::Fresh.broken(format!(
                    "a scan showed {} at revision {low}; the update to {} had returned before",
                    lasting(number),
                    floor[number]
                )));
            }
        }
        Ok(())
    }

    /// Each record is no older than in this thread's scan before.
    fn follows(&self, latest: &mut [u64; LASTING]) -> Result<(), Breach> {
        for (number, &(low, high, _)) in self.lasting.iter().enumerate() {
            let before = std::mem::replace(&mut latest[number], high);
            if low < before {
                return Err(Promise::Monotonic.broken(format!(
                    "scans of one thread showed {} at revision {before} and then {low}",
                    lasting(number)
                )));
            }
        }
        Ok(())
    }

    /// Whether the table can have looked like this at one instant; if not, how it looked.
    fn one_instant(&self) -> Result<(), String> {
        let revisions = self.lasting.map(|(_, high, _)| high);
        let falling = revisions.is_sorted_by(|earlier, later| earlier >= later);
        if !falling || revisions[0] - revisions[LASTING - 1] > 1 {
            return Err(format!(
                "one thread updates records 1 to {LASTING} in turn, and a scan showed them at \
                 revisions {revisions:?}"
            ));
        }
        if !(1..=2).contains(&self.tokens) {
            return Err(format!(
                "one thread inserts a token before it removes the last one, and a scan showed {}",
                self.tokens
            ));
        }
        Ok(())
    }
}

//! Many threads insert, change and remove under the same identifiers: every record that goes in
//! comes out once, with every change that was accepted.
//!
//! How it could fail: insert reads what it displaces before it writes; two threads remove the same
//! record; an update of a copy is written back after the record was removed, which loses the removal
//! and brings the record back; an update is accepted on a record that is already handed out.
//!
//! What makes it exact is book-keeping, as with money. Each record carries a number, twice which is
//! its revision when it is inserted, so that it is even. A process can be stopped only once, so at
//! most one thread's stop is accepted, and that makes the revision odd. At the end, for each number:
//! it came out once (displaced, removed, or still in the table), odd if and only if somebody's stop
//! was accepted, and never otherwise.

use std::collections::{HashMap, HashSet};

use contract::{Change, Event, Handle, ProcessId, Specimen};

use crate::crew::{Member, Pace};
use crate::specimens::{Gaze, IDS, advance, observe, running, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

const THREADS: usize = 4;
const IDS_SHARED: [ProcessId; 2] = [IDS[1], IDS[3]];

/// Something that a thread was told, of the record with this revision.
#[derive(Clone, Copy)]
enum Entry {
    Inserted(u64),
    Stopped(u64),
    Displaced(u64),
    Removed(u64),
    Remaining(u64),
}

/// The entries of one thread, per identifier.
type Ledger = [Vec<Entry>; IDS_SHARED.len()];

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let (mut inserted, mut stopped) = (0, 0);
    for (pace, threads, ids) in [(Pace::Crowd, THREADS, IDS_SHARED.len()), (Pace::Duel, 2, 1)] {
        let table = trial.table(IDS_SHARED.len());
        let mut ledgers = trial.crew(pace, threads, 0, |member| {
            trade(trial, member, table.handle(), ids)
        })?;
        ledgers.push(remaining(&mut table.handle())?);
        for (number, id) in IDS_SHARED.into_iter().enumerate() {
            let mut accounts = Accounts::default();
            for entry in ledgers.iter().flat_map(|ledger| &ledger[number]) {
                accounts.enter(id, *entry)?;
            }
            accounts.close(id)?;
            inserted += accounts.inserted.len();
            stopped += accounts.stopped.len();
        }
    }
    Ok(Evidence::Observed(format!(
        "{inserted} records inserted by up to {THREADS} threads, each handed out once, {stopped} of \
         them changed before, each once"
    )))
}

/// What is in the table at the end.
fn remaining<R: Specimen>(handle: &mut impl Handle<R>) -> Result<Ledger, Breach> {
    handle.publish();
    let mut ledger = Ledger::default();
    for (number, id) in IDS_SHARED.into_iter().enumerate() {
        if let Some(revision) = observe(handle, id, Gaze::Glance)? {
            ledger[number].push(Entry::Remaining(revision));
        }
    }
    Ok(ledger)
}

fn trade<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    ids: usize,
) -> Result<Ledger, Breach> {
    let mut dice = trial.dice(member.index);
    let mut ledger = Ledger::default();
    // Numbers of different threads are different modulo their count.
    let mut next: Vec<R> = IDS_SHARED
        .iter()
        .map(|&id| running(id, 2 * (1 + member.index as u64)))
        .collect();
    for _ in member.rounds_until_met(trial.effort.operations / THREADS as u64) {
        let number = dice.below(ids);
        let (id, entries) = (IDS_SHARED[number], &mut ledger[number]);
        match dice.below(8) {
            0 | 1 => {
                let record = next[number].clone();
                advance(&mut next[number], 2 * THREADS as u64);
                entries.push(Entry::Inserted(record.revision()));
                if let Some(displaced) = handle.insert(id, record) {
                    whole(id, &displaced)?;
                    entries.push(Entry::Displaced(displaced.revision()));
                }
            }
            2 => {
                if let Some(removed) = handle.remove(id) {
                    whole(id, &removed)?;
                    entries.push(Entry::Removed(removed.revision()));
                }
            }
            3..6 => {
                let stop = Event::at(next[number].revision(), Change::Stop);
                if let Some(Ok(revision)) = handle.apply(id, stop) {
                    entries.push(Entry::Stopped(revision));
                }
            }
            _ => {
                observe(&mut handle, id, Gaze::Glance)?;
            }
        }
    }
    Ok(ledger)
}

/// The books of one identifier, by the revision at which a record was inserted.
#[derive(Default)]
struct Accounts {
    inserted: HashSet<u64>,
    stopped: HashSet<u64>,
    /// At which revision it came out, and how.
    out: HashMap<u64, (u64, &'static str)>,
}

impl Accounts {
    fn enter(&mut self, id: ProcessId, entry: Entry) -> Result<(), Breach> {
        match entry {
            Entry::Inserted(revision) => {
                self.inserted.insert(revision);
                Ok(())
            }
            Entry::Stopped(revision) if self.stopped.insert(revision & !1) => Ok(()),
            Entry::Stopped(revision) => Err(Promise::AppliesOnce.broken(format!(
                "{id}: the stop that made revision {revision} was accepted twice"
            ))),
            Entry::Displaced(revision) => {
                self.comes_out(id, revision, "displaced by an insert", Promise::Displaces)
            }
            Entry::Removed(revision) => self.comes_out(id, revision, "removed", Promise::Removes),
            Entry::Remaining(revision) => {
                self.comes_out(id, revision, "in the table at the end", Promise::Absent)
            }
        }
    }

    fn comes_out(
        &mut self,
        id: ProcessId,
        revision: u64,
        how: &'static str,
        promise: Promise,
    ) -> Result<(), Breach> {
        match self.out.insert(revision & !1, (revision, how)) {
            None => Ok(()),
            Some((_, before)) => Err(promise.broken(format!(
                "{id}: the record inserted at revision {} was {before}, and also {how}",
                revision & !1
            ))),
        }
    }

    fn close(&self, id: ProcessId) -> Result<(), Breach> {
        for (inserted, (revision, how)) in &self.out {
            if !self.inserted.contains(inserted) {
                return Err(Promise::Displaces.broken(format!(
                    "{id}: a record at revision {revision} was {how}, and nobody inserted it"
                )));
            }
            let changed = revision & 1 != 0;
            if changed && !self.stopped.contains(inserted) {
                return Err(Promise::AppliesOnce.broken(format!(
                    "{id}: a record was {how} stopped, and nobody's stop was accepted"
                )));
            }
        }
        for inserted in &self.inserted {
            if !self.out.contains_key(inserted) {
                return Err(Promise::Displaces.broken(format!(
                    "{id}: the record inserted at revision {inserted} was neither displaced, nor \
                     removed, nor is it in the table: it is lost"
                )));
            }
        }
        for stopped in &self.stopped {
            if self
                .out
                .get(stopped)
                .is_none_or(|(revision, _)| revision & 1 == 0)
            {
                return Err(Promise::AppliesOnce.broken(format!(
                    "{id}: the stop of the record inserted at revision {stopped} was accepted, and \
                     it came out unchanged: the update is lost"
                )));
            }
        }
        Ok(())
    }
}

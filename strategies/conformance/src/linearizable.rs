//! Recorded histories of everything that a table can do, judged by whether one thread could have
//! done it all, one operation after the other.
//!
//! How it could fail: an insert that displaces a record which somebody else has removed; an update
//! that was answered and is then gone; a read that finds nothing because a record is being replaced;
//! a read that shows what was already overwritten. Other checks watch for each of these in traffic
//! that makes it easy to tell; this one looks at any mixture, and knows only the sequential
//! specification, [`Registry`].
//!
//! Each history is short, of few identifiers that nobody has used before, so many of them are
//! another mixture each. Half are of a crowd that dawdles, half a duel at full speed.
//!
//! Where reads may be stale, what changes the table must be linearizable by itself; the reads are
//! held to their own claim by the updates check. How many histories are not linearizable with their
//! reads is part of the evidence.

use std::time::Instant;

use contract::{Change, Event, Handle, ProcessId, Specimen};
use histories::search::{Limits, search};
use histories::{Operation, Verdict, explain};

use crate::crew::{Member, Pace};
use crate::recorder::Recorder;
use crate::registry::{Known, Registry, RegistryAction, Seen};
use crate::specimens::{heartbeat, running, scattered, whole};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

const CROWD: usize = 4;
const DUEL: usize = 2;
/// Operations of one history.
const OPERATIONS: usize = 200;
/// Identifiers of one history: few, so that threads meet.
const KEYS: usize = 2;
/// A search of so many operations takes far less than this; one that does not is given up.
const LIMITS: Limits = Limits {
    steps: 5_000_000,
    remembered: 4 << 20,
};

/// What all histories showed.
#[derive(Default)]
struct Summary {
    operations: u64,
    /// Histories that are not linearizable as a whole.
    violated: u64,
    /// Histories whose search was given up.
    open: u64,
    example: Option<String>,
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let table = trial.table(KEYS);
    let mut summary = Summary::default();
    for round in 0..trial.effort.histories {
        let keys: [ProcessId; KEYS] =
            std::array::from_fn(|key| scattered(round * KEYS as u64 + key as u64));
        let (pace, threads) = if round % 2 == 0 {
            (Pace::Crowd, CROWD)
        } else {
            (Pace::Duel, DUEL)
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "histories are made of time stamps"
        )]
        let began = Instant::now();
        let recorded = trial.crew(pace, threads, 0, |member| {
            let recorder = Recorder::new(member.index, began, OPERATIONS / threads);
            act(trial, member, &mut table.handle(), &keys, round, recorder)
        })?;
        let mut handle = table.handle();
        for (key, id) in keys.into_iter().enumerate() {
            handle.remove(id);
            let of_key = recorded
                .iter()
                .flatten()
                .filter(|(number, _)| *number == key);
            let history: Vec<_> = of_key.map(|(_, operation)| operation.clone()).collect();
            summary.judge(id, &history, trial.reads_latest(), &LIMITS)?;
        }
        handle.publish();
    }
    Ok(Evidence::Observed(summary.evidence(trial)))
}

/// Does one thread's share of a history.
fn act<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    handle: &mut impl Handle<R>,
    keys: &[ProcessId; KEYS],
    round: u64,
    mut recorder: Recorder<RegistryAction>,
) -> Result<Vec<(usize, Operation<RegistryAction>)>, Breach> {
    let mut dice = trial.dice((round as usize) << 8 | member.index);
    let capacity = recorder.operations.capacity() as u64;
    for step in member.rounds(capacity) {
        let key = dice.below(KEYS);
        let id = keys[key];
        match dice.below(16) {
            0..=7 => read(&mut recorder, handle, key, id)?,
            8..=11 => apply(&mut recorder, handle, key, id, heartbeat(step)),
            12 => {
                let change = Change::EXAMPLES[dice.below(Change::EXAMPLES.len())];
                apply(&mut recorder, handle, key, id, Event::at(step, change));
            }
            13..=14 => {
                // So that records of different threads differ.
                let revision = 1 + (member.index * 8 + dice.below(8)) as u64;
                insert(&mut recorder, handle, key, running(id, revision), id);
            }
            _ => recorder.record(
                key,
                || handle.remove(id),
                |removed| RegistryAction::Remove(Known::Yes(removed.as_ref().map(observed))),
            ),
        }
    }
    Ok(recorder.operations)
}

fn observed<R: Specimen>(record: &R) -> Seen {
    Seen {
        state: record.state(),
        revision: record.revision(),
    }
}

fn read<R: Specimen>(
    recorder: &mut Recorder<RegistryAction>,
    handle: &mut impl Handle<R>,
    key: usize,
    id: ProcessId,
) -> Result<(), Breach> {
    let mut flaw = Ok(());
    recorder.record(
        key,
        || {
            handle.read(id, |record| {
                flaw = whole(id, record);
                observed(record)
            })
        },
        RegistryAction::Read,
    );
    flaw
}

fn apply<R: Specimen>(
    recorder: &mut Recorder<RegistryAction>,
    handle: &mut impl Handle<R>,
    key: usize,
    id: ProcessId,
    event: Event,
) {
    recorder.record(
        key,
        || handle.apply(id, event),
        |outcome| RegistryAction::Apply {
            change: event.change,
            outcome: Known::Yes(outcome.map(|accepted| accepted.map_err(|_| ()))),
        },
    );
}

fn insert<R: Specimen>(
    recorder: &mut Recorder<RegistryAction>,
    handle: &mut impl Handle<R>,
    key: usize,
    record: R,
    id: ProcessId,
) {
    let inserted = observed(&record);
    recorder.record(
        key,
        || handle.insert(id, record),
        |displaced| RegistryAction::Insert {
            record: inserted,
            displaced: Known::Yes(displaced.as_ref().map(observed)),
        },
    );
}

impl Summary {
    /// Judges the history of one identifier; with its reads only if `reads_latest`.
    fn judge(
        &mut self,
        id: ProcessId,
        history: &[Operation<RegistryAction>],
        reads_latest: bool,
        limits: &Limits,
    ) -> Result<(), Breach> {
        self.operations += history.len() as u64;
        let is_read =
            |operation: &Operation<_>| matches!(operation.action, RegistryAction::Read(_));
        let promised = history
            .iter()
            .filter(|operation| reads_latest || !is_read(operation))
            .cloned();
        let promised: Vec<_> = promised.collect();
        match search(&Registry, &[None], &promised, limits) {
            Verdict::Violated { at } => return Err(violation(id, &promised, at)),
            Verdict::Unknown { .. } => self.open += 1,
            Verdict::Linearizable => {}
        }
        if reads_latest {
            return Ok(());
        }
        if let Verdict::Violated { at } = search(&Registry, &[None], history, limits) {
            self.violated += 1;
            self.example.get_or_insert_with(|| {
                explain::explain(&Registry, &[None], history, at).to_string()
            });
        }
        Ok(())
    }

    fn evidence<R: Specimen>(&self, trial: &Trial<'_, R>) -> String {
        let histories = trial.effort.histories * KEYS as u64;
        let mut text = format!("{histories} histories of {} operations", self.operations);
        if trial.reads_latest() {
            text.push_str(", all linearizable");
        } else {
            text.push_str(&format!(
                ", all linearizable without their reads and {} not with them: reads are stale, as claimed",
                self.violated
            ));
        }
        if self.open > 0 {
            text.push_str(&format!(" but {} whose search was given up", self.open));
        }
        if let Some(example) = &self.example {
            text.push_str(&format!("\n{example}"));
        }
        text
    }
}

fn violation(id: ProcessId, history: &[Operation<RegistryAction>], at: u64) -> Breach {
    let why = explain::explain(&Registry, &[None], history, at);
    Promise::OneByOne.broken(format!("{id}, times in nanoseconds; {why}"))
}

#[cfg(test)]
mod tests {
    use contract::State;

    use super::*;

    #[test]
    fn a_history_whose_writes_are_open_is_open_though_its_reads_are_stale() {
        let actions = [
            RegistryAction::Read(Some(Seen {
                state: State::Running,
                revision: 1,
            })),
            RegistryAction::Remove(Known::Yes(None)),
            RegistryAction::Remove(Known::Yes(None)),
        ];
        let operation = |(call, action)| Operation {
            process: 0,
            call,
            ret: call + 1,
            action,
        };
        let history: Vec<_> = (1..).step_by(2).zip(actions).map(operation).collect();
        // Enough for the read, which comes first, and not for both writes.
        let limits = Limits { steps: 1, ..LIMITS };
        let mut summary = Summary::default();
        let judged = summary.judge(scattered(0), &history, false, &limits);
        assert!(judged.is_ok(), "{judged:?}");
        assert_eq!((summary.violated, summary.open), (1, 1));
    }
}

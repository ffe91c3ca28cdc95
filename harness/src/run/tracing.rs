//! Traces of strategies, each in a process of its own.

use std::collections::BTreeSet;

use basis::error::Result;
use basis::preset::Preset;
use basis::sample::Line;
use basis::scenario::RecordKind;
use basis::trace::{Operation, State, Untraced};
use registry::roster;
use trace::TraceTask;

use super::looking::carry_out_all;
use super::session::Interrupt;
use super::{Observer, Plan, Recording};

/// How much of each strategy the main job traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEffort {
    /// The operations.
    pub operations: &'static [Operation],
    /// The states.
    pub states: &'static [State],
    /// In how many layouts of the heap.
    pub layouts: u32,
}

impl TraceEffort {
    /// What a preset allows. A step takes a system call and more, and an operation has to be repeated
    /// in each layout.
    pub const fn of(preset: Preset) -> Self {
        match preset {
            Preset::Quick => Self {
                operations: &[Operation::ReadHit, Operation::ReadMiss, Operation::Apply],
                states: &[State::Quiescent],
                layouts: 1,
            },
            Preset::Default => Self {
                operations: &Operation::ALL,
                states: &State::ALL,
                layouts: 1,
            },
            Preset::Full => Self {
                operations: &Operation::ALL,
                states: &State::ALL,
                layouts: 5,
            },
        }
    }

    fn task(self, strategy: &str) -> TraceTask {
        TraceTask {
            strategy: strategy.to_owned(),
            operations: self.operations.to_vec(),
            states: self.states.to_vec(),
            layouts: self.layouts,
        }
    }
}

impl Plan {
    /// Traces every strategy, controls included, and keeps what was seen. What the recording has
    /// already is not done again. Where nothing can be traced, that is kept instead.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A process that does not survive is a
    /// result.
    pub fn trace(
        &self,
        effort: TraceEffort,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let tasks = untraced(&self.traceable(), effort, recording.lines());
        if tasks.is_empty() {
            return Ok(());
        }
        if let Err(unavailable) = trace::available() {
            return give_up(unavailable.to_string(), recording, observer);
        }
        let mut done = 0;
        carry_out_all(&tasks, interrupt, |seen| {
            if let Some(why) = &seen.died {
                observer.note(&format!("{}: tracing: {why}", seen.strategy));
            }
            done += 1;
            let share = f64::from(done) / tasks.len() as f64;
            observer.stage(
                &format!("tracing {}", seen.strategy),
                super::VERIFYING_SHARE + super::TRACING_SHARE * share,
            );
            recording.keep(Line::Trace(seen))
        })
    }

    /// The strategies of the plan that hold the record that is traced.
    fn traceable(&self) -> Vec<String> {
        roster::entries(RecordKind::Status)
            .into_iter()
            .filter(|entry| entry.excluded.is_none())
            .map(|entry| entry.profile.name.to_owned())
            .filter(|name| self.strategies.contains(name))
            .collect()
    }
}

/// What is still to be traced.
fn untraced(strategies: &[String], effort: TraceEffort, lines: &[Line]) -> Vec<TraceTask> {
    let traced: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Trace(seen) => Some(seen.strategy.as_str()),
            _ => None,
        })
        .collect();
    let left = strategies
        .iter()
        .filter(|name| !traced.contains(name.as_str()));
    left.map(|name| effort.task(name)).collect()
}

/// Says once why nothing is traced.
pub(super) fn give_up(
    why: String,
    recording: &mut Recording,
    observer: &mut impl Observer,
) -> Result<()> {
    let is_known = |line: &Line| matches!(line, Line::Untraced(_));
    if recording.lines().iter().any(is_known) {
        return Ok(());
    }
    observer.note(&format!("nothing is traced: {why}"));
    recording.keep(Line::Untraced(Untraced { why }))
}

#[cfg(test)]
mod tests {
    use basis::trace::TraceSeen;

    use super::*;

    #[derive(Default)]
    struct Notes(Vec<String>);

    impl Observer for Notes {
        fn stage(&mut self, _: &str, _: f64) {}
        fn note(&mut self, text: &str) {
            self.0.push(text.to_owned());
        }
    }

    fn names(tasks: &[TraceTask]) -> Vec<&str> {
        tasks.iter().map(|task| task.strategy.as_str()).collect()
    }

    #[test]
    fn what_is_traced_is_not_traced_again() {
        let strategies = ["a/b", "c/d", "e/f"].map(String::from);
        let effort = TraceEffort::of(Preset::Quick);
        let seen = |strategy: &str, died: Option<&str>| {
            Line::Trace(TraceSeen {
                strategy: strategy.into(),
                died: died.map(str::to_owned),
                ..TraceSeen::default()
            })
        };
        assert_eq!(
            names(&untraced(&strategies, effort, &[])),
            ["a/b", "c/d", "e/f"]
        );
        // Who did not survive would not the next time either.
        let lines = [seen("c/d", None), seen("e/f", Some("signal: 11"))];
        assert_eq!(names(&untraced(&strategies, effort, &lines)), ["a/b"]);
    }

    #[test]
    fn why_nothing_is_traced_is_said_once() {
        let (mut recording, mut notes) = (Recording::in_memory(), Notes::default());
        for _ in 0..2 {
            give_up("no flag".into(), &mut recording, &mut notes).unwrap();
        }
        let why = "no flag".to_owned();
        assert_eq!(recording.lines(), [Line::Untraced(Untraced { why })]);
        assert_eq!(notes.0, ["nothing is traced: no flag"]);
    }

    #[test]
    fn more_time_sees_no_less() {
        let efforts = [Preset::Quick, Preset::Default, Preset::Full].map(TraceEffort::of);
        for pair in efforts.windows(2) {
            let (less, more) = (pair[0], pair[1]);
            assert!(less.layouts <= more.layouts && less.layouts > 0);
            assert!(
                less.operations
                    .iter()
                    .all(|one| more.operations.contains(one))
            );
            assert!(less.states.iter().all(|one| more.states.contains(one)));
        }
    }
}

//! The one driver of all stages of a run: what is left to do, child processes side by side, their deaths, the time
//! and the progress.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use analysis::contradicts;
use experiments::faults::FaultTask;
use model::clock;
use model::error::Result;
use model::fault::FaultSeen;
use model::parallel;
use model::sample::{Card, Line};
use model::scenario::RecordKind;
use model::trace::Untraced;
use registry::strategies;

use super::child::{self, ChildGuard, Ending, Failed, is_interrupted};
use super::recording::{self, Recording};
use super::task::Task;

/// A stage of a run: tasks that do not depend on each other, each for a child process.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it is called while it lasts.
    pub name: &'static str,
    /// All its tasks, in order.
    pub tasks: Vec<Task>,
    /// How many tasks are carried out at a time.
    pub width: usize,
    /// What is not done after this time is left undone.
    pub budget: Duration,
    /// Why none of it can be done here; asked if anything is left to do.
    pub unavailable: fn() -> Option<String>,
}

impl Stage {
    /// One task after the other, however long they take.
    pub(super) fn new(name: &'static str, tasks: impl IntoIterator<Item = Task>) -> Self {
        Self {
            name,
            tasks: tasks.into_iter().collect(),
            width: 1,
            budget: Duration::MAX,
            unavailable: || None,
        }
    }
}

/// Whoever watches a run.
pub trait Observer: Debug {
    /// Something begins: the stage, what it is about, and the share of the run that is over.
    fn progress(&mut self, stage: &str, subject: &str, share_done: f64);
    /// Something worth a line of its own.
    fn note(&mut self, text: &str);
}

/// A run under way.
#[derive(Debug)]
pub struct Run<'a> {
    /// What is kept of it.
    pub recording: &'a mut Recording,
    observer: &'a mut dyn Observer,
    /// The share of the run that is over, for the progress display.
    pub(super) share: f64,
    /// How long it has waited for the processors to be at their usual places.
    pub(super) waited: Duration,
}

/// What a worker tells the thread that keeps lines.
enum Event {
    Began(String),
    Keep(Line),
    Note(String),
    Ended(Result<()>),
}

/// A thread of the pool, and what it needs to carry out one task.
pub(super) struct Worker<'a> {
    events: &'a Sender<Event>,
    /// Whether to end before its time: the user wants it to, or another task failed.
    is_to_stop: &'a dyn Fn() -> bool,
    /// What is left of the stage's time.
    left: Duration,
}

impl<'a> Run<'a> {
    /// A run that begins, or goes on where `recording` ends.
    pub fn new(recording: &'a mut Recording, observer: &'a mut dyn Observer) -> Self {
        Self {
            recording,
            observer,
            share: 0.0,
            waited: Duration::ZERO,
        }
    }

    /// Carries out what the recording lacks of a stage, behind which the share `until` of the run is over.
    ///
    /// # Errors
    ///
    /// When the run is interrupted, no process can be started, or a line cannot be kept. What other processes
    /// found until then is kept.
    pub fn carry_out(&mut self, stage: Stage, until: f64) -> Result<()> {
        self.carry_out_by(stage, until, |task, worker| worker.carry_out(task))
    }

    /// The same, where `work` carries out a task and gives what is to be kept to the worker. A process that does not
    /// survive is a result and no error.
    pub(super) fn carry_out_by(
        &mut self,
        stage: Stage,
        until: f64,
        work: impl Fn(&Task, &Worker<'_>) -> Result<()> + Sync,
    ) -> Result<()> {
        let from = std::mem::replace(&mut self.share, until);
        let mut tasks = stage.tasks;
        let lines = self.recording.lines();
        tasks.retain(|task| !recording::has(lines, task));
        if tasks.is_empty() {
            return Ok(());
        }
        if let Some(why) = (stage.unavailable)() {
            if lines
                .iter()
                .any(|line| line.try_as_untraced_ref().is_some())
            {
                return Ok(());
            }
            return self.keep(Line::Untraced(Untraced { why }));
        }
        let has_failed = AtomicBool::new(false);
        // Relaxed: nothing is handed over but the flag itself.
        let is_to_stop = || is_interrupted() || has_failed.load(Ordering::Relaxed);
        let began = clock::now();
        let work = |task: &Task, events: &Sender<Event>| {
            let left = stage.budget.saturating_sub(began.elapsed());
            let worker = Worker {
                events,
                is_to_stop: &is_to_stop,
                left,
            };
            worker.say(Event::Began(task.subject()));
            worker.say(Event::Ended(work(task, &worker)));
        };
        let (mut ended, mut first_error, mut can_keep) = (0_u32, None, true);
        parallel::for_each(stage.width, &tasks, work, |event| {
            let outcome = match event {
                Event::Began(subject) => {
                    let share = f64::from(ended) / tasks.len() as f64;
                    let share = from + (until - from) * share;
                    self.observer.progress(stage.name, &subject, share);
                    Ok(())
                }
                // No later line is to stand where one is missing.
                Event::Keep(line) if can_keep => {
                    let kept = self.keep(line);
                    can_keep = kept.is_ok();
                    kept
                }
                Event::Keep(_) => Ok(()),
                Event::Note(text) => {
                    self.observer.note(&text);
                    Ok(())
                }
                Event::Ended(outcome) => {
                    ended += 1;
                    outcome
                }
            };
            if let Err(error) = outcome {
                has_failed.store(true, Ordering::Relaxed);
                first_error.get_or_insert(error);
            }
        });
        first_error.map_or(Ok(()), Err)
    }

    /// Keeps that the run went through to its end.
    ///
    /// # Errors
    ///
    /// When the line cannot be kept.
    pub fn complete(&mut self) -> Result<()> {
        self.keep(Line::Complete)
    }

    fn keep(&mut self, line: Line) -> Result<()> {
        if let Some(text) = worth_a_note(&line) {
            self.observer.note(&text);
        }
        self.recording.keep(line)
    }
}

/// What a user should know of a line at once.
fn worth_a_note(line: &Line) -> Option<String> {
    Some(match line {
        Line::Check(outcome) if !outcome.passed => {
            format!("{} fails the {} check", outcome.strategy, outcome.check)
        }
        Line::Trace(trace) => format!("{}: tracing: {}", trace.strategy, trace.died.as_ref()?),
        Line::Stall(stalls) => format!("{}: stopping: {}", stalls.strategy, stalls.died.as_ref()?),
        Line::Untraced(untraced) => format!("nothing is traced: {}", untraced.why),
        _ => return None,
    })
}

/// What contradicts a claim is believed if it is seen again with so many times the patience.
const SECOND_PATIENCE: u64 = 20;

/// Whether what was seen under a fault is less than the strategy claims.
fn is_less_than_claimed(outcome: &FaultSeen) -> bool {
    let entries = strategies::entries(RecordKind::Status).into_iter();
    let mut cards = entries.map(|entry| Card::from(&entry.profile));
    cards.any(|card| card.name == outcome.strategy && contradicts(&card, outcome))
}

impl Worker<'_> {
    /// Keeps a line.
    pub(super) fn keep(&self, line: Line) {
        self.say(Event::Keep(line));
    }

    fn say(&self, event: Event) {
        // It is received until all workers have ended.
        let _ = self.events.send(event);
    }

    /// Has a process do `task`, and keeps what it says: every line as it comes, or the one that answers the task
    /// once the process has ended. A fault is tried twice if what was seen contradicts what the strategy claims.
    fn carry_out(&self, task: &Task) -> Result<()> {
        let mut answer = match task {
            Task::Replay(_) | Task::Fault(_) | Task::Trace(_) | Task::Stall(_) => self.ask(task)?,
            _ => return self.attempt(task).map(drop),
        };
        if let (Some(Line::Fault(outcome)), Task::Fault(task)) = (&answer, task)
            && is_less_than_claimed(outcome)
        {
            answer = self.ask(&Task::Fault(FaultTask {
                patience_ms: task.patience_ms * SECOND_PATIENCE,
                ..task.clone()
            }))?;
        }
        if let Some(line) = answer {
            self.keep(line);
        }
        Ok(())
    }

    /// Has a process do `task`, and keeps every line that it says, as it comes; how it failed, if it did.
    pub(super) fn attempt(&self, task: &Task) -> Result<Option<Failed>> {
        let Ending::Failed(failed) = self.watch(task, |line| self.keep(line))? else {
            return Ok(None);
        };
        self.say(Event::Note(format!("{}: {failed}", task.subject())));
        if let Some(line) = task.died(failed.clone(), None) {
            self.keep(line);
        }
        Ok(Some(failed))
    }

    /// Has a process do `task`, which is answered by one line; that line, or the one that says why the process
    /// died. None if it was not done in time.
    fn ask(&self, task: &Task) -> Result<Option<Line>> {
        let mut answer = None;
        Ok(match self.watch(task, |line| answer = Some(line))? {
            Ending::Failed(failed) => task.died(failed, answer),
            Ending::Done | Ending::OutOfTime => answer,
        })
    }

    fn watch(&self, task: &Task, receive: impl FnMut(Line)) -> Result<Ending> {
        let start = || ChildGuard::start(std::env::current_exe(), &["worker"], task);
        child::carry_out(start, task, self.left, self.is_to_stop, receive)
    }
}

#[cfg(test)]
mod tests {
    use model::error::Error;
    use model::trace::TraceSeen;
    use trace::TraceTask;

    use super::*;

    /// Each task keeps that its strategy was traced; the one named `bad` cannot be carried out.
    fn stage<const N: usize>(strategies: [&str; N]) -> Stage {
        let task = |strategy: &str| {
            Task::Trace(TraceTask {
                strategy: strategy.into(),
                operations: Vec::new(),
                states: Vec::new(),
                layouts: 1,
            })
        };
        Stage::new("faking", strategies.map(task))
    }

    fn fake(task: &Task, worker: &Worker<'_>) -> Result<()> {
        let strategy = task.subject();
        if strategy == "bad" {
            return Err(Error::input("no process"));
        }
        worker.keep(traced(&strategy, None));
        Ok(())
    }

    fn traced(strategy: &str, died: Option<&str>) -> Line {
        Line::Trace(TraceSeen {
            strategy: strategy.into(),
            died: died.map(str::to_owned),
            ..TraceSeen::default()
        })
    }

    #[derive(Debug, Default)]
    struct Watcher {
        shown: Vec<String>,
        notes: Vec<String>,
    }

    impl Observer for Watcher {
        fn progress(&mut self, stage: &str, subject: &str, share_done: f64) {
            self.shown.push(format!("{stage} {subject} {share_done}"));
        }
        fn note(&mut self, text: &str) {
            self.notes.push(text.to_owned());
        }
    }

    fn carry_out(stage: &Stage, recording: &mut Recording) -> (Result<()>, Watcher) {
        let mut watcher = Watcher::default();
        let mut run = Run::new(recording, &mut watcher);
        let outcome = run.carry_out_by(stage.clone(), 0.5, fake);
        (outcome, watcher)
    }

    #[test]
    fn only_what_the_recording_lacks_is_done() {
        let stage = stage(["a/b", "c/d", "e/f", "g/h"]);
        let mut recording = Recording::in_memory();
        recording.keep(traced("c/d", None)).unwrap();
        // Who did not survive would not the next time either.
        recording.keep(traced("e/f", Some("signal: 11"))).unwrap();
        let (outcome, watcher) = carry_out(&stage, &mut recording);
        outcome.unwrap();
        assert_eq!(watcher.shown, ["faking a/b 0", "faking g/h 0.25"]);
        assert_eq!(
            recording.lines()[2..],
            [traced("a/b", None), traced("g/h", None)]
        );
        let (_, watcher) = carry_out(&stage, &mut recording);
        assert!(watcher.shown.is_empty() && recording.lines().len() == 4);
    }

    #[test]
    fn what_was_found_before_an_error_is_kept() {
        let stage = stage(["a/b", "bad"]);
        let mut recording = Recording::in_memory();
        let (outcome, _) = carry_out(&stage, &mut recording);
        assert_eq!(outcome.unwrap_err().to_string(), "no process");
        assert_eq!(recording.lines(), [traced("a/b", None)]);
    }

    #[test]
    fn why_nothing_is_traced_is_said_once() {
        let stage = Stage {
            unavailable: || Some("no flag".into()),
            ..stage(["a/b"])
        };
        let mut recording = Recording::in_memory();
        let (_, first) = carry_out(&stage, &mut recording);
        let (_, second) = carry_out(&stage, &mut recording);
        let why = "no flag".to_owned();
        assert_eq!(recording.lines(), [Line::Untraced(Untraced { why })]);
        assert_eq!(first.notes, ["nothing is traced: no flag"]);
        assert!(second.notes.is_empty());
    }
}

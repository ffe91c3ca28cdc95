//! What a run has kept so far, in its file and in memory, and what of its tasks that is.

use std::path::{Path, PathBuf};

use measure::worker::Place;
use model::environment::Environment;
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output;
use model::sample::{self, Failure, Header, Line, Part, Writer};
use model::stall::StallSeen;
use trace::StallTask;

use super::task::Task;
use crate::replay;

/// The lines of a run: every one is in its file before anything else happens with it.
#[derive(Debug, Default)]
pub struct Recording {
    /// Where it is kept, if it is.
    pub folder: Option<PathBuf>,
    writer: Option<Writer>,
    /// The folder is this run's as long as it may write there.
    _lock: Option<FolderLock>,
    lines: Vec<Line>,
}

impl Recording {
    /// Lines that are kept in memory only.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Begins a run in a folder, or takes up the one that was cut short there.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be written, a recorded run is there, or another run writes there; when there is
    /// none to take up, or it was another one.
    pub fn open(folder: &Path, header: Header, is_begun: bool) -> Result<Self> {
        if is_begun {
            Self::resume(folder, &header)
        } else {
            Self::begin(folder, header)
        }
    }

    /// Makes the folder of a run and the sample file in it, with its header.
    fn begin(folder: &Path, header: Header) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        let lock = FolderLock::acquire(folder)?;
        let packed = folder.join(sample::PACKED);
        if packed.exists() {
            return Err(Error::input(format!(
                "{} holds a recorded run, which is not overwritten; write to another folder",
                packed.display()
            )));
        }
        let mut recording = Self {
            folder: Some(folder.to_owned()),
            writer: Some(Writer::create(&folder.join(sample::PLAIN))?),
            _lock: Some(lock),
            lines: Vec::new(),
        };
        recording.keep(Line::Header(Box::new(header)))?;
        Ok(recording)
    }

    /// Takes up the run that was cut short in a folder. A line that was cut short is removed; nothing
    /// else is changed.
    fn resume(folder: &Path, header: &Header) -> Result<Self> {
        let path = sample::locate(folder)?;
        let lock = FolderLock::acquire(output::folder_of(&path))?;
        let reading = sample::read(&path)?;
        if let Some(Line::Header(begun)) = reading.lines.first()
            && let Some(what) = difference(begun, header, reading.lines.contains(&Line::Complete))
        {
            return Err(Error::input(format!(
                "{} is of a run with other {what}; --resume needs the options, the program and the machine that it was \
                 begun with: {}",
                path.display(),
                begun.environment.command
            )));
        }
        Ok(Self {
            folder: Some(folder.to_owned()),
            writer: Some(Writer::resume(&path, &reading)?),
            _lock: Some(lock),
            lines: reading.lines,
        })
    }

    /// Keeps a line.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, a full disk included.
    pub fn keep(&mut self, line: Line) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.append(&line)?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// All lines so far.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The parts of the measuring that were begun, in their order.
    pub(super) fn parts(&self) -> Vec<Assignment> {
        let mut parts: Vec<Assignment> = Vec::new();
        for line in &self.lines {
            let (key, restarts) = match line {
                Line::Slice(slice) => (&slice.key, slice.restarts),
                Line::Failure(failure) => (&failure.key, 0),
                Line::Part(part) => {
                    parts.push(Assignment::new(part.clone()));
                    continue;
                }
                Line::PartDone(done) => {
                    if let Some(begun) = find(&mut parts, &done.scenario, done.process) {
                        begun.took_ms = Some(done.took_ms);
                    }
                    continue;
                }
                _ => continue,
            };
            // Probes that fail belong to none.
            if let Some(begun) = find(&mut parts, &key.scenario, key.process) {
                let (block, position) = (key.block, key.position + 1);
                begun.next = begun.next.max(Place { block, position });
                begun.restarts = begun.restarts.max(restarts);
            }
        }
        parts
    }

    /// Whether the run has gone through to its end.
    pub fn is_complete(&self) -> bool {
        self.lines.contains(&Line::Complete)
    }
}

/// A part that was begun; most lines are of the last one.
fn find<'p>(
    parts: &'p mut [Assignment],
    scenario: &str,
    process: u32,
) -> Option<&'p mut Assignment> {
    let mut parts = parts.iter_mut();
    parts.rfind(|begun| begun.part.process == process && begun.part.scenario == scenario)
}

/// What a run cannot change on its way, if it differs. Where and with what build a run is measured no longer matters if it
/// is complete.
fn difference(begun: &Header, now: &Header, is_complete: bool) -> Option<String> {
    let names = |header: &Header| -> Vec<String> {
        let cards = header.strategies.iter();
        cards.map(|card| card.name.clone()).collect()
    };
    let (before, after) = (&begun.environment, &now.environment);
    let all = [
        ("baseline", begun.baseline == now.baseline),
        ("scenarios", begun.scenarios == now.scenarios),
        ("strategies", names(begun) == names(now)),
        ("assumptions", begun.assumptions == now.assumptions),
        ("seed", before.seed == after.seed),
        ("preset", before.preset == after.preset),
    ];
    if let Some((what, _)) = all.into_iter().find(|(_, is_equal)| !is_equal) {
        return Some(what.into());
    }
    let mut surroundings = Environment::differences(before, after).into_iter();
    // A system that was started anew may have some pages more.
    let differs = surroundings.find(|difference| difference.what != "memory_bytes");
    differs
        .filter(|_| !is_complete)
        .map(|difference| difference.to_string())
}

/// Whether lines have all that a task would add to them. What is left to measure the schedule says.
pub(super) fn has(lines: &[Line], task: &Task) -> bool {
    match task {
        Task::Verify(task) => are_checked(lines, &task.strategy),
        _ => lines.iter().any(|line| answers(line, task)),
    }
}

/// A strategy's checks are all made when those of another begin, or the faults, or the measuring.
fn are_checked(lines: &[Line], strategy: &str) -> bool {
    let mut is_begun = false;
    lines.iter().any(|line| match line {
        Line::Check(outcome) if outcome.check == replay::CHECK => false,
        Line::Check(outcome) if outcome.strategy == strategy => {
            is_begun = true;
            false
        }
        Line::Check(_) | Line::Fault(_) | Line::Part(_) => is_begun,
        _ => false,
    })
}

fn answers(line: &Line, task: &Task) -> bool {
    match (line, task) {
        (Line::Check(outcome), Task::Replay(task)) => {
            outcome.check == replay::CHECK && outcome.strategy == task.strategy
        }
        (Line::Fault(outcome), Task::Fault(task)) => {
            (&outcome.strategy, outcome.fault) == (&task.strategy, task.fault)
        }
        (Line::Trace(trace), Task::Trace(task)) => trace.strategy == task.strategy,
        (Line::Stall(stalls), Task::Stall(task)) => has_stalls(stalls, task),
        (Line::Probe(probe), Task::Probe(task)) => {
            let key = (probe.process, probe.probe, &probe.strategy);
            key == (task.process, task.probe, &task.strategy)
        }
        // Who did not survive would not the next time either.
        (Line::Failure(Failure { key, .. }), Task::Probe(task)) => {
            (&*key.scenario, &key.strategy) == (task.probe.name(), &task.strategy)
        }
        (Line::Calibration(_), Task::Calibrate) => true,
        _ => false,
    }
}

/// Whether a process has seen all that the task asks for, or has died: it would not survive the next time
/// either.
fn has_stalls(stalls: &StallSeen, task: &StallTask) -> bool {
    let has = |stalled| {
        let mut pairs = stalls.pairs.iter();
        pairs.any(|pair| pair.stalled == stalled && task.peers.contains(&pair.peer))
    };
    let has_all = || task.stalled.iter().all(|&stalled| has(stalled));
    stalls.strategy == task.strategy && (stalls.died.is_some() || has_all())
}

/// A part of the measuring, and how far it came.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) part: Part,
    /// Behind its last slice: where to go on with it.
    pub(super) next: Place,
    /// How often its process had been started anew when its last slice was measured.
    pub(super) restarts: u32,
    /// How long it took; nothing as long as it is not over.
    pub(super) took_ms: Option<u64>,
}

impl Assignment {
    /// A part of which nothing is measured yet.
    pub(super) fn new(part: Part) -> Self {
        Self {
            part,
            next: Place::default(),
            restarts: 0,
            took_ms: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use experiments::checks::VerifyTask;
    use model::preset::Preset;
    use model::sample::CheckOutcome;
    use model::scenario::RecordKind;
    use model::stall::StallPair;
    use model::trace::Operation;

    use super::super::Plan;
    use super::*;

    fn check(strategy: &str) -> Line {
        Line::Check(CheckOutcome {
            strategy: strategy.into(),
            record: RecordKind::Status,
            check: "sequential".into(),
            passed: true,
            evidence: String::new(),
        })
    }

    #[test]
    fn a_strategy_is_checked_when_something_else_has_begun() {
        let are_checked = |lines: &[Line]| {
            ["a/b", "c/d", "e/f"].map(|strategy| {
                let task = Task::Verify(VerifyTask {
                    strategy: strategy.into(),
                    preset: Preset::Quick,
                    seed: 1,
                });
                has(lines, &task)
            })
        };
        let mut lines = vec![check("a/b"), check("a/b"), check("c/d")];
        assert_eq!(are_checked(&lines), [true, false, false]);
        lines.push(Line::Part(Part {
            scenario: "one".into(),
            process: 0,
            strategies: Vec::new(),
            blocks: 1,
        }));
        assert_eq!(are_checked(&lines), [true, true, false]);
    }

    #[test]
    fn only_a_complete_run_goes_with_another_build_or_machine() {
        let begun = Plan::default().header(Environment::default());
        let other = |change: fn(&mut Environment)| {
            let mut now = begun.clone();
            change(&mut now.environment);
            [false, true].map(|is_complete| difference(&begun, &now, is_complete))
        };
        let named = |what: &str| [Some(what.to_owned()), None];
        let stock = other(|now| now.build.profile = "stock".into());
        assert_eq!(stock, named("build.profile: none / stock"));
        assert_eq!(other(|now| now.cpus = 2), named("cpus: 0 / 2"));
        assert_eq!(other(|now| now.memory_bytes = Some(1)), [None, None]);
        let preset = other(|now| now.preset = "full".into());
        assert_eq!(preset, [(); 2].map(|()| Some("preset".to_owned())));
    }

    fn task(stalled: &[Operation], peers: &[Operation]) -> StallTask {
        StallTask {
            strategy: "a/b".into(),
            stalled: stalled.to_vec(),
            peers: peers.to_vec(),
            every: false,
            two_stops: 0,
        }
    }

    fn stall(stalled: Operation, peer: Operation, died: Option<&str>) -> Line {
        let pair = StallPair {
            stalled,
            peer,
            same_process: true,
            points: 10,
            blocked: 0,
            in_allocator: 0,
            untried: 0,
            first: None,
            last: None,
            held_by: None,
            wrong: 0,
            evidence: None,
        };
        Line::Stall(StallSeen {
            strategy: "a/b".into(),
            pairs: vec![pair],
            died: died.map(str::to_owned),
            ..StallSeen::default()
        })
    }

    #[test]
    fn what_was_looked_at_is_not_looked_at_again() {
        use Operation::{Apply, Insert, ReadHit};
        let has = |lines: &[Line], task| has(lines, &Task::Stall(task));
        let asked = task(&[Apply], &[ReadHit]);
        assert!(!has(&[], asked.clone()));
        assert!(!has(&[stall(Apply, Apply, None)], asked.clone()));
        let lines = [stall(Apply, ReadHit, None)];
        assert!(has(&lines, asked.clone()));
        assert!(!has(&lines, task(&[Apply, Insert], &[ReadHit])));
        let other = StallTask {
            strategy: "c/d".into(),
            ..asked.clone()
        };
        assert!(!has(&lines, other));
        // Who did not survive would not the next time either.
        assert!(has(&[stall(Insert, Insert, Some("signal: 11"))], asked));
    }
}

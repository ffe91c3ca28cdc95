//! What a recording has already. Every line is looked at once, here; whoever takes up a run asks.

use std::collections::BTreeSet;

use measure::worker::Place;
use model::fault::Fault;
use model::probe::Situation;
use model::sample::{Line, Part, SliceKey};
use model::stall::StallSeen;
use trace::StallTask;

use super::task::Task;
use crate::replay;

/// What a recording has already.
#[derive(Debug, Default)]
pub struct Done {
    /// The strategies all of whose checks were made.
    checked: BTreeSet<String>,
    /// The strategy whose checks came last: more of them may be missing.
    checked_last: Option<String>,
    /// The strategies that a process trace was replayed on.
    replayed: BTreeSet<String>,
    /// The faults that each strategy was put under.
    faults: BTreeSet<(String, Fault)>,
    /// The strategies that were traced.
    traced: BTreeSet<String>,
    /// Whether the recording says that nothing can be traced.
    pub(super) is_untraced: bool,
    /// What was seen of threads that were stopped.
    stalls: Vec<StallSeen>,
    /// Whether it has the costs of handing a line over.
    is_calibrated: bool,
    /// Measuring process, situation and strategy of every probe.
    probes: BTreeSet<(u32, Situation, String)>,
    /// Scenario and strategy of every table whose heap was accounted for.
    accounted: BTreeSet<(String, String)>,
    /// The parts that were begun, in their order.
    pub(super) parts: Vec<BegunPart>,
    /// Whether the run went through to its end.
    pub(super) is_complete: bool,
}

/// A part of the measuring, and how far it came.
#[derive(Clone, Debug)]
pub(super) struct BegunPart {
    pub(super) part: Part,
    /// Behind its last slice.
    pub(super) next: Place,
    /// How often its process had been started anew when its last slice was measured.
    pub(super) restarts: u32,
    /// The slices that were measured.
    pub(super) slices: u32,
    /// How long it took; nothing as long as it is not over.
    pub(super) took_ms: Option<u64>,
}

impl Done {
    /// What some lines have.
    pub fn from_lines(lines: &[Line]) -> Self {
        let mut done = Self::default();
        for line in lines {
            done.add(line);
        }
        done
    }

    /// Whether it has all that a task would add to it. What is left to measure the schedule says.
    pub(super) fn has(&self, task: &Task) -> bool {
        match task {
            Task::Measure(_) => false,
            Task::Verify(task) => self.checked.contains(&task.strategy),
            Task::Replay(task) => self.replayed.contains(&task.strategy),
            Task::Fault(task) => self.faults.contains(&(task.strategy.clone(), task.fault)),
            Task::Probe(task) => {
                let key = (task.process, task.situation, task.strategy.clone());
                self.probes.contains(&key)
            }
            Task::Trace(task) => self.traced.contains(&task.strategy),
            Task::Stall(task) => self.has_stalls(task),
            Task::Calibrate => self.is_calibrated,
        }
    }

    /// Whether a process has seen all that the task asks for, or has died: it would not survive the next time
    /// either.
    fn has_stalls(&self, task: &StallTask) -> bool {
        let of_strategy = |seen: &&StallSeen| seen.strategy == task.strategy;
        self.stalls.iter().filter(of_strategy).any(|seen| {
            let has = |stalled| {
                let mut pairs = seen.pairs.iter();
                pairs.any(|pair| pair.stalled == stalled && task.peers.contains(&pair.peer))
            };
            seen.died.is_some() || task.stalled.iter().all(|&stalled| has(stalled))
        })
    }

    /// Whether it accounts for the heap of a strategy's table in a scenario.
    pub(super) fn has_memory(&self, scenario: &str, strategy: &str) -> bool {
        let key = (scenario.to_owned(), strategy.to_owned());
        self.accounted.contains(&key)
    }

    /// Another line.
    pub(super) fn add(&mut self, line: &Line) {
        match line {
            Line::Check(outcome) if outcome.check == replay::CHECK => {
                self.replayed.insert(outcome.strategy.clone());
            }
            Line::Check(outcome) => {
                // A strategy's checks are all made when those of another begin.
                if self.checked_last.as_ref() != Some(&outcome.strategy) {
                    self.checked.extend(self.checked_last.take());
                    self.checked_last = Some(outcome.strategy.clone());
                }
            }
            Line::Fault(seen) => {
                self.checked.extend(self.checked_last.take());
                self.faults.insert((seen.strategy.clone(), seen.fault));
            }
            Line::Trace(seen) => {
                self.traced.insert(seen.strategy.clone());
            }
            Line::Untraced(_) => self.is_untraced = true,
            Line::Stall(seen) => self.stalls.push(seen.clone()),
            Line::Calibration(_) => self.is_calibrated = true,
            Line::Probe(probe) => {
                let key = (probe.process, probe.situation, probe.strategy.clone());
                self.probes.insert(key);
            }
            Line::Memory(memory) => {
                let key = (memory.scenario.clone(), memory.strategy.clone());
                self.accounted.insert(key);
            }
            Line::Part(part) => {
                self.checked.extend(self.checked_last.take());
                self.parts.push(BegunPart {
                    part: part.clone(),
                    next: Place::default(),
                    restarts: 0,
                    slices: 0,
                    took_ms: None,
                });
            }
            Line::Slice(slice) => {
                if let Some(begun) = self.part_of(&slice.key) {
                    begun.slices += 1;
                    begun.restarts = begun.restarts.max(slice.restarts);
                }
            }
            Line::Failure(failure) => {
                self.part_of(&failure.key);
            }
            Line::PartDone(done) => {
                if let Some(begun) = self.part(&done.scenario, done.process) {
                    begun.took_ms = Some(done.took_ms);
                }
            }
            Line::Complete => self.is_complete = true,
            Line::Header(_) | Line::Interference(_) | Line::Allocation(_) => {}
        }
    }

    /// The part of a slice that is over, be it measured or failed. Probes that fail belong to none.
    fn part_of(&mut self, key: &SliceKey) -> Option<&mut BegunPart> {
        let begun = self.part(&key.scenario, key.process)?;
        let next = Place {
            block: key.block,
            position: key.position + 1,
        };
        begun.next = begun.next.max(next);
        Some(begun)
    }

    fn part(&mut self, scenario: &str, process: u32) -> Option<&mut BegunPart> {
        // Most lines are of the last one.
        let mut parts = self.parts.iter_mut().rev();
        parts.find(|begun| begun.part.scenario == scenario && begun.part.process == process)
    }
}

#[cfg(test)]
mod tests {
    use model::sample::CheckOutcome;
    use model::scenario::RecordKind;
    use model::stall::StallPair;
    use model::trace::Operation;

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
        let mut lines = vec![check("a/b"), check("a/b"), check("c/d")];
        assert_eq!(Done::from_lines(&lines).checked, ["a/b".to_owned()].into());
        lines.push(Line::Part(Part {
            scenario: "one".into(),
            process: 0,
            strategies: Vec::new(),
            blocks: 1,
        }));
        let both = ["a/b".to_owned(), "c/d".to_owned()];
        assert_eq!(Done::from_lines(&lines).checked, both.into());
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
        let has = |lines: &[Line], task| Done::from_lines(lines).has(&Task::Stall(task));
        let one = task(&[Apply], &[ReadHit]);
        assert!(!has(&[], one.clone()));
        assert!(!has(&[stall(Apply, Apply, None)], one.clone()));
        let lines = [stall(Apply, ReadHit, None)];
        assert!(has(&lines, one.clone()));
        assert!(!has(&lines, task(&[Apply, Insert], &[ReadHit])));
        let other = StallTask {
            strategy: "c/d".into(),
            ..one.clone()
        };
        assert!(!has(&lines, other));
        // Who did not survive would not the next time either.
        assert!(has(&[stall(Insert, Insert, Some("signal: 11"))], one));
    }
}

//! What a recording has already. Every line is looked at once, here; whoever takes up a run asks.

use std::collections::BTreeSet;

use basis::fault::Fault;
use basis::probe::Situation;
use basis::sample::{Line, Part, SliceKey};
use basis::stall::StallSeen;
use slices::worker::Place;

use crate::replay;

/// What a recording has already.
#[derive(Debug, Default)]
pub struct Done {
    /// The strategies all of whose checks were made.
    pub(super) checked: BTreeSet<String>,
    /// The strategy whose checks came last: more of them may be missing.
    checked_last: Option<String>,
    /// The strategies that a process trace was replayed on.
    pub(super) replayed: BTreeSet<String>,
    /// The faults that each strategy was put under.
    pub(super) faults: BTreeSet<(String, Fault)>,
    /// The strategies that were traced.
    pub(super) traced: BTreeSet<String>,
    /// Whether the recording says that nothing can be traced.
    pub(super) is_untraced: bool,
    /// What was seen of threads that were stopped.
    pub(super) stalls: Vec<StallSeen>,
    /// Whether it has the costs of handing a line over.
    pub(super) is_calibrated: bool,
    /// Measuring process, situation and strategy of every probe.
    pub(super) probes: BTreeSet<(u32, Situation, String)>,
    /// Scenario and strategy of every table whose heap was accounted for.
    pub(super) accounted: BTreeSet<(String, String)>,
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
    use basis::sample::CheckOutcome;
    use basis::scenario::RecordKind;

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
}

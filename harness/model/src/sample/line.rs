//! The kinds of lines.

#![expect(
    missing_docs,
    reason = "strum documents none of the methods that it makes"
)]

use serde::{Deserialize, Serialize};
use strum::EnumTryAs;

use super::{
    Allocation, CheckOutcome, Failure, Header, Interference, Memory, Part, PartDone, Slice,
};
use crate::calibration::Calibration;
use crate::fault::FaultSeen;
use crate::probe::ProbeSeen;
use crate::stall::StallSeen;
use crate::trace::{TraceSeen, Untraced};

/// One line of a sample file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumTryAs)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Line {
    /// The first line: what is measured, where, and how to repeat it.
    Header(Box<Header>),
    /// What a measuring process is going to do.
    Part(Part),
    /// It has done it.
    PartDone(PartDone),
    /// One strategy's counted window.
    Slice(Slice),
    /// What disturbed a block.
    #[serde(rename = "weather")]
    Interference(Interference),
    /// What the heap saw during a number of operations on one thread.
    Allocation(Allocation),
    /// What a filled table keeps alive.
    Memory(Memory),
    /// What a check found.
    Check(CheckOutcome),
    /// What was seen of one strategy under one fault.
    Fault(FaultSeen),
    /// What was seen of one strategy, instruction by instruction.
    Trace(TraceSeen),
    /// Nothing was traced, and why.
    Untraced(Untraced),
    /// Who can go on while somebody is stopped in the middle of an operation.
    Stall(StallSeen),
    /// What handing a line over costs on this machine.
    Calibration(Calibration),
    /// What a process saw in a probe of one strategy.
    Probe(ProbeSeen),
    /// A slice that could not be measured, and why.
    Failure(Failure),
    /// The last line of a run that went through to its end.
    Complete,
}

impl Line {
    /// The scenario and the strategy that the line is about. A probe that failed has its name where others name a scenario.
    pub(super) fn about(&self) -> (Option<&str>, Option<&str>) {
        let (scenario, strategy) = match self {
            Line::Slice(Slice { key, .. }) => (Some(&key.scenario), Some(&key.strategy)),
            Line::Allocation(counts) => (Some(&counts.scenario), Some(&counts.strategy)),
            Line::Memory(memory) => (Some(&memory.scenario), Some(&memory.strategy)),
            Line::Part(Part { scenario, .. })
            | Line::PartDone(PartDone { scenario, .. })
            | Line::Interference(Interference { scenario, .. }) => (Some(scenario), None),
            Line::Check(CheckOutcome { strategy, .. })
            | Line::Fault(FaultSeen { strategy, .. })
            | Line::Trace(TraceSeen { strategy, .. })
            | Line::Stall(StallSeen { strategy, .. })
            | Line::Probe(ProbeSeen { strategy, .. }) => (None, Some(strategy)),
            _ => (None, None),
        };
        (scenario.map(String::as_str), strategy.map(String::as_str))
    }

    /// The measuring process that the line is from, for lines that are about one.
    pub fn process_mut(&mut self) -> Option<&mut u32> {
        match self {
            Line::Slice(Slice { key, .. }) | Line::Failure(Failure { key, .. }) => {
                Some(&mut key.process)
            }
            Line::Part(Part { process, .. })
            | Line::PartDone(PartDone { process, .. })
            | Line::Interference(Interference { process, .. })
            | Line::Probe(ProbeSeen { process, .. }) => Some(process),
            _ => None,
        }
    }
}

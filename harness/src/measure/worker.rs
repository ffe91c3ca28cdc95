//! The child process: carries out one task and writes what it finds to standard output.
//!
//! A process of its own for every scenario, so that no case inherits another one's heap, and so that
//! a strategy that hangs or aborts takes nothing else with it.

use std::io::{self, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::contest::Window;
use super::field::Field;
use super::{order, roster};
use crate::clock;
use crate::sample::{Line, Slice, SliceKey};
use crate::scenario::Scenario;

/// What a child process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Task {
    /// Measure blocks of one scenario until the time is used up.
    Measure(Box<MeasureTask>),
    /// Run the checks on one strategy.
    Verify(crate::verify::VerifyTask),
    /// Put one strategy into one situation.
    Probe(super::probe::ProbeTask),
}

/// Blocks of one scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeasureTask {
    /// The scenario.
    pub scenario: Scenario,
    /// Who takes part, the baseline included.
    pub strategies: Vec<String>,
    /// Who stands between the others.
    pub baseline: String,
    /// Which of the measuring processes this is.
    pub process: u32,
    /// The seed of the run.
    pub seed: u64,
    /// Uncounted, in nanoseconds.
    pub ramp_ns: u64,
    /// Counted, in nanoseconds.
    pub window_ns: u64,
    /// How long to go on starting blocks, in milliseconds; at least one is measured.
    pub budget_ms: u64,
}

/// What a child process says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "kebab-case")]
pub enum Message {
    /// It begins with this: if nothing follows, this is what hangs.
    Begin {
        /// What it begins with.
        what: String,
        /// The slice, if it is one.
        slice: Option<SliceKey>,
    },
    /// It has found this.
    Found {
        /// A line for the sample file.
        line: Line,
    },
}

/// Says something to the parent process, at once.
///
/// # Errors
///
/// When the parent is gone.
pub fn say(out: &mut impl Write, message: &Message) -> io::Result<()> {
    let mut text = serde_json::to_string(message)?;
    text.push('\n');
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Measures blocks of one scenario.
///
/// # Errors
///
/// When the parent is gone.
///
/// # Panics
///
/// When the task names a strategy that cannot take part in the scenario.
pub fn measure(task: &MeasureTask, out: &mut impl Write) -> io::Result<()> {
    let MeasureTask {
        scenario, process, ..
    } = task;
    let field = Field::new(scenario, task.seed ^ u64::from(*process));
    let contestants = roster::contestants(scenario, &field, &task.strategies);
    if *process == 0 {
        for contestant in &contestants {
            let name = contestant.name;
            say(
                out,
                &Message::Begin {
                    what: format!("accounting of {name}"),
                    slice: None,
                },
            )?;
            for seen in contestant.allocations() {
                say(
                    out,
                    &Message::Found {
                        line: Line::Allocation(seen),
                    },
                )?;
            }
            say(
                out,
                &Message::Found {
                    line: Line::Memory(contestant.memory()),
                },
            )?;
        }
    }
    let window = Window {
        ramp: Duration::from_nanos(task.ramp_ns),
        counted: Duration::from_nanos(task.window_ns),
    };
    let began = clock::now();
    let budget = Duration::from_millis(task.budget_ms);
    for block in 0.. {
        let block_began = clock::now();
        let order = order::block(&task.strategies, &task.baseline, task.seed, *process, block);
        for (position, name) in order.into_iter().enumerate() {
            let contestant = contestants
                .iter()
                .find(|candidate| candidate.name == name)
                .expect("the parent names participants only");
            let key = SliceKey {
                scenario: scenario.name.clone(),
                process: *process,
                block,
                position: position as u32,
                strategy: name.to_owned(),
            };
            say(
                out,
                &Message::Begin {
                    what: name.to_owned(),
                    slice: Some(key.clone()),
                },
            )?;
            let (took, groups) = contestant.slice(window);
            let line = Line::Slice(Slice {
                key,
                window_ns: took.as_nanos() as u64,
                groups,
            });
            say(out, &Message::Found { line })?;
        }
        // Another block of this length would overrun the time.
        if began.elapsed() + block_began.elapsed() / 2 >= budget {
            return Ok(());
        }
    }
    Ok(())
}

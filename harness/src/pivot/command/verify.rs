//! `pivot verify`: the checks, as a graded table.

use basis::error::{Error, Result};
use basis::sample::{CheckOutcome, Line};
use harness::run::{Plan, Recording};

use super::interruptible;
use crate::arguments::{Format, VerifyOptions};
use crate::progress::Progress;
use crate::selection;
use crate::table::Table;

/// Runs the checks; a broken promise is exit code 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<()> {
    let plan = Plan {
        scenarios: Vec::new(),
        strategies: selection::strategies(options.strategy.as_deref())?,
        baseline: String::new(),
        assumptions: Vec::new(),
        preset: options.preset,
        seed: options.seed,
    };
    let interrupt = interruptible()?;
    let mut progress = Progress::new();
    let mut recording = Recording::in_memory();
    let ended = plan.verify(options.preset, &mut recording, interrupt, &mut progress);
    progress.finish();
    let outcomes: Vec<&CheckOutcome> = recording
        .lines()
        .iter()
        .filter_map(|line| match line {
            Line::Check(outcome) => Some(outcome),
            _ => None,
        })
        .collect();
    print(&outcomes, options.format)?;
    ended?;
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    if failed > 0 {
        return Err(Error::Check(format!(
            "{failed} of {} checks failed",
            outcomes.len()
        )));
    }
    Ok(())
}

fn print(outcomes: &[&CheckOutcome], format: Format) -> Result<()> {
    let mut table = Table::new(["strategy", "record", "check", "grade", "evidence"]);
    for outcome in outcomes {
        let grade = if outcome.passed {
            "acceptable"
        } else {
            "forbidden"
        };
        let first_line = outcome.evidence.lines().next().unwrap_or_default();
        table.row([
            outcome.strategy.clone(),
            outcome.record.to_string(),
            outcome.check.clone(),
            grade.into(),
            if outcome.passed {
                first_line.into()
            } else {
                outcome.evidence.clone()
            },
        ]);
    }
    table.print(format)
}

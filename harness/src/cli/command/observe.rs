//! `pivot verify`, `trace`, `stall` and `replay`: what is observed of the strategies here and now, and kept nowhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use analysis::{Samples, analyse, merge};
use harness::run::{Plan, Recording, Run, replays, stalls, traces};
use model::environment::Environment;
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output::{self, Existing};
use model::sample::{self, Line};
use model::stall::StallSeen;
use regex_lite::Regex;
use results::{Faulted, Grade, Guarantee, Guaranteed, Results};
use serde::Serialize;
use serde_json::json;
use trace::{StallTask, TraceTask};

use super::attended;
use super::report::write;
use crate::arguments::{ReplayOptions, StallOptions, TraceOptions, VerifyOptions};
use crate::selection;
use crate::terminal::show;

/// Carries out stages in memory only; what they found until they ended, and how they ended.
fn observed(plan: &Plan, stages: impl FnOnce(&mut Run<'_>) -> Result<()>) -> (Results, Result<()>) {
    let mut recording = Recording::in_memory();
    let ended = attended(&mut recording, stages);
    let samples = Samples {
        header: plan.header(Environment::default()),
        lines: recording.lines().to_vec(),
    };
    (merge(vec![analyse(&samples)]), ended)
}

/// A plan of observing the strategies that match a pattern.
fn plan(pattern: Option<&Regex>) -> Result<Plan> {
    Ok(Plan {
        strategies: selection::contenders(pattern)?,
        ..Plan::default()
    })
}

/// What stands in a row of `pivot verify`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Verified<'a> {
    Claim(&'a Guarantee),
    Fault(&'a Faulted),
    Check(&'a Guarantee),
}

/// Runs the checks, injects the faults and replays the process log that is shipped; a broken promise is exit code 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<()> {
    let plan = Plan {
        preset: options.effort.preset,
        seed: options.effort.seed,
        ..plan(options.strategy.as_ref())?
    };
    let (results, ended) = observed(&plan, |run| {
        plan.verify(plan.preset, 0.9, run)?;
        run.carry_out(
            replays(plan.contenders(), &selection::shipped_trace())?,
            1.0,
        )
    });
    let machine = &results.machines[0];
    let promises = &machine.guarantees;
    let rows = promises.iter().map(|promise| match promise.property {
        Guaranteed::Claim(_) => Verified::Claim(promise),
        Guaranteed::ByAll(_) => Verified::Check(promise),
    });
    let faults = machine.faults.iter().map(Verified::Fault);
    let rows: Vec<_> = rows.chain(faults).collect();
    show(options.format, "verify", &rows, |form| {
        let findings = json!({ "strategies": plan.strategies, "rows": rows });
        report::words("verify", &findings, form)
    })?;
    ended.map_err(|error| match error {
        Error::Interrupted(_) => {
            Error::Interrupted("what was seen so far is printed, and nothing else is kept".into())
        }
        other => other,
    })?;
    are_kept(promises)
}

/// Whether no promise is broken.
fn are_kept(promises: &[Guarantee]) -> Result<()> {
    let is_broken = |promise: &&Guarantee| promise.grade == Grade::Forbidden;
    let broken: Vec<_> = promises.iter().filter(is_broken).collect();
    let Some(first) = broken.first() else {
        return Ok(());
    };
    let (count, all) = (broken.len(), promises.len());
    let (strategy, property, evidence) = (&first.strategy, &first.property, &first.evidence);
    Err(Error::Check(format!(
        "{count} of {all} promises are not kept: {strategy}, {property}: {evidence}"
    )))
}

/// Shows what operations execute, and which cache lines two threads share meanwhile; a strategy that does not survive
/// being traced is exit code 1.
pub(crate) fn trace(options: &TraceOptions) -> Result<()> {
    let plan = plan(options.strategy.as_ref())?;
    trace::available().map_err(|why| Error::input(format!("cannot trace: {why}")))?;
    let tasks = plan.strategies.iter().map(|strategy| TraceTask {
        strategy: strategy.clone(),
        operations: options.operation.clone(),
        states: options.state.clone(),
        layouts: options.layouts,
    });
    let (results, ended) = observed(&plan, |run| run.carry_out(traces(tasks), 1.0));
    ended?;
    let all = &results.machines[0].traces;
    show(options.format, "trace", all, |form| {
        report::evidence(&results, None, form)
    })?;
    survived(all.iter().map(|trace| (&trace.strategy, &trace.died)))
}

/// Whether every process survived.
fn survived<'a>(ends: impl Iterator<Item = (&'a String, &'a Option<String>)>) -> Result<()> {
    let deaths = ends.filter_map(|(strategy, died)| {
        let why = died.as_ref()?;
        Some(format!("{strategy} did not survive: {why}"))
    });
    let deaths = deaths.collect::<Vec<_>>().join("; ");
    if deaths.is_empty() {
        Ok(())
    } else {
        Err(Error::Check(deaths))
    }
}

/// Instructions that are stepped of a read that is stopped twice: what all strategies do in some minutes; and where every
/// point is to be tried, all pairs of most operations.
const TWO_STOPS: [usize; 2] = [40_000, 1_000_000];

/// Stops the strategies' threads; a claim that is refuted is exit code 1.
pub(crate) fn stall(options: &StallOptions) -> Result<()> {
    let plan = plan(options.strategy.as_ref())?;
    // Before minutes are spent on it.
    let run = options.into.as_deref().map(take).transpose()?;
    trace::available().map_err(|why| Error::input(format!("cannot stop threads: {why}")))?;
    let tasks = plan.strategies.iter().map(|strategy| StallTask {
        strategy: strategy.clone(),
        stalled: options.stalled.clone(),
        peers: options.peer.clone(),
        every: options.every,
        two_stops: TWO_STOPS[usize::from(options.every)],
    });
    let stage = stalls(tasks, Duration::MAX);
    let (results, ended) = observed(&plan, |run| run.carry_out(stage, 1.0));
    ended?;
    let machine = &results.machines[0];
    let all = &machine.stalls;
    let mut claims = machine.guarantees.clone();
    claims.retain(|claim| claim.grade != Grade::Unchecked);
    show(options.format, "stall", all, |form| {
        report::evidence(&results, Some(&json!({ "claims": claims })), form)
    })?;
    if let Some((samples, _lock)) = run {
        output::write(&samples, Existing::Replace, &amended(&samples, all)?)?;
        write(std::slice::from_ref(&samples), output::folder_of(&samples))?;
    }
    survived(all.iter().map(|stalls| (&stalls.strategy, &stalls.died)))?;
    are_kept(&claims)
}

/// The samples of the run in a folder, if lines can be added to them; nothing else writes there as long as the lock is
/// held.
fn take(folder: &Path) -> Result<(PathBuf, FolderLock)> {
    let samples = sample::locate(folder)?;
    let lock = FolderLock::acquire(output::folder_of(&samples))?;
    amended(&samples, &[])?;
    Ok((samples, lock))
}

/// Samples with what was seen instead of what was seen of the same strategies before.
fn amended(samples: &Path, stalls: &[StallSeen]) -> Result<Vec<u8>> {
    let content = std::fs::read(samples).map_err(|error| Error::file("read", samples, &error))?;
    let is_old = |line: &Line| match line {
        Line::Stall(old) => stalls.iter().any(|new| new.strategy == old.strategy),
        _ => false,
    };
    let new: Vec<Line> = stalls.iter().cloned().map(Line::Stall).collect();
    sample::amended(&content, &samples.display().to_string(), is_old, &new)
}

/// Replays a process log on the strategies; a final table that is not as the model's is exit code 1. A control may store
/// nothing: it is tried only if the user names it.
pub(crate) fn replay(options: &ReplayOptions) -> Result<()> {
    let file = options.file.clone();
    let file = file.unwrap_or_else(selection::shipped_trace);
    let plan = plan(options.strategy.as_ref())?;
    let stage = replays(plan.strategies.iter().cloned(), &file)?;
    let (results, ended) = observed(&plan, |run| run.carry_out(stage, 1.0));
    ended?;
    let mut outcomes = results.machines[0].guarantees.clone();
    outcomes.retain(|outcome| matches!(outcome.property, Guaranteed::ByAll(_)));
    // As they end, processes say so; here they stand as everywhere.
    let strategies = &plan.strategies;
    outcomes.sort_by_key(|outcome| strategies.iter().position(|name| *name == outcome.strategy));
    show(options.format, "replay", &outcomes, |form| {
        report::words("replay", &json!({ "outcomes": outcomes }), form)
    })?;
    are_kept(&outcomes)
}

#[cfg(test)]
mod tests {
    use model::fault::{Consequence, Fault};
    use report::Form;

    use super::*;

    #[test]
    fn what_is_observed_fits_a_hundred_columns_whatever_is_in_it() {
        let word =
            "arc-swap::per_process::Handle<contract::status::ProcessStatus>::apply".repeat(3);
        for text in [
            word,
            "a thread, stopped in the middle of an update, ".repeat(9),
            String::new(),
        ] {
            let claim = Guarantee {
                strategy: "mutex/std".into(),
                property: Guaranteed::ByAll(text.clone()),
                claimed: text.clone(),
                observed: text.clone(),
                grade: Grade::Interesting,
                evidence: text.clone(),
            };
            let broken = Guarantee {
                grade: Grade::Forbidden,
                evidence: "short".into(),
                ..claim.clone()
            };
            let faulted = Faulted {
                strategy: "mutex/std".into(),
                fault: Fault::ReaderStalls,
                consequence: Consequence::WritersWait,
                evidence: text,
            };
            let rows = [
                Verified::Claim(&claim),
                Verified::Fault(&faulted),
                Verified::Check(&broken),
            ];
            let all = [&claim, &broken];
            for (name, findings) in [
                (
                    "verify",
                    json!({ "strategies": ["mutex/std"], "rows": rows }),
                ),
                ("claims", json!({ "claims": all })),
                ("replay", json!({ "outcomes": all })),
            ] {
                let page = report::words(name, &findings, Form::Terminal(100));
                let longest = page.lines().map(|line| line.chars().count()).max();
                assert!(longest <= Some(100), "{page}");
                assert!(page.contains("mutex/std"), "{page}");
                let markdown = report::words(name, &findings, Form::Markdown);
                assert!(markdown.contains("short"), "{markdown}");
            }
        }
    }
}

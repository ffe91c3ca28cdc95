//! `pivot verify`, `trace`, `stall` and `replay`: what is observed of the strategies here and now, and kept nowhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use analysis::{Samples, analyse, graded_by_stalls, merge};
use harness::run::{Plan, Recording, Run, replays, stalls, traces};
use model::environment::Environment;
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output::{self, Existing};
use model::sample::{self, Line};
use model::stall::StallSeen;
use results::{Faulted, Grade, Guarantee, Guaranteed, Results};
use serde::Serialize;
use serde_json::json;
use trace::{StallTask, TraceTask};

use super::attended;
use super::report::write;
use crate::arguments::{ReplayOptions, StallOptions, TraceOptions, VerifyOptions};
use crate::selection;
use crate::terminal::{Rows, show};

/// Carries out stages in memory only; what they found until they ended, and how they ended.
fn observed(
    plan: &Plan,
    stages: impl FnOnce(&mut Run<'_>) -> Result<()>,
) -> (Results, Vec<Line>, Result<()>) {
    let mut recording = Recording::in_memory();
    let ended = attended(&mut recording, stages);
    let lines = recording.lines().to_vec();
    let samples = Samples {
        header: plan.header(Environment::default()),
        lines: lines.clone(),
    };
    (merge(vec![analyse(&samples)]), lines, ended)
}

fn plan_of(strategies: Vec<String>) -> Plan {
    Plan {
        strategies,
        ..Plan::default()
    }
}

/// What stands in a row of `pivot verify`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Verified<'a> {
    Claim(&'a Guarantee),
    Fault(&'a Faulted),
    Check(&'a Guarantee),
}

const VERIFIED: Rows = Rows {
    lists: &[""],
    fields: "kind, strategy, property, fault, claimed, observed, consequence, grade, evidence",
};

/// Runs the checks, injects the faults and replays the process log that is shipped; a broken promise is exit code 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<()> {
    let plan = Plan {
        preset: options.effort.preset,
        seed: options.effort.seed,
        ..plan_of(selection::contenders(options.strategy.as_ref())?)
    };
    let (results, _, ended) = observed(&plan, |run| {
        plan.verify(plan.preset, 0.9, run)?;
        let names = plan.contenders().into_iter().map(|card| card.name);
        run.carry_out(replays(names, &selection::shipped_trace())?, 1.0)
    });
    let machine = &results.machines[0];
    let promises = &machine.guarantees;
    let rows = promises.iter().map(|promise| match promise.property {
        Guaranteed::Claim(_) => Verified::Claim(promise),
        Guaranteed::ByAll(_) => Verified::Check(promise),
    });
    let rows: Vec<_> = rows
        .chain(machine.faults.iter().map(Verified::Fault))
        .collect();
    show(options.format, &rows, &[VERIFIED], |form| {
        let findings = json!({ "strategies": plan.strategies, "rows": rows });
        report::words("verify", &findings, form)
    })?;
    ended.map_err(|error| match error {
        Error::Interrupted(_) => {
            Error::Interrupted("what was seen so far is printed, and nothing else is kept".into())
        }
        other => other,
    })?;
    let is_broken = |promise: &&Guarantee| promise.grade == Grade::Forbidden;
    none_or(promises.iter().filter(is_broken).count(), |broken| {
        format!("{broken} of {} promises are not kept", promises.len())
    })
}

/// Whether nothing is wrong, or how much is.
fn none_or(wrong: usize, complaint: impl FnOnce(usize) -> String) -> Result<()> {
    match wrong {
        0 => Ok(()),
        wrong => Err(Error::Check(complaint(wrong))),
    }
}

/// All counts of each operation of a strategy in a state. They are empty where the operation waits until the state is
/// over.
const FOOTPRINTS: Rows = Rows {
    lists: &["", "/footprints"],
    fields: "strategy, operation, state, is_cut_short, counts.instructions, counts.loads, counts.stores, \
             counts.locked, counts.fences, counts.system_calls, counts.allocations, counts.allocated_bytes, \
             counts.frees, counts.allocator_instructions, counts.lines_touched, counts.lines_written, \
             counts.lines_dirtied",
};

/// Shows what operations execute, and which cache lines two threads share meanwhile; a strategy that does not survive
/// being traced is exit code 1.
pub(crate) fn trace(options: &TraceOptions) -> Result<()> {
    let plan = plan_of(selection::contenders(options.strategy.as_ref())?);
    trace::available().map_err(|why| Error::input(format!("cannot trace: {why}")))?;
    let tasks = plan.strategies.iter().map(|strategy| TraceTask {
        strategy: strategy.clone(),
        operations: options.operation.clone(),
        states: options.state.clone(),
        layouts: options.layouts,
    });
    let (results, _, ended) = observed(&plan, |run| run.carry_out(traces(tasks), 1.0));
    ended?;
    let all = &results.machines[0].traces;
    show(options.format, all, &[FOOTPRINTS], |form| {
        report::evidence(&results, form)
    })?;
    survived(all.iter().map(|one| (&one.strategy, &one.died)))
}

/// Whether every process survived.
fn survived<'a>(ends: impl Iterator<Item = (&'a String, &'a Option<String>)>) -> Result<()> {
    let deaths = ends.filter_map(|(strategy, died)| {
        let why = died.as_ref()?;
        Some(format!("{strategy} did not survive: {why}"))
    });
    let deaths: Vec<String> = deaths.collect();
    none_or(deaths.len(), |_| deaths.join("; "))
}

/// Instructions that are stepped of a read that is stopped twice: what all strategies do in some minutes.
const TWO_STOPS: usize = 40_000;
/// The same where every point is to be tried: all pairs of most operations.
const TWO_STOPS_EVERY: usize = 1_000_000;

/// Every pair of operations.
const PAIRS: Rows = Rows {
    lists: &["", "/pairs"],
    fields: "strategy, stalled, peer, same_process, points, blocked, in_allocator, untried, first, last, held_by, \
             wrong, evidence",
};

/// Stops the strategies' threads; a claim that is refuted is exit code 1.
pub(crate) fn stall(options: &StallOptions) -> Result<()> {
    let plan = plan_of(selection::contenders(options.strategy.as_ref())?);
    // Before minutes are spent on it.
    let run = options.into.as_deref().map(take).transpose()?;
    trace::available().map_err(|why| Error::input(format!("cannot stop threads: {why}")))?;
    let tasks = plan.strategies.iter().map(|strategy| StallTask {
        strategy: strategy.clone(),
        stalled: options.stalled.clone(),
        peers: options.peer.clone(),
        every: options.every,
        two_stops: if options.every {
            TWO_STOPS_EVERY
        } else {
            TWO_STOPS
        },
    });
    let (results, _, ended) = observed(&plan, |run| {
        run.carry_out(stalls(tasks, Duration::MAX), 1.0)
    });
    ended?;
    let machine = &results.machines[0];
    let all = &machine.stalls;
    let cards = machine.strategies.iter();
    let graded = cards.filter_map(|card| Some(graded_by_stalls(card, machine.stall(&card.name)?)));
    let claims: Vec<Guarantee> = graded.flatten().collect();
    show(options.format, all, &[PAIRS], |form| {
        let claims = report::words("claims", &json!({ "claims": claims }), form);
        format!(
            "{}\n\n{claims}",
            report::evidence(&results, form).trim_end()
        )
    })?;
    if let Some((samples, _lock)) = run {
        output::write(&samples, Existing::Replace, &amended(&samples, all)?)?;
        write(std::slice::from_ref(&samples), output::folder_of(&samples))?;
    }
    survived(all.iter().map(|one| (&one.strategy, &one.died)))?;
    match claims.iter().find(|claim| claim.grade == Grade::Forbidden) {
        None => Ok(()),
        Some(broken) => Err(Error::Check(format!(
            "{} claims {} for {}, and: {}",
            broken.strategy, broken.claimed, broken.property, broken.evidence
        ))),
    }
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
fn amended(samples: &Path, seen: &[StallSeen]) -> Result<Vec<u8>> {
    let content = std::fs::read(samples).map_err(|error| Error::file("read", samples, &error))?;
    let is_old = |line: &Line| match line {
        Line::Stall(old) => seen.iter().any(|new| new.strategy == old.strategy),
        _ => false,
    };
    let new: Vec<Line> = seen.iter().cloned().map(Line::Stall).collect();
    sample::amended(&content, &samples.display().to_string(), is_old, &new)
}

const OUTCOMES: Rows = Rows {
    lists: &[""],
    fields: "strategy, passed, evidence",
};

/// Replays a process log on the strategies; a final table that is not as the model's is exit code 1. A control may store
/// nothing: it is tried only if the user names it.
pub(crate) fn replay(options: &ReplayOptions) -> Result<()> {
    let file = options.file.clone();
    let file = file.unwrap_or_else(selection::shipped_trace);
    let plan = plan_of(selection::contenders(options.strategy.as_ref())?);
    let stage = replays(plan.strategies.iter().cloned(), &file)?;
    let (_, lines, ended) = observed(&plan, |run| run.carry_out(stage, 1.0));
    ended?;
    let outcomes = lines.iter().filter_map(Line::try_as_check_ref);
    let outcomes: Vec<_> = outcomes.collect();
    show(options.format, &outcomes, &[OUTCOMES], |form| {
        report::words("replay", &json!({ "outcomes": outcomes }), form)
    })?;
    match outcomes.iter().find(|outcome| !outcome.passed) {
        None => Ok(()),
        Some(wrong) => Err(Error::Check(format!(
            "{}: {}",
            wrong.strategy, wrong.evidence
        ))),
    }
}

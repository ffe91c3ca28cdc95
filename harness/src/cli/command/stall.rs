//! `pivot stall`: who can go on while another thread is stopped in the middle of an operation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use analysis::{graded_by_stalls, merge};

use harness::run::{Plan, Recording, stalls};
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output::{self, Existing};
use model::sample::{self, Line};
use model::stall::StallSeen;
use results::{Grade, Guarantee, Machine, Results};
use trace::StallTask;

use super::{analysed, attended, verify};
use crate::arguments::{Format, StallOptions};
use crate::table::{Shown as _, Table, table};
use crate::{selection, terminal};

/// Instructions that are stepped of a read that is stopped twice: what all strategies do in some minutes.
const TWO_STOPS: usize = 40_000;
/// The same where every point is to be tried: all pairs of most operations.
const TWO_STOPS_EVERY: usize = 1_000_000;

/// Stops the strategies' threads; a claim that is refuted is exit code 1.
pub(crate) fn stall(options: &StallOptions) -> Result<()> {
    let profiles = selection::contenders(options.strategy.as_ref())?;
    // Before minutes are spent on it.
    let run = options.into.as_deref().map(take).transpose()?;
    trace::available().map_err(|why| Error::input(format!("cannot stop threads: {why}")))?;
    let plan = Plan {
        strategies: selection::names(&profiles),
        ..Plan::default()
    };
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
    let mut recording = Recording::in_memory();
    attended(&mut recording, |run| {
        run.carry_out(stalls(tasks, Duration::MAX), 1.0)
    })?;
    let results = merge(vec![analysed(&plan, &recording)]);
    let claims = claims(&results.machines[0]);
    print(&results, &claims, options.format)?;
    let all = &results.machines[0].stalls;
    if let Some((samples, _lock)) = run {
        output::write(&samples, Existing::Replace, &amended(&samples, all)?)?;
        super::report::write(std::slice::from_ref(&samples), output::folder_of(&samples))?;
    }
    if let Some((strategy, why)) = all
        .iter()
        .find_map(|seen| Some((&seen.strategy, seen.died.as_ref()?)))
    {
        return Err(Error::Check(format!("{strategy}: {why}")));
    }
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

fn print(results: &Results, claims: &[Guarantee], format: Format) -> Result<()> {
    let all = &results.machines[0].stalls;
    match format {
        Format::Json => terminal::print_json(all),
        Format::Csv => pairs(all).print(format),
        Format::Table | Format::Md => {
            let evidence = report::evidence(results, terminal::form(format));
            terminal::print(&format!("{}\n", evidence.trim_end()))?;
            verify::claims(claims).print(format)
        }
    }
}

/// What the profiles claim, and what was seen of it.
fn claims(machine: &Machine) -> Vec<Guarantee> {
    let cards = machine.strategies.iter();
    let graded = cards.filter_map(|card| Some(graded_by_stalls(card, machine.stall(&card.name)?)));
    graded.flatten().collect()
}

/// Every pair of operations, for programs.
fn pairs(all: &[StallSeen]) -> Table {
    let number = |point: Option<u64>| point.map_or_else(String::new, |point| point.to_string());
    let pairs = all.iter().flat_map(|seen| {
        let pairs = seen.pairs.iter();
        pairs.map(move |pair| (&seen.strategy, pair, number(pair.first), number(pair.last)))
    });
    table(
        pairs,
        &[
            ("strategy", |(strategy, ..)| (*strategy).clone()),
            ("stopped in", |(_, pair, ..)| pair.stalled.to_string()),
            ("peer", |(_, pair, ..)| pair.peer.to_string()),
            ("process", |(_, pair, ..)| {
                if pair.same_process { "same" } else { "other" }.to_owned()
            }),
            ("points", |(_, pair, ..)| pair.points.to_string()),
            ("blocked", |(_, pair, ..)| pair.blocked.to_string()),
            ("in malloc", |(_, pair, ..)| pair.in_allocator.to_string()),
            ("untried", |(_, pair, ..)| pair.untried.to_string()),
            ("from", |(_, _, first, _)| first.clone()),
            ("to", |(.., last)| last.clone()),
            ("in", |(_, pair, ..)| {
                pair.held_by.clone().unwrap_or_default()
            }),
            ("wrong", |(_, pair, ..)| {
                pair.evidence.clone().unwrap_or_default()
            }),
        ],
    )
}

//! The list of recorded runs.

use basis::environment::Environment;
use serde::Serialize;

use crate::results::{Merged, Results};

use super::{answer, facts, format, merged, render};

/// A recorded run, as the index shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The name of its folder.
    name: String,
    date: String,
    cpu: String,
    cpus: String,
    preset: String,
    commit: String,
    headline: String,
}

impl Entry {
    /// What the index says of a run in the folder of this name.
    pub fn of(name: &str, results: &Results) -> Self {
        let environment = &results.environment;
        let partial = if results.partial { ", partial" } else { "" };
        Self {
            name: name.to_owned(),
            date: day(environment),
            cpu: environment.cpu.clone(),
            cpus: environment.cpus.to_string(),
            preset: format!("{}{partial}", environment.preset),
            commit: commit(environment),
            headline: headline(results),
        }
    }

    /// What the index says of a merged report in the folder of this name: the day of its last run, and what
    /// its machines have, each once.
    pub fn of_merged(name: &str, merged: &Merged) -> Self {
        let own = |of: &dyn Fn(&Environment) -> String| -> String {
            let mut told: Vec<String> = Vec::new();
            for one in &merged.machines {
                let text = of(&one.results.environment);
                if !told.contains(&text) {
                    told.push(text);
                }
            }
            told.join("; ")
        };
        let partial = if merged.partial { ", partial" } else { "" };
        let machines = merged.machines.iter();
        let days = machines.map(|one| day(&one.results.environment));
        Self {
            name: name.to_owned(),
            date: days.max().unwrap_or_default(),
            cpu: own(&|environment| environment.cpu.clone()),
            cpus: own(&|environment| environment.cpus.to_string()),
            preset: own(&|environment| environment.preset.clone()) + partial,
            commit: own(&commit),
            headline: merged_headline(merged),
        }
    }
}

fn day(environment: &Environment) -> String {
    environment.started_at.chars().take(10).collect()
}

fn commit(environment: &Environment) -> String {
    environment.commit.as_ref().map_or_else(
        || "none".into(),
        |commit| {
            let changed = if commit.dirty { ", changed" } else { "" };
            format!("`{}`{changed}", commit.id)
        },
    )
}

/// Over how many machines, whom the report's own answer is about, and how many fall under each conclusion.
fn merged_headline(merged: &Merged) -> String {
    let strongest = merged::chosen(merged).map_or_else(
        || "no pivot is better on all for certain".into(),
        |best| format!("strongest on all is `{}`", best.strategy),
    );
    let counts: Vec<String> = facts::BEST_FIRST
        .into_iter()
        .filter_map(|conclusion| {
            let count = merged::strongest_first(merged, |found| found == conclusion).len();
            (count > 0)
                .then(|| format!("{count} {}", format::decision(conclusion, &merged.baseline)))
        })
        .collect();
    let machines = merged.machines.len();
    format!(
        "{machines} machines merged; {strongest}: {}",
        counts.join(", ")
    )
}

/// Whom the report's own answer is about, and how many fall under each decision.
fn headline(results: &Results) -> String {
    let strongest = answer::chosen(results).map_or_else(
        || "no pivot is better for certain".into(),
        |best| format!("strongest is `{}`", best.strategy),
    );
    let counts: Vec<String> = facts::BEST_FIRST
        .into_iter()
        .filter_map(|decision| {
            let count = facts::strongest_first(results, |found| found == decision).len();
            (count > 0)
                .then(|| format!("{count} {}", format::decision(decision, &results.baseline)))
        })
        .collect();
    format!("{strongest}: {}", counts.join(", "))
}

/// The index: a table in Markdown, with a line for each run.
pub fn index(entries: &[Entry]) -> String {
    render::index(entries)
}

//! The list of recorded runs.

use serde::Serialize;

use crate::results::{Decision, Results};

use super::facts;
use super::{format, render};

/// A recorded run, as the index shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The name of its folder.
    name: String,
    date: String,
    cpu: String,
    cpus: usize,
    preset: String,
    commit: String,
    headline: String,
}

impl Entry {
    /// What the index says of a run in the folder of this name.
    pub fn of(name: &str, results: &Results) -> Self {
        let environment = &results.environment;
        let commit = environment.commit.as_ref();
        let partial = if results.partial { ", partial" } else { "" };
        Self {
            name: name.to_owned(),
            date: environment.started_at.chars().take(10).collect(),
            cpu: environment.cpu.clone(),
            cpus: environment.cpus,
            preset: format!("{}{partial}", environment.preset),
            commit: commit.map_or_else(
                || "none".into(),
                |commit| {
                    format!(
                        "`{}`{}",
                        commit.id,
                        if commit.dirty { ", changed" } else { "" }
                    )
                },
            ),
            headline: headline(results),
        }
    }
}

/// Who is strongest, and how many fall under each decision.
fn headline(results: &Results) -> String {
    let ranked = facts::strongest_first(results, |decision| {
        matches!(decision, Decision::Adopt | Decision::AdoptForSome)
    });
    let strongest = ranked.first().map_or_else(
        || "no pivot is better for certain".into(),
        |best| format!("strongest is `{}`", best.strategy),
    );
    let counts: Vec<String> = [
        Decision::Adopt,
        Decision::AdoptForSome,
        Decision::Undecided,
        Decision::StayWithBaseline,
        Decision::Disqualified,
    ]
    .into_iter()
    .filter_map(|decision| {
        let count = facts::strongest_first(results, |found| found == decision).len();
        (count > 0).then(|| format!("{count} {}", format::decision(decision, &results.baseline)))
    })
    .collect();
    format!("{strongest}: {}", counts.join(", "))
}

/// The index: a table in Markdown, with a line for each run.
pub fn index(entries: &[Entry]) -> String {
    render::index(entries)
}

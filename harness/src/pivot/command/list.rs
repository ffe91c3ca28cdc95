//! `pivot list`: what there is.

use harness::error::Result;
use harness::measure::roster;
use harness::scenario::{RecordKind, Scenario};

use crate::arguments::ListOptions;
use crate::selection;
use crate::table::Table;

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    let chosen = selection::strategies(options.choice.strategy.as_deref())?;
    let scenarios = selection::scenarios(&options.choice)?;
    let mut strategies = Table::new([
        "strategy",
        "reads",
        "updates",
        "read consistency",
        "scan",
        "holds",
        "what it is",
    ]);
    for entry in roster::entries(RecordKind::Status) {
        let profile = entry.profile;
        if chosen.iter().any(|name| name == profile.name) {
            strategies.row([
                profile.name.into(),
                profile.reads.to_string(),
                profile.updates.to_string(),
                profile.read_consistency.to_string(),
                profile.scan_consistency.to_string(),
                if profile.plain_data_only {
                    "plain data"
                } else {
                    "any record"
                }
                .into(),
                profile.summary.into(),
            ]);
        }
    }
    strategies.print(options.format)?;
    let mut table = Table::new(["scenario", "processes", "record", "threads", "question"]);
    for scenario in &scenarios {
        table.row([
            scenario.name.clone(),
            scenario.processes.to_string(),
            scenario.record.to_string(),
            threads(scenario),
            scenario.question.clone(),
        ]);
    }
    table.print(options.format)
}

fn threads(scenario: &Scenario) -> String {
    let groups: Vec<String> = scenario
        .groups
        .iter()
        .map(|group| {
            let pace = group
                .every_us
                .map_or_else(String::new, |us| format!(" every {us} us"));
            format!("{} {}{pace}", group.threads, group.does)
        })
        .collect();
    groups.join(" + ")
}

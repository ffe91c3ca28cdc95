//! The report in the length of a comment on a pull request.

use basis::environment::Environment;
use serde::Serialize;

use crate::results::{Results, Verdict};

use super::facts::{self, Row};
use super::view::Tally;
use super::{answer, format, render, terminal};

/// How many strategies the table has besides the baseline.
const BEST: usize = 5;

/// What the template shows. Texts may have code in backticks.
#[derive(Debug, Serialize)]
pub(super) struct Comment {
    pub(super) question: String,
    pub(super) partial: bool,
    pub(super) answer: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) legend: String,
    /// Decision, and who falls under it.
    pub(super) decisions: Vec<(String, String)>,
    pub(super) withheld: String,
    pub(super) machine: String,
    pub(super) command: String,
}

/// Question, answer, the best strategies beside the baseline, the decision on each, what was withheld and the
/// command: at most 25 lines of Markdown.
pub fn comment(results: &Results) -> String {
    let (header, rows) = terminal::cells(results);
    let best: Vec<&str> = facts::strongest_first(results, |_| true)
        .into_iter()
        .filter(|found| results.is_ranked(&found.strategy))
        .take(BEST)
        .map(|found| found.strategy.as_str())
        .collect();
    let of = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row.first().is_some_and(|first| first == name))?;
        let mut row: Vec<String> = row.iter().map(|cell| cell.replace('\n', ": ")).collect();
        row[0] = format!("`{}`", row[0]);
        Some(row)
    };
    let environment = &results.environment;
    let shown = Comment {
        question: question(&results.baseline, results.margin),
        partial: results.partial,
        answer: answer::answers(results)
            .into_iter()
            .flat_map(|answer| answer.text)
            .next()
            .unwrap_or_default(),
        header: header.iter().map(|cell| cell.replace('\n', ": ")).collect(),
        rows: std::iter::once(results.baseline.as_str())
            .chain(best)
            .filter_map(of)
            .collect(),
        legend: terminal::legend(&results.baseline, results.margin),
        decisions: answer::tally(results).into_iter().map(decided).collect(),
        withheld: withheld(results),
        machine: machine(environment),
        command: environment.command.clone(),
    };
    render::comment(&shown)
}

pub(super) fn question(baseline: &str, margin: f64) -> String {
    format!(
        "Which way of sharing the table beats `{baseline}` by more than {}?",
        format::margin(margin)
    )
}

/// A decision, and who falls under it.
pub(super) fn decided(tally: Tally) -> (String, String) {
    let names = tally.strategies.iter().map(|name| format!("`{name}`"));
    (tally.decision, names.collect::<Vec<_>>().join(", "))
}

pub(super) fn machine(environment: &Environment) -> String {
    format!(
        "{}, {}, {}, preset {}, {}",
        environment.cpu,
        format::counted(environment.cpus, "processor", "processors"),
        environment.build.rustc,
        environment.preset,
        environment.started_at
    )
}

/// Which of the rows gave no verdict, and which were left open.
pub(super) fn withheld(results: &Results) -> String {
    let rows = facts::all_rows(results);
    let ratios = |row: &Row<'_>| -> Vec<_> {
        results
            .contenders()
            .filter_map(|card| row.ratio(results, &card.name))
            .cloned()
            .collect()
    };
    let noisy: Vec<String> = rows
        .iter()
        .filter(|row| {
            ratios(row)
                .iter()
                .any(|ratio| ratio.verdict == Verdict::Withheld)
        })
        .map(|row| row.label(results))
        .collect();
    let (mut open, mut all) = (0, 0);
    for ratio in rows.iter().flat_map(ratios) {
        all += 1;
        open += usize::from(ratio.verdict == Verdict::Inconclusive);
    }
    format!(
        "{}; {open} of {} open for want of samples",
        if noisy.is_empty() {
            "nothing".to_owned()
        } else {
            format!(
                "verdicts in {}, where the row is too noisy",
                format::list(&noisy)
            )
        },
        format::counted(all, "verdict", "verdicts")
    )
}

//! The report in the length of a comment on a pull request.

use serde::Serialize;

use crate::results::{Results, Verdict};

use super::facts::{self, Row};
use super::{answer, format, render, terminal};

/// How many strategies the table has besides the baseline.
const BEST: usize = 5;

/// What the template shows. Texts may have code in backticks.
#[derive(Debug, Serialize)]
struct Comment {
    question: String,
    partial: bool,
    answer: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    legend: String,
    /// Decision, and who falls under it.
    decisions: Vec<(String, String)>,
    withheld: String,
    machine: String,
    command: String,
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
        question: format!(
            "Which way of sharing the table beats `{}` by more than {}?",
            results.baseline,
            format::margin(results.margin)
        ),
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
        legend: terminal::legend(results),
        decisions: answer::tally(results)
            .into_iter()
            .map(|tally| {
                let names: Vec<String> = tally
                    .strategies
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect();
                (tally.decision, names.join(", "))
            })
            .collect(),
        withheld: withheld(results),
        machine: format!(
            "{}, {}, {}, preset {}, {}",
            environment.cpu,
            format::counted(environment.cpus, "processor", "processors"),
            environment.build.rustc,
            environment.preset,
            environment.started_at
        ),
        command: environment.command.clone(),
    };
    render::comment(&shown)
}

/// Which of the rows gave no verdict, and which were left open.
fn withheld(results: &Results) -> String {
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
        .filter(|row| ratios(row).iter().any(|ratio| ratio.withheld.is_some()))
        .map(|row| row.label(results))
        .collect();
    let (mut open, mut all) = (0, 0);
    for ratio in rows.iter().flat_map(ratios) {
        all += 1;
        let is_open = ratio.withheld.is_none() && ratio.verdict == Verdict::Inconclusive;
        open += usize::from(is_open);
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

//! The merged report in the length of a comment on a pull request.

use crate::results::{Decision, Merged};

use super::super::comment::{Comment, decided, machine, question, withheld};
use super::super::{render, terminal as own};
use super::{answer, facts, terminal};

/// How many strategies the table has besides the baseline; each has a line for every machine.
const BEST: usize = 3;

/// Question, answer, the best strategies on each machine, the decision on each strategy over all, what was
/// withheld and the commands.
pub(in super::super) fn comment(merged: &Merged) -> String {
    let (header, rows) = terminal::cells(merged);
    let best = facts::strongest_first(merged, |found| found != Decision::Disqualified);
    let best = best
        .into_iter()
        .take(BEST)
        .map(|found| found.strategy.as_str());
    let of = |name: &str| -> Vec<Vec<String>> {
        let found = rows.iter().filter(|row| row[0] == name);
        let plain = |cell: &String| cell.replace('\n', ": ");
        found
            .map(|row| {
                let mut row: Vec<String> = row.iter().map(plain).collect();
                row[0] = format!("`{}`", row[0]);
                row
            })
            .collect()
    };
    let each = |told: &dyn Fn(&crate::results::Results) -> String| {
        let machines = merged.machines.iter();
        let told = machines.map(|one| format!("{}: {}", one.machine, told(&one.results)));
        told.collect::<Vec<_>>().join("; ")
    };
    let mut commands: Vec<&str> = Vec::new();
    for one in &merged.machines {
        let command = one.results.environment.command.as_str();
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    let answers = answer::answers(merged).into_iter().take(2);
    render::comment(&Comment {
        question: question(&merged.baseline, merged.margin),
        partial: merged.partial,
        answer: answers
            .flat_map(|one| one.text)
            .collect::<Vec<_>>()
            .join(" "),
        header: header.iter().map(|cell| cell.replace('\n', ": ")).collect(),
        rows: std::iter::once(merged.baseline.as_str())
            .chain(best)
            .flat_map(of)
            .collect(),
        legend: own::legend(&merged.baseline, merged.margin),
        decisions: answer::tally(merged).into_iter().map(decided).collect(),
        withheld: each(&withheld),
        machine: each(&|results| machine(&results.environment)),
        command: commands.join("; "),
    })
}

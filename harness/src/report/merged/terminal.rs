//! The verdicts of all machines as one table: for the terminal, and for a README.

use crate::results::Merged;

use super::super::format;
use super::super::terminal::{ROWS_MAX, cells_in, drawn, in_markdown, legend, word};
use super::facts;

/// Every contender's ratios on each machine, its decision there and what follows over all.
pub(in super::super) fn verdict_table(merged: &Merged) -> String {
    let (header, rows) = cells(merged);
    let legend = legend(&merged.baseline, merged.margin);
    format!("{}\n\n{legend}", drawn(header, rows))
}

/// The same table in Markdown, with the runs that it is from: what a README shows.
pub(in super::super) fn headline(merged: &Merged) -> String {
    let (header, rows) = cells(merged);
    let measured = merged.machines.iter().map(|one| {
        let environment = &one.results.environment;
        format!(
            "{}: {} on {} ({}), {}, with `{}`",
            one.machine,
            environment.started_at,
            environment.cpu,
            format::counted(environment.cpus, "processor", "processors"),
            environment.build.rustc,
            environment.command
        )
    });
    format!(
        "{}\n\n{} Measured on {}.\n",
        in_markdown(header, rows),
        legend(&merged.baseline, merged.margin),
        measured.collect::<Vec<_>>().join("; ")
    )
}

/// The heading and the rows: strategy, machine, ratios, the decision there and over all.
pub(super) fn cells(merged: &Merged) -> (Vec<String>, Vec<Vec<String>>) {
    let mut rows = facts::report_rows(merged);
    if rows.is_empty() {
        rows = facts::all_rows(merged);
    }
    rows.truncate(ROWS_MAX);
    let cpus = facts::common_cpus(merged);
    let mut header = Vec::new();
    let mut lines: Vec<Vec<String>> = Vec::new();
    for one in &merged.machines {
        let (head, body) = cells_in(&one.results, &rows, cpus);
        header = head;
        for mut line in body {
            line.insert(1, one.machine.clone());
            let over_all = facts::overall(merged, &line[0]);
            line.push(over_all.map_or("", |found| word(found.decision)).to_owned());
            lines.push(line);
        }
    }
    header.insert(1, "machine".into());
    header.push("on all".into());
    // A strategy's machines together, in the registry's order.
    let contenders = facts::contenders(merged);
    let place = |line: &Vec<String>| contenders.iter().position(|card| card.name == line[0]);
    lines.sort_by_key(place);
    (header, lines)
}

//! `cells.csv`: the cells of the results as a flat table, for spreadsheets and data frames.

use crate::results::{Cell, Flag, Merged, Results};

use super::rounded;

/// What the columns are called; `reports/SCHEMA.md` says what they hold.
const COLUMNS: [&str; 18] = [
    "scenario",
    "strategy",
    "metric",
    "unit",
    "median",
    "ci_low",
    "ci_high",
    "n",
    "flags",
    "vs",
    "ratio",
    "ratio_low",
    "ratio_high",
    "ratio_n",
    "verdict",
    "withheld",
    "processes",
    "starved",
];

/// What the further column of a merged report is called.
const MACHINE: &str = "machine";

/// The cells as comma-separated values, with a line of names first. Figures are those of
/// `results.json`; where nothing was compared the last columns are empty.
pub fn csv(results: &Results) -> String {
    let header = csv_line(COLUMNS);
    let lines = results.cells.iter().map(|cell| csv_line(fields(cell)));
    std::iter::once(header).chain(lines).collect()
}

/// The cells of all machines; the machine is in a further column at the end.
pub(super) fn merged_csv(merged: &Merged) -> String {
    let with_machine = |line: [String; COLUMNS.len()], machine: &str| {
        csv_line(line.into_iter().chain([machine.to_owned()]))
    };
    let header = with_machine(COLUMNS.map(str::to_owned), MACHINE);
    let lines = merged.machines.iter().flat_map(|one| {
        let cells = one.results.cells.iter();
        cells.map(|cell| with_machine(fields(cell), &one.machine))
    });
    std::iter::once(header).chain(lines).collect()
}

/// A line of comma-separated values, its end included. RFC 4180: fields with a comma, a quote or a line end
/// are quoted.
pub fn csv_line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> String {
    let quoted = fields.into_iter().map(|field| {
        let text = field.as_ref();
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    });
    let mut line = quoted.collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

fn fields(cell: &Cell) -> [String; COLUMNS.len()] {
    let ratio = cell.ratio.as_ref();
    let figure = |number: f64| rounded::figure(number).to_string();
    let of = |number: Option<f64>| number.map(figure).unwrap_or_default();
    [
        cell.scenario.clone(),
        cell.strategy.clone(),
        cell.metric.name().to_owned(),
        cell.unit.clone(),
        figure(cell.median),
        figure(cell.ci_low),
        figure(cell.ci_high),
        cell.n.to_string(),
        flags(&cell.flags),
        ratio.map(|ratio| ratio.vs.clone()).unwrap_or_default(),
        of(ratio.map(|ratio| ratio.median)),
        of(ratio.map(|ratio| ratio.ci_low)),
        of(ratio.map(|ratio| ratio.ci_high)),
        ratio.map(|ratio| ratio.n.to_string()).unwrap_or_default(),
        ratio
            .map(|ratio| ratio.verdict.to_string())
            .unwrap_or_default(),
        ratio
            .and_then(|ratio| ratio.withheld.clone())
            .unwrap_or_default(),
        cell.processes.to_string(),
        cell.starved.to_string(),
    ]
}

fn flags(flags: &[Flag]) -> String {
    let name = |flag: &Flag| match flag {
        Flag::HarnessBound => "harness-bound",
        Flag::Oversubscribed => "oversubscribed",
        Flag::FewOperations => "few-operations",
        Flag::Unsteady => "unsteady",
        Flag::Starved => "starved",
    };
    flags.iter().map(name).collect::<Vec<_>>().join(" ")
}

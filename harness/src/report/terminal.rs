//! The verdicts as one small table: for the terminal at the end of a run, and for a README.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use crate::results::{Decision, Flag, Results, Verdict};

use super::facts::{self, Row};
use super::{format, summary};

/// A line under the heading, and none elsewhere.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// More columns than this do not fit a terminal.
pub(super) const ROWS_MAX: usize = 4;

/// Every contender's ratio to the baseline in the report's rows (if none was part of the run: in the
/// first rows that were), and the decision.
pub fn verdict_table(results: &Results) -> String {
    let (header, rows) = cells(results);
    format!(
        "{}\n\n{}",
        drawn(header, rows),
        legend(&results.baseline, results.margin)
    )
}

/// A table as a terminal shows it.
pub(super) fn drawn(header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header)
        .add_rows(rows);
    table.trim_fmt()
}

/// The same table in Markdown with the strongest variant of each family, the baseline's times in the headings, and
/// the run that it is from: what a README shows.
pub fn headline(results: &Results) -> String {
    let (mut header, mut rows) = cells(results);
    if let Some(baseline) = rows.iter().find(|row| row[0] == results.baseline) {
        let times = baseline.iter().take(baseline.len() - 1);
        for (heading, time) in header.iter_mut().zip(times).skip(1) {
            heading.push_str(&format!("\n{}: {time}", results.baseline));
        }
    }
    rows.retain(|row| {
        let strongest = summary::strongest_of(results, facts::family(&row[0]));
        strongest.is_some_and(|found| found.strategy == row[0])
    });
    let environment = &results.environment;
    format!(
        "{}\n\nOf each family the strongest variant. {} Measured {} on {} ({}), {}, with `{}`.\n",
        in_markdown(header, rows),
        legend(&results.baseline, results.margin),
        environment.started_at,
        environment.cpu,
        format::counted(environment.cpus, "processor", "processors"),
        environment.build.rustc,
        environment.command
    )
}

/// A table in Markdown.
pub(super) fn in_markdown(header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let line = |cells: Vec<String>| {
        let escaped = cells
            .iter()
            .map(|cell| cell.replace('|', "\\|").replace('\n', "<br>"));
        format!("| {} |", escaped.collect::<Vec<_>>().join(" | "))
    };
    let rule = vec!["---".to_owned(); header.len()];
    let table: Vec<String> = [header, rule].into_iter().chain(rows).map(line).collect();
    table.join("\n")
}

/// The heading and the rows.
pub(super) fn cells(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let mut rows = facts::report_rows(results);
    if rows.is_empty() {
        rows = facts::all_rows(results);
    }
    rows.truncate(ROWS_MAX);
    cells_in(results, &rows, results.environment.cpus)
}

/// The same in these rows, at most [`ROWS_MAX`]; with the number of processors, if that is known.
pub(super) fn cells_in(
    results: &Results,
    rows: &[Row<'_>],
    cpus: usize,
) -> (Vec<String>, Vec<Vec<String>>) {
    let header = ["strategy".to_owned()]
        .into_iter()
        .chain(rows.iter().map(|row| heading(row, cpus)))
        .chain(["decision".to_owned()])
        .collect();
    let body = results.contenders().map(|card| {
        let decision = facts::recommendation(results, &card.name)
            .map_or("baseline", |found| word(found.decision));
        [card.name.clone()]
            .into_iter()
            .chain(rows.iter().map(|row| cell(results, row, &card.name)))
            .chain([decision.to_owned()])
            .collect()
    });
    (header, body.collect())
}

/// What the signs mean.
pub(super) fn legend(baseline: &str, margin: f64) -> String {
    format!(
        "Times better than {baseline} [95 % interval]. + improves by more than {}, - does not (at 99 %, \
         corrected for the number of verdicts), ~ not decided by these samples, ? withheld: the row is \
         too noisy, x a check failed.",
        format::margin(margin)
    )
}

/// The decision in as few letters as a column of a terminal has.
pub(super) const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Adopt => "adopt",
        Decision::AdoptForSome => "for some",
        Decision::MachinesDiffer => "differ",
        Decision::StayWithBaseline => "stay",
        Decision::Undecided => "undecided",
        Decision::TooFew => "too few to say",
        Decision::Disqualified => "disqualified",
    }
}

fn heading(row: &Row<'_>, cpus: usize) -> String {
    let threads = row.scenario.threads();
    let mut second = format::operation(row.metric).to_owned();
    if cpus > 0 && threads > cpus {
        second.push_str(&format!(", {threads} threads on {cpus}"));
    }
    format!("{}\n{second}", row.scenario.name)
}

fn cell(results: &Results, row: &Row<'_>, strategy: &str) -> String {
    let Some(cell) = row.cell(results, strategy) else {
        return facts::absence(results, &row.scenario.name, strategy);
    };
    let Some(ratio) = &cell.ratio else {
        return format!("{} {}", format::significant(cell.median), cell.unit);
    };
    let sign = match ratio.verdict {
        _ if !results.is_ranked(strategy) => "x",
        Verdict::Withheld => "?",
        Verdict::Holds => "+",
        Verdict::Rejected => "-",
        Verdict::Inconclusive => "~",
    };
    if cell.flags.contains(&Flag::Starved) {
        return format!("{} {sign}", format::measured(cell));
    }
    format!("{} {sign}", format::ratio(ratio))
}

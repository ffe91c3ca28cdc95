//! The verdicts as a table for the terminal, at the end of a run.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};

use crate::results::{Results, Verdict};

use super::facts::{self, Row};
use super::format;

/// More columns than this do not fit a terminal.
const ROWS_MAX: usize = 4;

/// Every contender's ratio to the baseline in the report's rows (if none was part of the run: in the
/// first rows that were), and the decision.
pub fn verdict_table(results: &Results) -> String {
    let mut rows = facts::report_rows(results);
    if rows.is_empty() {
        rows = facts::all_rows(results);
    }
    rows.truncate(ROWS_MAX);
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled);
    let header = ["strategy".to_owned()]
        .into_iter()
        .chain(rows.iter().map(|row| heading(results, row)))
        .chain(["decision".to_owned()]);
    table.set_header(header);
    for card in results.contenders() {
        let decision = match facts::recommendation(results, &card.name) {
            Some(found) => format::decision(found.decision, &results.baseline),
            None => "baseline".into(),
        };
        let cells = [card.name.clone()]
            .into_iter()
            .chain(rows.iter().map(|row| cell(results, row, &card.name)))
            .chain([decision]);
        table.add_row(cells);
    }
    format!(
        "{table}\nTimes better than {} [95 % interval]. + improves by more than {}, - does not, ~ not \
         decided by these samples.",
        results.baseline,
        format::margin(results.margin)
    )
}

fn heading(results: &Results, row: &Row<'_>) -> String {
    let threads = row.scenario.threads();
    let cpus = results.environment.cpus;
    if cpus > 0 && threads > cpus {
        format!(
            "{} {}\n({threads} threads on {cpus})",
            row.scenario.name,
            format::operation(row.metric)
        )
    } else {
        format!("{} {}", row.scenario.name, format::operation(row.metric))
    }
}

fn cell(results: &Results, row: &Row<'_>, strategy: &str) -> String {
    let Some(cell) = row.cell(results, strategy) else {
        return facts::absence(results, &row.scenario.name, strategy);
    };
    let Some(ratio) = &cell.ratio else {
        return format!("{} {}", format::significant(cell.median), cell.unit);
    };
    let sign = match ratio.verdict {
        _ if !results.is_ranked(strategy) => "not ranked",
        Verdict::Holds => "+",
        Verdict::Rejected => "-",
        Verdict::Inconclusive => "~",
    };
    format!("{} {sign}", format::ratio(ratio))
}

//! An advice on a terminal.

use std::path::Path;

use basis::error::Result;
use harness::report::advice::{self, Advice};

use crate::arguments::{AdviseOptions, Format};
use crate::table::{Shown as _, Table};
use crate::terminal;

/// Prints the advice as it was asked for.
pub(super) fn print(
    told: &Advice,
    json: &str,
    folder: &Path,
    options: &AdviseOptions,
) -> Result<()> {
    match options.format {
        Format::Json => terminal::print(json),
        Format::Md => terminal::print(advice::markdown(told).trim_end()),
        Format::Csv => table(told).print(Format::Csv),
        Format::Table => {
            terminal::print(&headed(&plain(&told.answer), &told.because))?;
            table(told).print(Format::Table)?;
            for (heading, items) in [
                ("What is lost:", &told.lost),
                ("Where it flips:", &told.flips),
                ("What would change the answer:", &told.reversal),
                ("Where it will run:", &told.outlook),
                ("What the needs rest on:", &told.grounds),
                ("Left out:", &told.excluded),
                ("How it was measured:", &told.notes),
                ("Warnings:", &told.warnings),
            ] {
                if !items.is_empty() {
                    terminal::print(&headed(heading, items))?;
                }
            }
            if let Some(record) = &options.adr {
                terminal::print(&format!("decision record: {}", record.display()))?;
            }
            terminal::print(&format!("report: {}", folder.join("report.html").display()))
        }
    }
}

fn table(told: &Advice) -> Table {
    let mut table = Table::new(["strategy", "part", "time", "times better", "> margin?"]);
    for row in &told.evidence {
        table.row([
            row.strategy.clone(),
            row.part.clone(),
            row.time.clone(),
            row.ratio.clone(),
            row.verdict.clone(),
        ]);
    }
    table
}

/// A heading and its items, each on a line of its own.
fn headed(heading: &str, items: &[String]) -> String {
    let items = items.iter().map(|item| format!("\n  - {}", plain(item)));
    std::iter::once(heading.to_owned()).chain(items).collect()
}

/// Without the marks of code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

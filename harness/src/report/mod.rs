//! From results to documents: Markdown, HTML, JSON and a table for the terminal.
//!
//! Reads results and nothing else: it knows no clock and no machine, so equal results give equal
//! bytes. It knows no strategy by name, only the families that the original report was about
//! (`pivots.toml`, and the channel of its table); a new strategy appears everywhere by itself.
//!
//! One module per section of the report builds `view` blocks; two templates turn the same document
//! into the two formats.

pub mod advice;
mod answer;
mod apart;
mod biases;
mod cards;
mod certainty;
mod charts;
mod comment;
mod curves;
mod deadlock;
mod decisions;
mod evidence;
mod export;
mod facts;
mod files;
mod findings;
mod flips;
mod format;
mod guarantees;
mod headline;
mod index;
mod latency;
mod lessons;
mod losses;
mod memory;
mod merged;
mod method;
mod observations;
mod pareto;
mod pivots;
mod plot;
mod probes;
mod published;
mod render;
mod rounded;
mod scaling;
mod scenarios;
mod summary;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;
mod view;
mod yardsticks;

use crate::results::Results;

pub use biases::{BIASES, Bias, biases_as_markdown};
pub use comment::comment;
pub use export::{csv, csv_line};
pub use files::{
    File, Written, files, merged_files, obsolete, replace, write, write_amended, write_merged,
    write_with,
};
pub use findings::Findings;
pub use format::off;
pub use index::{Entry, index};
pub use terminal::{headline, verdict_table};

/// The results as `results.json` has them.
///
/// # Panics
///
/// Never: results are plain data.
pub fn json(results: &Results) -> String {
    rounded::json(results)
}

/// The report in Markdown, with references to its drawings in files beside it.
pub fn markdown(results: &Results) -> String {
    let mut document = document(results);
    apart::take(&mut document);
    render::markdown(&document)
}

/// The report in HTML.
pub fn html(results: &Results) -> String {
    render::html(&document(results))
}

fn document(results: &Results) -> view::Document {
    view::Document {
        title: format!("Process status table: what is better than {}?", results.baseline),
        question: format!(
            "Many threads read the status of processes all the time and few change it: which way of \
             sharing the table is faster than {} by more than {}, and what does it give up?",
            results.baseline,
            format::margin(results.margin)
        ),
        conditions: method::conditions(results),
        partial: results.partial.then(|| {
            "Partial run: it ended before all was measured. What follows rests on what there is.".into()
        }),
        answers: answer::answers(results),
        summary: summary::blocks(results),
        tally: answer::tally(results),
        sections: vec![
            headline::section(results),
            memory::section(results),
            deadlock::section(results),
            probes::section(results),
            decisions::section(results),
            scenarios::section(results),
            pareto::section(results),
            flips::section(results),
            scaling::section(results),
            guarantees::section(results),
            evidence::section(results),
            cards::section(results),
            yardsticks::section(results),
            lessons::section(results),
            method::section(results),
            biases::section(),
            method::environment(results),
        ],
        cards: cards::anchors(results),
    }
}

//! A report of several machines: each on its own, side by side, and what follows from all.
//!
//! Every figure is one machine's: ratios of two machines are different quantities, so none is averaged, and
//! over all machines stands the lowest, which is some machine's own.

mod answer;
mod cards;
mod comment;
mod decisions;
mod differences;
mod facts;
mod headline;
mod machines;
mod plot;
mod scenarios;
mod summary;
mod terminal;

use crate::results::Merged;

use super::{biases, export, format, rounded, view};

pub(super) use answer::chosen;
pub(super) use comment::comment;
pub(super) use export::merged_csv as csv;
pub(super) use facts::strongest_first;
pub(super) use terminal::{headline, verdict_table};

/// The results as `results.json` has them.
pub(super) fn json(merged: &Merged) -> String {
    rounded::json(merged)
}

pub(super) fn document(merged: &Merged) -> view::Document {
    view::Document {
        title: format!(
            "Process status table, on {} machines: what is better than {}?",
            merged.machines.len(),
            merged.baseline
        ),
        question: format!(
            "Many threads read the status of processes all the time and few change it: which way of \
             sharing the table is faster than {} by more than {} on every machine, what does it give up, \
             and where do the machines differ?",
            merged.baseline,
            format::margin(merged.margin)
        ),
        conditions: machines::conditions(merged),
        partial: merged.partial.then(|| {
            "Partial run: on a machine at least it ended before all was measured. What follows rests on \
             what there is."
                .into()
        }),
        answers: answer::answers(merged),
        summary: summary::blocks(merged),
        tally: answer::tally(merged),
        sections: vec![
            headline::section(merged),
            differences::section(merged),
            decisions::section(merged),
            scenarios::section(merged),
            machines::memory(merged),
            decisions::guarantees(merged),
            cards::section(merged),
            machines::section(merged),
            biases::section(),
        ],
        cards: cards::anchors(merged),
    }
}

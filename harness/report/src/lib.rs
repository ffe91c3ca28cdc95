//! From results to documents: Markdown, HTML, JSON and a table for the terminal.
//!
//! Reads results and nothing else: it knows no clock and no machine, so equal results give equal
//! bytes. It knows no strategy by name, only the families that the original report was about
//! (`pivots.toml`, and the channel of its table); a new strategy appears everywhere by itself.
//!
//! A section is made once: a module has its facts, a template below `sections` its words and tables (`draft.rs` puts them
//! together), one below `charts` each of its drawings, and every form is made of the same blocks. A report is about
//! machines; one is no special case.

pub mod advice;
mod charts;
mod choices;
mod decisions;
mod draft;
mod evidence;
mod export;
mod facts;
mod files;
mod flips;
mod format;
mod headline;
mod locks;
mod pareto;
mod pivots;
mod render;
mod short;
mod table;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use std::thread;

use ::locks::{Analysis, Change};
use advice::Advice;
use draft::{Draft, Placed};
use model::parallel;
use results::{Results, Scaling};
use serde::Serialize;

pub use export::{csv, csv_line, json};
pub use files::{File, Source, check, files, obsolete, write};
pub use render::render;
pub use short::{comment, entry, headline, index, verdict_table};

/// How a section is shown by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a terminal, the words within so many columns.
    Terminal(u16),
    /// In Markdown, as code-hosting pages show it.
    Markdown,
    /// As a page of its own, with drawings.
    Html,
}

/// What operations execute and share, and which of them wait for a stopped thread; and what that says of claims, if it was
/// asked for.
pub fn evidence(results: &Results, claims: Option<&serde_json::Value>, form: Form) -> String {
    let claims = claims.map(|claims| draft::over_findings("claims", claims, Placed::new()));
    let sections = [evidence::section(results)].into_iter().chain(claims);
    together(sections.collect(), form)
}

/// What is predicted of more processors.
pub fn scaling(results: &Results, scaling: &Scaling, form: Form) -> String {
    let predictions = draft::over_findings("predictions", scaling, Placed::new());
    together(vec![predictions, evidence::scaling(results)], form)
}

/// What the locks of a program do, which of them matter, and what moved since an earlier recording, if there is one.
pub fn locks(analysis: &Analysis, change: Option<&Change>, form: Form) -> String {
    alone(locks::section(analysis, change), form)
}

/// What a command has found, in the words of the template `terminal/NAME.md`.
///
/// # Panics
///
/// As [`render`].
pub fn words(name: &'static str, findings: &impl Serialize, form: Form) -> String {
    alone(draft::over_findings(name, findings, Placed::new()), form)
}

/// A text that a command prints, in light Markdown (`draft` says which).
pub fn text(text: &str, form: Form) -> String {
    alone(draft::over_text(text), form)
}

fn alone(section: view::Section, form: Form) -> String {
    together(vec![section], form)
}

/// A document of sections that belong to no report.
fn together(mut sections: Vec<view::Section>, form: Form) -> String {
    if let Form::Terminal(width) = form {
        let texts = sections.iter().map(|section| section.terminal(width));
        return texts.collect::<Vec<_>>().join("\n\n");
    }
    if form == Form::Markdown {
        // A text that is printed has no files beside it.
        let is_shown = |block: &view::Block| !matches!(block, view::Block::Figure(_));
        let blocks = sections.iter_mut().map(|section| &mut section.blocks);
        blocks.for_each(|blocks| blocks.retain(is_shown));
    }
    let page = view::Page {
        name: "section",
        title: "Contents",
        sections,
    };
    let document = view::Document {
        pages: vec![page],
        ..view::Document::default()
    };
    let context = document.context(&document.pages[0]);
    match form {
        Form::Html => render::render_value("report.html", context),
        _ => render::markdown_text("report.md", context),
    }
}

/// The page that decides, and one with what it rests on. An advice is the decision; without one, there is one for each use
/// case.
fn document(results: &Results, advice: Option<&Advice>) -> view::Document {
    let deciding = || {
        let answer = advice.map_or_else(|| choices::first(results), Advice::section);
        let sections = choices::sections(results);
        let tables = [decisions::differences(results), headline::section(results)];
        [answer].into_iter().chain(sections).chain(tables).collect()
    };
    let details: [fn(&Results) -> view::Section; 17] = [
        |results| Draft::new("details", results).section(),
        decisions::section,
        headline::registry,
        tables::memory,
        tables::deadlock,
        tables::probes,
        pareto::section,
        flips::section,
        evidence::scaling,
        tables::guarantees,
        evidence::section,
        tables::cards,
        tables::controls,
        pivots::lessons,
        |results| Draft::new("method", results).section(),
        tables::biases,
        |results| Draft::new("environment", results).section(),
    ];
    let (deciding, details) = thread::scope(|scope| {
        let deciding = scope.spawn(deciding);
        let details = parallel::map(&details, |section| section(results));
        (parallel::joined(deciding), details)
    });
    let page = |name, title, mut sections: Vec<view::Section>| {
        // What was not part of a run, such as sweeps, has no section.
        sections.retain(|section| !section.blocks.is_empty());
        view::Page {
            name,
            title,
            sections,
        }
    };
    view::Document {
        pages: vec![
            page("report", "The decision", deciding),
            page("details", "Details", details),
        ],
        cards: tables::all_cards(results),
        links: tables::card_links(results),
    }
}

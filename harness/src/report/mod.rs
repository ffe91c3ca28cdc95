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
mod biases;
mod curves;
mod deadlock;
mod decisions;
mod evidence;
mod facts;
mod flips;
mod format;
mod guarantees;
mod headline;
mod lessons;
mod memory;
mod method;
mod observations;
mod palette;
mod pivots;
mod plot;
mod probes;
mod published;
mod render;
mod scaling;
mod scenarios;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;
mod view;
mod yardsticks;

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::sample;

use crate::results::Results;

pub use biases::{BIASES, Bias, biases_as_markdown};
pub use terminal::{headline, verdict_table};

/// The names of a report's files.
const MARKDOWN: &str = "report.md";
const HTML: &str = "report.html";
const JSON: &str = "results.json";
const SAMPLES: &str = "samples.jsonl";

/// Where a report was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The report as GitHub shows it.
    pub markdown: PathBuf,
    /// The report with its plots, in one file.
    pub html: PathBuf,
    /// The results, for programs.
    pub json: PathBuf,
    /// The samples that it was made of.
    pub samples: PathBuf,
}

/// Writes the report into a folder, beside the samples that it was made of.
///
/// All files are written to the side first and moved into place when the last one is complete, so a
/// full disk or a kill leaves the previous report as it was.
///
/// # Errors
///
/// When the folder or a file in it cannot be written, or the samples cannot be read.
pub fn write(results: &Results, samples_path: &Path, folder: &Path) -> Result<Written> {
    let own = is_same_file(samples_path, &folder.join(SAMPLES));
    let bytes = if own {
        None
    } else {
        let read = std::fs::read(samples_path);
        Some(read.map_err(|error| Error::file("read", samples_path, &error))?)
    };
    write_files(results, bytes.as_deref(), folder)
}

/// Writes the report into a folder, together with the content of its sample file; otherwise as
/// [`write()`].
///
/// # Errors
///
/// When the folder or a file in it cannot be written.
pub fn write_with(results: &Results, samples: &[u8], folder: &Path) -> Result<Written> {
    write_files(results, Some(samples), folder)
}

/// With no samples: those in the folder are the report's own, and stay.
fn write_files(results: &Results, samples: Option<&[u8]>, folder: &Path) -> Result<Written> {
    std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
    let samples_path = folder.join(SAMPLES);
    if samples.is_some() {
        sample::may_overwrite(&samples_path)?;
    }
    let document = document(results);
    let texts = [
        (JSON, json(results)),
        (MARKDOWN, render::markdown(&document)),
        (HTML, render::html(&document)),
    ];
    let mut staged = Staged::default();
    for (name, text) in &texts {
        staged.write(folder, name, text.as_bytes())?;
    }
    if let Some(bytes) = samples {
        staged.write(folder, SAMPLES, bytes)?;
    }
    staged.publish()?;
    Ok(Written {
        markdown: folder.join(MARKDOWN),
        html: folder.join(HTML),
        json: folder.join(JSON),
        samples: samples_path,
    })
}

/// The results as `results.json` has them.
///
/// # Panics
///
/// Never: results are plain data.
pub fn json(results: &Results) -> String {
    let mut text = serde_json::to_string_pretty(results).expect("results are plain data");
    text.push('\n');
    text
}

/// The report in Markdown.
pub fn markdown(results: &Results) -> String {
    render::markdown(&document(results))
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
        answer: answer::sentences(results),
        tally: answer::tally(results),
        sections: vec![
            headline::section(results),
            memory::section(results),
            deadlock::section(results),
            probes::section(results),
            decisions::section(results),
            scenarios::section(results),
            flips::section(results),
            scaling::section(results),
            guarantees::section(results),
            evidence::section(results),
            yardsticks::section(results),
            lessons::section(results),
            method::section(results),
            biases::section(),
            method::environment(results),
        ],
    }
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Files that are complete but not in their place yet; removed again unless they are published.
#[derive(Default)]
struct Staged(Vec<(PathBuf, PathBuf)>);

impl Staged {
    fn write(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        let aside = folder.join(format!(".{name}.partial"));
        self.0.push((aside.clone(), folder.join(name)));
        std::fs::write(&aside, bytes).map_err(|error| Error::file("write", &aside, &error))
    }

    fn publish(self) -> Result<()> {
        self.0.iter().try_for_each(|(aside, place)| {
            std::fs::rename(aside, place).map_err(|error| Error::file("write", place, &error))
        })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (aside, _) in &self.0 {
            // Best effort: what cannot be removed is overwritten by the next report.
            let _ = std::fs::remove_file(aside);
        }
    }
}

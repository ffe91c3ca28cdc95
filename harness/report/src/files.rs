//! The files of a report: what they hold, and how they come to their folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use model::error::{Error, Result};
use model::output::{self, Existing, Output};
use model::parallel::joined;
use model::sample;

use results::Results;

use super::advice::Advice;
use super::charts::drawing;
use super::facts::{Value, context};
use super::view::{Block, Document, Figure, Page};
use super::{document, export, render};

/// The page that decides.
pub(super) const HTML: &str = "report.html";
const JSON: &str = "results.json";
const CSV: &str = "cells.csv";
const MARKDOWN: [&str; 2] = ["report.md", "details.md"];

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the report's folder.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl File {
    pub(super) fn new(name: impl Into<String>, text: String) -> Self {
        Self {
            name: name.into(),
            text,
        }
    }
}

/// All that a report's folder holds besides the samples: made of the results, and of nothing else.
pub fn files(results: &Results, advice: Option<&Advice>) -> Vec<File> {
    thread::scope(|scope| {
        let json = scope.spawn(|| File::new(JSON, export::json(results)));
        let csv = scope.spawn(|| File::new(CSV, export::csv(results)));
        let mut document = document(results, advice);
        let html = |context| render::render_value("report.html", context);
        let html = pages(&document, "html", html);
        let drawings = document.pages.iter_mut().flat_map(take_drawings);
        let drawings: Vec<File> = drawings.collect();
        let markdown = |context| render::markdown_text("report.md", context);
        let markdown = pages(&document, "md", markdown);
        let exported = vec![joined(json), joined(csv)];
        [exported, html, drawings, markdown].concat()
    })
}

/// The pages in a form, each made on a thread of its own.
fn pages(document: &Document, ending: &str, render: impl Fn(Value) -> String + Sync) -> Vec<File> {
    thread::scope(|scope| {
        let pages = document.pages.iter().map(|page| {
            let name = format!("{}.{ending}", page.name);
            scope.spawn(|| File::new(name, render(document.context(page))))
        });
        let pages: Vec<_> = pages.collect();
        pages.into_iter().map(joined).collect()
    })
}

/// The folder of the drawings, in the folder of the report.
const PLOTS: &str = "plots";

/// Takes the drawings out of a page, for a format that cannot hold them, and leaves the name of its file in the
/// place of each. What is folded up has none: nobody sees it before asking for it, and then the tables say it.
fn take_drawings(page: &mut Page) -> Vec<File> {
    let mut files = Vec::new();
    for section in &mut page.sections {
        let mut depth = 0_usize;
        section.blocks.retain(|block| {
            match block {
                Block::Fold { .. } => depth += 1,
                Block::Unfold => depth -= 1,
                _ => {}
            }
            depth == 0 || !matches!(block, Block::Figure(_))
        });
        let is_empty_fold =
            |blocks: &[Block]| matches!(blocks, [Block::Fold { .. }, Block::Unfold]);
        while let Some(empty) = section.blocks.windows(2).position(is_empty_fold) {
            section.blocks.drain(empty..empty + 2);
        }
        let figures = section.blocks.iter_mut().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        });
        for (number, Figure { svg, .. }) in (1..).zip(figures) {
            let name = format!("{PLOTS}/{}-{number}.svg", section.id);
            let embedded = std::mem::replace(svg, name.clone());
            files.push(File::new(name, standalone(&embedded)));
        }
    }
    files
}

/// A drawing for a file of its own.
fn standalone(svg: &str) -> String {
    let (opening, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let facts = context! { opening, rest => rest.trim_end() };
    drawing("standalone", String::new(), facts).svg
}

/// The drawings in a report's folder that are not among its files: an earlier report's.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn obsolete(folder: &Path, files: &[File]) -> Result<Vec<String>> {
    let plots = folder.join(PLOTS);
    let entries = match std::fs::read_dir(&plots) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let entries: std::io::Result<Vec<_>> = entries.and_then(Iterator::collect);
    let entries = entries.map_err(|error| Error::file("read", &plots, &error))?;
    let is_drawing = |path: &PathBuf| path.extension().is_some_and(|end| end == "svg");
    let paths = entries.iter().map(std::fs::DirEntry::path);
    let names = paths.filter(is_drawing);
    let names = names.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.map(|name| format!("{PLOTS}/{name}")).collect();
    names.retain(|name| files.iter().all(|file| file.name != *name));
    names.sort();
    Ok(names)
}

/// The drawings that the report in a folder shows.
fn is_shown(folder: &Path) -> impl Fn(&String) -> bool {
    let pages = MARKDOWN.map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default());
    move |name| pages.iter().any(|page| page.contains(&format!("({name})")))
}

/// Refuses a folder that has one of these files, or one that all reports have, unless a report is there: then they are
/// somebody else's.
///
/// # Errors
///
/// Which file that is.
pub fn check<'n>(folder: &Path, names: impl IntoIterator<Item = &'n str>) -> Result<()> {
    let schema = results::SCHEMA.trim_end_matches(|end: char| end.is_ascii_digit());
    let results = std::fs::read_to_string(folder.join(JSON)).unwrap_or_default();
    let all = [JSON, CSV, HTML, "details.html"].into_iter();
    let mut all = all.chain(MARKDOWN).chain(names);
    match all.find(|name| !results.contains(schema) && folder.join(name).exists()) {
        None => Ok(()),
        Some(name) => Err(Error::input(format!(
            "{}: {name} is not from a report of this program, and would be replaced; name another folder with --out",
            folder.display()
        ))),
    }
}

/// What a report's folder holds besides the report.
#[derive(Clone, Debug)]
pub enum Source {
    /// The samples of this name, which are there and stay.
    Beside(&'static str),
    /// Samples, packed or not.
    Samples(Vec<u8>),
    /// The names of runs elsewhere, of a report on several machines.
    Runs(String),
}

impl Source {
    /// A sample file, for a report in a folder: its own, or another's, which is copied.
    ///
    /// # Errors
    ///
    /// When the samples cannot be read.
    pub fn from_samples(samples: &Path, folder: &Path) -> Result<Self> {
        let mut names = [sample::PLAIN, sample::PACKED].into_iter();
        if let Some(name) = names.find(|name| is_same_file(samples, &folder.join(name))) {
            return Ok(Self::Beside(name));
        }
        let content = std::fs::read(samples).map(Self::Samples);
        content.map_err(|error| Error::file("read", samples, &error))
    }

    /// Refuses a folder that holds what this would make ambiguous, or replace: samples are measured once.
    fn fits(&self, folder: &Path) -> Result<()> {
        let is_foreign = |name: &&str| match self {
            Self::Beside(_) => false,
            Self::Samples(content) if *name != sample::MERGED => {
                let existing = std::fs::read(folder.join(name));
                existing.is_ok_and(|existing| !sample::are_same(&existing, content))
            }
            Self::Samples(_) => folder.join(name).exists(),
            Self::Runs(_) => *name != sample::MERGED && folder.join(name).exists(),
        };
        let all = [sample::PLAIN, sample::PACKED, sample::MERGED];
        match all.iter().find(|name| is_foreign(name)) {
            None => Ok(()),
            Some(name) => Err(Error::input(format!(
                "{} has {name}, which another report there is made of; name a folder of its own with --out",
                folder.display()
            ))),
        }
    }
}

/// Writes the report into a folder, together with what it is made of; an advice from these results stands first in it. The
/// page that decides is returned. A report that is there is replaced, with its drawings; what else has such names only if
/// that is asked for.
///
/// All files are written to the side first and moved into place when the last one is complete, so a
/// full disk or a kill leaves the previous report as it was.
///
/// # Errors
///
/// When the folder holds what another report is made of, or files as [`check`] refuses them, or it or a file in it cannot be
/// written.
pub fn write(
    results: &Results,
    advice: Option<&Advice>,
    source: &Source,
    folder: &Path,
    existing: Existing,
) -> Result<PathBuf> {
    source.fits(folder)?;
    let files = files(results, advice);
    let mut obsolete = obsolete(folder, &files)?;
    if existing == Existing::Keep {
        check(folder, files.iter().map(|file| &*file.name))?;
        obsolete.retain(is_shown(folder));
    }
    let made_of: Option<(&str, &[u8])> = match source {
        Source::Beside(_) => None,
        Source::Runs(runs) => Some((sample::MERGED, runs.as_bytes())),
        Source::Samples(content) => {
            let name = sample::name_of(content);
            // The samples of the report before, in the other form.
            let others = [sample::PLAIN, sample::PACKED].into_iter();
            obsolete.extend(others.filter(|other| *other != name).map(str::to_owned));
            Some((name, content))
        }
    };
    let files = files.iter().map(|file| (&*file.name, file.text.as_bytes()));
    let contents = made_of.into_iter().chain(files);
    let staged = contents.map(|(name, bytes)| staged(&folder.join(name), bytes));
    let mut staged: Vec<Output> = staged.collect::<Result<_>>()?;
    staged.iter_mut().try_for_each(Output::publish)?;
    for path in obsolete.iter().map(|name| folder.join(name)) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::file("remove", &path, &error));
            }
            _ => {}
        }
    }
    Ok(folder.join(HTML))
}

/// A file that is complete but not in its place yet; removed again unless it is published.
fn staged(place: &Path, bytes: &[u8]) -> Result<Output> {
    let folder = output::folder_of(place);
    std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
    let mut file = Output::create(place, Existing::Replace)?;
    file.append(bytes)?;
    Ok(file)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

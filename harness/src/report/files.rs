//! The files of a report: what they hold, and how they come to their folder.

use std::path::{Path, PathBuf};

use basis::error::{Error, Result};
use basis::output::{self, Existing, Output};
use basis::sample;

use crate::results::{Merged, Results};

use super::view::Document;
use super::{apart, document, export, json, merged, render};

/// The names of a report's files.
pub(super) const MARKDOWN: &str = "report.md";
pub(super) const HTML: &str = "report.html";
pub(super) const JSON: &str = "results.json";
pub(super) const CSV: &str = "cells.csv";

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
pub fn files(results: &Results) -> Vec<File> {
    files_of(document(results), json(results), export::csv(results))
}

/// All that the folder of a merged report holds besides the names of its runs.
pub fn merged_files(merged: &Merged) -> Vec<File> {
    files_of(
        merged::document(merged),
        merged::json(merged),
        merged::csv(merged),
    )
}

fn files_of(mut document: Document, json: String, csv: String) -> Vec<File> {
    let html = render::html(&document);
    let mut files = apart::take(&mut document);
    files.extend([
        File::new(JSON, json),
        File::new(CSV, csv),
        File::new(MARKDOWN, render::markdown(&document)),
        File::new(HTML, html),
    ]);
    files
}

/// The drawings in a report's folder that are not among its files: an earlier report's.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn obsolete(folder: &Path, files: &[File]) -> Result<Vec<String>> {
    let plots = folder.join(apart::FOLDER);
    let entries = match std::fs::read_dir(&plots) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let mut names = entries
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(|error| Error::file("read", &plots, &error))?
        .into_iter()
        .map(|entry| format!("{}/{}", apart::FOLDER, entry.file_name().to_string_lossy()))
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "svg"))
        .filter(|name| files.iter().all(|file| file.name != *name))
        .collect::<Vec<_>>();
    names.sort();
    Ok(names)
}

/// Where a report was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The report as GitHub shows it.
    pub markdown: PathBuf,
    /// The report with its plots, in one file.
    pub html: PathBuf,
    /// The results, for programs.
    pub json: PathBuf,
    /// The samples that it was made of; of a merged report, the names of its runs.
    pub samples: PathBuf,
}

/// Writes the report into a folder, beside the samples that it was made of: packed, if they are.
///
/// All files are written to the side first and moved into place when the last one is complete, so a
/// full disk or a kill leaves the previous report as it was.
///
/// # Errors
///
/// When the folder or a file in it cannot be written, or the samples cannot be read.
pub fn write(results: &Results, samples_path: &Path, folder: &Path) -> Result<Written> {
    let own = [sample::PLAIN, sample::PACKED]
        .into_iter()
        .find(|name| is_same_file(samples_path, &folder.join(name)));
    if let Some(own) = own {
        return publish(&files(results), Source::Own(own), folder);
    }
    let read = std::fs::read(samples_path);
    let content = read.map_err(|error| Error::file("read", samples_path, &error))?;
    write_with(results, &content, folder)
}

/// Writes the report into a folder, together with the content of its sample file, packed or not;
/// otherwise as [`write()`].
///
/// # Errors
///
/// When the folder holds other samples, or it or a file in it cannot be written.
pub fn write_with(results: &Results, samples: &[u8], folder: &Path) -> Result<Written> {
    let source = Source::Samples(sample::name_of(samples), samples);
    publish(&files(results), source, folder)
}

/// Writes the report into the folder of a run, whose sample file now has this content; otherwise as [`write()`].
///
/// # Errors
///
/// When the folder or a file in it cannot be written.
pub fn write_amended(results: &Results, samples: &[u8], folder: &Path) -> Result<Written> {
    let source = Source::Amended(sample::name_of(samples), samples);
    publish(&files(results), source, folder)
}

/// Writes a merged report into a folder, together with the names of its runs; otherwise as [`write()`].
///
/// # Errors
///
/// When the folder holds samples, or it or a file in it cannot be written.
pub fn write_merged(merged: &Merged, runs: &str, folder: &Path) -> Result<Written> {
    publish(&merged_files(merged), Source::Runs(runs), folder)
}

/// What a report's folder holds besides the report.
#[derive(Clone, Copy)]
enum Source<'s> {
    /// The samples of this name, which are there and stay.
    Own(&'static str),
    /// Samples: their name and content.
    Samples(&'static str, &'s [u8]),
    /// The folder's own samples, with lines added: their name and content.
    Amended(&'static str, &'s [u8]),
    /// The names of runs elsewhere.
    Runs(&'s str),
}

impl Source<'_> {
    const fn name(self) -> &'static str {
        match self {
            Source::Own(name) | Source::Samples(name, _) | Source::Amended(name, _) => name,
            Source::Runs(_) => sample::MERGED,
        }
    }

    /// Refuses a folder that holds what this would make ambiguous, or replace: samples are measured once.
    fn fits(self, folder: &Path) -> Result<()> {
        let is_foreign = |name: &&str| match self {
            Source::Own(_) | Source::Amended(..) => false,
            Source::Samples(_, content) if *name != sample::MERGED => {
                let there = std::fs::read(folder.join(name));
                there.is_ok_and(|there| !sample::are_same(&there, content))
            }
            Source::Samples(..) => folder.join(name).exists(),
            Source::Runs(_) => *name != sample::MERGED && folder.join(name).exists(),
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

fn publish(files: &[File], source: Source<'_>, folder: &Path) -> Result<Written> {
    source.fits(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
    let mut staged = Staged::default();
    match source {
        Source::Own(_) => {}
        Source::Runs(runs) => staged.write(folder, sample::MERGED, runs.as_bytes())?,
        Source::Samples(samples, content) | Source::Amended(samples, content) => {
            staged.write(folder, samples, content)?;
            // The samples of the report before, in the other form.
            let others = [sample::PLAIN, sample::PACKED].into_iter();
            let others = others.filter(|name| *name != samples);
            staged.remove_later(others.map(|name| folder.join(name)));
        }
    }
    for file in files {
        staged.write(folder, &file.name, file.text.as_bytes())?;
    }
    let earlier = obsolete(folder, files)?.into_iter();
    staged.remove_later(earlier.map(|name| folder.join(name)));
    staged.publish()?;
    Ok(Written {
        markdown: folder.join(MARKDOWN),
        html: folder.join(HTML),
        json: folder.join(JSON),
        samples: folder.join(source.name()),
    })
}

/// Puts a text in the place of a file, whole or not at all.
///
/// # Errors
///
/// When the file cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    output::write(path, Existing::Replace, text.as_bytes())
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Files that are complete but not in their place yet; removed again unless they are published.
#[derive(Default)]
struct Staged {
    files: Vec<Output>,
    /// What has no place beside them.
    obsolete: Vec<PathBuf>,
}

impl Staged {
    fn write(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        let place = folder.join(name);
        let parent = output::folder_of(&place);
        std::fs::create_dir_all(parent).map_err(|error| Error::file("create", parent, &error))?;
        let mut file = Output::create(&place, Existing::Replace)?;
        file.append(bytes)?;
        self.files.push(file);
        Ok(())
    }

    fn remove_later(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.obsolete.extend(paths);
    }

    fn publish(mut self) -> Result<()> {
        self.files.iter_mut().try_for_each(Output::publish)?;
        self.obsolete
            .iter()
            .try_for_each(|path| match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Error::file("remove", path, &error))
                }
                _ => Ok(()),
            })
    }
}

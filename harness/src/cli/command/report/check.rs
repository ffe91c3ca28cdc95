//! `pivot report --check`: is every file still what its samples give, byte for byte?

use std::path::{Path, PathBuf};

use harness::recorded::{self, Drift, INDEX, Known, Part};
use model::error::{Error, Result};
use report::{self, Entry, Source};

use crate::{selection, terminal};

/// Makes every report again, in memory, and says what differs; with `fix`, puts it in its place. Without
/// folders: all recorded runs, their index, and what the README shows of a run.
pub(super) fn check(given: &[PathBuf], fix: bool) -> Result<()> {
    let mut check = Check {
        fix,
        ..Check::default()
    };
    if given.is_empty() {
        check.everything()?;
    }
    for run in given {
        check.run(run)?;
    }
    let Check { drifted, files, .. } = check;
    match (drifted, fix) {
        (0, _) => terminal::print(&format!("all {files} files are what their samples give")),
        (_, true) => terminal::print(&format!("made {drifted} of {files} files again")),
        (_, false) => Err(Error::Check(format!(
            "{drifted} of {files} files are not what their samples give; `pivot report --check --fix` makes \
             them again"
        ))),
    }
}

/// What was found so far.
#[derive(Default)]
struct Check {
    fix: bool,
    files: usize,
    drifted: usize,
    /// Runs that were analysed: merged reports are made of them, too.
    known: Known,
}

impl Check {
    fn everything(&mut self) -> Result<()> {
        let workspace = selection::workspace();
        let reports = workspace.join("reports");
        let folders = recorded::folders(&reports)?;
        if folders.is_empty() {
            return Err(Error::input(format!(
                "{} has no recorded run; `pivot report --record` files one",
                reports.display()
            )));
        }
        let entries = folders.iter().map(|folder| self.run(folder));
        let entries = entries.collect::<Result<Vec<Entry>>>()?;
        let index = report::index(&entries);
        self.document(&reports.join(INDEX), |text, document, _| {
            Part::Runs.spliced(text, document, "", &index)
        })?;
        self.document(&workspace.join("README.md"), readme)
    }

    /// One run, and what the index says of it: the folder of its samples, or the sample file in it; or the folder of
    /// a merged report.
    fn run(&mut self, given: &Path) -> Result<Entry> {
        let sources = recorded::locate(given)?;
        let folder = match sources.as_slice() {
            [samples] => samples.parent().unwrap_or(Path::new(".")),
            _ => given,
        };
        let read = recorded::read(&sources, Some(folder), &mut self.known)?;
        let files = report::files(&read.results);
        let drifts = recorded::of_folder(folder, &files)?;
        for (name, drift) in &drifts {
            self.say(&folder.join(name), drift)?;
        }
        self.files += files.len();
        self.drifted += drifts.len();
        if self.fix && !drifts.is_empty() {
            let source = read.source(folder)?;
            if matches!(source, Source::Samples(_)) {
                return Err(Error::input(format!(
                    "{} is no merged report: its runs are all of one machine; pool them with `pivot report RUN RUN \
                     --out DIR`",
                    folder.display()
                )));
            }
            report::write(&read.results, &source, folder)?;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Entry::of(&name, &read.results))
    }

    /// A document with parts that a command writes.
    fn document(
        &mut self,
        path: &Path,
        again: impl FnOnce(&str, &Path, &mut Known) -> Result<String>,
    ) -> Result<()> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::file("read", path, &error))?;
        let would = again(&text, path, &mut self.known)?;
        self.files += 1;
        let Some(drift) = recorded::of_text(text.as_bytes(), &would) else {
            return Ok(());
        };
        self.drifted += 1;
        self.say(path, &drift)?;
        if self.fix {
            report::replace(path, &would)?;
        }
        Ok(())
    }

    fn say(&self, path: &Path, drift: &Drift) -> Result<()> {
        let again = if self.fix { " (made again)" } else { "" };
        terminal::print(&format!("{}: {drift}{again}", path.display()))
    }
}

/// The README with the headline table of the run that it names, if it has one.
fn readme(text: &str, document: &Path, known: &mut Known) -> Result<String> {
    let Some(source) = Part::Headline.source(text) else {
        return Ok(text.to_owned());
    };
    if source.is_empty() {
        return Err(Error::input(format!(
            "{} does not say of which run its headline table is: `pivot report RUN --splice {}` writes both",
            document.display(),
            document.display()
        )));
    }
    let run = document.with_file_name("").join(source);
    let read = recorded::read(&recorded::locate(&run)?, Some(&run), known)?;
    Part::Headline.spliced(text, document, source, &report::headline(&read.results))
}

//! `pivot report --check`: is every file still what its samples give, byte for byte?

use std::path::{Path, PathBuf};

use harness::recorded::{self, INDEX, Known, Part};
use model::error::{Error, Result};
use model::output::{self, Existing};
use report::{self, File, Source};

use super::{read_text, reports};
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
    given.iter().try_for_each(|run| check.run(run))?;
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
        let (workspace, reports) = (selection::workspace(), reports());
        let folders = recorded::folders(&reports)?;
        if folders.is_empty() {
            return Err(Error::input(format!(
                "{} has no recorded run; `pivot report --record` files one",
                reports.display()
            )));
        }
        folders.iter().try_for_each(|folder| self.run(folder))?;
        let place = reports.join(INDEX);
        let index = recorded::index(&reports, &mut self.known)?;
        let index = Part::Runs.spliced(&read_text(&place)?, &place, "", &index)?;
        self.document(&reports, index)?;
        let readme = self.readme(&workspace.join("README.md"))?;
        self.document(&workspace, readme)
    }

    /// One run: the folder of its samples, or the sample file in it; or the folder of a merged report.
    fn run(&mut self, given: &Path) -> Result<()> {
        let sources = recorded::locate(given)?;
        let folder = match sources.as_slice() {
            [samples] => samples.parent().unwrap_or(Path::new(".")),
            _ => given,
        };
        let read = recorded::read(&sources, Some(folder), &mut self.known)?;
        if self.has_drifted(folder, &report::files(&read.results))? && self.fix {
            let source = read.source(folder)?;
            if matches!(source, Source::Samples(_)) {
                return Err(Error::input(format!(
                    "{} is no merged report: its runs are all of one machine; pool them with `pivot report RUN RUN \
                     --out DIR`",
                    folder.display()
                )));
            }
            report::write(&read.results, None, &source, folder)?;
        }
        Ok(())
    }

    /// The README.md of a folder, with parts that a command writes.
    fn document(&mut self, folder: &Path, text: String) -> Result<()> {
        let name = INDEX.to_owned();
        let would = File { name, text };
        if self.has_drifted(folder, std::slice::from_ref(&would))? && self.fix {
            let place = folder.join(&would.name);
            output::write(&place, Existing::Replace, would.text.as_bytes())?;
        }
        Ok(())
    }

    /// Says which files of a folder are not as they would be.
    fn has_drifted(&mut self, folder: &Path, would: &[File]) -> Result<bool> {
        let drifts = recorded::of_folder(folder, would)?;
        let again = if self.fix { " (made again)" } else { "" };
        for (name, drift) in &drifts {
            let path = folder.join(name);
            terminal::print(&format!("{}: {drift}{again}", path.display()))?;
        }
        self.files += would.len();
        self.drifted += drifts.len();
        Ok(!drifts.is_empty())
    }

    /// The README with the headline table of the run that it names, if it has one.
    fn readme(&mut self, place: &Path) -> Result<String> {
        let text = read_text(place)?;
        let Some(source) = Part::Headline.source(&text) else {
            return Ok(text);
        };
        if source.is_empty() {
            return Err(Error::input(format!(
                "{0} does not say of which run its headline table is: `pivot report RUN --splice {0}` writes both",
                place.display(),
            )));
        }
        let run = place.with_file_name("").join(source);
        let read = recorded::read(&recorded::locate(&run)?, Some(&run), &mut self.known)?;
        Part::Headline.spliced(&text, place, source, &report::headline(&read.results))
    }
}

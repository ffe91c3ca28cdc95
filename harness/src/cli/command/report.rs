//! `pivot report`: a report from any number of sample files, what is kept of recorded runs, and whether every file is still what
//! its samples give, byte for byte.

use std::path::{Path, PathBuf};

use analysis::Samples;
use harness::recorded::{self, INDEX, Known, Part, Read};
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output::{self, Existing};
use model::sample;
use report::{File, Source};

use super::latest;
use crate::arguments::{ReportFormat, ReportOptions};
use crate::{selection, terminal};

/// Makes the report that the options ask for.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    if options.check {
        return check(&options.samples, options.fix);
    }
    let mut given = options.samples.clone();
    if given.is_empty() {
        given.push(latest());
    }
    let located: Result<Vec<_>> = given.iter().map(|given| recorded::locate(given)).collect();
    let files = located?.concat();
    if let Some(document) = &options.splice {
        return splice(&options.samples, &files, document);
    }
    if let Some(machine) = &options.record {
        let reports = options.out.clone().unwrap_or_else(reports);
        return record(&files, machine.as_deref(), &reports);
    }
    if let Some(format) = options.format {
        let results = read(&files, None)?.results;
        return terminal::print(&match format {
            ReportFormat::Comment => report::comment(&results),
            ReportFormat::Json => report::json(&results),
            ReportFormat::Csv => report::csv(&results),
        });
    }
    // Beside the one file, or, merged, in the folder that names its runs.
    let beside = match (&*given, &*files) {
        (_, [file]) => Some(output::folder_of(file)),
        ([folder], _) => Some(&**folder),
        _ => None,
    };
    let folder = options.out.as_deref().or(beside).ok_or_else(|| {
        Error::input(format!(
            "a report from {} sample files belongs beside none of them; say where with --out DIR",
            files.len()
        ))
    })?;
    write(&files, folder)
}

/// The folder of the recorded runs.
fn reports() -> PathBuf {
    selection::workspace().join("reports")
}

fn read_text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| Error::file("read", file, &error))
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        terminal::say(format!("pivot: warning: {warning}"));
    }
}

/// The samples of a run and where they are: in a file, in a folder, or in reports/latest. What a reader has to know
/// about them is said on standard error.
pub(crate) fn samples(given: Option<&Path>) -> Result<(PathBuf, Samples)> {
    let file = sample::locate(given.unwrap_or(&latest()))?;
    let place = file.display().to_string();
    let (lines, warnings) = sample::pool(vec![(place, sample::read(&file)?)])?;
    warn(&warnings);
    let samples = Samples::from_lines(lines).expect("a pool begins with its header");
    Ok((file, samples))
}

/// What the samples of one file or several say, for a report in a folder, if there is one. What a reader has to know is
/// also said on standard error.
fn read(files: &[PathBuf], folder: Option<&Path>) -> Result<Read> {
    let read = recorded::read(files, folder, &mut Known::default())?;
    warn(&read.warnings);
    Ok(read)
}

/// Reads the samples of several files, writes the report into `folder`, and prints the verdicts. Beside it
/// are the samples that were pooled, or, where they are of several machines, the names of the runs.
pub(crate) fn write(files: &[PathBuf], folder: &Path) -> Result<()> {
    let read = read(files, Some(folder))?;
    let source = read.source(folder)?;
    let page = report::write(&read.results, None, &source, folder, Existing::Keep)?;
    terminal::print(&report::verdict_table(&read.results))?;
    terminal::print(&format!("report: {}", page.display()))
}

/// Puts the headline table of the samples into a document, between its markers. Of one run the first marker
/// says which, so that `--check` can make the table again.
fn splice(given: &[PathBuf], files: &[PathBuf], document: &Path) -> Result<()> {
    let text = read_text(document)?;
    let source = match given {
        [run] => below(run, document).unwrap_or_default(),
        _ => String::new(),
    };
    let place = |table: &str| Part::Headline.spliced(&text, document, &source, table);
    // Before the samples are read, which takes longer.
    place("")?;
    let table = report::headline(&read(files, None)?.results);
    output::write(document, Existing::Replace, place(&table)?.as_bytes())
}

/// A path as seen from the folder of a document; `None` if it is not below that, or cannot stand in a
/// comment.
fn below(path: &Path, document: &Path) -> Option<String> {
    let folder = document.canonicalize().ok()?.parent()?.to_owned();
    let path = path.canonicalize().ok()?;
    let text = path.strip_prefix(&folder).ok()?.to_str()?;
    let is_plain = !text.contains("--") && !text.contains(['\n', '\r', '>']);
    is_plain.then(|| text.to_owned())
}

/// What an index begins as.
const EMPTY: &str = "# Recorded runs\n\n<!-- pivot:runs -->\n<!-- pivot:runs end -->\n";

/// Files a run in the folder of the recorded ones, under its day and its machine, and lists it in their
/// index. Runs of several machines, which are recorded already, are filed as a merged report of them.
fn record(files: &[PathBuf], machine: Option<&str>, reports: &Path) -> Result<()> {
    let document = reports.join(INDEX);
    // Its index is read now and written at the end.
    let lock = reports.is_dir().then(|| FolderLock::acquire(reports));
    let _lock = lock.transpose()?;
    let text = if document.exists() {
        read_text(&document)?
    } else {
        EMPTY.into()
    };
    let place = |index: &str| Part::Runs.spliced(&text, &document, "", index);
    // Before anything is written.
    place("")?;
    // The names of its runs do not depend on what the folder is called.
    let read = read(files, Some(&reports.join("merged")))?;
    let machines = read.results.machines.iter();
    let environments: Vec<_> = machines.map(|machine| &machine.environment).collect();
    let folder = reports.join(recorded::folder_name(&environments, machine)?);
    let source = read.source(&folder)?;
    match (&source, files) {
        (Source::Runs(_), _) => are_recorded(files, reports)?,
        (_, [_]) => {}
        _ => {
            return Err(Error::input(format!(
                "--record files one run at a time, or a merged report of several machines, and {} runs of one \
                 machine were named",
                files.len()
            )));
        }
    }
    recorded::file(&read.results, source, &folder)?;
    let index = recorded::index(reports, &mut Known::default())?;
    output::write(&document, Existing::Replace, place(&index)?.as_bytes())?;
    terminal::print(&report::verdict_table(&read.results))?;
    terminal::print(&format!("recorded: {}", folder.display()))
}

/// A merged report names its runs, so they must be there as long as it is.
fn are_recorded(files: &[PathBuf], reports: &Path) -> Result<()> {
    let place = reports.canonicalize().unwrap_or_default();
    let is_recorded = |file: &&PathBuf| {
        let whole = file.canonicalize().unwrap_or_default();
        whole.ancestors().nth(2) == Some(&place)
    };
    match files.iter().find(|file| !is_recorded(file)) {
        None => Ok(()),
        Some(file) => Err(Error::input(format!(
            "{0} is not among the recorded runs in {1}, of which a merged report is made; file it first: `pivot \
             report {0} --record`",
            file.display(),
            reports.display(),
        ))),
    }
}

/// Makes every report again, in memory, and says what differs; with `fix`, puts it in its place. Without
/// folders: all recorded runs, their index, and what the README shows of a run.
fn check(given: &[PathBuf], fix: bool) -> Result<()> {
    let mut check = Check {
        fix,
        ..Check::default()
    };
    if given.is_empty() {
        check.everything()?;
    }
    given.iter().try_for_each(|run| check.run(run))?;
    let Check { drifted, files, .. } = check;
    if drifted == 0 {
        return terminal::print(&format!("all {files} files are what their samples give"));
    }
    if fix {
        return terminal::print(&format!("made {drifted} of {files} files again"));
    }
    Err(Error::Check(format!(
        "{drifted} of {files} files are not what their samples give; `pivot report --check --fix` makes them again"
    )))
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
            [samples] => output::folder_of(samples),
            _ => given,
        };
        let read = recorded::read(&sources, Some(folder), &mut self.known)?;
        if self.is_to_be_made(folder, &report::files(&read.results, None))? {
            let source = read.source(folder)?;
            if matches!(source, Source::Samples(_)) {
                return Err(Error::input(format!(
                    "{} is no merged report: its runs are all of one machine; pool them with `pivot report RUN RUN \
                     --out DIR`",
                    folder.display()
                )));
            }
            report::write(&read.results, None, &source, folder, Existing::Replace)?;
        }
        Ok(())
    }

    /// The README.md of a folder, with parts that a command writes.
    fn document(&mut self, folder: &Path, text: String) -> Result<()> {
        let name = INDEX.to_owned();
        let [would] = &[File { name, text }];
        if self.is_to_be_made(folder, std::slice::from_ref(would))? {
            output::write(
                &folder.join(INDEX),
                Existing::Replace,
                would.text.as_bytes(),
            )?;
        }
        Ok(())
    }

    /// Says which files of a folder are not as they would be, and whether to make them again.
    fn is_to_be_made(&mut self, folder: &Path, would: &[File]) -> Result<bool> {
        let drifts = recorded::of_folder(folder, would)?;
        for (name, drift) in &drifts {
            terminal::print(&format!("{}: {drift}", folder.join(name).display()))?;
        }
        self.files += would.len();
        self.drifted += drifts.len();
        Ok(self.fix && !drifts.is_empty())
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

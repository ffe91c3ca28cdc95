//! Runs of several machines, side by side, and the folder of such a report: it names its runs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use model::assumption::Assumption;
use model::collect::grouped;
use model::environment::Environment;
use model::error::{Error, Result};
use model::sample::{self, Header, Line, MERGED, PACKED, PLAIN, Reading};
use model::scenario::Scenario;
use serde::{Deserialize, Serialize};

use super::machine_of;
use analysis::merge;
use report::Source;
use results::{self, Results};

/// What `merged.toml` says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    runs: Vec<String>,
}

/// What it begins with.
const HEAD: &str = "# The runs that this report is made of, by their paths from this folder. `pivot report` of the folder makes\n\
    # the report again.\n";

/// The sample files that a user means: the file itself, the one in a folder, or those of the runs that a
/// merged report is made of.
///
/// # Errors
///
/// As [`sample::locate`]; when a merged report does not name its runs.
pub fn locate(given: &Path) -> Result<Vec<PathBuf>> {
    let place = given.join(MERGED);
    if !place.is_file() || [PLAIN, PACKED].iter().any(|name| given.join(name).exists()) {
        return Ok(vec![sample::locate(given)?]);
    }
    let text =
        std::fs::read_to_string(&place).map_err(|error| Error::file("read", &place, &error))?;
    let shown = place.display().to_string();
    let Runs { runs } =
        toml::from_str(&text).map_err(|error| Error::toml(&shown, &text, &error))?;
    if runs.len() < 2 {
        return Err(Error::input(format!(
            "{shown} names fewer than two runs; a merged report is made of several, as in `runs = [\"../a\", \"../b\"]`"
        )));
    }
    let runs = runs.iter();
    runs.map(|run| sample::locate(&given.join(run))).collect()
}

/// A run by its path from a folder: that of its own folder, where its samples have their usual name.
fn name(file: &Path, folder: Option<&Path>) -> Result<String> {
    let is_usual = [PLAIN, PACKED].iter().any(|name| file.ends_with(name));
    let run = file.parent().filter(|_| is_usual).unwrap_or(file);
    let Some(folder) = folder else {
        return Ok(run.display().to_string());
    };
    let whole = |path: &Path| {
        path.canonicalize()
            .map_err(|error| Error::file("read", path, &error))
    };
    // The folder need not be there yet; what it will be in is, or is made of what is.
    let existing = folder.ancestors().find(|path| path.exists());
    let existing = existing.unwrap_or(Path::new("."));
    let missing = folder.strip_prefix(existing).unwrap_or(folder);
    let (run, from) = (whole(run)?, whole(existing)?.join(missing));
    let path = pathdiff::diff_paths(&run, from).unwrap_or(run);
    Ok(path.display().to_string())
}

/// What sample files say, and what a reader has to know about them.
#[derive(Debug)]
pub struct Read {
    /// What they say of each machine, and of all.
    pub results: Results,
    /// The warnings of reading, which the results have, too.
    pub warnings: Vec<String>,
    files: Vec<PathBuf>,
}

impl Read {
    /// What stands beside the report in a folder: the samples, those of one machine's files as of one run; or, where
    /// they are of several machines, the names of the runs.
    ///
    /// # Errors
    ///
    /// When a file is not there any more.
    ///
    /// # Panics
    ///
    /// Never: names are plain data.
    pub fn source(&self, folder: &Path) -> Result<Source> {
        match self.files.as_slice() {
            [file] => Source::from_samples(file, folder),
            files if self.results.machines.len() == 1 => {
                let (lines, _) = pooled(runs(files)?, true)?;
                Ok(Source::Samples(sample::text(&lines).into_bytes()))
            }
            files => {
                let names = files.iter().map(|file| name(file, Some(folder)));
                let runs = names.collect::<Result<_>>()?;
                let text = toml::to_string_pretty(&Runs { runs }).expect("names are plain data");
                Ok(Source::Runs(format!("{HEAD}{text}")))
            }
        }
    }
}

/// What the samples of a machine say, and the warnings of reading them.
type Analysed = (results::Machine, Vec<String>);

/// The results of sample files, each analysed once: a merged report is made of runs that have reports of their own.
#[derive(Debug, Default)]
pub struct Known(HashMap<PathBuf, Analysed>);

impl Known {
    /// What the runs of a machine say, and the warnings of reading them.
    fn machine(&mut self, runs: Vec<Run>, is_alone: bool) -> Result<Analysed> {
        let place = (runs.len() == 1).then(|| runs[0].file.canonicalize().ok());
        let place = place.flatten();
        if let Some(known) = place.as_ref().and_then(|place| self.0.get(place)) {
            return Ok(known.clone());
        }
        let (lines, warnings) = pooled(runs, is_alone)?;
        let machine = (machine_of(lines, &warnings), warnings);
        self.0.extend(place.map(|place| (place, machine.clone())));
        Ok(machine)
    }
}

/// Reads sample files for a report in a folder, if it is known where. Those of one machine are pooled; each
/// machine is analysed on its own.
///
/// # Errors
///
/// When a file cannot be read, when two hold the same run, when those of one machine cannot be pooled, or when machines
/// were not measured alike: which files, and what differs.
pub fn read(files: &[PathBuf], folder: Option<&Path>, known: &mut Known) -> Result<Read> {
    let runs = runs(files)?;
    are_comparable(&runs)?;
    let groups = grouped(runs.into_iter().map(|run| {
        let environment = &run.header().environment;
        ((environment.machine(), environment.build.settings()), run)
    }));
    let environments = groups.iter().map(|(_, runs)| &runs[0].header().environment);
    let names = Environment::short_names(&environments.collect::<Vec<_>>());
    let is_alone = groups.len() == 1;
    let (mut machines, mut warnings) = (Vec::new(), Vec::new());
    for (name, (_, runs)) in names.into_iter().zip(groups) {
        let paths = runs.iter().map(|run| self::name(&run.file, folder));
        let paths = paths.collect::<Result<_>>()?;
        let (mut machine, mut of_machine) = known.machine(runs, is_alone)?;
        if !is_alone {
            machine.runs = paths;
            let with_name = |warning: &mut String| warning.insert_str(0, &format!("{name}: "));
            of_machine.iter_mut().for_each(with_name);
        }
        machine.name = name;
        warnings.extend(of_machine);
        machines.push(machine);
    }
    Ok(Read {
        results: merge(machines),
        warnings,
        files: files.to_vec(),
    })
}

/// A run that was read.
struct Run {
    file: PathBuf,
    reading: Reading,
}

fn runs(files: &[PathBuf]) -> Result<Vec<Run>> {
    let run = |file: &PathBuf| {
        let (file, reading) = (file.clone(), sample::read(file)?);
        Ok(Run { file, reading })
    };
    files.iter().map(run).collect()
}

impl Run {
    fn header(&self) -> &Header {
        let first = self.reading.lines[0].try_as_header_ref();
        first.expect("what was read begins with a header")
    }

    /// Whether the other is a copy of it, whole or not: of one beginning, and with a measurement in common, as two
    /// runs never have to the nanosecond; or neither has measured anything yet.
    fn is_same_as(&self, other: &Self) -> bool {
        if self.header().environment != other.header().environment {
            return false;
        }
        let [ours, theirs] = [self, other].map(|run| {
            let lines = run.reading.lines.iter();
            let lines = lines.filter(|line| matches!(line, Line::Slice(_) | Line::Probe(_)));
            let texts = lines.map(|line| serde_json::to_string(line).expect("plain data"));
            texts.collect::<HashSet<String>>()
        });
        (ours.is_empty() && theirs.is_empty()) || !ours.is_disjoint(&theirs)
    }
}

/// The lines of one machine's runs as those of one run, and the warnings of reading them. Warnings in a report do not
/// depend on where its folder is, unless the user has put its runs together.
fn pooled(runs: Vec<Run>, is_alone: bool) -> Result<(Vec<Line>, Vec<String>)> {
    let shown = match runs.len() {
        1 => 1,
        _ if is_alone => usize::MAX,
        _ => 2,
    };
    let named = runs.into_iter().map(|Run { file, reading }| {
        let hidden = file.iter().count().saturating_sub(shown);
        let place: PathBuf = file.iter().skip(hidden).collect();
        (place.display().to_string(), reading)
    });
    sample::pool(named.collect())
}

/// Whether no run is counted twice, whatever its file is called and whether it is packed; and whether what was found
/// in one can stand beside what was found in another: the same questions, asked alike and judged alike.
fn are_comparable(runs: &[Run]) -> Result<()> {
    for (place, later) in runs.iter().enumerate() {
        for run in &runs[..place] {
            let (a, b) = (run.file.display(), later.file.display());
            if run.is_same_as(later) {
                let began = &run.header().environment.started_at;
                return Err(Error::input(format!(
                    "{a} and {b} hold the same run, which began at {began}; name it once"
                )));
            }
            if let Some(what) = difference(run.header(), later.header()) {
                return Err(Error::input(format!(
                    "cannot put {a} and {b} side by side: {what}"
                )));
            }
        }
    }
    Ok(())
}

/// What keeps two runs from standing side by side.
fn difference(a: &Header, b: &Header) -> Option<String> {
    let [preset, other] = [a, b].map(|run| &run.environment.preset);
    let settings = [
        ("baseline", &a.baseline, &b.baseline),
        ("preset", preset, other),
    ];
    if let Some((what, a, b)) = settings.into_iter().find(|(_, a, b)| a != b) {
        return Some(format!("the {what} of one is {a}, of the other {b}"));
    }
    let is_other = |scenario: &&Scenario| {
        let mut others = b.scenarios.iter();
        others.any(|other| other.name == scenario.name && !sample::asks_the_same(scenario, other))
    };
    if let Some(Scenario { name, .. }) = a.scenarios.iter().find(is_other) {
        return Some(format!("they define scenario {name} differently"));
    }
    let id = unequal(a, b).or_else(|| unequal(b, a))?;
    Some(format!("they judge the assumption {id} differently"))
}

/// An assumption of one that the other does not judge by the same margin, whatever they say about it.
fn unequal<'h>(a: &'h Header, b: &Header) -> Option<&'h str> {
    let wordless = |assumption: &Assumption| Assumption {
        claim: String::new(),
        ..assumption.clone()
    };
    let theirs: Vec<Assumption> = b.assumptions.iter().map(wordless).collect();
    let mut ours = a.assumptions.iter();
    let unknown = ours.find(|assumption| !theirs.contains(&wordless(assumption)))?;
    Some(&unknown.id)
}

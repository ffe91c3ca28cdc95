//! Runs of several machines, side by side, and the folder of such a report: it names its runs.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use model::assumption::Assumption;
use model::environment::Machine;
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
    let named: Runs = toml::from_str(&text).map_err(|error| {
        Error::input(format!(
            "{}: {}; it names at least two runs, as in `runs = [\"../a\", \"../b\"]`",
            place.display(),
            error.message().replace('\n', " ")
        ))
    })?;
    if named.runs.len() < 2 {
        return Err(Error::input(format!(
            "{} names fewer than two runs, and a merged report is made of several",
            place.display()
        )));
    }
    let runs = named.runs.iter();
    runs.map(|run| sample::locate(&given.join(run))).collect()
}

/// A run by its path from a folder: that of its own folder, where its samples have their usual name.
fn name(file: &Path, folder: Option<&Path>) -> Result<String> {
    let last = file.file_name().unwrap_or_default();
    let run = match file.parent() {
        Some(own) if last == PLAIN || last == PACKED => own,
        _ => file,
    };
    let Some(folder) = folder else {
        return Ok(run.display().to_string());
    };
    let whole = |path: &Path| {
        path.canonicalize()
            .map_err(|error| Error::file("read", path, &error))
    };
    // The folder need not be there yet; what it will be in is, or is made of what is.
    let known = folder.ancestors().find(|path| path.exists());
    let known = known.unwrap_or(Path::new("."));
    let missing = folder.strip_prefix(known).unwrap_or(folder);
    let from = whole(known)?.join(missing);
    let run = whole(run)?;
    let path = pathdiff::diff_paths(&run, from).unwrap_or(run);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    Ok(parts.join("/"))
}

/// What sample files say, and what a reader has to know about them.
#[derive(Debug)]
pub struct Read {
    /// What they say of each machine, and of all.
    pub results: Results,
    /// The warnings of reading, which the results have, too.
    pub warnings: Vec<String>,
    files: Vec<PathBuf>,
    /// The samples of one machine's files as those of one run, where there are several.
    pooled: Option<Vec<Line>>,
}

impl Read {
    /// What stands beside the report in a folder: the samples; or, where they are of several machines, the names of
    /// the runs.
    ///
    /// # Errors
    ///
    /// When a file is not there any more.
    ///
    /// # Panics
    ///
    /// Never: names are plain data.
    pub fn source(&self, folder: &Path) -> Result<Source> {
        match (self.files.as_slice(), &self.pooled) {
            (_, Some(pooled)) => Ok(Source::Samples(sample::text(pooled).into_bytes())),
            ([file], None) => Source::of(file, folder),
            (files, None) => {
                let names = files.iter().map(|file| name(file, Some(folder)));
                let runs = names.collect::<Result<_>>()?;
                let text = toml::to_string_pretty(&Runs { runs }).expect("names are plain data");
                Ok(Source::Runs(format!("{HEAD}{text}")))
            }
        }
    }
}

/// The results of sample files, each analysed once: a merged report is made of runs that have reports of their own.
#[derive(Debug, Default)]
pub struct Known(HashMap<PathBuf, (results::Machine, Vec<String>)>);

impl Known {
    /// What a run says, and the warnings of reading it. They name the file by its last name: results do not depend on
    /// where their folder is.
    fn results(&mut self, run: Run) -> Result<(results::Machine, Vec<String>)> {
        let place = run.file.canonicalize().unwrap_or_else(|_| run.file.clone());
        if let Some(known) = self.0.get(&place) {
            return Ok(known.clone());
        }
        let name = run.file.file_name().unwrap_or_default().to_string_lossy();
        let (lines, warnings) = sample::pool(vec![(name.into_owned(), run.reading)])?;
        let new = (machine_of(lines, &warnings), warnings);
        self.0.insert(place, new.clone());
        Ok(new)
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
    let run = |file: &PathBuf| {
        let (file, reading) = (file.clone(), sample::read(file)?);
        Ok(Run { file, reading })
    };
    let runs = files.iter().map(run).collect::<Result<Vec<Run>>>()?;
    are_comparable(&runs)?;
    let groups = by_machine(runs);
    let machines: Vec<Machine> = groups.iter().map(|(machine, _)| machine.clone()).collect();
    let mut warnings = Vec::new();
    let mut analysed = Vec::new();
    let mut pooled = None;
    let is_alone = groups.len() == 1;
    for (name, (_, mut runs)) in Machine::names(&machines).into_iter().zip(groups) {
        let paths = runs.iter().map(|run| self::name(&run.file, folder));
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let (mut machine, told) = match runs.pop() {
            Some(run) if runs.is_empty() => known.results(run)?,
            last => {
                let runs = runs.into_iter().chain(last);
                let named = runs.map(|run| (run.name(is_alone), run.reading));
                let (lines, told) = sample::pool(named.collect())?;
                pooled = is_alone.then(|| lines.clone());
                (machine_of(lines, &told), told)
            }
        };
        machine.name = name;
        if is_alone {
            warnings = told;
        } else {
            warnings.extend(told.iter().map(|told| format!("{}: {told}", machine.name)));
            machine.runs = paths;
        }
        analysed.push(machine);
    }
    Ok(Read {
        results: merge(analysed),
        warnings,
        files: files.to_vec(),
        pooled,
    })
}

/// A run that was read.
struct Run {
    file: PathBuf,
    reading: Reading,
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

    /// Its name in warnings: its path, or what is the same wherever the folders are.
    fn name(&self, whole: bool) -> String {
        if whole {
            return self.file.display().to_string();
        }
        let parts: Vec<_> = self.file.iter().map(OsStr::to_string_lossy).collect();
        parts[parts.len().saturating_sub(2)..].join("/")
    }
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

/// The runs of each machine, in the order in which machines first come.
fn by_machine(runs: Vec<Run>) -> Vec<(Machine, Vec<Run>)> {
    let mut groups: Vec<(Machine, Vec<Run>)> = Vec::new();
    for run in runs {
        let machine = run.header().environment.machine();
        match groups.iter_mut().find(|(known, _)| *known == machine) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((machine, vec![run])),
        }
    }
    groups
}

/// What keeps two runs from standing side by side.
fn difference(a: &Header, b: &Header) -> Option<String> {
    let apart = |what: &str, a: &str, b: &str| {
        (a != b).then(|| format!("the {what} of one is {a}, of the other {b}"))
    };
    let scenario = || {
        let differs = |one: &&Scenario| {
            let other = b.scenarios.iter().find(|other| other.name == one.name);
            other.is_some_and(|other| !sample::asks_the_same(one, other))
        };
        let found = a.scenarios.iter().find(differs)?;
        Some(format!("they define scenario {} differently", found.name))
    };
    let assumption = || {
        let found = unequal(a, b).or_else(|| unequal(b, a))?;
        Some(format!("they judge the assumption {found} differently"))
    };
    apart("baseline", &a.baseline, &b.baseline)
        .or_else(|| apart("preset", &a.environment.preset, &b.environment.preset))
        .or_else(scenario)
        .or_else(assumption)
}

/// An assumption of one that the other does not judge by the same margin.
fn unequal<'h>(a: &'h Header, b: &Header) -> Option<&'h str> {
    let is_known = |one: &&Assumption| {
        // Whatever they say about it.
        let in_its_words = |other: &Assumption| Assumption {
            claim: one.claim.clone(),
            ..other.clone()
        };
        b.assumptions
            .iter()
            .any(|other| in_its_words(other) == **one)
    };
    let unknown = a.assumptions.iter().find(|one| !is_known(one))?;
    Some(&unknown.id)
}

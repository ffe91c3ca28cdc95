//! One run of several: sample files that asked the same questions, read together.

use std::collections::{HashMap, HashSet};

use super::{CheckOutcome, Header, Line, Reading};
use crate::collect::unique;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::refusal::refuse;
use crate::scenario::{Activity, RecordKind, Scenario};

/// Puts the samples of several files, each with its name, into one run. Measuring processes are
/// renumbered, so that they stay distinct, and the header says where each run begins; the looks at all of
/// them are counted; what was counted and not sampled is taken from the first
/// file that has it; the run is complete if all of them are. The warnings say what a reader of the
/// report has to know: what was left out, and how the files' surroundings differ.
///
/// # Errors
///
/// When the files do not have the same baseline, or mean different things by the same scenario: which
/// files, and what differs. When there is no file at all.
pub fn pool(readings: Vec<(String, Reading)>) -> Result<(Vec<Line>, Vec<String>)> {
    let files = readings.len();
    let mut warnings = Vec::new();
    let mut first: Option<(String, Box<Header>)> = None;
    let mut pool = Pool::default();
    for (place, reading) in readings {
        warnings.extend(reading.notes(&place));
        let mut lines = reading.lines.into_iter();
        let Some(Line::Header(header)) = lines.next() else {
            return Err(Error::input(format!("{place} has no header")));
        };
        pool.take(lines, &header.runs);
        match &mut first {
            None => first = Some((place, header)),
            Some((first, ours)) => warnings.extend(join(first, ours, &place, *header)?),
        }
    }
    let (_, mut header) = first.ok_or_else(|| Error::input("no sample file was named"))?;
    header.runs = pool.runs();
    let mut lines = vec![Line::Header(header)];
    lines.extend(pool.lines);
    lines.extend((pool.complete == files).then_some(Line::Complete));
    Ok((lines, warnings))
}

/// Whether two scenarios have the same work done, whatever they say about it.
pub fn asks_the_same(a: &Scenario, b: &Scenario) -> bool {
    let b_in_the_words_of_a = Scenario {
        title: a.title.clone(),
        question: a.question.clone(),
        origin: a.origin,
        published: a.published,
        ..b.clone()
    };
    b_in_the_words_of_a == *a
}

/// Adds to the header of the first file what that of another has besides; what a reader has to know about it.
fn join(first: &str, ours: &mut Header, place: &str, other: Header) -> Result<Option<String>> {
    let (a, b) = (&ours.baseline, &other.baseline);
    refuse(&[(a != b, "other-baseline")], &[&first, &place, a, b])?;
    let (a, b) = (&ours.controls_of, &other.controls_of);
    refuse(&[(a != b, "other-controls")], &[&first, &place, a, b])?;
    for scenario in other.scenarios {
        let name = &scenario.name;
        let known = ours.scenarios.iter().find(|known| known.name == *name);
        let is_other = known.is_some_and(|known| !asks_the_same(known, &scenario));
        refuse(&[(is_other, "other-scenario")], &[&first, &place, name])?;
        if known.is_none() {
            ours.scenarios.push(scenario);
        }
    }
    for card in other.strategies {
        if ours.strategies.iter().all(|known| known.name != card.name) {
            ours.strategies.push(card);
        }
    }
    ours.exclusions.extend(other.exclusions);
    ours.exclusions = unique(std::mem::take(&mut ours.exclusions));
    ours.looks = ours.looks.saturating_add(other.looks);
    let differences = Environment::differences(&ours.environment, &other.environment);
    let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let differences = differences.join("; ");
    Ok((!differences.is_empty()).then(|| {
        format!("{first} and {place} are pooled, but were not measured alike: {differences}")
    }))
}

/// The lines of the files so far.
#[derive(Default)]
struct Pool {
    lines: Vec<Line>,
    /// How many of the files are of complete runs.
    complete: usize,
    /// The number of the next file's first process.
    next_process: u32,
    /// The first process of each run.
    runs: Vec<u32>,
    /// Counts that are there already: the scenario, the strategy, and what was done.
    counted: HashSet<(String, String, Option<Activity>)>,
    /// Where each check's outcome stands.
    checked: HashMap<(String, RecordKind, String), usize>,
}

impl Pool {
    /// The lines of a file, which may be of several `runs` already.
    fn take(&mut self, lines: impl Iterator<Item = Line>, runs: &[u32]) {
        let offset = self.next_process;
        let runs = if runs.is_empty() { &[0] } else { runs };
        let starts = runs.iter().map(|start| start.saturating_add(offset));
        self.runs.extend(starts);
        for mut line in lines {
            if let Some(process) = line.process_mut() {
                *process = process.saturating_add(offset);
                self.next_process = self.next_process.max(process.saturating_add(1));
            }
            match line {
                Line::Complete => self.complete += 1,
                Line::Check(outcome) => self.check(outcome),
                line if self.is_new(&line) => self.lines.push(line),
                _ => {}
            }
        }
    }

    /// Whether no earlier file has the same count.
    fn is_new(&mut self, line: &Line) -> bool {
        let (scenario, strategy, does) = match line {
            Line::Allocation(counts) => (&*counts.scenario, &counts.strategy, Some(counts.does)),
            Line::Memory(memory) => (&*memory.scenario, &memory.strategy, None),
            Line::Trace(trace) => ("", &trace.strategy, None),
            _ => return true,
        };
        let count = (scenario.to_owned(), strategy.clone(), does);
        self.counted.insert(count)
    }

    /// A check that failed once has failed.
    fn check(&mut self, outcome: CheckOutcome) {
        let (strategy, check) = (outcome.strategy.clone(), outcome.check.clone());
        let place = self.checked.entry((strategy, outcome.record, check));
        let place = *place.or_insert(self.lines.len());
        if place == self.lines.len() {
            self.lines.push(Line::Check(outcome));
        } else if !outcome.passed {
            self.lines[place] = Line::Check(outcome);
        }
    }

    /// Where each run begins, if there are several. A file without any process is no run.
    fn runs(&mut self) -> Vec<u32> {
        let mut runs = std::mem::take(&mut self.runs);
        runs.retain(|&start| start < self.next_process);
        runs.dedup();
        if runs.len() > 1 { runs } else { Vec::new() }
    }
}

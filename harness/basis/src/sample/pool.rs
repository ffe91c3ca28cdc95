//! One run of several: sample files that asked the same questions, read together.

use std::collections::{HashMap, HashSet};

use super::{CheckOutcome, Header, Line, Reading};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::scenario::Scenario;

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
    let mut warnings = Vec::new();
    let mut pool: Option<Pool> = None;
    for (place, reading) in readings {
        warnings.extend(reading.notes(&place));
        let mut lines = reading.lines.into_iter();
        let Some(Line::Header(header)) = lines.next() else {
            return Err(Error::input(format!("{place} has no header")));
        };
        let runs = header.runs.clone();
        let pool = match &mut pool {
            None => pool.insert(Pool::new(place, *header)),
            Some(pool) => {
                warnings.extend(pool.join(&place, *header)?);
                pool
            }
        };
        pool.take(lines, &runs);
    }
    let pool = pool.ok_or_else(|| Error::input("no sample file was named"))?;
    Ok((pool.into_lines(), warnings))
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

/// The first file, and what the others add to it.
struct Pool {
    place: String,
    header: Header,
    lines: Vec<Line>,
    files: usize,
    complete: usize,
    /// The number of the next file's first process.
    next_process: u32,
    /// The first process of each run.
    runs: Vec<u32>,
    /// Counts that are there already.
    counted: HashSet<(&'static str, String, String, String)>,
    /// Where each check's outcome stands.
    checked: HashMap<(String, String, String), usize>,
}

impl Pool {
    fn new(place: String, header: Header) -> Self {
        Self {
            place,
            header,
            lines: Vec::new(),
            files: 1,
            complete: 0,
            next_process: 0,
            runs: Vec::new(),
            counted: HashSet::new(),
            checked: HashMap::new(),
        }
    }

    /// Accepts another file by its header; what a reader has to know about it.
    fn join(&mut self, place: &str, other: Header) -> Result<Option<String>> {
        let (first, ours) = (&self.place, &mut self.header);
        let refuse = |what: String| {
            Err(Error::input(format!(
                "cannot pool {first} and {place}: {what}"
            )))
        };
        if ours.baseline != other.baseline {
            return refuse(format!(
                "the baseline of one is {}, of the other {}",
                ours.baseline, other.baseline
            ));
        }
        if ours.controls_of != other.controls_of {
            return refuse(format!(
                "the controls of one are made of {}, those of the other of {}",
                ours.controls_of, other.controls_of
            ));
        }
        for scenario in &other.scenarios {
            match ours
                .scenarios
                .iter()
                .find(|known| known.name == scenario.name)
            {
                None => ours.scenarios.push(scenario.clone()),
                Some(known) if asks_the_same(known, scenario) => {}
                Some(_) => {
                    return refuse(format!(
                        "they define scenario {} differently",
                        scenario.name
                    ));
                }
            }
        }
        for card in other.strategies {
            if ours.strategies.iter().all(|known| known.name != card.name) {
                ours.strategies.push(card);
            }
        }
        for exclusion in other.exclusions {
            if !ours.exclusions.contains(&exclusion) {
                ours.exclusions.push(exclusion);
            }
        }
        ours.looks = ours.looks.saturating_add(other.looks);
        self.files += 1;
        let differences = Environment::differences(&ours.environment, &other.environment);
        let said: Vec<String> = differences
            .into_iter()
            .map(|difference| difference.to_string())
            .collect();
        Ok((!said.is_empty()).then(|| {
            format!(
                "{first} and {place} are pooled, but were not measured alike: {}",
                said.join("; ")
            )
        }))
    }

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
        match line {
            Line::Allocation(seen) => self.counted.insert((
                "allocation",
                seen.scenario.clone(),
                seen.strategy.clone(),
                seen.does.to_string(),
            )),
            Line::Memory(memory) => self.counted.insert((
                "memory",
                memory.scenario.clone(),
                memory.strategy.clone(),
                String::new(),
            )),
            Line::Trace(seen) => {
                self.counted
                    .insert(("trace", String::new(), seen.strategy.clone(), String::new()))
            }
            _ => true,
        }
    }

    /// A check that failed once has failed.
    fn check(&mut self, outcome: CheckOutcome) {
        let key = (
            outcome.strategy.clone(),
            outcome.record.to_string(),
            outcome.check.clone(),
        );
        match self.checked.get(&key) {
            Some(_) if outcome.passed => {}
            Some(&place) => self.lines[place] = Line::Check(outcome),
            None => {
                self.checked.insert(key, self.lines.len());
                self.lines.push(Line::Check(outcome));
            }
        }
    }

    fn into_lines(mut self) -> Vec<Line> {
        // A file without any process is no run.
        self.runs.retain(|&start| start < self.next_process);
        self.runs.dedup();
        self.header.runs = if self.runs.len() > 1 {
            self.runs
        } else {
            Vec::new()
        };
        let mut lines = vec![Line::Header(Box::new(self.header))];
        lines.extend(self.lines);
        lines.extend((self.complete == self.files).then_some(Line::Complete));
        lines
    }
}

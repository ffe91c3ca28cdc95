//! Who is measured next, and for how long. Pure: it follows from the plan and from what was measured.
//!
//! A run goes through rounds. In each round every scenario gets one measuring process with some blocks, so a
//! machine that changes during the run changes all scenarios a little instead of one of them much.
//! Many short processes and not few long ones: a verdict is as sure as the number of processes that
//! agree, however many blocks each of them has. Nobody leaves before the end, so the samples are
//! looked at once. Time that is left goes, as further blocks, to scenarios whose intervals are wide.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use basis::preset::Preset;
use basis::sample::{Line, Part, PartDone};
use basis::scenario::Scenario;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use slices::worker::Place;

use super::standing::{Standing, standings};

/// What to measure, and in how much time.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// The scenarios, with those who can take part in each.
    pub(super) scenarios: Vec<(Scenario, Vec<String>)>,
    pub(super) baseline: String,
    pub(super) cpus: usize,
    pub(super) preset: Preset,
    /// For measuring all scenarios.
    pub(super) budget: Duration,
    pub(super) seed: u64,
}

/// A part, and where to go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) part: Part,
    pub(super) from: Place,
    pub(super) restarts: u32,
}

/// The rounds of a run.
#[derive(Debug)]
pub(super) struct Schedule {
    task: Task,
    queue: VecDeque<Assignment>,
    /// The round that the queue is of.
    round: u32,
    /// How many rounds there will be; known after the first.
    rounds: Option<u32>,
}

/// No scenario gets more blocks than this in one round.
const BLOCKS_MAX: f64 = 64.0;

impl Schedule {
    /// Takes up a run where its lines end; a new one has none.
    pub(super) fn resume(task: Task, lines: &[Line]) -> Self {
        let begun: Vec<&Part> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Part(part) => Some(part),
                _ => None,
            })
            .collect();
        let round = begun.iter().map(|part| part.process).max().unwrap_or(0);
        let mut schedule = Self {
            task,
            queue: VecDeque::new(),
            round,
            rounds: None,
        };
        let done = done(lines);
        for part in &begun {
            if !done.contains_key(&(part.scenario.as_str(), part.process)) {
                schedule.queue.push_back(rest(part, lines));
            }
        }
        let begun: BTreeSet<(&str, u32)> = begun
            .iter()
            .map(|part| (part.scenario.as_str(), part.process))
            .collect();
        for part in schedule.parts(round, lines) {
            if !begun.contains(&(part.scenario.as_str(), part.process)) {
                schedule.queue.push_back(Assignment::whole(part));
            }
        }
        schedule
    }

    /// The next part, given all lines so far.
    pub(super) fn next(&mut self, lines: &[Line]) -> Option<Assignment> {
        while self.queue.is_empty() {
            self.round += 1;
            let rounds = self.rounds(lines);
            let is_over = left(self.task.budget, spent(lines, self.round)).is_zero();
            if self.round >= rounds || is_over {
                return None;
            }
            // Empty where nobody is left to be compared.
            let parts = self.parts(self.round, lines);
            self.queue = parts.into_iter().map(Assignment::whole).collect();
        }
        self.queue.pop_front()
    }

    /// The share of the run that is over, for the progress display.
    pub(super) fn share_done(&self, lines: &[Line]) -> f64 {
        let spent: u64 = done(lines).values().sum();
        (spent as f64 / self.task.budget.as_millis() as f64).min(1.0)
    }

    /// As many rounds as the time allows, by what the first one took.
    fn rounds(&mut self, lines: &[Line]) -> u32 {
        let task = &self.task;
        *self.rounds.get_or_insert_with(|| {
            let done = done(lines);
            let each: f64 = task
                .scenarios
                .iter()
                .map(|(scenario, _)| {
                    let took = done.get(&(scenario.name.as_str(), 0)).copied();
                    took.unwrap_or_default() as f64
                })
                .sum();
            let left = left(task.budget, spent(lines, 1)).as_secs_f64() * 1e3;
            #[expect(clippy::cast_sign_loss, reason = "neither is negative")]
            let more = (left / each.max(1.0)) as u32;
            (1 + more).min(task.preset.rounds())
        })
    }

    /// The parts of a round, from the lines of the rounds before it.
    fn parts(&mut self, round: u32, lines: &[Line]) -> Vec<Part> {
        let part = |scenario: &Scenario, strategies: Vec<String>, blocks: u32| Part {
            scenario: scenario.name.clone(),
            process: round,
            strategies,
            blocks,
        };
        let mut parts: Vec<Part> = if round == 0 {
            let all = self.task.scenarios.iter();
            all.map(|(scenario, names)| part(scenario, names.clone(), 1))
                .collect()
        } else {
            let rounds = self.rounds(lines);
            let known = before(lines, round);
            let standings = standings(&self.task, &known);
            let left = left(self.task.budget, spent(lines, round));
            allocate(&standings, lines, left, rounds.saturating_sub(round))
                .into_iter()
                .map(|(standing, blocks)| {
                    part(standing.scenario, standing.taking_part.clone(), blocks)
                })
                .collect()
        };
        let mut random = SplitMix64::seed_from_u64(self.task.seed ^ u64::from(round) << 32);
        parts.sort_by_cached_key(|_| random.next_u64());
        parts
    }
}

impl Assignment {
    fn whole(part: Part) -> Self {
        Self {
            part,
            from: Place::default(),
            restarts: 0,
        }
    }
}

/// What is left of a part that was cut short: everything after its last slice. No slice is measured
/// twice.
fn rest(part: &Part, lines: &[Line]) -> Assignment {
    let mut from = Place::default();
    let mut restarts = 0;
    for line in lines {
        let (key, again) = match line {
            Line::Slice(slice) => (&slice.key, slice.restarts),
            Line::Failure(failure) => (&failure.key, 0),
            _ => continue,
        };
        if key.scenario == part.scenario && key.process == part.process {
            let next = Place {
                block: key.block,
                position: key.position + 1,
            };
            from = from.max(next);
            restarts = restarts.max(again);
        }
    }
    Assignment {
        part: part.clone(),
        from,
        restarts: restarts + 1,
    }
}

/// What each finished part took, in milliseconds.
fn done(lines: &[Line]) -> BTreeMap<(&str, u32), u64> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::PartDone(PartDone {
                scenario,
                process,
                took_ms,
            }) => Some(((scenario.as_str(), *process), *took_ms)),
            _ => None,
        })
        .collect()
}

/// What the rounds before `round` took, in milliseconds.
fn spent(lines: &[Line], round: u32) -> u64 {
    let done = done(lines);
    let earlier = done.iter().filter(|((_, process), _)| *process < round);
    earlier.map(|(_, took)| took).sum()
}

/// The slices and failures of the rounds before `round`, and the weather they were measured in.
fn before(lines: &[Line], round: u32) -> Vec<Line> {
    let earlier = |line: &&Line| match line {
        Line::Slice(slice) => slice.key.process < round,
        Line::Interference(interference) => interference.process < round,
        Line::Failure(_) => true,
        _ => false,
    };
    lines.iter().filter(earlier).cloned().collect()
}

/// Milliseconds of a scenario for each slice so far, the start of its processes included.
fn cost_of_slice(scenario: &str, lines: &[Line]) -> f64 {
    let took: u64 = done(lines)
        .iter()
        .filter(|((name, _), _)| *name == scenario)
        .map(|(_, took)| took)
        .sum();
    let is_slice =
        |line: &&Line| matches!(line, Line::Slice(slice) if slice.key.scenario == scenario);
    took as f64 / lines.iter().filter(is_slice).count().max(1) as f64
}

/// What is left of the time for measuring.
fn left(budget: Duration, spent_ms: u64) -> Duration {
    budget.saturating_sub(Duration::from_millis(spent_ms))
}

/// Blocks of the next process of each scenario that still has someone to measure: one, and as many
/// more as it wants, if there is time for that until its last turn; else its fair part of them.
fn allocate<'s>(
    standings: &'s [Standing<'_>],
    lines: &[Line],
    left: Duration,
    turns: u32,
) -> Vec<(&'s Standing<'s>, u32)> {
    let turns = f64::from(turns.max(1));
    let wanting: Vec<(&Standing<'_>, f64, f64)> = standings
        .iter()
        .filter(|standing| standing.taking_part.len() > 1)
        .map(|standing| {
            let slices = 2 * standing.taking_part.len() - 1;
            let cost = slices as f64 * cost_of_slice(&standing.scenario.name, lines) * turns;
            let wanted = (standing.blocks_wanted / turns).ceil();
            (standing, cost, wanted.clamp(1.0, BLOCKS_MAX))
        })
        .collect();
    let least: f64 = wanting.iter().map(|(_, cost, _)| cost).sum();
    let more: f64 = wanting
        .iter()
        .map(|(_, cost, wanted)| cost * (wanted - 1.0))
        .sum();
    let share = if more > 0.0 {
        ((left.as_secs_f64() * 1e3 - least) / more).clamp(0.0, 1.0)
    } else {
        0.0
    };
    wanting
        .into_iter()
        .map(|(standing, _, wanted)| {
            #[expect(clippy::cast_sign_loss, reason = "clamped above")]
            let blocks = 1 + ((wanted - 1.0) * share).floor() as u32;
            (standing, blocks)
        })
        .collect()
}

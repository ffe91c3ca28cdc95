//! Who is measured next, and for how long. Pure: it follows from the plan and from what was measured.
//!
//! A run goes through rounds. In each round every scenario gets one measuring process with some blocks, so a
//! machine that changes during the run changes all scenarios a little instead of one of them much.
//! Many short processes and not few long ones: a verdict is as sure as the number of processes that
//! agree, however many blocks each of them has. Nobody leaves before the end, so the samples are
//! looked at once. Time that is left goes, as further blocks, to scenarios whose intervals are wide.

use std::collections::VecDeque;
use std::time::Duration;

use measure::worker::Place;
use model::preset::Preset;
use model::sample::{Line, Part};
use model::scenario::Scenario;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::convergence::{Progress, progress};
use super::done::Done;
use super::recording::Recording;

/// What to measure, and in how much time.
#[derive(Clone, Debug)]
pub(super) struct MeasurementPlan {
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
    plan: MeasurementPlan,
    queue: VecDeque<Assignment>,
    /// The round that the queue is of.
    round: u32,
    /// How many rounds there will be; known after the first.
    rounds: Option<u32>,
}

/// No scenario gets more blocks than this in one round.
const BLOCKS_MAX: f64 = 64.0;

impl Schedule {
    /// Takes up a run where its recording ends.
    pub(super) fn resume(plan: MeasurementPlan, recording: &Recording) -> Self {
        let begun = &recording.done().parts;
        let round = begun.iter().map(|begun| begun.part.process).max();
        let mut schedule = Self {
            plan,
            queue: VecDeque::new(),
            round: round.unwrap_or(0),
            rounds: None,
        };
        // What is left of the parts that were cut short: no slice is measured twice.
        let cut_short = begun.iter().filter(|begun| begun.took_ms.is_none());
        schedule.queue.extend(cut_short.map(|begun| Assignment {
            part: begun.part.clone(),
            from: begun.next,
            restarts: begun.restarts + 1,
        }));
        let mut parts = schedule.parts(schedule.round, recording);
        let is_of = |part: &Part, other: &Part| {
            (&part.scenario, part.process) == (&other.scenario, other.process)
        };
        parts.retain(|part| !begun.iter().any(|begun| is_of(part, &begun.part)));
        schedule
            .queue
            .extend(parts.into_iter().map(Assignment::whole));
        schedule
    }

    /// The next part, given what was recorded so far.
    pub(super) fn next(&mut self, recording: &Recording) -> Option<Assignment> {
        while self.queue.is_empty() {
            self.round += 1;
            let rounds = self.rounds(recording.done());
            let is_over = left(self.plan.budget, spent(recording.done(), self.round)).is_zero();
            if self.round >= rounds || is_over {
                return None;
            }
            // Empty where nobody is left to be compared.
            let parts = self.parts(self.round, recording);
            self.queue = parts.into_iter().map(Assignment::whole).collect();
        }
        self.queue.pop_front()
    }

    /// The share of the run that is over, for the progress display.
    pub(super) fn share_done(&self, done: &Done) -> f64 {
        let spent = spent(done, u32::MAX);
        (spent as f64 / self.plan.budget.as_millis() as f64).min(1.0)
    }

    /// As many rounds as the time allows, by what the first one took.
    fn rounds(&mut self, done: &Done) -> u32 {
        let plan = &self.plan;
        *self.rounds.get_or_insert_with(|| {
            let is_planned =
                |name: &String| plan.scenarios.iter().any(|(one, _)| one.name == *name);
            let first = done.parts.iter().filter(|begun| begun.part.process == 0);
            let each: u64 = first
                .filter(|begun| is_planned(&begun.part.scenario))
                .filter_map(|begun| begun.took_ms)
                .sum();
            let left = left(plan.budget, spent(done, 1)).as_secs_f64() * 1e3;
            #[expect(clippy::cast_sign_loss, reason = "neither is negative")]
            let more = (left / (each as f64).max(1.0)) as u32;
            (1 + more).min(plan.preset.rounds())
        })
    }

    /// The parts of a round, from what the rounds before it recorded.
    fn parts(&mut self, round: u32, recording: &Recording) -> Vec<Part> {
        let part = |scenario: &Scenario, strategies: Vec<String>, blocks: u32| Part {
            scenario: scenario.name.clone(),
            process: round,
            strategies,
            blocks,
        };
        let mut parts: Vec<Part> = if round == 0 {
            let all = self.plan.scenarios.iter();
            all.map(|(scenario, names)| part(scenario, names.clone(), 1))
                .collect()
        } else {
            let done = recording.done();
            let rounds = self.rounds(done);
            let progress = progress(&self.plan, &before(recording.lines(), round));
            let left = left(self.plan.budget, spent(done, round));
            allocate(&progress, done, left, rounds.saturating_sub(round))
                .into_iter()
                .map(|(one, blocks)| part(one.scenario, one.taking_part.clone(), blocks))
                .collect()
        };
        let mut random = SplitMix64::seed_from_u64(self.plan.seed ^ u64::from(round) << 32);
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

/// What the parts of the rounds before `round` took, in milliseconds.
fn spent(done: &Done, round: u32) -> u64 {
    let earlier = done.parts.iter().filter(|begun| begun.part.process < round);
    earlier.filter_map(|begun| begun.took_ms).sum()
}

/// The slices and failures of the rounds before `round`, and the interference that they were measured under.
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
fn cost_of_slice(scenario: &str, done: &Done) -> f64 {
    let parts = done.parts.iter();
    let parts = parts.filter(|begun| begun.part.scenario == scenario);
    let took: u64 = parts.clone().filter_map(|begun| begun.took_ms).sum();
    let slices: u32 = parts.map(|begun| begun.slices).sum();
    took as f64 / f64::from(slices.max(1))
}

/// What is left of the time for measuring.
fn left(budget: Duration, spent_ms: u64) -> Duration {
    budget.saturating_sub(Duration::from_millis(spent_ms))
}

/// Blocks of the next process of each scenario that still has someone to measure: one, and as many
/// more as it wants, if there is time for that until its last turn; else its fair part of them.
fn allocate<'s>(
    progress: &'s [Progress<'_>],
    done: &Done,
    left: Duration,
    turns: u32,
) -> Vec<(&'s Progress<'s>, u32)> {
    let turns = f64::from(turns.max(1));
    let wanting: Vec<(&Progress<'_>, f64, f64)> = progress
        .iter()
        .filter(|one| one.taking_part.len() > 1)
        .map(|one| {
            let slices = 2 * one.taking_part.len() - 1;
            let cost = slices as f64 * cost_of_slice(&one.scenario.name, done) * turns;
            let wanted = (one.blocks_wanted / turns).ceil();
            (one, cost, wanted.clamp(1.0, BLOCKS_MAX))
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
        .map(|(one, _, wanted)| {
            #[expect(clippy::cast_sign_loss, reason = "clamped above")]
            let blocks = 1 + ((wanted - 1.0) * share).floor() as u32;
            (one, blocks)
        })
        .collect()
}

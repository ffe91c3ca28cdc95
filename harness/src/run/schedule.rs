//! Who is measured next, and for how long. Pure: it follows from the plan and from what was measured.
//!
//! A run goes through rounds. In each round every scenario gets one measuring process, so a
//! machine that changes during the run changes all scenarios a little instead of one of them much.
//! Many short processes and not few long ones: a verdict is as sure as the number of processes that
//! agree, however many blocks each of them has. After [`PROCESSES`] rounds the run looks once at its verdicts: then the
//! time goes to the scenarios in which plain differences have none, to each in proportion to how many, and there to the
//! strategies that differ so. Where there is more time than for all rounds, every process measures as many blocks as fit.

use std::cell::OnceCell;
use std::time::Duration;

use analysis::series::{Series, groups};
use model::controls;
use model::sample::{Line, Part};
use model::scenario::{Origin, Scenario, slices_in_block};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use stats::estimate;

use super::recording::{Assignment, Recording};

/// A scenario, with those who can take part in it.
pub(super) type Planned = (Scenario, Vec<String>);

/// What to measure, and in how much time.
#[derive(Clone, Debug)]
pub(super) struct MeasurementPlan {
    pub(super) scenarios: Vec<Planned>,
    pub(super) baseline: String,
    pub(super) limits: Limits,
    pub(super) seed: u64,
}

/// How far to go on measuring.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For all that a run measures until then, other scenarios included.
    pub budget: Duration,
    /// Measuring processes for each scenario, at most.
    pub rounds: u32,
    /// Whether all scenarios are asked for one answer: then a strategy that hung or panicked is left out of all that
    /// follow and not of that one only, and no scenario steps back for another one.
    pub one_answer: bool,
}

/// The rounds of a run.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: MeasurementPlan,
    queue: Vec<Assignment>,
    /// The round that the queue is of.
    round: u32,
    /// The scenarios in which differences are open after [`PROCESSES`] rounds, once that was looked at.
    open: OnceCell<Vec<(Planned, usize)>>,
}

/// Every scenario gets so many processes, as far as the time allows: enough for a verdict that all agree on.
const PROCESSES: u32 = 10;
/// A run in which a round takes long may go on for this share of its time, if it then has [`PROCESSES`] of each scenario:
/// with fewer it would decide nothing.
const MORE: f64 = 0.5;
/// No process measures more blocks than this.
const BLOCKS_MAX: f64 = 8.0;

impl Schedule {
    /// Takes up a run where its recording ends.
    pub(super) fn resume(plan: MeasurementPlan, recording: &Recording) -> Self {
        let mut schedule = Self {
            plan,
            queue: Vec::new(),
            round: 0,
            open: OnceCell::new(),
        };
        let mut begun = recording.parts();
        begun.retain(|begun| schedule.has(begun));
        let rounds = begun.iter().map(|begun| begun.part.process);
        schedule.round = rounds.max().unwrap_or(0);
        let key = |of: &Assignment| (of.part.scenario.clone(), of.part.process);
        let mut parts = schedule.parts(recording);
        parts.retain(|part| !begun.iter().any(|begun| key(begun) == key(part)));
        // First what is left of the parts that were cut short: no slice is measured twice.
        begun.retain(|begun| begun.took_ms.is_none());
        for begun in &mut begun {
            begun.restarts += 1;
        }
        schedule.queue = [begun, parts].concat();
        schedule
    }

    /// The next part, given what was recorded so far: of those that may come next, one whose scenario is welcome, if any is.
    pub(super) fn next(
        &mut self,
        recording: &Recording,
        is_welcome: impl Fn(&Scenario) -> bool,
    ) -> Option<Assignment> {
        loop {
            if self.queue.is_empty() {
                self.round += 1;
                self.queue = self.parts(recording);
                // No time, or nobody is left to be compared.
                if self.queue.is_empty() {
                    return None;
                }
            }
            let welcome = |next: &Assignment| is_welcome(self.scenario(&next.part));
            let place = self.queue.iter().position(welcome).unwrap_or(0);
            let mut next = self.queue.remove(place);
            if next.restarts == 0 {
                let Part {
                    scenario,
                    strategies,
                    ..
                } = &mut next.part;
                *strategies = self.left(scenario, strategies, recording.lines());
            }
            if !next.part.strategies.is_empty() {
                return Some(next);
            }
        }
    }

    /// The scenario of a part.
    pub(super) fn scenario(&self, part: &Part) -> &Scenario {
        let mut scenarios = self.plan.scenarios.iter();
        let of_part = scenarios.find(|(scenario, _)| scenario.name == part.scenario);
        &of_part.expect("parts are of scenarios of the plan").0
    }

    fn has(&self, begun: &Assignment) -> bool {
        let mut scenarios = self.plan.scenarios.iter();
        scenarios.any(|(scenario, _)| scenario.name == begun.part.scenario)
    }

    /// Takes time away that was not spent measuring.
    pub(super) fn shorten(&mut self, by: Duration) {
        self.plan.limits.budget = self.plan.limits.budget.saturating_sub(by);
    }

    /// The share of the run that is over, for the progress display.
    pub(super) fn share_done(&self, begun: &[Assignment]) -> f64 {
        1.0 - self.left_ms(begun, u32::MAX).max(0.0) / self.budget_ms()
    }

    fn budget_ms(&self) -> f64 {
        self.plan.limits.budget.as_secs_f64() * 1e3
    }

    /// What other scenarios and the rounds before `round` have left of the time for measuring, in milliseconds; negative if
    /// they took more.
    fn left_ms(&self, begun: &[Assignment], round: u32) -> f64 {
        let is_earlier = |begun: &&Assignment| begun.part.process < round || !self.has(begun);
        let earlier = begun.iter().filter(is_earlier);
        let spent: u64 = earlier.filter_map(|begun| begun.took_ms).sum();
        self.budget_ms() - spent as f64
    }

    /// Who is left of those that take part in a scenario: nobody unless the baseline is, and another one.
    fn left(&self, scenario: &str, names: &[String], lines: &[Line]) -> Vec<String> {
        let failures = lines.iter().filter_map(Line::try_as_failure_ref);
        let keys = failures.map(|failure| &failure.key);
        let counting = keys.filter(|key| self.plan.limits.one_answer || key.scenario == scenario);
        let failed: Vec<&String> = counting.map(|key| &key.strategy).collect();
        let mut left = names.to_vec();
        left.retain(|name| !failed.contains(&name));
        if left.len() < 2 || !left.contains(&self.plan.baseline) {
            left.clear();
        }
        left
    }

    /// The parts of the round, from what the rounds before it recorded.
    fn parts(&self, recording: &Recording) -> Vec<Assignment> {
        let (round, begun, lines) = (self.round, &recording.parts(), recording.lines());
        let mut planned = self.plan.scenarios.clone();
        if round >= PROCESSES && !self.plan.limits.one_answer {
            let due = self.due(begun, lines);
            planned = if due.is_empty() { planned } else { due };
        }
        for (scenario, names) in &mut planned {
            *names = self.left(&scenario.name, names, lines);
        }
        planned.retain(|(_, left)| !left.is_empty());
        let blocks = match round {
            0 => 1,
            _ => self.blocks(&planned, begun),
        };
        if blocks == 0 {
            return Vec::new();
        }
        let mut random = SplitMix64::seed_from_u64(self.plan.seed ^ u64::from(round) << 32);
        planned.sort_by_cached_key(|_| random.next_u64());
        let part = |(scenario, strategies): Planned| Part {
            scenario: scenario.name,
            process: round,
            strategies,
            blocks,
        };
        let parts = planned.into_iter().map(part);
        parts.map(Assignment::new).collect()
    }

    /// Blocks of each process in the round: one; where there is more time than for all rounds, as many as fit. None if
    /// there is no time.
    fn blocks(&self, planned: &[Planned], begun: &[Assignment]) -> u32 {
        let Limits {
            rounds, one_answer, ..
        } = self.plan.limits;
        let left_ms = self.left_ms(begun, self.round);
        let turn_ms: f64 = planned.iter().map(|planned| block_ms(planned, begun)).sum();
        let turns = f64::from(rounds.saturating_sub(self.round));
        // Rounds without which nothing would be decided.
        let least = PROCESSES.saturating_sub(self.round);
        let most_ms = left_ms + MORE * self.budget_ms();
        let is_decisive = !one_answer && least > 0 && most_ms >= turn_ms * f64::from(least);
        if turns == 0.0 || left_ms < turn_ms && !is_decisive {
            return 0;
        }
        #[expect(clippy::cast_sign_loss, reason = "clamped")]
        let blocks = (left_ms / (turn_ms * turns)).clamp(1.0, BLOCKS_MAX) as u32;
        blocks
    }

    /// Which scenarios get a process in a round after the first [`PROCESSES`], and of whom. The time that was left then is shared
    /// in proportion to how many differences are open; who has had its share waits until all others have.
    fn due(&self, begun: &[Assignment], lines: &[Line]) -> Vec<Planned> {
        let open = self.open.get_or_init(|| self.open_scenarios(lines));
        let left_ms = self.left_ms(begun, PROCESSES);
        let all: usize = open.iter().map(|(_, count)| count).sum();
        let has_time = |(planned, count): &&(Planned, usize)| {
            let share = left_ms * *count as f64 / all as f64;
            (share / block_ms(planned, begun)).round() > f64::from(self.round - PROCESSES)
        };
        let mut due: Vec<_> = open.iter().filter(has_time).collect();
        if due.is_empty() {
            due.extend(open);
        }
        due.into_iter()
            .map(|(planned, _)| planned.clone())
            .collect()
    }

    /// The scenarios in which differences that are worth it had no verdict after [`PROCESSES`] rounds, and how many; the
    /// points of sweeps that decide no use case if there is no other. Of the strategies those that differ so, and what they are
    /// compared with: the baseline under both of its names.
    fn open_scenarios(&self, lines: &[Line]) -> Vec<(Planned, usize)> {
        let earlier = |line: &&Line| match line {
            Line::Slice(slice) => slice.key.process < PROCESSES,
            Line::Interference(interference) => interference.process < PROCESSES,
            _ => false,
        };
        let lines: Vec<Line> = lines.iter().filter(earlier).cloned().collect();
        let series = Series::of_lines(&lines);
        let deciding = analysis::deciding_scenarios();
        let open_of = |(scenario, names): &Planned| {
            let decides = scenario.origin == Origin::Report || deciding.contains(&scenario.name);
            let ratio = |name: &str, metric| {
                estimate(&groups(series.log_ratios(&scenario.name, name, metric)))
            };
            let metrics = scenario.timed_metrics().into_iter();
            let metrics = metrics.map(|metric| (metric, ratio(controls::SAME, metric)));
            let metrics: Vec<_> = metrics.collect();
            let (mut open, mut taking_part) = (0, names.clone());
            taking_part.retain(|name| {
                let is_compared_with = *name == self.plan.baseline || name == controls::SAME;
                let is_open = |(metric, same): &&(_, Option<_>)| {
                    let ratio = ratio(name, *metric);
                    ratio.is_some_and(|ratio| analysis::is_open(&ratio, same.as_ref(), decides))
                };
                let is_judged = !is_compared_with && !controls::is_control(name);
                let metrics = metrics.iter().filter(|metric| is_judged && is_open(metric));
                let differences = metrics.count();
                open += differences;
                is_compared_with || differences > 0
            });
            ((scenario.clone(), taking_part), open)
        };
        let open = self.plan.scenarios.iter().map(open_of);
        let open = open.filter(|(_, open)| *open > 0);
        let (points, rows): (Vec<_>, Vec<_>) = open.partition(|((scenario, _), _)| {
            scenario.point.is_some() && !deciding.contains(&scenario.name)
        });
        if rows.is_empty() { points } else { rows }
    }
}

/// Milliseconds of a block, by the slices of its scenario so far, the start of its processes included. A process that ended
/// early makes it rather too little: a single one that failed at once is not to cost the others their time.
fn block_ms((scenario, names): &Planned, begun: &[Assignment]) -> f64 {
    let slices = |strategies: &[String]| slices_in_block(strategies.len()) as f64;
    let (mut took_ms, mut measured) = (0, 0.0);
    for begun in begun {
        if let Some(ms) = begun.took_ms
            && begun.part.scenario == scenario.name
        {
            took_ms += ms;
            measured += slices(&begun.part.strategies) * f64::from(begun.part.blocks);
        }
    }
    slices(names) * took_ms as f64 / measured.max(1.0)
}

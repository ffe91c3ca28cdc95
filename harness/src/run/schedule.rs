//! Who is measured next, and for how long. Pure: it follows from the plan and from what was measured.
//!
//! A run goes through rounds. In each round every scenario gets one measuring process with some blocks, so a
//! machine that changes during the run changes all scenarios a little instead of one of them much.
//! Many short processes and not few long ones: a verdict is as sure as the number of processes that
//! agree, however many blocks each of them has. After [`PROCESSES`] rounds the run looks once at its verdicts: then the
//! time goes to the scenarios in which plain differences have none, to each in proportion to how many, and there to the
//! strategies that differ so. Time that is left goes, as further blocks, to scenarios whose intervals are wide.

use std::collections::VecDeque;
use std::time::Duration;

use analysis::series::{Series, groups};
use model::controls;
use model::sample::{Line, Part};
use model::scenario::{Origin, Scenario};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use stats::{Estimate, estimate};

use super::recording::{Assignment, Recording};

/// What to measure, and in how much time.
#[derive(Clone, Debug)]
pub(super) struct MeasurementPlan {
    /// The scenarios, with those who can take part in each.
    pub(super) scenarios: Vec<(Scenario, Vec<String>)>,
    pub(super) baseline: String,
    pub(super) cpus: usize,
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

impl MeasurementPlan {
    fn has(&self, scenario: &str) -> bool {
        self.scenarios
            .iter()
            .any(|(planned, _)| planned.name == scenario)
    }
}

/// The rounds of a run.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: MeasurementPlan,
    queue: VecDeque<Assignment>,
    /// The round that the queue is of.
    round: u32,
}

/// Every scenario gets so many processes, as far as the time allows: enough for a verdict that all agree on.
const PROCESSES: u32 = 10;
/// A run in which a round takes long may go on for this share of its time, if it then has [`PROCESSES`] of each scenario:
/// with fewer it would decide nothing.
const MORE: f64 = 0.5;
/// No scenario gets more blocks than this in one round.
const BLOCKS_MAX: f64 = 64.0;

impl Schedule {
    /// Takes up a run where its recording ends.
    pub(super) fn resume(plan: MeasurementPlan, recording: &Recording) -> Self {
        let mut begun = recording.parts();
        begun.retain(|begun| plan.has(&begun.part.scenario));
        let round = begun.iter().map(|begun| begun.part.process).max();
        let mut schedule = Self {
            plan,
            queue: VecDeque::new(),
            round: round.unwrap_or(0),
        };
        // What is left of the parts that were cut short: no slice is measured twice.
        let cut_short = begun.iter().filter(|begun| begun.took_ms.is_none());
        schedule.queue.extend(cut_short.map(|begun| Assignment {
            restarts: begun.restarts + 1,
            ..begun.clone()
        }));
        let mut parts = schedule.parts(schedule.round, recording);
        let is_of = |part: &Part, other: &Part| {
            (&part.scenario, part.process) == (&other.scenario, other.process)
        };
        parts.retain(|part| !begun.iter().any(|begun| is_of(part, &begun.part)));
        let parts = parts.into_iter().map(Assignment::new);
        schedule.queue.extend(parts);
        schedule
    }

    /// The next part, given what was recorded so far: of those that may come next, one whose scenario is welcome, if any is.
    pub(super) fn next(
        &mut self,
        recording: &Recording,
        is_welcome: impl Fn(&Scenario) -> bool,
    ) -> Option<Assignment> {
        loop {
            while self.queue.is_empty() {
                self.round += 1;
                let parts = self.parts(self.round, recording);
                // No time, or nobody is left to be compared.
                if parts.is_empty() {
                    return None;
                }
                self.queue = parts.into_iter().map(Assignment::new).collect();
            }
            let welcome = |next: &Assignment| is_welcome(self.scenario(&next.part));
            let place = self.queue.iter().position(welcome).unwrap_or(0);
            let mut next = self.queue.remove(place)?;
            let strategies = &mut next.part.strategies;
            if next.restarts == 0 && self.plan.limits.one_answer {
                let lines = recording.lines();
                strategies.retain(|name| !has_failed(lines, name, |_| true));
            }
            if strategies.contains(&self.plan.baseline) {
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

    /// Takes time away that was not spent measuring.
    pub(super) fn shorten(&mut self, by: Duration) {
        self.plan.limits.budget = self.plan.limits.budget.saturating_sub(by);
    }

    /// The share of the run that is over, for the progress display.
    pub(super) fn share_done(&self, begun: &[Assignment]) -> f64 {
        let left_ms = left_ms(&self.plan, begun, u32::MAX).max(0.0);
        1.0 - left_ms / budget_ms(&self.plan)
    }

    /// The parts of a round, from what the rounds before it recorded.
    fn parts(&self, round: u32, recording: &Recording) -> Vec<Part> {
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
            let begun = &recording.parts();
            let mut progress = progress(&self.plan, &before(recording.lines(), round));
            if round >= PROCESSES && !self.plan.limits.one_answer {
                let open = open_scenarios(&self.plan, &before(recording.lines(), PROCESSES));
                let due = due(&self.plan, begun, &open, round - PROCESSES);
                progress.retain_mut(|candidate| {
                    let name = &candidate.scenario.name;
                    let open = due.iter().find(|open| open.scenario.name == *name);
                    let taking_part = &mut candidate.taking_part;
                    taking_part
                        .retain(|name| open.is_none_or(|open| open.names.contains(&&**name)));
                    due.is_empty() || open.is_some()
                });
            }
            let blocks = allocate(&self.plan, &progress, begun, round).into_iter();
            let part = |(candidate, blocks): (&Progress<'_>, _)| {
                part(candidate.scenario, candidate.taking_part.clone(), blocks)
            };
            blocks.map(part).collect()
        };
        let mut random = SplitMix64::seed_from_u64(self.plan.seed ^ u64::from(round) << 32);
        parts.sort_by_cached_key(|_| random.next_u64());
        parts
    }
}

fn budget_ms(plan: &MeasurementPlan) -> f64 {
    plan.limits.budget.as_secs_f64() * 1e3
}

/// What other scenarios and the rounds before `round` have left of the time for measuring, in milliseconds; negative if they
/// took more.
fn left_ms(plan: &MeasurementPlan, begun: &[Assignment], round: u32) -> f64 {
    let parts = begun.iter();
    let earlier =
        parts.filter(|begun| begun.part.process < round || !plan.has(&begun.part.scenario));
    let spent: u64 = earlier.filter_map(|begun| begun.took_ms).sum();
    budget_ms(plan) - spent as f64
}

/// Whether a strategy did not survive a scenario that counts.
fn has_failed(lines: &[Line], strategy: &str, counts: impl Fn(&str) -> bool) -> bool {
    let mut failures = lines.iter().filter_map(Line::try_as_failure_ref);
    failures.any(|failure| failure.key.strategy == strategy && counts(&failure.key.scenario))
}

/// Slices of a block with so many strategies.
fn slices(strategies: usize) -> f64 {
    (2 * strategies) as f64 - 1.0
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

/// Milliseconds of a scenario for each slice so far, the start of its processes included. A process that ended early
/// makes it rather too little: a single one that failed at once is not to cost the others their time.
fn cost_of_slice(scenario: &str, begun: &[Assignment]) -> f64 {
    let parts = begun.iter();
    let parts = parts.filter(|begun| begun.part.scenario == scenario && begun.took_ms.is_some());
    let took: u64 = parts.clone().filter_map(|begun| begun.took_ms).sum();
    let all = parts.map(|begun| slices(begun.part.strategies.len()) * f64::from(begun.part.blocks));
    took as f64 / all.sum::<f64>().max(1.0)
}

/// Blocks of the process in `round` of each scenario that still has someone to measure: one; where there is more time than
/// for all rounds, as many more as it wants, or its fair part of them. None if there is no time.
fn allocate<'s>(
    plan: &MeasurementPlan,
    progress: &'s [Progress<'_>],
    begun: &[Assignment],
    round: u32,
) -> Vec<(&'s Progress<'s>, u32)> {
    let left_ms = left_ms(plan, begun, round);
    let turns = plan.limits.rounds.saturating_sub(round);
    // Rounds without which nothing would be decided.
    let turns_least = PROCESSES.saturating_sub(round);
    let has_least = plan.limits.one_answer || turns_least == 0;
    let wanting = progress
        .iter()
        .filter(|candidate| candidate.taking_part.len() > 1);
    let wanting = wanting.map(|candidate| {
        let cost = cost_of_slice(&candidate.scenario.name, begun);
        (candidate, slices(candidate.taking_part.len()) * cost)
    });
    let wanting: Vec<(&Progress<'_>, f64)> = wanting.collect();
    let turn: f64 = wanting.iter().map(|(_, cost)| cost).sum();
    let most_ms = left_ms + MORE * budget_ms(plan);
    let is_decisive = !has_least && most_ms >= turn * f64::from(turns_least);
    if wanting.is_empty() || turns == 0 || left_ms < turn && !is_decisive {
        return Vec::new();
    }
    let turns = f64::from(turns);
    let spare_ms = (left_ms - turn * turns).max(0.0);
    let blocks = |candidate: &Progress<'_>| {
        (candidate.blocks_wanted / turns)
            .ceil()
            .clamp(1.0, BLOCKS_MAX)
    };
    let more = |&(candidate, cost): &(&Progress<'_>, f64)| cost * turns * (blocks(candidate) - 1.0);
    let more: f64 = wanting.iter().map(more).sum();
    let share = if more > 0.0 {
        (spare_ms / more).min(1.0)
    } else {
        0.0
    };
    #[expect(clippy::cast_sign_loss, reason = "clamped above")]
    let allocated = |candidate| 1 + ((blocks(candidate) - 1.0) * share).floor() as u32;
    let wanting = wanting.into_iter();
    wanting
        .map(|(candidate, _)| (candidate, allocated(candidate)))
        .collect()
}

/// How far a scenario is between two rounds.
#[derive(Clone, Debug)]
struct Progress<'t> {
    scenario: &'t Scenario,
    /// The strategies that take part in the next round, the baseline included.
    taking_part: Vec<String>,
    /// Blocks that most of them still want.
    blocks_wanted: f64,
}

/// A ratio that would need more blocks than this does not keep the others waiting.
const WISH_MAX: f64 = 600.0;
/// Among the strategies, the wish of the one at this share of them counts.
const CROWD: f64 = 0.8;

/// How narrow the 99 % interval of a log ratio is to become, to either side.
fn target(scenario: &Scenario, cpus: usize) -> f64 {
    // Aimed at somewhat below what is wanted (0.20, 0.05): the aim is the expected width.
    if scenario.threads() > cpus {
        0.13
    } else if scenario.is_contended(cpus) {
        // What two threads make of a lock that both want is decided anew all the time. Verdicts need
        // no more than this far from the margin.
        0.35
    } else {
        0.03
    }
}

/// How far all scenarios are by these lines.
fn progress<'t>(plan: &'t MeasurementPlan, lines: &[Line]) -> Vec<Progress<'t>> {
    let series = Series::of_lines(lines);
    let progress_of = |(scenario, names): &'t (Scenario, Vec<String>)| {
        let counts = |name: &str| plan.limits.one_answer || name == scenario.name;
        let names = names.iter();
        let names = names.filter(|name| !has_failed(lines, name, counts));
        let mut taking_part: Vec<String> = names.cloned().collect();
        // Without the baseline there is nothing to compare with.
        if !taking_part.contains(&plan.baseline) {
            taking_part.clear();
        }
        let others = taking_part.iter().filter(|name| **name != plan.baseline);
        let wanted: Vec<(&String, f64)> = others
            .flat_map(|name| {
                let metrics = scenario.timed_metrics().into_iter();
                metrics.map(move |metric| (name, metric))
            })
            .filter_map(|(name, metric)| {
                let ratio = estimate(&groups(series.log_ratios(&scenario.name, name, metric)))?;
                Some((name, blocks_wanted(&ratio, target(scenario, plan.cpus))))
            })
            .collect();
        Progress {
            scenario,
            blocks_wanted: wanted_by_most(&wanted),
            taking_part,
        }
    };
    plan.scenarios.iter().map(progress_of).collect()
}

/// A scenario in which differences that are worth it have no verdict.
struct Open<'p> {
    scenario: &'p Scenario,
    /// How many have none.
    differences: usize,
    /// The strategies that differ so, and what they are compared with: the baseline under both of its names.
    names: Vec<&'p str>,
}

impl<'p> Open<'p> {
    /// Nothing if all have a verdict.
    fn new(
        plan: &MeasurementPlan,
        (scenario, names): &'p (Scenario, Vec<String>),
        series: &Series<'_>,
        decides: bool,
    ) -> Option<Self> {
        let mut open = Self {
            scenario,
            differences: 0,
            names: Vec::new(),
        };
        let ratio =
            |name: &str, metric| estimate(&groups(series.log_ratios(&scenario.name, name, metric)));
        let metrics = scenario.timed_metrics().into_iter();
        let metrics: Vec<_> = metrics
            .map(|metric| (metric, ratio(controls::SAME, metric)))
            .collect();
        for name in names {
            let is_compared_with = *name == plan.baseline || name == controls::SAME;
            let is_judged = !is_compared_with && !controls::is_control(name);
            let differences = metrics.iter().filter(|(metric, same)| {
                let ratio = is_judged.then(|| ratio(name, *metric)).flatten();
                ratio.is_some_and(|ratio| analysis::is_open(&ratio, same.as_ref(), decides))
            });
            let differences = differences.count();
            open.differences += differences;
            if is_compared_with || differences > 0 {
                open.names.push(name);
            }
        }
        (open.differences > 0).then_some(open)
    }
}

/// The scenarios in which differences that are worth it have no verdict by these lines; the points of sweeps that decide no
/// use case if there is no other.
fn open_scenarios<'p>(plan: &'p MeasurementPlan, lines: &[Line]) -> Vec<Open<'p>> {
    let series = Series::of_lines(lines);
    let deciding = analysis::deciding_scenarios();
    let open = plan.scenarios.iter().filter_map(|planned| {
        let (Scenario { name, origin, .. }, _) = planned;
        let decides = *origin == Origin::Report || deciding.contains(name);
        Open::new(plan, planned, &series, decides)
    });
    let (points, open): (Vec<Open<'p>>, Vec<Open<'p>>) = open
        .partition(|open| open.scenario.point.is_some() && !deciding.contains(&open.scenario.name));
    if open.is_empty() { points } else { open }
}

/// Which of these scenarios get a process, so many turns after [`PROCESSES`] rounds. The time that was left then is shared
/// in proportion to how many differences are open; who has had its share waits until all others have.
fn due<'o, 'p>(
    plan: &MeasurementPlan,
    begun: &[Assignment],
    open: &'o [Open<'p>],
    turns: u32,
) -> Vec<&'o Open<'p>> {
    let left_ms = left_ms(plan, begun, PROCESSES);
    let all: usize = open.iter().map(|open| open.differences).sum();
    let has_time = |open: &&Open<'p>| {
        let share = left_ms * open.differences as f64 / all as f64;
        let process = cost_of_slice(&open.scenario.name, begun) * slices(open.names.len());
        (share / process).round() > f64::from(turns)
    };
    let due: Vec<&Open<'p>> = open.iter().filter(has_time).collect();
    if due.is_empty() {
        return open.iter().collect();
    }
    due
}

/// Blocks that would make the interval of a ratio as narrow as it is to become, at least 1.
fn blocks_wanted(ratio: &Estimate, target: f64) -> f64 {
    let have = ratio.n as f64;
    let wanted = have * (ratio.expected_half_width() / target).powi(2);
    (wanted.min(WISH_MAX) - have).max(1.0)
}

/// What most strategies want, and the one that is the baseline's double by all means: a noise floor that is wide
/// says nothing about anybody.
fn wanted_by_most(wanted: &[(&String, f64)]) -> f64 {
    let mut all: Vec<f64> = wanted.iter().map(|&(_, blocks)| blocks).collect();
    all.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let crowd = ((all.len() as f64 - 1.0) * CROWD).max(0.0) as usize;
    let floor = wanted.iter().filter(|(name, _)| *name == controls::SAME);
    let floor = floor.map(|&(_, blocks)| blocks).fold(0.0, f64::max);
    all.get(crowd).copied().unwrap_or(1.0).max(floor)
}

//! How often the statistics err, tried on recorded samples where the truth is known.
//!
//! A run has some fifteen slices of the baseline in every block. One of them, drawn at random and
//! compared with the next ones before and after it, is what a strategy would look like that is the
//! baseline: its true ratio is 1. Shifted by a factor, it is one that is slower by exactly that
//! factor. Every seed draws others, so one recording gives as many pretended runs as are asked for.
//!
//! All of these are drawn from the same recorded processes, so an error between processes does not show.
//! Beside them stand processes that are planted afresh each time, with modes and tails.

use model::controls;
use model::parallel;
use model::random::below;
use model::scenario::Scenario;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::Samples;
use crate::series::{self, Blocks, Series, groups};
use crate::verdicts::{FALSE_DISCOVERIES, judge};
use results::{MARGIN, Metric, Verdict};
use stats::planted::{self, Kind};
use stats::{Difference, Estimate, GROUPS_99, LEVEL, estimate};

/// Something that is tried many times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// What is tried.
    pub what: String,
    /// What has to come out.
    pub expected: String,
    /// How often it did, in words.
    pub came_out: String,
    /// How often it has to, in words.
    pub bound: String,
    /// How often it was tried.
    pub of: usize,
    /// Whether it came out as often as it has to.
    pub holds: bool,
}

/// The levels at which the test of a verdict is tried: from that of an interval to what many verdicts leave to one.
const LEVELS: [f64; 4] = [0.05, 0.01, 1e-3, 1e-4];

/// The numbers of processes with which it is tried.
const PROCESSES: [u32; 4] = [5, 8, 16, 24];

/// Runs that are planted for each: enough that one in ten thousand shows.
const PLANTED: u32 = 20_000;

/// How often the test of a verdict finds a difference where none is planted, for every kind of processes and several
/// numbers of them: no more often than its level says, but for chance.
pub fn sizes() -> Vec<Trial> {
    let kinds = Kind::ALL.iter();
    let cases = kinds.map(|&kind| PROCESSES.map(|processes| (kind, processes)));
    let cases: Vec<_> = cases.collect();
    let percents = |shares: &[f64]| {
        let shares = shares.iter().map(|share| format!("{:.3} %", 100.0 * share));
        shares.collect::<Vec<_>>().join(", ")
    };
    parallel::map(cases.as_flattened(), |&(kind, processes)| {
        let seed = processes.into();
        let alarms = planted::false_alarms(kind, processes, &LEVELS, PLANTED, seed);
        let alarms: Vec<f64> = alarms.into_iter().map(f64::from).collect();
        let allowed = LEVELS.map(|level| planted::most_by_chance(level, PLANTED));
        let shares = alarms.iter().map(|runs| runs / f64::from(PLANTED));
        let shares: Vec<f64> = shares.collect();
        Trial {
            what: format!("{processes} planted processes: {kind}"),
            expected: format!("no difference found, in {PLANTED} runs"),
            came_out: format!("found in {}", percents(&shares)),
            bound: format!("at most {}", percents(&LEVELS)),
            of: PLANTED as usize,
            holds: alarms.iter().zip(allowed).all(|(runs, most)| *runs <= most),
        }
    })
}

/// Errors at the stated level may be this frequent.
const ERRORS_MAX: f64 = 0.05;

/// What is said about intervals at 99 % is tried where there are as many processes, or twice as many
/// as half of them are drawn: no interval of a median of fewer than eight can cover 99 %. In a default
/// run these are the report's rows.
const PROCESSES_MIN: usize = 16;

/// A row of the samples: log ratios of the baseline to itself, by process and block.
struct Row<'s> {
    scenario: &'s Scenario,
    metric: Metric,
    blocks: Vec<Blocks>,
}

/// Tries the statistics on a recording, with `runs` pretended runs.
pub fn trials(samples: &Samples, runs: u64) -> Vec<Trial> {
    let (header, series) = (&samples.header, Series::of_lines(&samples.lines));
    let cpus = header.environment.cpus;
    let rows = series::rows(&header.scenarios).map(|(scenario, metric)| {
        let mut blocks = series.baseline_log_ratios(&scenario.name, &header.baseline, metric);
        // A block of two strategies has no slice of the baseline between others.
        blocks.retain(|process| !process.concat().is_empty());
        Row {
            scenario,
            metric,
            blocks,
        }
    });
    let rows: Vec<Row<'_>> = rows.filter(|row| row.blocks.len() >= GROUPS_99).collect();
    let all: Vec<&Row<'_>> = rows.iter().collect();
    let mut quiet = all.clone();
    quiet.retain(|row| !row.scenario.is_contended(cpus) && row.blocks.len() >= PROCESSES_MIN);
    let mut trials = Vec::new();
    let what = format!("the baseline as its own contender, {} rows", all.len());
    let estimates = pretended(&all, runs, 0.0, 0);
    for expected in [IN_95, IN_99, NOT_DIFFERENT] {
        trials.push(trial(&what, 0.0, expected, &estimates));
    }
    for planted in [1.2_f64, 1.05] {
        let (truth, percent) = (-planted.ln(), (planted - 1.0) * 100.0);
        let (rows, estimates) = (quiet.len(), pretended(&quiet, runs, truth, 0xff00));
        let what = format!("a slowdown of {percent:.0} % planted in it, {rows} uncontended rows");
        trials.push(trial(&what, truth, IN_99, &estimates));
        // A smaller one need not be told from none.
        if planted > 1.1 {
            trials.push(trial(&what, 0.0, NOT_IN_99, &estimates));
        }
    }
    trials.extend(discoveries(&all, cpus, runs));
    for name in [controls::SAME, controls::SLOWER_20, controls::SLOWER_5] {
        let is_known = !header.is_beside_the_point(name);
        let estimates = halves(&series, &quiet, name, runs);
        if let Some(planted) = controls::planted(name).filter(|_| is_known)
            && !estimates.is_empty()
        {
            let what = format!("{name} as measured, half of its processes");
            trials.push(trial(&what, -planted.times.ln(), IN_99, &estimates));
        }
    }
    trials
}

/// What has to come out of an estimate, given a log ratio.
type Expected = (&'static str, fn(&Estimate, f64) -> bool);

const IN_95: Expected = ("in the 95 % interval", |estimate, value| {
    estimate.interval(0.05).contains(value)
});
const IN_99: Expected = ("in the 99 % interval", |estimate, value| {
    estimate.interval(LEVEL).contains(value)
});
const NOT_IN_99: Expected = ("not in the 99 % interval", |estimate, value| {
    !estimate.interval(LEVEL).contains(value)
});
const NOT_DIFFERENT: Expected = ("not found to differ at p < 0.01", |estimate, value| {
    Difference::between(estimate, value).p >= 0.01
});

/// How many of the estimates are as expected.
fn trial(what: &str, value: f64, (words, holds): Expected, estimates: &[Estimate]) -> Trial {
    let passed = estimates.iter().filter(|estimate| holds(estimate, value));
    let (passed, of) = (passed.count(), estimates.len());
    let (share, least) = (passed as f64 / of.max(1) as f64, 1.0 - ERRORS_MAX);
    Trial {
        what: what.to_owned(),
        expected: format!("{:.3} {words}", value.exp()),
        came_out: format!("{passed} of {of} ({:.2} %)", 100.0 * share),
        bound: format!("at least {:.0} %", 100.0 * least),
        of,
        holds: of > 0 && share >= least,
    }
}

/// True ratios of pretended strategies: as good as the baseline, somewhat and much better, somewhat and much worse.
const PLANTED_RATIOS: [f64; 7] = [1.0, 1.0 / 1.05, 1.0 / 1.2, 1.0 / 1.5, 1.5, 3.0, 1.0 / 3.0];

/// Verdicts of pretended runs, each judged as a whole: how many of them are wrong, and how many threefold effects are
/// missed, by kind of row.
fn discoveries(rows: &[&Row<'_>], cpus: usize, runs: u64) -> Vec<Trial> {
    let kind = |row: &Row<'_>| match row.scenario {
        scenario if scenario.threads() > cpus => 2,
        scenario => usize::from(scenario.is_contended(cpus)),
    };
    let seeds: Vec<u64> = (0..runs).collect();
    let judged = parallel::map(&seeds, |&seed| {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x0f0f);
        let mut pretended: Vec<(usize, f64, Estimate)> = Vec::new();
        for row in rows {
            for planted in PLANTED_RATIOS {
                let estimate = row.pretend(&mut random, planted.ln());
                pretended.extend(estimate.map(|estimate| (kind(row), planted, estimate)));
            }
        }
        let comparisons = pretended.iter().map(|(_, _, ratio)| (ratio, 0.0));
        let (_, verdicts) = judge(&comparisons.collect::<Vec<_>>(), 1);
        let judged = pretended.iter().zip(verdicts);
        let judged = judged.map(|(&(kind, planted, _), (verdict, _))| {
            let is_right = (verdict == Verdict::Holds) == (planted > MARGIN);
            let is_right = (verdict != Verdict::Inconclusive).then_some(is_right);
            (kind, planted.ln().abs() > 1.0, is_right)
        });
        judged.collect::<Vec<_>>()
    });
    // The kind of row, whether the effect is threefold, and whether the verdict is right, if there is one.
    let judged: Vec<(usize, bool, Option<bool>)> = judged.concat();
    let kinds = ["uncontended", "contended", "oversubscribed"];
    let mut trials = Vec::new();
    for (kind, name) in kinds.into_iter().enumerate() {
        let all = || judged.iter().filter(|(of, ..)| *of == kind);
        let verdicts = all().filter(|(.., right)| right.is_some()).count();
        let wrong = all().filter(|(.., right)| *right == Some(false)).count();
        let large = || all().filter(|(_, is_threefold, _)| *is_threefold);
        let missed = large().filter(|(.., right)| *right != Some(true)).count();
        for (effects, expected, part, of) in [
            ("1 to 3 times", "wrong", wrong, verdicts),
            ("3 times", "missed", missed, large().count()),
        ] {
            let share = part as f64 / of as f64;
            trials.extend((of > 0).then(|| Trial {
                what: format!("verdicts on effects of {effects}, {name} rows"),
                expected: expected.into(),
                came_out: format!("{part} of {of} ({:.2} %)", 100.0 * share),
                bound: format!("at most {:.0} %", 100.0 * FALSE_DISCOVERIES),
                of,
                holds: share <= FALSE_DISCOVERIES,
            }));
        }
    }
    trials
}

impl Row<'_> {
    /// A pretended strategy: one slice of each block.
    fn pretend(&self, random: &mut Xoshiro256PlusPlus, shift: f64) -> Option<Estimate> {
        let mut draw = |blocks: &Blocks| -> Vec<f64> {
            let blocks = blocks.iter().filter(|block| !block.is_empty());
            let drawn = blocks.map(|block| block[below(random, block.len())] + shift);
            drawn.collect()
        };
        let processes: Vec<Vec<f64>> = self.blocks.iter().map(&mut draw).collect();
        estimate(&processes)
    }
}

/// What pretended runs of all rows estimate: one strategy a row and seed, `shift` better than the baseline. Those of
/// another `salt` are drawn independently.
fn pretended(rows: &[&Row<'_>], runs: u64, shift: f64, salt: u64) -> Vec<Estimate> {
    let mut estimates = Vec::new();
    for seed in 0..runs {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ salt);
        for row in rows {
            estimates.extend(row.pretend(&mut random, shift));
        }
    }
    estimates
}

/// Estimates of a control that was measured, with tables and slices of its own: half of its processes, drawn at
/// random, as a run of half the length.
fn halves(series: &Series<'_>, rows: &[&Row<'_>], name: &str, runs: u64) -> Vec<Estimate> {
    let mut estimates = Vec::new();
    for row in rows {
        let all = groups(series.log_ratios(&row.scenario.name, name, row.metric));
        if all.len() < PROCESSES_MIN {
            continue;
        }
        for seed in 0..runs {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x00ff);
            let mut processes = all.clone();
            while processes.len() > all.len().div_ceil(2) {
                let index = below(&mut random, processes.len());
                processes.swap_remove(index);
            }
            estimates.extend(estimate(&processes));
        }
    }
    estimates
}

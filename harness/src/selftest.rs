//! How often the statistics err, tried on recorded samples where the truth is known.
//!
//! A run has some thirty slices of the baseline in every block. One of them, drawn at random and
//! compared with its neighbours of the same kind, is what a strategy would look like that is the
//! baseline: its true ratio is 1. Shifted by a factor, it is one that is slower by exactly that
//! factor. Every seed draws others, so one recording gives as many pretended runs as are asked for.
//!
//! All of these are drawn from the same recorded processes, so an error between processes does not show.
//! Beside them stand processes that are planted afresh each time, with modes and tails.

use basis::controls;
use basis::parallel;
use basis::random::below;
use basis::scenario::Scenario;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::analysis::Samples;
use crate::analysis::series::{self, Series, groups};
use crate::results::Metric;
use statistics::planted::{self, Kind};
use statistics::{Difference, Estimate, GROUPS_99, estimate};

/// How often the test of a verdict finds a difference where none is planted.
#[derive(Clone, Debug, PartialEq)]
pub struct Size {
    /// How the processes' figures are distributed.
    pub kind: Kind,
    /// How many processes a run has.
    pub processes: u32,
    /// For each of [`LEVELS`], in how many runs a difference was significant.
    pub found: Vec<u32>,
    /// Of so many runs.
    pub of: u32,
}

/// The levels at which [`Size`] is tried: from that of an interval to what many verdicts leave to one.
pub const LEVELS: [f64; 4] = [0.05, 0.01, 1e-3, 1e-4];

/// The numbers of processes with which it is tried.
const PROCESSES: [u32; 4] = [5, 8, 16, 24];

/// Runs that are planted for each: enough that one in ten thousand shows.
const PLANTED: u32 = 20_000;

impl Size {
    /// Whether it errs no more often than it says, but for chance.
    pub fn holds(&self) -> bool {
        let mut all = self.found.iter().zip(LEVELS);
        all.all(|(&found, level)| f64::from(found) <= planted::most_by_chance(level, self.of))
    }
}

/// The sizes of the test on every kind of processes, for several numbers of them.
pub fn sizes() -> Vec<Size> {
    let cases = Kind::ALL
        .iter()
        .map(|&kind| PROCESSES.map(|processes| (kind, processes)));
    let cases: Vec<_> = cases.collect();
    parallel::map(cases.as_flattened(), |&(kind, processes)| Size {
        kind,
        processes,
        found: planted::false_positives(kind, processes, &LEVELS, PLANTED, processes.into()),
        of: PLANTED,
    })
}

/// Something that is tried many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What is tried.
    pub what: String,
    /// What has to come out.
    pub expected: String,
    /// How often it did.
    pub passed: usize,
    /// Of so many.
    pub of: usize,
    /// The least share of times that will do.
    pub least: f64,
}

impl Trial {
    /// Whether it came out as often as it has to.
    pub fn holds(&self) -> bool {
        self.of > 0 && self.passed as f64 >= self.least * self.of as f64
    }
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
    blocks: Vec<Vec<Vec<f64>>>,
}

/// Tries the statistics on a recording, with `runs` pretended runs.
pub fn trials(samples: &Samples, runs: u64) -> Vec<Trial> {
    let series = Series::undisturbed(&samples.lines);
    let rows = rows(samples, &series);
    let cpus = samples.header.environment.cpus;
    let quiet: Vec<&Row<'_>> = rows
        .iter()
        .filter(|row| !row.scenario.is_contended(cpus) && row.blocks.len() >= PROCESSES_MIN)
        .collect();
    let all: Vec<&Row<'_>> = rows.iter().collect();
    let mut trials = equal(&all, runs);
    for planted in [1.2, 1.05] {
        trials.extend(slower(&quiet, runs, planted));
    }
    for name in [controls::SAME, controls::SLOWER_20, controls::SLOWER_5] {
        trials.extend(measured(samples, &series, &quiet, name, runs));
    }
    trials
}

fn rows<'s>(samples: &'s Samples, series: &Series<'_>) -> Vec<Row<'s>> {
    let header = &samples.header;
    let rows = series::rows(&header.scenarios).map(|(scenario, metric)| Row {
        scenario,
        metric,
        blocks: series.baseline_log_ratios(&scenario.name, &header.baseline, metric),
    });
    rows.filter(|row| row.blocks.len() >= GROUPS_99).collect()
}

impl Row<'_> {
    /// A pretended strategy: one slice of each block.
    fn pretend(&self, random: &mut Xoshiro256PlusPlus, shift: f64) -> Option<Estimate> {
        let processes: Vec<Vec<f64>> = self
            .blocks
            .iter()
            .map(|blocks| {
                let drawn = blocks.iter().filter(|block| !block.is_empty());
                drawn
                    .map(|block| block[below(random, block.len())] + shift)
                    .collect()
            })
            .collect();
        estimate(&processes)
    }
}

/// The baseline against itself: how rarely it comes out as different.
fn equal(rows: &[&Row<'_>], runs: u64) -> Vec<Trial> {
    let (mut shown, mut judged, mut decided, mut of) = (0, 0, 0, 0);
    for seed in 0..runs {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        for row in rows {
            let Some(ratio) = row.pretend(&mut random, 0.0) else {
                continue;
            };
            of += 1;
            shown += usize::from(ratio.shown.contains(0.0));
            judged += usize::from(ratio.judged.contains(0.0));
            decided += usize::from(Difference::between(&ratio, 0.0).p >= 0.01);
        }
    }
    let trial = |expected: &str, passed| Trial {
        what: format!("the baseline as its own contender, {} rows", rows.len()),
        expected: expected.into(),
        passed,
        of,
        least: 1.0 - ERRORS_MAX,
    };
    vec![
        trial("1.00 in the 95 % interval", shown),
        trial("1.00 in the 99 % interval", judged),
        trial("no difference from 1.00 at p < 0.01", decided),
    ]
}

/// The same, slower by a known factor, on the rows without contention.
fn slower(rows: &[&Row<'_>], runs: u64, planted: f64) -> Vec<Trial> {
    let (mut contained, mut told, mut of) = (0, 0, 0);
    for seed in 0..runs {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0xff00);
        for row in rows {
            let Some(ratio) = row.pretend(&mut random, -planted.ln()) else {
                continue;
            };
            of += 1;
            contained += usize::from(ratio.judged.contains(-planted.ln()));
            told += usize::from(!ratio.judged.contains(0.0));
        }
    }
    let percent = (planted - 1.0) * 100.0;
    let trial = |expected: String, passed, least| Trial {
        what: format!(
            "a slowdown of {percent:.0} % planted in it, {} uncontended rows",
            rows.len()
        ),
        expected,
        passed,
        of,
        least,
    };
    let mut trials = vec![trial(
        format!("{:.3} in the 99 % interval", 1.0 / planted),
        contained,
        1.0 - ERRORS_MAX,
    )];
    if planted > 1.1 {
        trials.push(trial(
            "1.00 not in the 99 % interval".into(),
            told,
            1.0 - ERRORS_MAX,
        ));
    }
    trials
}

/// A control that was measured, with tables and slices of its own: half of its processes, drawn at
/// random, as a run of half the length.
fn measured(
    samples: &Samples,
    series: &Series<'_>,
    rows: &[&Row<'_>],
    name: &str,
    runs: u64,
) -> Option<Trial> {
    if samples.header.is_beside_the_point(name) {
        return None;
    }
    let truth = -controls::planted(name)?.times.ln();
    let (mut contained, mut of) = (0, 0);
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
            if let Some(ratio) = estimate(&processes) {
                of += 1;
                contained += usize::from(ratio.judged.contains(truth));
            }
        }
    }
    (of > 0).then(|| Trial {
        what: format!("{name} as measured, half of its processes"),
        expected: format!("{:.3} in the 99 % interval", truth.exp()),
        passed: contained,
        of,
        least: 1.0 - ERRORS_MAX,
    })
}

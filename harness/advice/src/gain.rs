//! What a program gains if one of its locks is replaced: the program is played with each strategy.
//!
//! From a recording follows what a thread of each part does: an operation, whose time inside is known, and then the work up to
//! the next one. The threads of a scenario do the same, with each strategy ([`Group::pause_ns`]): a closed loop, as in the
//! machine repairman's problem (Palm 1947), with exponential times between operations. What a round of it takes less, the program
//! gains: threads that no longer wait come back sooner, and meet at the lock again.
//!
//! - **The work between operations** is what waiting, holding and locking leave of a thread's time. Locking is not recorded: it
//!   takes something between nothing and the most that the bound allows, and half of that is assumed.
//! - **What the loop waits** is not what the program waited: arrivals are not exponential, threads do not start together, and chance
//!   has its part. So the interval has both: the time that a round of the loop saves, and the share of its waiting and locking that it
//!   saves, of what the recording has of them (at 99 %: a wait is one of many independent ones, which spread their sum by the
//!   root of the sum of their squares).
//! - **More threads than processors** play as many as there are processors. Each comes back sooner by so much that the lock
//!   is asked for as often. If the program has more threads than processors, those that no longer wait may find none: then
//!   possibly nothing is gained.
//! - **Long times.** What is longer than a scenario can have is cut in a workload; all times of the loop are shorter by the same factor then.
//! - **Threads.** The shares are those of the threads of all call sites. They may be the same threads, so at most the shares are
//!   those of the threads that are known to use the lock, as in the bound.
//! - **What is not told apart.** No comparison of programs is finer than [`RESOLUTION`], so the interval is wider by that.
//!
//! - **What a section needs.** A lock sees how long a section takes, and not whether it is about one key or goes through the whole
//!   table, like a `retain`. The loop takes each for one about one key. With a strategy whose scans are no snapshot, because it
//!   locks the table in parts or not at all, one that goes through all of it may keep the others from as much as today: then
//!   possibly nothing is gained. What is gained otherwise is said beside it.
//!
//! No strategy gains more than a free lock, the bound of the recording.

use analysis::SKEW;
use model::claims::Property;
use model::scenario::{Origin, Scenario};
use results::Machine;
use serde::Serialize;

use super::questions::group;
use super::recorded::{HOLD_LEAST_NS, OPERATION_NS, Program};
use super::workload::{Part, Side, Workload};

/// What the threads of a part do at the lock and around it, on average. Times of an operation, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The part.
    pub side: Side,
    /// How many threads.
    pub threads: u64,
    /// Their share of the time of all threads at the lock.
    pub weight: f64,
    /// From one operation of a thread to its next.
    pub round_ns: f64,
    /// Of that, waiting for the lock.
    pub waiting_ns: f64,
    /// How far off that may be by chance, at 99 %.
    pub waiting_error_ns: f64,
    /// Holding it.
    pub holding_ns: f64,
    /// Locking and unlocking, at most.
    pub locking_ns: f64,
}

/// What the program gains in throughput by a strategy: 0.1 is a tenth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// The strategy.
    pub strategy: String,
    /// At least.
    pub low: f64,
    /// At least, if each section is about one key; nothing where that makes no difference.
    pub low_by_key: Option<f64>,
    /// At most; never more than the bound.
    pub high: f64,
}

/// A part as it is played.
struct Played<'a> {
    share: &'a Share,
    part: Part,
    threads: usize,
    /// Work between two operations.
    pause_ns: f64,
    /// The share of the times inside that the workload has.
    kept: f64,
}

/// A program as it is played.
struct Loop<'a> {
    parts: Vec<Played<'a>>,
    /// A round of the loop takes so many times as long as one of the program: 1, or less where times are cut.
    scale: f64,
}

/// No longer work is played between two operations.
const PAUSE_MOST_NS: f64 = 1e6;

/// How far apart two measurements of the same may lie without a cause: as far as the controls of a run tolerate it of the
/// baseline's own slices.
const RESOLUTION: f64 = SKEW - 1.0;

impl<'a> Loop<'a> {
    /// Nothing if the measured strategies do not stand in the lock's place.
    fn new(program: &'a Program, workload: &Workload, cpus: usize) -> Option<Self> {
        let all: u64 = program.shares.iter().map(|share| share.threads).sum();
        let playing = (cpus as f64 / all as f64).min(1.0);
        let parts = workload.parts().into_iter().map(|part| {
            let mut shares = program.shares.iter();
            let share = shares.find(|share| share.side == part.side)?;
            Some(Played::new(share, part, playing))
        });
        let parts: Vec<Played<'_>> = parts.collect::<Option<_>>()?;
        let kept = parts.iter().map(|played| played.kept);
        let fitting = parts.iter().map(|played| PAUSE_MOST_NS / played.pause_ns);
        let scale = kept.chain(fitting).fold(1.0, f64::min);
        (!program.is_stand_in).then_some(Self { parts, scale })
    }
}

impl<'a> Played<'a> {
    fn new(share: &'a Share, part: Part, playing: f64) -> Self {
        let inside = share.waiting_ns + share.holding_ns + share.locking_ns / 2.0;
        #[expect(clippy::cast_sign_loss, reason = "it is a number of threads")]
        let threads = (share.threads as f64 * playing).round().max(1.0) as usize;
        let kept = match share.holding_ns {
            held if held > HOLD_LEAST_NS => (part.inside_ns() + OPERATION_NS) / held,
            _ => 1.0,
        };
        Self {
            share,
            pause_ns: (share.round_ns * (threads as f64 / share.threads as f64) - inside).max(0.0),
            kept: kept.min(1.0),
            part,
            threads,
        }
    }

    /// The time of a round that is saved by what is so many times better than the baseline, whose rounds take that long: at
    /// least and at most.
    fn saved_ns(&self, round_ns: f64, ratios: [f64; 2]) -> [f64; 2] {
        let inside_ns = (self.part.inside_ns() + OPERATION_NS) / self.kept;
        let lost_ns = round_ns - self.pause_ns - inside_ns;
        let recorded_ns = self.share.waiting_ns + self.share.locking_ns / 2.0;
        let saved = |end: usize, sign: f64, outer: fn(f64, f64) -> f64| {
            let saved_ns = round_ns * (1.0 - 1.0 / ratios[end]);
            if saved_ns <= 0.0 {
                return saved_ns;
            }
            let share = (saved_ns < lost_ns).then(|| saved_ns / lost_ns);
            let share = share.unwrap_or(1.0);
            let of_recorded = recorded_ns + sign * self.share.waiting_error_ns;
            outer(saved_ns, share * of_recorded.max(0.0))
        };
        [saved(0, -1.0, f64::min), saved(1, 1.0, f64::max)]
    }
}

/// The scenario in which a recorded program is played.
fn name(workload: &Workload) -> String {
    format!("{}-in-program", workload.name)
}

/// The scenario in which a recorded program is played on so many processors; nothing if no strategy stands in the lock's place.
pub fn in_program(program: &Program, workload: &Workload, cpus: usize) -> Option<Scenario> {
    let played = Loop::new(program, workload, cpus)?;
    let groups = played.parts.iter().map(|part| {
        let mut group = group(&part.part, part.threads, None);
        for section in group.sections.iter_mut().chain(&mut group.write_sections) {
            section.ns *= played.scale / part.kept;
        }
        group.pause_ns = Some((part.pause_ns * played.scale).min(PAUSE_MOST_NS));
        group
    });
    Some(Scenario {
        name: name(workload),
        question: "What does a round of the program take, from one operation to the next?".into(),
        origin: Origin::default(),
        groups: groups.collect(),
        ..workload.table_scenario()
    })
}

/// What a recorded program gains by a strategy with which it was played; nothing if a part was not compared, or by one process alone.
pub fn gain_of(
    program: &Program,
    workload: &Workload,
    results: &Machine,
    strategy: &str,
) -> Option<Gain> {
    let played = Loop::new(program, workload, results.environment.cpus)?;
    let name = name(workload);
    let saved = played.parts.iter().map(|part| {
        let metric = group(&part.part, 1, None).does.metric();
        let ratio = results.cell(&name, strategy, metric)?.ratio.as_ref();
        let ratio = ratio.filter(|ratio| ratio.ci_low < ratio.ci_high)?;
        // A cell is wall time by the operations of the threads that have a processor.
        let running = part.threads.min(results.environment.cpus) as f64;
        let round_ns = results.cell(&name, &results.baseline, metric)?.median * running;
        let saved = part.saved_ns(round_ns / played.scale, [ratio.ci_low, ratio.ci_high]);
        Some(saved.map(|saved_ns| part.share.weight * saved_ns / part.share.round_ns))
    });
    let saved: Vec<[f64; 2]> = saved.collect::<Option<_>>()?;
    let [mut low, mut high] =
        [0, 1].map(|end| saved.iter().map(|interval| interval[end]).sum::<f64>());
    if program.is_crowded {
        low = low.min(0.0);
    }
    high = high.max(high * program.idle);
    // Where nothing is left, all is gained that there is.
    let gain = |saved: f64| 1.0 / (1.0 - saved).max(0.0) - 1.0;
    let at_least = |saved: f64| gain(saved).min(program.bound) - RESOLUTION;
    let mut weaker = results.weaker_claims(strategy).into_iter();
    let scans_in_parts = weaker.any(|(property, ..)| property == Property::ScanConsistency);
    // A section that takes no longer than an operation goes through no table.
    let is_long = |played: &Played<'_>| played.share.holding_ns > HOLD_LEAST_NS;
    let by_key = scans_in_parts && low > 0.0 && played.parts.iter().any(is_long);
    Some(Gain {
        strategy: strategy.to_owned(),
        low: at_least(if by_key { 0.0 } else { low }),
        low_by_key: by_key.then(|| at_least(low)),
        high: (gain(high) + RESOLUTION).min(program.bound),
    })
}

#[cfg(test)]
mod tests {
    use model::scenario::Section;

    use super::*;
    use crate::recorded::tests::{SESSIONS, STD_MUTEX, made, recording, used};
    use crate::workload::Times;

    /// A round of 10 us: 2 us of waiting, 3 us inside.
    const SHARE: Share = Share {
        side: Side::Mixed,
        threads: 2,
        weight: 1.0,
        round_ns: 10_000.0,
        waiting_ns: 2_000.0,
        waiting_error_ns: 200.0,
        holding_ns: 3_030.0,
        locking_ns: 100.0,
    };

    fn part() -> Part {
        Part {
            side: Side::Mixed,
            threads: 2,
            section_ns: Some(Times::Always(3_000.0)),
            write_section_ns: Some(Times::Always(3_000.0)),
            writes: Some(0.5),
            ..Part::default()
        }
    }

    fn assert_saved(share: &Share, round_ns: f64, ratios: [f64; 2], expected: [f64; 2]) {
        let saved = Played::new(share, part(), 1.0).saved_ns(round_ns, ratios);
        let is_it = |end: usize| (saved[end] - expected[end]).abs() < 1e-6;
        assert!(is_it(0) && is_it(1), "{saved:?} instead of {expected:?}");
    }

    #[test]
    fn a_round_that_waits_as_recorded_saves_what_it_saves() {
        let exact = Share {
            waiting_error_ns: 0.0,
            ..SHARE
        };
        assert_saved(&exact, 10_000.0, [1.0, 1.25], [0.0, 2_000.0]);
        // A chance of 200 ns in 2,050: of which 500 and 1,000 were saved.
        let shares = [1.0 - 200.0 / 2_050.0, 1.0 + 200.0 / 2_050.0];
        let expected = [500.0 * shares[0], 1_000.0 * shares[1]];
        assert_saved(&SHARE, 10_000.0, [1.0 / 0.95, 1.0 / 0.9], expected);
    }

    #[test]
    fn a_loop_that_waits_less_or_more_saves_the_same_share_or_the_same_time() {
        let exact = Share {
            waiting_error_ns: 0.0,
            ..SHARE
        };
        // 4,920 ns of work, 3,030 inside and 1,025 lost, half as much as recorded; half of it is saved.
        let round_ns = 4_920.0 + 3_030.0 + 1_025.0;
        let ratio = round_ns / (round_ns - 512.5);
        assert_saved(&exact, round_ns, [ratio; 2], [512.5, 1_025.0]);
        let round_ns = 4_920.0 + 3_030.0 + 4_100.0;
        let ratio = round_ns / (round_ns - 2_050.0);
        assert_saved(&exact, round_ns, [ratio; 2], [1_025.0, 2_050.0]);
    }

    #[test]
    fn what_takes_longer_loses_that_time() {
        assert_saved(&SHARE, 10_000.0, [0.8, 0.9], [-2_500.0, -10_000.0 / 9.0]);
    }

    #[test]
    fn what_is_left_of_a_round_is_worked_between_operations() {
        let alone = Played::new(&SHARE, part(), 1.0);
        assert_eq!((alone.threads, alone.kept), (2, 1.0));
        assert!((alone.pause_ns - 4_920.0).abs() < 1e-9);
        // One thread for two: it comes back twice as often.
        let half = Played::new(&SHARE, part(), 0.5);
        assert_eq!(half.threads, 1);
        assert!(half.pause_ns.abs() < 1e-9, "{}", half.pause_ns);
    }

    /// The longest times inside are cut in a workload, here to a half on average, and a pause may be too long itself.
    #[test]
    fn times_that_are_cut_shorten_the_others_as_much() {
        let text = "name = \"w\"\n[table]\nrecords = 4\n[mixed]\nthreads = 2\nwrites = 0.5\nsection_ns = 3000\n\
                    write_section_ns = 3000\n";
        let workload = Workload::parse(text, "w.toml").expect("it is a workload");
        let uses = used(1, "write", 2, 9, 0, &[[9, 9, 9]]);
        let recorded = made(&recording(SESSIONS, STD_MUTEX, &uses)).program;
        let program = |share: Share| Program {
            shares: vec![share],
            ..recorded.clone()
        };
        let played = |share| in_program(&program(share), &workload, 2).expect("it is played");
        let of = |scenario: &Scenario| {
            let group = &scenario.groups[0];
            let Section { ns, .. } = group.write_sections[0];
            [ns, group.pause_ns.expect("it pauses")]
        };
        let assert_of = |scenario: &Scenario, expected: [f64; 2]| {
            assert!((0..2).all(|time| (of(scenario)[time] - expected[time]).abs() < 1e-6));
        };
        let cut = played(Share {
            holding_ns: 6_060.0,
            ..SHARE
        });
        assert_of(&cut, [3_000.0, 1_890.0 / 2.0]);
        let idle = played(Share {
            round_ns: 10e6 + 5_080.0,
            ..SHARE
        });
        assert_of(&idle, [300.0, 1e6]);
    }
}

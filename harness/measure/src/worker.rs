//! Blocks of one scenario: carried out in a child process, which writes what it finds to its parent.
//!
//! A process of its own for every scenario, so that no case inherits another one's heap, and so that
//! a strategy that hangs or aborts takes nothing else with it.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use model::clock;
use model::message::{Message, say};
use model::random::{self, shuffle};
use model::sample::{Interference, Line, Part, Slice, SliceKey};
use model::scenario::{BETWEEN, Scenario};
use model::workload::Workload;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::calibration;
use crate::field::Field;
use crate::prepared_strategy::{PreparedStrategy, Window, prepare};

/// Blocks of one scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeasureTask {
    /// The scenario.
    pub scenario: Scenario,
    /// Where the process trace is that it replays, if it does.
    pub trace: Option<PathBuf>,
    /// Who takes part, in which process, for how many blocks.
    pub part: Part,
    /// Where to go on, in a part that was cut short.
    pub from: Place,
    /// How often the part was cut short.
    pub restarts: u32,
    /// Whose heap to account for.
    pub account: Vec<String>,
    /// Who stands between the others.
    pub baseline: String,
    /// The seed of the run.
    pub seed: u64,
    /// Uncounted, in nanoseconds.
    pub ramp_ns: u64,
    /// Counted, in nanoseconds.
    pub window_ns: u64,
}

/// A place in the schedule of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The block.
    pub block: u32,
    /// The position in it.
    pub position: u32,
}

/// Measures blocks of one scenario.
///
/// # Errors
///
/// When the parent is gone, or the trace cannot be read any more.
///
/// # Panics
///
/// When the task names a strategy that cannot take part in the scenario.
pub fn measure(task: &MeasureTask, out: &mut impl Write) -> io::Result<()> {
    let MeasureTask { scenario, part, .. } = task;
    // By default each sleep may take 50 us longer, and a slice has some of them. Refused, it only takes longer.
    let _ = nix::sys::prctl::set_timerslack(1);
    let _ballast = ballast(task);
    let seed = random::seed(task.seed, &[part.process.into()]);
    let field = match &task.trace {
        None => Field::new(scenario, seed),
        Some(file) => Field::replaying(&Workload::load(file).map_err(io::Error::other)?, seed),
    };
    let mut strategies = Vec::new();
    for name in &part.strategies {
        set_up(task, "setting up", name, out)?;
        strategies.extend(prepare(scenario, &field, name, &task.baseline));
    }
    let named = |name: &str| {
        let strategy = strategies.iter().find(|strategy| strategy.name == name);
        strategy.expect("the parent names participants only")
    };
    for name in &task.account {
        set_up(task, "accounting of", name, out)?;
        let prepared = named(name);
        for allocation in prepared.allocations() {
            send_line(out, Line::Allocation(allocation))?;
        }
        send_line(out, Line::Memory(prepared.memory()))?;
    }
    let busy = scenario.threads().min(model::environment::cpus());
    for block in task.from.block..part.blocks {
        let order = order(part, &task.baseline, task.seed, block);
        let slices = order.len() as u32;
        let end = Place {
            block,
            position: slices,
        };
        if task.from >= end {
            // All were measured before a kill.
            continue;
        }
        // What disturbs a block is looked at before and after it and never at its result.
        let hand_off_before = hand_off_ns(busy);
        let (began, stolen_before) = (clock::now(), stolen());
        for (position, name) in (0..).zip(order) {
            let place = Place { block, position };
            if place >= task.from {
                slice(task, named(name), place, out)?;
            }
        }
        let (took, stolen) = (began.elapsed(), stolen().saturating_sub(stolen_before));
        let hand_offs = hand_off_before.zip(hand_off_ns(busy));
        let interference = Interference {
            scenario: part.scenario.clone(),
            process: part.process,
            block,
            slices,
            took_ns: took.as_nanos() as u64,
            stolen_ns: stolen.as_nanos() as u64,
            hand_off_ns: hand_offs.map(|(before, after)| [before, after]),
        };
        send_line(out, Line::Interference(interference))?;
    }
    Ok(())
}

/// What handing a line over costs, where threads on several processors can do so. A hypervisor moves virtual processors: to
/// cores that share a cache, to cores that do not, on one core. Nothing else tells: no time is stolen.
fn hand_off_ns(processors: usize) -> Option<f64> {
    (processors > 1).then(calibration::hand_off_briefly)
}

/// What the hypervisor took so far; nothing where the system does not say. Linux counts it in
/// hundredths of a second (`USER_HZ`, fixed in its interface), over all processors.
fn stolen() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut fields = text.lines().next().unwrap_or_default().split_whitespace();
    let ticks = fields.nth(8).and_then(|ticks| ticks.parse().ok());
    Duration::from_millis(10 * ticks.unwrap_or(0))
}

/// The largest shift of the heap, in bytes: more than a page table's reach of one entry.
const BALLAST_MAX: u64 = 65_536;
/// Tells its length from what else a process draws.
const BALLAST: u64 = 1;

/// A block at the beginning of the heap that shifts all others, by another length in each process:
/// where data happens to lie decides about several percent (Mytkowicz et al., ASPLOS 2009). The
/// parent does the same to the stack, by the size of the environment.
fn ballast(task: &MeasureTask) -> Vec<u8> {
    let random = random::seed(task.seed, &[u64::from(task.part.process), BALLAST]);
    black_box(vec![0; (random % BALLAST_MAX) as usize])
}

/// Says what is done with a strategy before the first slice.
fn set_up(task: &MeasureTask, doing: &str, name: &str, out: &mut impl Write) -> io::Result<()> {
    let (what, slice) = (format!("{doing} {name}"), key(task, name, task.from));
    say(out, &Message::SetUp { what, slice })
}

fn key(task: &MeasureTask, strategy: &str, place: Place) -> SliceKey {
    SliceKey {
        scenario: task.scenario.name.clone(),
        process: task.part.process,
        block: place.block,
        position: place.position,
        strategy: strategy.to_owned(),
    }
}

fn slice(
    task: &MeasureTask,
    prepared: &PreparedStrategy<'_>,
    place: Place,
    out: &mut impl Write,
) -> io::Result<()> {
    let key = key(task, prepared.name, place);
    let begin = Message::Begin {
        what: prepared.name.to_owned(),
        slice: Some(key.clone()),
    };
    say(out, &begin)?;
    let (took, groups) = prepared.slice(Window {
        ramp: Duration::from_nanos(task.ramp_ns),
        counted: Duration::from_nanos(task.window_ns),
        block: place.block,
    });
    let slice = Slice {
        key,
        window_ns: took.as_nanos() as u64,
        groups,
        restarts: task.restarts,
    };
    send_line(out, Line::Slice(slice))
}

fn send_line(out: &mut impl Write, line: Line) -> io::Result<()> {
    say(out, &Message::Found { line })
}

/// Tells it from what else a process draws.
const ORDER: u64 = 2;

/// A block of a part: every strategy once, in random order, with a slice of the baseline before and after each two.
///
/// A fixed order would let a drifting machine decide the ranking (Abedi and Brecht, ICPE 2017); the nearest slices of the
/// baseline are what each strategy is compared with.
pub fn order<'n>(part: &'n Part, baseline: &'n str, seed: u64, block: u32) -> Vec<&'n str> {
    let seed = random::seed(seed, &[part.process.into(), block.into(), ORDER]);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let strategies = part.strategies.iter().map(String::as_str);
    let mut contenders: Vec<&str> = strategies.filter(|&name| name != baseline).collect();
    shuffle(&mut contenders, &mut random);
    let mut order = vec![baseline];
    for between in contenders.chunks(BETWEEN) {
        order.extend(between);
        order.push(baseline);
    }
    order
}

#[cfg(test)]
mod tests {
    use model::scenario::{Group, slices_in_block};

    use super::*;

    fn part(strategies: &[&str], process: u32) -> Part {
        Part {
            scenario: String::new(),
            process,
            strategies: strategies.iter().copied().map(String::from).collect(),
            blocks: 0,
        }
    }

    #[test]
    fn who_is_set_up_or_accounted_for_is_said_before() {
        let task = MeasureTask {
            scenario: Scenario {
                processes: 8,
                groups: vec![Group {
                    threads: 1,
                    ..Group::default()
                }],
                ..Scenario::default()
            },
            trace: None,
            part: part(&["mutex/std", "rwlock/std"], 0),
            from: Place {
                block: 0,
                position: 3,
            },
            restarts: 0,
            account: vec!["rwlock/std".into()],
            baseline: "mutex/std".into(),
            seed: 1,
            ramp_ns: 0,
            window_ns: 0,
        };
        let mut out = Vec::new();
        measure(&task, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let set_up = out.lines().filter(|line| line.contains("\"set-up\""));
        let set_up: Vec<&str> = set_up.collect();
        let wanted = [
            "setting up mutex/std",
            "setting up rwlock/std",
            "accounting of rwlock/std",
        ];
        assert_eq!(set_up.len(), wanted.len(), "{out}");
        for (line, what) in set_up.iter().zip(wanted) {
            // Where the part goes on: no slice before is taken for one that is over.
            let is_there = line.contains("\"position\":3");
            assert!(line.contains(what) && is_there, "{line}");
        }
    }

    #[test]
    fn every_two_strategies_stand_between_two_slices_of_the_baseline() {
        let part = part(&["a", "base", "b", "c"], 0);
        for number in 0..20 {
            let mut order = order(&part, "base", 7, number);
            let is_baseline = order.iter().map(|&name| name == "base");
            let is_baseline: Vec<bool> = is_baseline.collect();
            assert_eq!(is_baseline, [true, false, false, true, false, true]);
            assert_eq!(order.len(), slices_in_block(part.strategies.len()));
            order.retain(|&name| name != "base");
            order.sort_unstable();
            assert_eq!(order, ["a", "b", "c"]);
        }
    }

    #[test]
    fn the_order_depends_on_seed_process_and_block_only() {
        let names: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let order = |seed, process, number| {
            let part = part(&names, process);
            order(&part, "s0", seed, number).join(" ")
        };
        assert_eq!(order(1, 2, 3), order(1, 2, 3));
        assert_ne!(order(1, 2, 3), order(2, 2, 3));
        assert_ne!(order(1, 2, 3), order(1, 3, 3));
        assert_ne!(order(1, 2, 3), order(1, 2, 4));
    }
}

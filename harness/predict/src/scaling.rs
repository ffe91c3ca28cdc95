//! From what two threads were seen to do to what an operation costs among many.
//!
//! The best guess executes the two ways as programs (`mesi`); the limits are those of queueing
//! networks (`queue`): of the fastest transfers and lines that stay with their holder, and of
//! the slowest, every access waiting. Where something is tried again, of which the networks know
//! nothing, the simulation of the slowest transfers is a limit, too.

use model::calibration::{Between, Calibration};
use model::trace::Path;

use crate::Band;
use crate::machine::{Machine, between};
use crate::mesi::{Limits, Program, Setting, run};
use crate::path::{Cost, programs};
use crate::queue;
use crate::stations::Network;

/// What two threads that do an operation at the same time were seen to do.
#[derive(Clone, Copy, Debug)]
pub struct Traced<'p> {
    /// Their ways if they are about different records.
    pub apart: &'p [Path; 2],
    /// Lines that both write only if they are about the same record, and how often an operation
    /// accesses them: a lock of a shard or a record.
    pub by_record: Option<ByRecord>,
    /// What the operation costs alone.
    pub cost: Cost,
    /// Whether who finds a word taken waits until it is given back.
    pub waits: bool,
}

/// Lines of which each record, or each few of them, has its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByRecord {
    /// Those that an operation writes.
    pub lines: f64,
    /// Its accesses to them.
    pub accesses: f64,
}

/// Where nothing was calibrated.
const KEEPS_GUESS: f64 = 0.4;
/// Nobody keeps a line for longer.
const KEEPS_MAX: f64 = 0.8;

/// How long whoever holds a line goes on before it has to let go, as a share of the time that the line
/// is on its way. From read-modify-writes in a row: so many fit into the share of a transfer.
pub fn keeps(calibration: &Calibration) -> f64 {
    let Some(between) = calibration.between else {
        return KEEPS_GUESS;
    };
    let share = (between.run_length - 1.0) * calibration.locked_ns / transfer_ns(&between);
    share.clamp(0.0, KEEPS_MAX)
}

/// What a line costs on its way to a processor that writes it, in ns: the time from one change of
/// holders to the next between two threads that want it all the time. The hand-off of a flag is more,
/// since its reader and its writer each fetch it.
fn transfer_ns(between: &Between) -> f64 {
    between.run_length * between.contended_ns / 2.0
}

/// The same as lowest and highest, which are as far apart as the hand-off's quartiles.
pub fn transfers_ns(between: &Between) -> [f64; 2] {
    let [low, middle, high] = between.hand_off_ns;
    let ns = transfer_ns(between);
    [ns * low / middle, ns * high / middle]
}

/// What time alone may be off by with others on the machine, who share nothing: clocks and memory.
const ALONE: [f64; 2] = [0.8, 1.4];
/// At least so many of the lines that go by record are there: the fewer, the more often many meet.
const BY_RECORD_LEAST: usize = 16;
/// How much of a fetch overlaps with the operation's own work, at best.
const OVERLAP: f64 = 0.5;
/// Operations of a simulation, over all processors...
const OPERATIONS: u32 = 1_500;
/// ...and of each at least.
const OPERATIONS_EACH: u32 = 8;
/// What may happen in a simulation: what a file says of a machine may not be what machines are like.
const EVENTS_MAX: u64 = 120_000;
/// Of the random choices: any will do.
const SEED: u64 = 1;

/// An operation among others that do the same.
#[derive(Clone, Debug)]
pub struct Workload {
    programs: [Program; 2],
    networks: [Network; 2],
    by_record: Option<ByRecord>,
    cost: Cost,
    keeps: f64,
}

impl Workload {
    /// From what was seen, and from how long a line stays: what it [`keeps`].
    ///
    /// # Panics
    ///
    /// When the operation takes no time alone.
    pub fn of(seen: Traced<'_>, keeps: f64) -> Self {
        let [one, two] = seen.apart;
        let network = |own, partner| Network::of(own, partner, seen.cost, seen.waits);
        Self {
            programs: programs(seen.apart, seen.cost, seen.waits),
            networks: [network(one, two), network(two, one)],
            by_record: seen.by_record,
            cost: seen.cost,
            keeps,
        }
    }

    /// Nanoseconds per operation as one of `cpus` processors sees it.
    pub fn on(&self, machine: &Machine, cpus: u32) -> Band {
        let alone = self.cost.alone_ns;
        if cpus <= 1 {
            return Band::around(alone, 1.0, 1.0);
        }
        let [least, most] = ALONE.map(|share| share * alone);
        if !self.shares() {
            return Band::around(alone, ALONE[0], ALONE[1]);
        }
        let [fast, slow] = machine.hand_over_ns(cpus);
        let others = f64::from(cpus - 1) / f64::from(cpus);
        let lines = self.by_record.map_or(0.0, |shared| shared.lines) * others;
        let mid =
            self.simulated(machine, cpus, 0.5, self.keeps) + lines * f64::midpoint(fast, slow);
        let networks = self.networks.iter();
        let best = networks.map(|network| network.best(KEEPS_MAX, fast, cpus));
        let low = best.fold(f64::INFINITY, f64::min);
        let mut high = self.worst(slow, cpus);
        if self.programs.iter().any(Program::retries) {
            // Given up at once, a line is gone before what was read of it can be changed.
            high = high.max(self.simulated(machine, cpus, 1.0, 0.0));
        }
        high += self.waiting_by_record(slow, cpus);
        let low = (low + lines * OVERLAP * fast).min(mid);
        Band {
            low: low - (alone - least),
            mid,
            high: high.max(mid) + (most - alone),
        }
    }

    /// Whether it shares a line that is written at all.
    pub fn shares(&self) -> bool {
        self.by_record.is_some() || self.programs.iter().any(|program| program.lines() > 0)
    }

    /// What the network says at worst.
    fn worst(&self, ns: f64, cpus: u32) -> f64 {
        let networks = self.networks.iter();
        networks.fold(0.0, |worst, network| worst.max(network.worst(ns, cpus)))
    }

    /// What the lines that go by record add at worst: there are few of them, and each access waits.
    fn waiting_by_record(&self, ns: f64, cpus: u32) -> f64 {
        let Some(shared) = self.by_record else {
            return 0.0;
        };
        let alone = self.cost.alone_ns;
        let each = shared.accesses * ns / BY_RECORD_LEAST as f64;
        queue::per_operation(alone, &[each; BY_RECORD_LEAST], cpus) - alone
    }

    /// With transfers at that share of the way from the machine's fastest to its slowest.
    fn simulated(&self, machine: &Machine, cpus: u32, share: f64, keeps: f64) -> f64 {
        let ns = between(share, machine.hand_over_ns(cpus));
        let expected = self.worst(ns, cpus);
        let each = (OPERATIONS / cpus).max(OPERATIONS_EACH);
        let in_turn = self.programs.iter().cycle();
        let setting = Setting {
            programs: in_turn.take(cpus as usize).collect(),
            transfer_ns: &machine.transfers_ns(share),
            keeps,
            duration_ns: f64::from(each) * expected,
            seed: SEED,
        };
        // What is expected is the worst: most are done sooner.
        let limits = Limits {
            events: EVENTS_MAX,
            operations: u64::from(each * cpus),
        };
        // Where all wait for each other, the real one does not.
        run(&setting, limits).per_operation().unwrap_or(expected)
    }
}

#[cfg(test)]
mod tests {
    use model::calibration::Between;
    use model::trace::Usage;

    use super::*;
    use crate::path::tests::{mutex, path};

    const COST: Cost = Cost {
        alone_ns: 20.0,
        locked_ns: 5.0,
    };

    fn workload(path: &Path, waits: bool) -> Workload {
        let apart = [path.clone(), path.clone()];
        let seen = Traced {
            apart: &apart,
            by_record: None,
            cost: COST,
            waits,
        };
        Workload::of(seen, KEEPS_GUESS)
    }

    fn counter() -> Path {
        path(&[(0, 0, Usage::Exchange)], 20)
    }

    fn swap() -> Path {
        path(&[(0, 0, Usage::Load), (0, 0, Usage::CompareExchange)], 40)
    }

    #[test]
    fn what_shares_nothing_costs_the_same_everywhere() {
        let alone = workload(&Path::default(), true);
        assert!(!alone.shares());
        for machine in Machine::shipped() {
            let band = alone.on(&machine, machine.cpus());
            assert_eq!((band.low, band.mid, band.high), (16.0, 20.0, 28.0));
        }
    }

    #[test]
    fn the_band_contains_the_network_and_the_simulation() {
        for (path, waits) in [(counter(), false), (mutex(), true), (swap(), false)] {
            let workload = workload(&path, waits);
            for machine in Machine::shipped() {
                for cpus in [2, 8, machine.cpus()] {
                    let band = workload.on(&machine, cpus);
                    let [fast, slow] = machine.hand_over_ns(cpus);
                    let ns = f64::midpoint(fast, slow);
                    for found in workload
                        .networks
                        .each_ref()
                        .map(|network| network.worst(ns, cpus))
                    {
                        assert!(band.contains(found), "{found} not in {band:?}");
                    }
                    assert!(band.contains(band.mid) && band.low < band.high);
                }
            }
        }
    }

    #[test]
    fn more_processors_wait_longer_for_a_line_or_a_lock() {
        let server = &Machine::shipped()[1];
        for (path, waits) in [(counter(), false), (mutex(), true), (swap(), false)] {
            let [few, many] = [4, 32].map(|cpus| workload(&path, waits).on(server, cpus));
            assert!(many.mid > 4.0 * few.mid, "{few:?} {many:?}");
            assert!(many.low > 20.0);
        }
    }

    #[test]
    fn retries_make_it_worse_than_a_queue() {
        let server = &Machine::shipped()[1];
        let [stored, swapped] = [counter(), swap()].map(|path| {
            let band = workload(&path, false).on(server, 32);
            band.mid
        });
        assert!(swapped > 1.3 * stored, "{swapped} {stored}");
    }

    #[test]
    fn lines_that_go_by_record_are_fetched_as_often_as_another_had_them() {
        let apart = [Path::default(), Path::default()];
        let seen = Traced {
            apart: &apart,
            by_record: Some(ByRecord {
                lines: 1.0,
                accesses: 2.0,
            }),
            cost: COST,
            waits: true,
        };
        let server = &Machine::shipped()[1];
        let workload = Workload::of(seen, KEEPS_GUESS);
        let [two, many] = [2, 40].map(|cpus| workload.on(server, cpus));
        // Half of the time, and nearly always.
        assert!((two.mid - (20.0 + 51.5 / 2.0)).abs() < 1.0, "{two:?}");
        assert!((many.mid - (20.0 + 51.5)).abs() < 3.0, "{many:?}");
        assert!(many.high > 2.0 * many.mid);
    }

    #[test]
    fn a_line_stays_for_as_many_operations_as_were_counted() {
        let calibration = |run_length: f64| Calibration {
            cpus: 2,
            locked_ns: 5.0,
            between: Some(Between {
                hand_off_ns: [40.0, 50.0, 60.0],
                run_length,
                contended_ns: 30.0,
            }),
        };
        assert!(keeps(&calibration(1.0)).abs() < 1e-12);
        // Three more of 5 ns each, in the 60 ns that four of 30 take two.
        assert!((keeps(&calibration(4.0)) - 0.25).abs() < 1e-12);
        let slow = Calibration {
            locked_ns: 1e6,
            ..calibration(4.0)
        };
        assert!((keeps(&slow) - KEEPS_MAX).abs() < 1e-12);
        let between = calibration(4.0).between.expect("it was given");
        let [low, high] = transfers_ns(&between);
        assert!((low - 48.0).abs() < 1e-9 && (high - 72.0).abs() < 1e-9);
    }
}

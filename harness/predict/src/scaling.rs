//! From what two threads were seen to do to what an operation costs among many; and from what an operation costs alone
//! and how many lines it hands over, where nothing else is known ([`forecast`]).
//!
//! The best guess executes the two ways as programs (`mesi`); the limits are those of queueing
//! networks (`queue`): of the fastest transfers and lines that stay with their holder, and of
//! the slowest, every access waiting. Where something is tried again, of which the networks know
//! nothing, the simulation of the slowest transfers is a limit, too.

use model::calibration::{Between, Calibration};
use model::trace::Path;
use serde::Serialize;

use crate::machine::{Machine, between};
use crate::mesi::{Program, Setting, Step, run};
use crate::path::{Cost, programs};
use crate::queue::Network;
use crate::{Band, queue};

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
    let share = |between: Between| {
        let share = (between.run_length - 1.0) * calibration.locked_ns / transfer_ns(&between);
        share.clamp(0.0, KEEPS_MAX)
    };
    calibration.between.map_or(KEEPS_GUESS, share)
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
    /// From what two threads were seen to do: their ways `apart`, about different records; lines that both write only if
    /// they are about the same one, a lock of a shard or a record; what the operation costs alone; whether who finds a
    /// word taken `waits` until it is given back; and how long a line stays: what it [`keeps`].
    ///
    /// # Panics
    ///
    /// When the operation takes no time alone.
    pub fn new(
        apart: &[Path; 2],
        by_record: Option<ByRecord>,
        cost: Cost,
        waits: bool,
        keeps: f64,
    ) -> Self {
        let [first, second] = apart;
        let network = |path, partner| Network::from_paths(path, partner, cost, waits);
        Self {
            programs: programs(apart, cost, waits),
            networks: [network(first, second), network(second, first)],
            by_record,
            cost,
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
        let best = |network: &Network| network.best(KEEPS_MAX, fast, cpus);
        let low = self.networks.iter().map(best).fold(f64::INFINITY, f64::min);
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
        let worst = |network: &Network| network.worst(ns, cpus);
        self.networks.iter().map(worst).fold(0.0, f64::max)
    }

    /// What the lines that go by record add at worst: there are few of them, and each access waits.
    fn waiting_by_record(&self, ns: f64, cpus: u32) -> f64 {
        let alone = self.cost.alone_ns;
        self.by_record.map_or(0.0, |shared| {
            let each = shared.accesses * ns / BY_RECORD_LEAST as f64;
            queue::per_operation(alone, &[each; BY_RECORD_LEAST], cpus) - alone
        })
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
            events_max: EVENTS_MAX,
            // What is expected is the worst: most are done sooner.
            operations_max: u64::from(each * cpus),
        };
        // Where all wait for each other, the real one does not.
        run(&setting).per_operation().unwrap_or(expected)
    }
}

/// What one operation asks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Nanoseconds without others.
    pub alone_ns: f64,
    /// Lines that it writes and that all others write, too.
    pub lines: usize,
}

/// How long the holder of a line goes on before it has to let go, as a share of the time that the line is
/// on its way: never, as a guess, and nearly always.
const KEEPS: [f64; 3] = [0.0, 0.4, 0.8];
/// Operations of each processor in such a simulation.
const OPERATIONS_OF_EACH: u64 = 60;

/// Nanoseconds per operation as one of `cpus` processors sees it, all of them doing the same.
///
/// Of one line, which its holder may use several times in a row, the best guess is a simulation with
/// transfers in the middle of the machine's. Of several it is the closed queueing network: in the
/// simulation all times are fixed, so processors soon follow each other from line to line at equal
/// distances and never wait, which real ones do not keep up. The lower limit is what is shorter of a
/// simulation of the fastest transfers, whose lines stay long, and the network's lower bound; the upper one
/// is what is longer of a simulation of the slowest transfers, whose lines leave at once, and the network.
///
/// # Panics
///
/// When an operation takes no time.
pub fn forecast(machine: &Machine, demand: Demand, cpus: u32) -> Band {
    if demand.lines == 0 || cpus == 1 {
        return Band::around(demand.alone_ns, 1.0, 1.0);
    }
    let at = |share: f64, keeps: f64| simulated(machine, demand, cpus, share, keeps);
    let [leaves, guess, stays] = KEEPS;
    let mid = match demand.lines {
        1 => at(0.5, guess),
        _ => queued(machine, demand, cpus, 0.5),
    };
    let high = at(1.0, leaves).max(queued(machine, demand, cpus, 1.0));
    let [fast, _] = machine.hand_over_ns(cpus);
    let bound = queue::lower_bound(demand.alone_ns, &vec![fast; demand.lines], cpus);
    Band {
        low: at(0.0, stays).min(bound).min(mid).max(demand.alone_ns),
        mid,
        high: high.max(mid),
    }
}

/// With every line as a station that an operation queues for; `share` as in [`between`].
fn queued(machine: &Machine, demand: Demand, cpus: u32, share: f64) -> f64 {
    let service_ns = between(share, machine.hand_over_ns(cpus));
    queue::per_operation(demand.alone_ns, &vec![service_ns; demand.lines], cpus)
}

fn simulated(machine: &Machine, demand: Demand, cpus: u32, share: f64, keeps: f64) -> f64 {
    let work_ns = demand.alone_ns / demand.lines as f64;
    let steps = (0..demand.lines).flat_map(|line| [Step::Work(work_ns), Step::Store(line)]);
    let program = Program::new(steps.collect());
    let hand_overs_ns = demand.lines as f64 * between(share, machine.hand_over_ns(cpus));
    let operations = OPERATIONS_OF_EACH * u64::from(cpus);
    let setting = Setting {
        programs: vec![&program; cpus as usize],
        transfer_ns: &machine.transfers_ns(share),
        keeps,
        // Enough if each waits for all others; where hardly any does, all are done much sooner.
        duration_ns: operations as f64 * (demand.alone_ns + hand_overs_ns),
        events_max: u64::MAX,
        operations_max: operations,
    };
    run(&setting)
        .per_operation()
        .expect("nobody waits for ever")
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
        Workload::new(&apart, None, COST, waits, KEEPS_GUESS)
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
                    for worst in workload
                        .networks
                        .each_ref()
                        .map(|network| network.worst(ns, cpus))
                    {
                        assert!(band.contains(worst), "{worst} not in {band:?}");
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
        let by_record = ByRecord {
            lines: 1.0,
            accesses: 2.0,
        };
        let server = &Machine::shipped()[1];
        let workload = Workload::new(&apart, Some(by_record), COST, true, KEEPS_GUESS);
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

    fn server() -> Machine {
        Machine::shipped().swap_remove(1)
    }

    fn per_operation(lines: usize, cpus: u32) -> Band {
        let demand = Demand {
            alone_ns: 10.0,
            lines,
        };
        forecast(&server(), demand, cpus)
    }

    #[test]
    fn what_hands_nothing_over_costs_the_same_everywhere() {
        assert_eq!(per_operation(0, 40), Band::around(10.0, 1.0, 1.0));
        assert_eq!(per_operation(1, 1), per_operation(0, 1));
    }

    #[test]
    fn what_hands_a_line_over_costs_more_the_more_there_are() {
        let [few, many] = [8, 32].map(|cpus| per_operation(1, cpus));
        assert!(many.mid / few.mid > 3.0, "{few:?} {many:?}");
        // Handed over each time: 32 times what the slowest transfer takes.
        assert!((many.high / (32.0 * 58.0) - 1.0).abs() < 0.15, "{many:?}");
        assert!(many.low < many.mid && many.mid < many.high);
    }

    /// Time per operation in a closed network of equal stations, from its product form (Gordon and Newell,
    /// 1967) and not by mean-value analysis: the weights of all ways in which `cpus` customers can be spread
    /// over the stations and over what each does alone, added up.
    fn exact(alone_ns: f64, service_ns: f64, lines: usize, cpus: u32) -> f64 {
        // In units of the service: the weight of a way with `alone` customers at no station is
        // `think^alone / alone!`, times the ways to spread the others over the stations.
        let think = alone_ns / service_ns;
        let weights = |customers: u32| -> f64 {
            let of = |alone: u32| {
                let by_itself: f64 = (1..=alone).map(|n| think / f64::from(n)).product();
                let (queued, more) = (customers - alone, lines as u32 - 1);
                let ways: f64 = (1..=more)
                    .map(|n| f64::from(queued + n) / f64::from(n))
                    .product();
                by_itself * ways
            };
            (0..=customers).map(of).sum()
        };
        f64::from(cpus) * service_ns * weights(cpus) / weights(cpus - 1)
    }

    #[test]
    fn several_lines_are_waited_for_as_in_an_exact_closed_network() {
        for machine in Machine::shipped() {
            for (alone_ns, lines) in [(10.0, 2), (400.0, 4), (5_000.0, 8)] {
                for cpus in [2, 8, machine.cpus().min(32)] {
                    let band = forecast(&machine, Demand { alone_ns, lines }, cpus);
                    let [fast, slow] = machine
                        .hand_over_ns(cpus)
                        .map(|service_ns| exact(alone_ns, service_ns, lines, cpus));
                    assert!(
                        band.contains(fast) && slow <= band.high * (1.0 + 1e-9),
                        "{fast} to {slow} are not in {band:?}"
                    );
                    assert!(
                        (fast..=slow).contains(&band.mid),
                        "{fast} to {slow}: {band:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn eight_processors_wait_for_four_lines() {
        let demand = Demand {
            alone_ns: 400.0,
            lines: 4,
        };
        let band = forecast(&server(), demand, 8);
        assert!(band.contains(712.0) && band.contains(834.0), "{band:?}");
        assert!((712.0..834.0).contains(&band.mid), "{band:?}");
    }

    #[test]
    fn two_sockets_cost_more_than_one() {
        let machines = Machine::shipped();
        let demand = Demand {
            alone_ns: 10.0,
            lines: 1,
        };
        let [one_socket, two_sockets] =
            [1, 3].map(|number| forecast(&machines[number], demand, 40));
        assert!(
            (two_sockets.mid / one_socket.mid - 1.0).abs() < 0.05,
            "within a socket they are alike"
        );
        let both = forecast(&machines[3], demand, 80);
        assert!(both.mid > 2.1 * two_sockets.mid, "{both:?} {two_sockets:?}");
    }
}

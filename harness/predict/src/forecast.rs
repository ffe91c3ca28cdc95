//! From what an operation costs alone and how many lines it hands over, to what it costs on a machine
//! of many processors.

use serde::Serialize;

use crate::Band;
use crate::machine::{Machine, between};
use crate::mesi::{Limits, Program, Setting, Step, run};
use crate::queue;

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
/// Operations of each processor that a simulation is long enough for.
const OPERATIONS: f64 = 60.0;
/// Of the random choices: any will do.
const SEED: u64 = 1;

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
    let at = |share: f64, keeps: f64| simulated(machine, demand, cpus, share, keeps);
    let [leaves, guess, stays] = KEEPS;
    let mid = match demand.lines {
        0 | 1 => at(0.5, guess),
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
    if cpus == 1 {
        return demand.alone_ns;
    }
    let service_ns = between(share, machine.hand_over_ns(cpus));
    queue::per_operation(demand.alone_ns, &vec![service_ns; demand.lines], cpus)
}

fn simulated(machine: &Machine, demand: Demand, cpus: u32, share: f64, keeps: f64) -> f64 {
    if demand.lines == 0 || cpus == 1 {
        return demand.alone_ns;
    }
    let work_ns = demand.alone_ns / demand.lines as f64;
    let steps = (0..demand.lines).flat_map(|line| [Step::Work(work_ns), Step::Store(line)]);
    let program = Program::new(steps.collect());
    let hand_overs_ns = demand.lines as f64 * between(share, machine.hand_over_ns(cpus));
    let setting = Setting {
        programs: vec![&program; cpus as usize],
        transfer_ns: &machine.transfers_ns(share),
        keeps,
        duration_ns: OPERATIONS * f64::from(cpus) * (demand.alone_ns + hand_overs_ns),
        seed: SEED,
    };
    let outcome = run(&setting, Limits::NONE);
    outcome.per_operation().expect("nobody waits for ever")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let [one, two] = [1, 3].map(|number| forecast(&machines[number], demand, 40));
        assert!(
            (two.mid / one.mid - 1.0).abs() < 0.05,
            "within a socket they are alike"
        );
        let both = forecast(&machines[3], demand, 80);
        assert!(both.mid > 2.1 * two.mid, "{both:?} {two:?}");
    }
}

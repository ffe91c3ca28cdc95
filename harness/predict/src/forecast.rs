//! From what an operation costs alone and how many lines it hands over, to what it costs on a machine
//! of many processors.

use serde::Serialize;

use crate::Band;
use crate::machine::Machine;
use crate::mesi::{Program, Setting, Step, simulate};

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
/// The best guess is a simulation with transfers in the middle of the machine's; the limits are those of
/// the fastest transfers and lines that stay long, and of the slowest and lines that leave at once.
///
/// # Panics
///
/// When an operation takes no time.
pub fn forecast(machine: &Machine, demand: Demand, cpus: u32) -> Band {
    let at = |share: f64, keeps: f64| simulated(machine, demand, cpus, share, keeps);
    let [leaves, guess, stays] = KEEPS;
    let (low, mid, high) = (at(0.0, stays), at(0.5, guess), at(1.0, leaves));
    Band {
        low: low.min(mid).max(demand.alone_ns),
        mid,
        high: high.max(mid),
    }
}

fn simulated(machine: &Machine, demand: Demand, cpus: u32, share: f64, keeps: f64) -> f64 {
    if demand.lines == 0 || cpus == 1 {
        return demand.alone_ns;
    }
    let steps = (0..demand.lines).flat_map(|line| {
        let ns = demand.alone_ns / demand.lines as f64;
        [Step::Work { ns }, Step::Store { line }]
    });
    let program = Program::new(steps.collect());
    let between = |[low, high]: [f64; 2]| low + share * (high - low);
    let transfer_ns = |from: usize, to: usize| {
        between(machine.transfer_ns(machine.distance(from as u32, to as u32)))
    };
    let one = demand.alone_ns + demand.lines as f64 * between(machine.hand_over_ns(cpus));
    let duration_ns = OPERATIONS * f64::from(cpus) * one;
    let done = simulate(&Setting {
        programs: vec![&program; cpus as usize],
        transfer_ns: &transfer_ns,
        keeps,
        duration_ns,
        seed: SEED,
    });
    let all: u64 = done.iter().map(|one| one.operations).sum();
    duration_ns * f64::from(cpus) / all as f64
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

//! What two operations make each other wait for, as a closed queueing network: its bounds hold whatever
//! the simulation makes of the way in between.

use model::trace::Path;

use crate::path::{Cost, Held, locks};
use crate::queue;

/// A line, or a lock with all that is done while it is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Station {
    /// Hand-overs of an operation, if each access has to wait for the line again. If it gets all it needs at once,
    /// there is one.
    most: f64,
    /// What is done while nobody else can, in ns.
    work_ns: f64,
}

/// The network of an operation beside another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Network {
    /// What it does at no station, in ns.
    outside_ns: f64,
    /// Lines that it reads and the other writes: fetched, but not queued for.
    fetched: f64,
    stations: Vec<Station>,
}

impl Network {
    /// Of the first of two operations; `waits` as in [`crate::path::programs`].
    pub(crate) fn of(path: &Path, partner: &Path, cost: Cost, waits: bool) -> Self {
        let held = locks(path, partner, waits);
        let contended = partner.written();
        let own = path.written();
        let inside = |place: usize| {
            let is_in = |held: &Held| (held.from..=held.until).contains(&place);
            held.iter().position(is_in)
        };
        let mut network = Self {
            outside_ns: cost.alone_ns,
            fetched: 0.0,
            stations: held
                .iter()
                .map(|held| locked(path, &contended, *held, cost))
                .collect(),
        };
        network.outside_ns -= network.stations.iter().map(|one| one.work_ns).sum::<f64>();
        for &line in &contended {
            let places = path.touches.iter().enumerate();
            let outside =
                places.filter(|(place, one)| one.line == line && inside(*place).is_none());
            let touches = outside.map(|(_, touch)| touch.usage.writes());
            let (writes, reads): (Vec<bool>, Vec<bool>) = touches.partition(|writes| *writes);
            if own.contains(&line) && !writes.is_empty() {
                network.stations.push(Station {
                    most: (writes.len() + reads.len()) as f64,
                    work_ns: 0.0,
                });
            } else {
                network.fetched += reads.len() as f64;
            }
        }
        network
    }

    /// Time per operation as one of `cpus` sees it, if a hand-over takes so long and a line `stays` for that share of
    /// its way; at best.
    pub(crate) fn best(&self, stays: f64, hand_over_ns: f64, cpus: u32) -> f64 {
        let stations = self.stations.iter();
        let services = stations.map(|one| (1.0 - stays) * hand_over_ns + one.work_ns);
        queue::lower_bound(self.outside_ns, &services.collect::<Vec<_>>(), cpus)
    }

    /// The same if every access waits.
    pub(crate) fn worst(&self, hand_over_ns: f64, cpus: u32) -> f64 {
        let stations = self.stations.iter();
        let services = stations.map(|one| one.most * hand_over_ns + one.work_ns);
        let alone = self.outside_ns + self.fetched * hand_over_ns;
        queue::per_operation(alone, &services.collect::<Vec<_>>(), cpus)
    }
}

/// A lock, and what is done while it is held: with its line come those that the partner writes.
fn locked(path: &Path, contended: &[u32], held: Held, cost: Cost) -> Station {
    let inside = &path.touches[held.from + 1..=held.until];
    let lock = path.touches[held.from].line;
    let mut fetched: Vec<u32> = inside.iter().map(|touch| touch.line).collect();
    fetched.sort_unstable();
    fetched.dedup();
    fetched.retain(|line| *line != lock && contended.contains(line));
    let instructions: f64 = inside.iter().map(|touch| touch.after as f64).sum();
    let share = (instructions / path.instructions.max(1) as f64).min(1.0);
    Station {
        // The line of the lock goes to one who finds it taken, back to be given back, and on.
        most: 3.0 + fetched.len() as f64,
        work_ns: share * cost.alone_ns,
    }
}

#[cfg(test)]
mod tests {
    use model::trace::Usage;

    use super::*;
    use crate::path::tests::{mutex, path};

    const COST: Cost = Cost {
        alone_ns: 100.0,
        locked_ns: 10.0,
    };

    #[test]
    fn what_is_done_under_a_lock_is_done_one_after_the_other() {
        let network = Network::of(&mutex(), &mutex(), COST, true);
        // Half of its instructions, and no hand-over.
        let best = network.best(1.0, 50.0, 64);
        assert!((best - 64.0 * 50.0).abs() < 1e-9, "{best}");
        let free = Network::of(&mutex(), &mutex(), COST, false);
        let best = free.best(1.0, 50.0, 64);
        assert!((best - 100.0).abs() < 1e-9, "{best}");
    }

    #[test]
    fn a_line_that_both_write_is_handed_over_each_time_at_worst() {
        let counter = path(&[(0, 0, Usage::Exchange)], 10);
        let network = Network::of(&counter, &counter, COST, true);
        let worst = network.worst(50.0, 64);
        assert!((3_199.9..3_300.0).contains(&worst), "{worst}");
    }

    #[test]
    fn what_only_the_other_writes_is_fetched_and_not_queued_for() {
        let read = path(&[(0, 0, Usage::Load)], 10);
        let write = path(&[(0, 0, Usage::Store)], 10);
        let network = Network::of(&read, &write, COST, false);
        assert!((network.worst(50.0, 64) - 150.0).abs() < 1e-9);
        assert!((network.best(0.0, 50.0, 64) - 100.0).abs() < 1e-9);
    }
}

//! Closed queueing networks with one class of customers, solved exactly, and what two operations make each other wait
//! for as such a network: its bounds hold whatever the simulation makes of the way in between.
//!
//! Processors are the customers. Each works alone for a while, then visits the stations, one after the
//! other, and begins again. A station serves one at a time: it is a cache line that each operation
//! needs for itself, or a lock.

use model::trace::Path;

use crate::path::{Cost, Held, locks};

/// Time per operation, as one of `cpus` processors sees it, in the unit of the arguments.
///
/// `alone` is what it does without a station; `stations` are the times that an operation takes of
/// each. Exact for service times without memory (mean-value analysis); a line whose hand-over takes
/// the same time each time has shorter queues below saturation.
pub(crate) fn per_operation(alone: f64, stations: &[f64], cpus: u32) -> f64 {
    let mut queues = vec![0.0; stations.len()];
    let mut total = alone;
    for customers in 1..=cpus {
        // Each holds how long an operation waits there, before it holds how many wait.
        for (queue, service) in queues.iter_mut().zip(stations) {
            *queue = service * (1.0 + *queue);
        }
        total = alone + queues.iter().sum::<f64>();
        let rate = f64::from(customers) / total;
        queues = queues.iter().map(|queue| queue * rate).collect();
    }
    total
}

/// The bounds that hold whatever the distribution of times (Denning and Buzen, 1978): no operation
/// takes less than without the others, and no station serves faster than one after the other.
pub(crate) fn lower_bound(alone: f64, stations: &[f64], cpus: u32) -> f64 {
    let busiest = stations.iter().copied().fold(0.0, f64::max);
    (alone + stations.iter().sum::<f64>()).max(f64::from(cpus) * busiest)
}

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
    pub(crate) fn from_paths(path: &Path, partner: &Path, cost: Cost, waits: bool) -> Self {
        let held = locks(path, partner, waits);
        let contended = partner.written();
        let inside = |place: usize| held.iter().any(|held| held.contains(&place));
        let stations = held.iter().map(|held| locked(path, &contended, held, cost));
        let mut stations: Vec<Station> = stations.collect();
        let inside_ns: f64 = stations.iter().map(|station| station.work_ns).sum();
        let mut fetched = 0.0;
        for &line in &contended {
            let places = path.touches.iter().enumerate();
            let outside = places.filter(|(place, touch)| touch.line == line && !inside(*place));
            let writes: Vec<bool> = outside.map(|(_, touch)| touch.usage.writes()).collect();
            let (most, work_ns) = (writes.len() as f64, 0.0);
            if writes.contains(&true) {
                stations.push(Station { most, work_ns });
            } else {
                fetched += most;
            }
        }
        Self {
            outside_ns: cost.alone_ns - inside_ns,
            fetched,
            stations,
        }
    }

    /// Time per operation as one of `cpus` sees it, if a hand-over takes so long and a line `stays` for that share of
    /// its way; at best.
    pub(crate) fn best(&self, stays: f64, hand_over_ns: f64, cpus: u32) -> f64 {
        let stations = self.stations.iter();
        let services = stations.map(|station| (1.0 - stays) * hand_over_ns + station.work_ns);
        lower_bound(self.outside_ns, &services.collect::<Vec<_>>(), cpus)
    }

    /// The same if every access waits.
    pub(crate) fn worst(&self, hand_over_ns: f64, cpus: u32) -> f64 {
        let stations = self.stations.iter();
        let services = stations.map(|station| station.most * hand_over_ns + station.work_ns);
        let alone = self.outside_ns + self.fetched * hand_over_ns;
        per_operation(alone, &services.collect::<Vec<_>>(), cpus)
    }
}

/// A lock, and what is done while it is held: with its line come those that the partner writes.
fn locked(path: &Path, contended: &[u32], held: &Held, cost: Cost) -> Station {
    let inside = &path.touches[held.start() + 1..=*held.end()];
    let lock = path.touches[*held.start()].line;
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
    use proptest::prelude::*;

    use super::*;
    use crate::path::tests::{mutex, path};

    #[test]
    fn one_station_without_work_of_ones_own_is_a_queue() {
        for cpus in [1, 2, 7, 64] {
            let ns = per_operation(0.0, &[10.0], cpus);
            assert!((ns - 10.0 * f64::from(cpus)).abs() < 1e-9, "{ns}");
        }
    }

    #[test]
    fn a_machine_repairman_waits_as_the_textbook_says() {
        // Two machines, one repairman, think time and service of 1: throughput 2 / (2 + 1/2).
        let ns = per_operation(1.0, &[1.0], 2);
        assert!((ns - 2.5).abs() < 1e-12, "{ns}");
    }

    proptest! {
        #[test]
        fn never_below_the_bounds_nor_above_complete_waiting(
            alone in 0.0..1e4f64,
            stations in prop::collection::vec(0.1..1e3f64, 0..5),
            cpus in 1u32..200,
        ) {
            let ns = per_operation(alone, &stations, cpus);
            prop_assert!(ns >= lower_bound(alone, &stations, cpus) * (1.0 - 1e-9));
            let all: f64 = stations.iter().sum();
            prop_assert!(ns <= (alone + f64::from(cpus) * all) * (1.0 + 1e-9) + 1e-9);
        }
    }

    const COST: Cost = Cost {
        alone_ns: 100.0,
        locked_ns: 10.0,
    };

    #[test]
    fn what_is_done_under_a_lock_is_done_one_after_the_other() {
        let network = Network::from_paths(&mutex(), &mutex(), COST, true);
        // Half of its instructions, and no hand-over.
        let best = network.best(1.0, 50.0, 64);
        assert!((best - 64.0 * 50.0).abs() < 1e-9, "{best}");
        let free = Network::from_paths(&mutex(), &mutex(), COST, false);
        let best = free.best(1.0, 50.0, 64);
        assert!((best - 100.0).abs() < 1e-9, "{best}");
    }

    #[test]
    fn a_line_that_both_write_is_handed_over_each_time_at_worst() {
        let counter = path(&[(0, 0, Usage::Exchange)], 10);
        let network = Network::from_paths(&counter, &counter, COST, true);
        let worst = network.worst(50.0, 64);
        assert!((3_199.9..3_300.0).contains(&worst), "{worst}");
    }

    #[test]
    fn what_only_the_other_writes_is_fetched_and_not_queued_for() {
        let read = path(&[(0, 0, Usage::Load)], 10);
        let write = path(&[(0, 0, Usage::Store)], 10);
        let network = Network::from_paths(&read, &write, COST, false);
        assert!((network.worst(50.0, 64) - 150.0).abs() < 1e-9);
        assert!((network.best(0.0, 50.0, 64) - 100.0).abs() < 1e-9);
    }
}

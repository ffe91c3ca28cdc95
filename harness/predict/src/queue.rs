//! Closed queueing networks with one class of customers, solved exactly.
//!
//! Processors are the customers. Each works alone for a while, then visits the stations, one after the
//! other, and begins again. A station serves one at a time: it is a cache line that each operation
//! needs for itself, or a lock.

/// Time per operation, as one of `cpus` processors sees it, in the unit of the arguments.
///
/// `alone` is what it does without a station; `stations` are the times that an operation takes of
/// each. Exact for service times without memory (mean-value analysis); a line whose hand-over takes
/// the same time each time has shorter queues below saturation.
pub(crate) fn per_operation(alone: f64, stations: &[f64], cpus: u32) -> f64 {
    let mut queues = vec![0.0; stations.len()];
    let mut total = alone;
    for customers in 1..=cpus {
        let waits: Vec<f64> = stations
            .iter()
            .zip(&queues)
            .map(|(service, queue)| service * (1.0 + queue))
            .collect();
        total = alone + waits.iter().sum::<f64>();
        let rate = f64::from(customers) / total;
        for (queue, wait) in queues.iter_mut().zip(waits) {
            *queue = rate * wait;
        }
    }
    total
}

/// The bounds that hold whatever the distribution of times (Denning and Buzen, 1978): no operation
/// takes less than without the others, and no station serves faster than one after the other.
pub(crate) fn lower_bound(alone: f64, stations: &[f64], cpus: u32) -> f64 {
    let busiest = stations.iter().copied().fold(0.0, f64::max);
    (alone + stations.iter().sum::<f64>()).max(f64::from(cpus) * busiest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_station_without_work_of_ones_own_is_a_queue() {
        for cpus in [1, 2, 7, 64] {
            let found = per_operation(0.0, &[10.0], cpus);
            assert!((found - 10.0 * f64::from(cpus)).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn a_machine_repairman_waits_as_the_textbook_says() {
        // Two machines, one repairman, think time and service of 1: throughput 2 / (2 + 1/2).
        let found = per_operation(1.0, &[1.0], 2);
        assert!((found - 2.5).abs() < 1e-12, "{found}");
    }

    proptest! {
        #[test]
        fn never_below_the_bounds_nor_above_complete_waiting(
            alone in 0.0..1e4f64,
            stations in prop::collection::vec(0.1..1e3f64, 0..5),
            cpus in 1u32..200,
        ) {
            let found = per_operation(alone, &stations, cpus);
            prop_assert!(found >= lower_bound(alone, &stations, cpus) * (1.0 - 1e-9));
            let all: f64 = stations.iter().sum();
            prop_assert!(found <= (alone + f64::from(cpus) * all) * (1.0 + 1e-9) + 1e-9);
        }
    }
}

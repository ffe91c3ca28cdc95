//! What handing a cache line over costs on this machine: a flag that two threads pass back and forth,
//! and a counter that both increment as fast as they can.
//!
//! Each thread is bound to a processor of its own. Repetitions are short and their medians are taken,
//! so that a thread that loses its processor spoils one of them and not the result.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crossbeam_utils::CachePadded;
use model::calibration::{Between, Calibration};
use model::clock;
use model::environment;

use crate::affinity::Affinity;

/// Repetitions of each measurement.
const REPETITIONS: usize = 15;
/// Increments of a repetition by each thread: some hundred microseconds.
const INCREMENTS: u64 = 20_000;
/// Round trips of a repetition: about a millisecond.
const ROUND_TRIPS: u64 = 4_000;
/// Repetitions and round trips of a brief look: about a millisecond in all.
const BRIEFLY: (usize, u64) = (5, 500);

/// What a line costs here; between processors only where there are two.
pub fn calibration() -> Calibration {
    let cpus = environment::cpus();
    let between = || {
        let [hand_off_ns] = repeat(REPETITIONS, || [hand_off_ns(ROUND_TRIPS)]);
        let [run_length, contended_ns] = repeat(REPETITIONS, contended);
        Between {
            hand_off_ns,
            run_length: run_length[1].max(1.0),
            contended_ns: contended_ns[1],
        }
    };
    let [locked_ns] = repeat(REPETITIONS, || [alone_ns()]);
    Calibration {
        cpus: cpus as u32,
        locked_ns: locked_ns[1],
        between: (cpus > 1).then(between),
    }
}

/// Half a round trip of a flag between two threads on the first two processors, in nanoseconds.
pub fn hand_off_briefly() -> f64 {
    let (repetitions, round_trips) = BRIEFLY;
    let [[_, median, _]] = repeat(repetitions, || [hand_off_ns(round_trips)]);
    median
}

/// The quartiles of each figure of a measurement.
fn repeat<const N: usize>(times: usize, measure: impl Fn() -> [f64; N]) -> [[f64; 3]; N] {
    let all: Vec<[f64; N]> = (0..times).map(|_| measure()).collect();
    std::array::from_fn(|place| quartiles(all.iter().map(|figures| figures[place]).collect()))
}

/// Lower quartile, median and upper quartile.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

/// An increment that nobody else is interested in.
fn alone_ns() -> f64 {
    let counter = CachePadded::new(AtomicU64::new(0));
    let began = clock::now();
    for _ in 0..INCREMENTS {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    began.elapsed().as_nanos() as f64 / INCREMENTS as f64
}

/// Half a round trip of a flag between two threads.
fn hand_off_ns(round_trips: u64) -> f64 {
    let flag = CachePadded::new(AtomicU64::new(0));
    let wait_for = |value: u64| {
        while flag.load(Ordering::Acquire) != value {
            spin_loop();
        }
    };
    let ask = || {
        let began = clock::now();
        for round in 0..round_trips {
            flag.store(2 * round + 1, Ordering::Release);
            wait_for(2 * round + 2);
        }
        began.elapsed().as_nanos() as f64
    };
    let answer = || {
        for round in 0..round_trips {
            wait_for(2 * round + 1);
            flag.store(2 * round + 2, Ordering::Release);
        }
        0.0
    };
    let [ns, _] = on_two_processors([&ask, &answer]);
    ns / (2 * round_trips) as f64
}

/// Two threads that increment the same counter: increments in a row, and an increment as each sees it, in ns.
fn contended() -> [f64; 2] {
    let counter = CachePadded::new(AtomicU64::new(0));
    let is_over = CachePadded::new(AtomicBool::new(false));
    let increment = || {
        let (mut done, mut runs, mut next) = (0_u64, 0_u64, u64::MAX);
        let began = clock::now();
        // The first who is done ends it: what the other does alone is not to count.
        while done < INCREMENTS && !is_over.load(Ordering::Relaxed) {
            let value = counter.fetch_add(1, Ordering::Relaxed);
            runs += u64::from(value != next);
            next = value + 1;
            done += 1;
        }
        is_over.store(true, Ordering::Relaxed);
        let ns = began.elapsed().as_nanos() as f64;
        [done.max(1) as f64, runs.max(1) as f64, ns]
    };
    let [first, second] = on_two_processors([&increment, &increment]);
    let [done, runs, ns] = [0, 1, 2].map(|place| first[place] + second[place]);
    [done / runs, ns / done]
}

/// Runs both at the same time, each on a processor of its own, in threads of their own: who measures keeps its
/// processors.
fn on_two_processors<T: Send>(works: [&(dyn Fn() -> T + Sync); 2]) -> [T; 2] {
    let affinity = &Affinity::for_threads(2, 0);
    let ready = &AtomicU64::new(0);
    thread::scope(|scope| {
        let threads = [0, 1].map(|number| {
            scope.spawn(move || {
                affinity.pin(number);
                ready.fetch_add(1, Ordering::AcqRel);
                while ready.load(Ordering::Acquire) < 2 {
                    spin_loop();
                }
                works[number]()
            })
        });
        threads.map(|thread| thread.join().expect("nothing in it panics"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_values_in_their_order() {
        let are = |values: &[f64], wanted: [f64; 3]| {
            let actual = quartiles(values.to_vec());
            actual
                .into_iter()
                .zip(wanted)
                .all(|(value, expected)| (value - expected).abs() < 1e-9)
        };
        assert!(are(&[5.0, 1.0, 3.0, 2.0, 4.0], [2.0, 3.0, 4.0]));
        assert!(are(&[7.0], [7.0; 3]));
    }

    #[test]
    fn what_is_measured_is_what_a_machine_can_have() {
        let measured = calibration();
        assert!(measured.is_sound(), "{measured:?}");
        assert_eq!(measured.between.is_some(), environment::cpus() > 1);
    }
}

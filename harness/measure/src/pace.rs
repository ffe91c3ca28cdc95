//! Waiting for the time of the next operation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::clock;
use model::random::shuffle;
use model::scenario::Arrivals;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Waits for the next beat of a schedule. Missed beats are not made up for.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// From each operation to the next; gone through round and round.
    gaps: Vec<Duration>,
    at: usize,
    next: Instant,
}

/// Random gaps that a schedule goes through.
const GAPS: usize = 1_024;

impl Pacer {
    /// One operation in so many microseconds on average. Equal seeds give equal schedules.
    pub(crate) fn every_us(period_us: f64, arrivals: Arrivals, seed: u64) -> Self {
        let gaps = gaps(period_us, arrivals, seed);
        Self {
            next: clock::now() + gaps[0],
            at: 0,
            gaps,
        }
    }

    pub(crate) fn wait(&mut self, stop: &AtomicBool) {
        let now = wait_until(self.next, stop);
        self.at = (self.at + 1) % self.gaps.len();
        self.next = (self.next + self.gaps[self.at]).max(now);
    }
}

fn gaps(period_us: f64, arrivals: Arrivals, seed: u64) -> Vec<Duration> {
    let lasting = |periods: f64| Duration::from_secs_f64(periods * period_us * 1e-6);
    let Arrivals::Bursts(size) = arrivals else {
        return vec![lasting(1.0)];
    };
    // The exponential distribution, in strata of equal probability: their mean is what was asked for, in every lap.
    let strata = |stratum: usize| -(1.0 - (stratum as f64 + 0.5) / GAPS as f64).ln();
    let mut exponential: Vec<f64> = (0..GAPS).map(strata).collect();
    let mean = exponential.iter().sum::<f64>() / GAPS as f64;
    shuffle(&mut exponential, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let bursts = exponential.into_iter().flat_map(|gap| {
        let rest = std::iter::repeat_n(Duration::ZERO, size.saturating_sub(1) as usize);
        std::iter::once(lasting(gap / mean * f64::from(size))).chain(rest)
    });
    bursts.collect()
}

/// A longer wait is slept through, but for its end: who waits for milliseconds does not keep a processor
/// from the others. A timer of the system comes late, but seldom by half of this.
const SLEPT_THROUGH: Duration = Duration::from_millis(2);

/// Waits until `due` or until stopped; says when that was. Spins, where a timer of the system would come
/// late.
pub(crate) fn wait_until(due: Instant, stop: &AtomicBool) -> Instant {
    let mut now = clock::now();
    while now < due && !stop.load(Ordering::Relaxed) {
        if due - now > SLEPT_THROUGH {
            // In pieces, so as not to miss the stop.
            thread::sleep(SLEPT_THROUGH / 2);
        } else {
            std::hint::spin_loop();
        }
        now = clock::now();
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations in windows of ten periods, their variance over their mean.
    fn dispersion(arrivals: Arrivals) -> f64 {
        const WINDOW_NS: u64 = 10_000_000;
        let gaps = gaps(1_000.0, arrivals, 7);
        let total: Duration = gaps.iter().sum();
        let asked = gaps.len() as f64 * 1e-3;
        assert!((total.as_secs_f64() / asked - 1.0).abs() < 1e-6, "{total:?}");
        let mut counts = vec![0.0; (total.as_nanos() as u64 / WINDOW_NS) as usize];
        let mut at = 0;
        for gap in gaps {
            at += gap.as_nanos() as u64;
            if let Some(count) = counts.get_mut((at / WINDOW_NS) as usize) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let squares: f64 = counts.iter().map(|count| (count - mean).powi(2)).sum();
        squares / counts.len() as f64 / mean
    }

    #[test]
    fn the_index_of_dispersion_is_the_size_of_a_burst() {
        assert!(dispersion(Arrivals::Steady) < 0.1);
        for size in [1, 8] {
            let index = dispersion(Arrivals::Bursts(size)) / f64::from(size);
            assert!((0.6..1.5).contains(&index), "{size}: {index}");
        }
    }
}

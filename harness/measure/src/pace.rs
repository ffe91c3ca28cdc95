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
    /// From each burst to the next; gone through round and round.
    gaps: Vec<Duration>,
    at: usize,
    /// Operations of a burst: one, if they are steady.
    size: u32,
    /// Those that are left of this one.
    left: u32,
    next: Instant,
}

/// Random gaps that a schedule goes through.
const GAPS: usize = 1_024;

impl Pacer {
    /// One operation in so many microseconds on average. Equal seeds give equal schedules.
    pub(crate) fn every_us(period_us: f64, arrivals: Arrivals, seed: u64) -> Self {
        let lasting = |periods: f64| Duration::from_secs_f64(periods * period_us * 1e-6);
        let (gaps, size) = match arrivals {
            Arrivals::Steady => (vec![lasting(1.0)], 1),
            Arrivals::Bursts(size) => {
                let gaps = exponential(&mut Xoshiro256PlusPlus::seed_from_u64(seed)).into_iter();
                let gaps = gaps.map(|gap| lasting(gap * f64::from(size)));
                (gaps.collect(), size)
            }
        };
        let mut pacer = Self {
            gaps,
            at: 0,
            size,
            left: 0,
            next: clock::now(),
        };
        let first = pacer.gap();
        pacer.next += first;
        pacer
    }

    pub(crate) fn wait(&mut self, stop: &AtomicBool) {
        let now = wait_until(self.next, stop);
        self.next = (self.next + self.gap()).max(now);
    }

    /// From one operation to the next.
    fn gap(&mut self) -> Duration {
        if self.left > 0 {
            self.left -= 1;
            return Duration::ZERO;
        }
        self.left = self.size.saturating_sub(1);
        self.at = (self.at + 1) % self.gaps.len();
        self.gaps[self.at]
    }
}

/// Numbers of the exponential distribution with a mean of 1, in strata of equal probability: their mean is that in every lap.
pub(crate) fn exponential(random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let strata = |stratum: usize| -(1.0 - (stratum as f64 + 0.5) / GAPS as f64).ln();
    let mut gaps: Vec<f64> = (0..GAPS).map(strata).collect();
    let mean = gaps.iter().sum::<f64>() / GAPS as f64;
    shuffle(&mut gaps, random);
    gaps.into_iter().map(|gap| gap / mean).collect()
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

    /// Operations in windows of so many periods, in a lap of the schedule: their variance over their mean.
    fn dispersion(arrivals: Arrivals, periods: u64) -> f64 {
        let mut pacer = Pacer::every_us(1_000.0, arrivals, 7);
        let operations = GAPS * pacer.size as usize;
        pacer.left = 0;
        let gaps: Vec<Duration> = (0..operations).map(|_| pacer.gap()).collect();
        let total: Duration = gaps.iter().sum();
        let asked = operations as f64 * 1e-3;
        assert!(
            (total.as_secs_f64() / asked - 1.0).abs() < 1e-6,
            "{total:?}"
        );
        let window_ns = periods * 1_000_000;
        let mut counts = vec![0.0; (total.as_nanos() as u64 / window_ns) as usize];
        let mut at = 0;
        for gap in gaps {
            at += gap.as_nanos() as u64;
            if let Some(count) = counts.get_mut((at / window_ns) as usize) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let squares: f64 = counts
            .iter()
            .map(|count: &f64| (count - mean).powi(2))
            .sum();
        squares / counts.len() as f64 / mean
    }

    #[test]
    fn the_index_of_dispersion_is_the_size_of_a_burst() {
        assert!(dispersion(Arrivals::Steady, 16) < 0.1);
        for size in [1, 8] {
            let arrivals = Arrivals::Bursts(size);
            let index = dispersion(arrivals, 8 * u64::from(size)) / f64::from(size);
            assert!((0.6..1.5).contains(&index), "{size}: {index}");
        }
    }
}

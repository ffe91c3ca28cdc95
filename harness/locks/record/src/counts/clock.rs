//! Time in ticks: of the processor's counter where it runs evenly, else nanoseconds of `Instant`.

#![allow(
    clippy::disallowed_methods,
    reason = "a library of its own, with its own clock"
)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the counter is compared with `Instant` before the first reading. The error of either end is some
/// tens of nanoseconds, so the rate is known to about 0.01 %.
const CALIBRATION: Duration = Duration::from_micros(500);

/// Readings whose mean is the cost of a reading.
const READINGS: u32 = 256;

/// The clock of this process, calibrated.
#[derive(Debug)]
pub(crate) struct Clock {
    base: Instant,
    has_counter: bool,
    pub(crate) ns_per_tick: f64,
    /// What one reading costs, in nanoseconds.
    pub(crate) read_ns: f64,
    /// The reading with which the recording began.
    pub(crate) start: u64,
    pub(crate) started_unix_ms: u64,
}

static CLOCK: OnceLock<Clock> = OnceLock::new();

/// Readings that went backwards. Relaxed: a count, and nothing else depends on it.
static STEPS: AtomicU64 = AtomicU64::new(0);

/// The clock, which is calibrated by the first call.
pub(crate) fn clock() -> &'static Clock {
    CLOCK.get_or_init(Clock::calibrated)
}

/// Ticks since an arbitrary moment. All instructions before have been executed.
#[inline]
pub(crate) fn now() -> u64 {
    clock().now()
}

/// Ticks since an arbitrary moment, give or take the instructions around: half as dear as [`now`] on most processors.
#[inline]
pub(crate) fn now_roughly() -> u64 {
    let clock = clock();
    #[cfg(target_arch = "x86_64")]
    if clock.has_counter {
        // SAFETY: every x86-64 processor has the instruction.
        return unsafe { std::arch::x86_64::_rdtsc() };
    }
    clock.now()
}

/// Nanoseconds from one reading to another, or none, and the step is counted, if the clock went backwards.
pub(crate) fn elapsed_ns(from: u64, to: u64) -> Option<u64> {
    let ticks = to.checked_sub(from);
    if ticks.is_none() {
        STEPS.fetch_add(1, Ordering::Relaxed);
    }
    ticks.map(|ticks| clock().ns(ticks))
}

/// How many readings went backwards.
pub(crate) fn steps() -> u64 {
    STEPS.load(Ordering::Relaxed)
}

impl Clock {
    fn calibrated() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut clock = Self {
            base: Instant::now(),
            has_counter: has_counter(),
            ns_per_tick: 1.0,
            read_ns: 0.0,
            start: 0,
            started_unix_ms: since_epoch.map_or(0, |since| since.as_millis() as u64),
        };
        if clock.has_counter {
            let (from, from_ticks) = clock.pair();
            while from.elapsed() < CALIBRATION {
                std::hint::spin_loop();
            }
            let (to, to_ticks) = clock.pair();
            let ticks = to_ticks.saturating_sub(from_ticks).max(1);
            clock.ns_per_tick = (to - from).as_nanos() as f64 / ticks as f64;
        }
        clock.start = clock.now();
        for _ in 1..READINGS {
            clock.now();
        }
        let ticks = clock.now().saturating_sub(clock.start);
        clock.read_ns = ticks as f64 * clock.ns_per_tick / f64::from(READINGS);
        clock
    }

    /// Both clocks at one moment: the best of some attempts, since the thread can be interrupted in between.
    fn pair(&self) -> (Instant, u64) {
        let attempts = (0..8).map(|_| {
            let before = self.now();
            let instant = Instant::now();
            let after = self.now();
            let width = after.saturating_sub(before);
            (width, instant, before + width / 2)
        });
        let best = attempts.min_by_key(|(width, ..)| *width);
        let (_, instant, ticks) = best.expect("eight attempts");
        (instant, ticks)
    }

    #[inline]
    pub(crate) fn now(&self) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if self.has_counter {
            let mut processor = 0;
            // SAFETY: `has_counter` says that the processor has the instruction, which writes its one argument.
            return unsafe { std::arch::x86_64::__rdtscp(&raw mut processor) };
        }
        self.base.elapsed().as_nanos() as u64
    }

    /// Ticks in nanoseconds.
    #[inline]
    pub(crate) fn ns(&self, ticks: u64) -> u64 {
        (ticks as f64 * self.ns_per_tick) as u64
    }

    /// A duration in ticks, at least one.
    pub(crate) fn ticks(&self, duration: Duration) -> u64 {
        ((duration.as_nanos() as f64 / self.ns_per_tick) as u64).max(1)
    }
}

/// The kernel's clocks. It takes the counter off the list when those of the processors differ.
#[cfg(target_arch = "x86_64")]
const SOURCES: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";

/// Whether this processor has `rdtscp`, and a counter that runs at one rate in all its states, and nothing is said against it.
#[cfg(target_arch = "x86_64")]
fn has_counter() -> bool {
    // `__cpuid` became a safe function after the oldest compiler that is supported.
    #[allow(unused_unsafe, reason = "safe since Rust 1.94")]
    let read = |leaf| {
        // SAFETY: every x86-64 processor has the instruction.
        unsafe { std::arch::x86_64::__cpuid(leaf) }
    };
    let highest = read(0x8000_0000).eax;
    highest >= 0x8000_0007
        && read(0x8000_0001).edx & 1 << 27 != 0
        && read(0x8000_0007).edx & 1 << 8 != 0
        && std::fs::read_to_string(SOURCES).map_or(true, |sources| has_tsc(&sources))
}

#[cfg(target_arch = "x86_64")]
fn has_tsc(sources: &str) -> bool {
    sources.split_whitespace().any(|source| source == "tsc")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_counter() -> bool {
    false
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_step_backwards_is_counted_and_left_out() {
        let before = steps();
        assert_eq!(elapsed_ns(7, 9), Some(clock().ns(2)));
        assert_eq!(elapsed_ns(9, 7), None);
        assert!(steps() > before);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_counter_that_the_kernel_has_taken_off_its_list_is_not_used() {
        assert!(has_tsc("kvm-clock tsc acpi_pm \n"));
        assert!(!has_tsc("hpet hyperv_clocksource_tsc_page \n"));
    }

    #[test]
    fn ticks_and_nanoseconds_agree() {
        let clock = clock();
        let ticks = clock.ticks(Duration::from_millis(100));
        let ns = clock.ns(ticks);
        assert!((99_999_000..=100_001_000).contains(&ns), "{ns}");
        assert!(clock.now() >= clock.start);
    }
}

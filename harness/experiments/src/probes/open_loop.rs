//! Requests that come when they come, whatever the table is at.
//!
//! In a closed loop an operation that stalls delays the next request, so a stall of 100 ms is one slow operation among a
//! million fast ones ("coordinated omission", Gil Tene). Here each request is charged from its intended start, and a
//! stall is charged to all that came meanwhile. Every request is one operation, timed on its own; a clock read per
//! operation (20 to 40 ns) is part of the service time, and so the floor of what can be seen.
//!
//! **Who makes the requests.** When they come is laid out before anything is timed, so no thread has to make them: the
//! one that serves them looks at the clock until the next is due. A generator of its own would need a processor, and
//! on two of them, which a reader and a writer keep busy, it would push aside what is timed; to hand a request over
//! costs as much as a contended lock. The server that is its own generator cannot be late without being charged for
//! it: what counts is the time that was laid out, and not when it was looked at. Nor does it give way: a yield takes as
//! long as some operations, and hands the processor to whatever else runs, for milliseconds. A thread of the strategy's
//! own has the processor of whoever waits for its answer.
//!
//! **When they come.** In exponential gaps, as from many clients that know nothing of each other. In equal gaps, a
//! reader and a writer whose periods are multiples of each other would meet always or never, as they happened to
//! start. Equal seeds give equal gaps, so every strategy is asked for the same at the same times.

#[cfg(test)]
pub(crate) mod tests;

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use model::clock;
use model::probe::{Histogram, KEPT};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Nanoseconds since some beginning that all threads of a probe share.
pub(crate) trait Timeline {
    /// The present.
    fn now_ns(&self) -> u64;

    /// Waits until `at_ns`, and does nothing else.
    fn spin_until(&self, at_ns: u64);
}

/// The monotonic clock of the machine, from an instant on.
impl Timeline for Instant {
    #[inline]
    fn now_ns(&self) -> u64 {
        clock::now().duration_since(*self).as_nanos() as u64
    }

    #[inline]
    fn spin_until(&self, at_ns: u64) {
        while self.now_ns() < at_ns {
            std::hint::spin_loop();
        }
    }
}

/// Closer to its time than this, a waiting thread spins: giving up the processor takes about as long.
const SPIN_NS: u64 = 2_000;

/// Waits until `at_ns`, and lets others work meanwhile. Never sleeps, since a timer of the system comes some fifty
/// microseconds late, but gives way: with an actor's thread beside reader and writer there are more threads than
/// processors, and one that has nothing to do must not keep another from its work.
#[inline]
pub(crate) fn wait_until(time: Instant, at_ns: u64) {
    while at_ns.saturating_sub(time.now_ns()) > SPIN_NS {
        std::thread::yield_now();
    }
    time.spin_until(at_ns);
}

/// Gaps until they come again in the same order: many, and few enough to stay in a core's own cache.
const GAPS: usize = 2_048;

/// When requests come that come once in a unit of time, on average.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals(Vec<f32>);

impl Arrivals {
    /// In exponential gaps.
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut arrivals = Vec::with_capacity(GAPS);
        let mut at = 0.0;
        for _ in 0..GAPS {
            arrivals.push(at);
            // Uniform in (0, 1], from the 53 bits that a double has.
            let uniform = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            at -= uniform.ln();
        }
        // So that they come at the rate that they are asked for, whatever was drawn.
        let scale = GAPS as f64 / at;
        Self(arrivals.into_iter().map(|at| (at * scale) as f32).collect())
    }

    /// When request `index` comes.
    #[inline]
    fn at(&self, index: usize) -> f64 {
        let all = self.0.len();
        (index - index % all) as f64 + f64::from(self.0[index % all])
    }
}

/// When requests come.
#[derive(Clone, Debug)]
pub(crate) struct Schedule<'a> {
    /// From the first one until none comes any more.
    pub(crate) span_ns: Range<u64>,
    /// Those that come earlier are served and not counted: until then, caches and queues are not what they will be.
    pub(crate) counted_from_ns: u64,
    /// The time from one to the next, on average.
    pub(crate) period_ns: f64,
    /// When they come, in periods.
    pub(crate) arrivals: &'a Arrivals,
}

impl Schedule<'_> {
    /// When request `index` comes.
    #[inline]
    fn arrival_ns(&self, index: usize) -> u64 {
        #[expect(clippy::cast_sign_loss, reason = "a time after the start")]
        let after = (self.arrivals.at(index) * self.period_ns) as u64;
        self.span_ns.start + after
    }
}

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Served {
    /// Nanoseconds from each intended start; of requests not begun, their age at the end.
    pub(crate) latencies: Histogram,
    /// Requests that were served.
    pub(crate) finished: u64,
    /// Requests that had come and were not begun when the schedule ended.
    pub(crate) unfinished: u64,
}

impl Served {
    /// Nothing yet, and memory for it that does not have to be brought in while it is counted.
    pub(crate) fn nothing() -> Self {
        let mut served = black_box(Self::default());
        served.latencies.0.clear();
        served
    }

    /// Whether the rate was kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.finished as f64 >= KEPT * (self.finished + self.unfinished) as f64
    }
}

/// Serves a schedule: operation after operation, each begun at its time or as soon as the one before
/// it is done.
pub(crate) fn serve(
    time: &impl Timeline,
    schedule: &Schedule<'_>,
    mut served: Served,
    mut operation: impl FnMut(usize),
) -> Served {
    let mut now_ns = time.now_ns();
    for index in 0.. {
        let arrival_ns = schedule.arrival_ns(index);
        if arrival_ns >= schedule.span_ns.end {
            break;
        }
        let is_begun = now_ns < schedule.span_ns.end;
        if is_begun {
            if now_ns < arrival_ns {
                time.spin_until(arrival_ns);
            }
            operation(index);
            now_ns = time.now_ns();
        }
        if arrival_ns >= schedule.counted_from_ns {
            served.finished += u64::from(is_begun);
            served.unfinished += u64::from(!is_begun);
            served.latencies.record(now_ns - arrival_ns);
        }
    }
    served
}

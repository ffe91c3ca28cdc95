//! Planted service times, on a clock that stands still unless somebody takes time.

use std::cell::Cell;

use super::*;

const MS: u64 = 1_000_000;
/// What an operation takes.
const SERVICE_NS: u64 = 1_000;
/// What one takes that stalls.
const STALL_NS: u64 = 100 * MS;
const STALLS_AT: usize = 20_000;

thread_local! {
    static NOW_NS: Cell<u64> = const { Cell::new(0) };
}

/// A clock that stands still unless somebody takes time.
pub(crate) struct Simulated;

impl Simulated {
    pub(crate) fn at_zero() -> Self {
        NOW_NS.set(0);
        Self
    }

    pub(crate) fn pass_ns(ns: u64) {
        NOW_NS.set(NOW_NS.get() + ns);
    }
}

impl Timeline for Simulated {
    fn now_ns(&self) -> u64 {
        NOW_NS.get()
    }

    fn spin_until(&self, at_ns: u64) {
        NOW_NS.set(NOW_NS.get().max(at_ns));
    }
}

/// Serves a request every 10 us for one second, or those of it that come late enough.
fn served(counted_from_ns: u64, operation: impl FnMut(usize)) -> Served {
    let schedule = Schedule {
        span_ns: 0..1_000 * MS,
        counted_from_ns,
        period_ns: 10_000.0,
        arrivals: &Arrivals(vec![0.0]),
    };
    serve(
        &Simulated::at_zero(),
        &schedule,
        Served::nothing(),
        operation,
    )
}

fn stalling(step: usize) {
    Simulated::pass_ns(if step == STALLS_AT {
        STALL_NS
    } else {
        SERVICE_NS
    });
}

#[test]
fn a_stall_is_charged_to_every_request_that_came_meanwhile() {
    let served = served(0, stalling);
    assert_eq!((served.finished, served.unfinished), (100_000, 0));
    // The stalled request takes 100 ms. The n-th after it came 10 us x n later and ends 1 us x n
    // later, so it takes 100 ms - 9 us x n. That is 49.97 ms (a boundary between two values that the
    // histogram tells apart) or more of 5,559 requests, and the backlog is gone after 11,111.
    assert_eq!(above(&served.latencies, 1_525 * 32_768 - 1), 5_559);
    assert_eq!(above(&served.latencies, SERVICE_NS), 11_111);
    // Of 100,000 requests the one hundred worst are p99.9: the last of them takes 99.1 ms.
    let p999 = served.latencies.0.value_at_quantile(0.999) as f64;
    assert!((p999 / 99.1e6 - 1.0).abs() < 0.002, "{p999}");
    // And 1,000 are p99: 91 ms.
    let p99 = served.latencies.0.value_at_quantile(0.99) as f64;
    assert!((p99 / 91.0e6 - 1.0).abs() < 0.002, "{p99}");
    // A loop that asks again when it is answered sees one slow operation, and a p99.9 of 1 us.
    let mut closed = Histogram::default();
    (0..900_001).for_each(|step| {
        closed.record(if step == STALLS_AT {
            STALL_NS
        } else {
            SERVICE_NS
        });
    });
    assert_eq!(above(&closed, SERVICE_NS), 1);
    assert_eq!(closed.0.value_at_quantile(0.999), SERVICE_NS);
}

/// How many values exceed `value`, to three digits of it.
fn above(histogram: &Histogram, value: u64) -> u64 {
    histogram.0.len() - histogram.0.count_between(0, value)
}

#[test]
fn what_is_not_begun_at_the_end_is_counted_by_its_age() {
    // 12 us for a request every 10 us: one in six cannot be served.
    let served = served(0, |_| Simulated::pass_ns(12_000));
    assert_eq!(served.finished + served.unfinished, 100_000);
    assert_eq!(served.unfinished, 16_666);
    assert!(!served.is_kept());
    assert_eq!(served.latencies.0.len(), 100_000);
    // The first one left is one sixth of the second old.
    let oldest = served.latencies.0.max() as f64;
    assert!((oldest / 166.67e6 - 1.0).abs() < 0.002, "{oldest}");
}

#[test]
fn what_comes_before_the_count_delays_and_does_not_count() {
    // The stall begins at 200 ms, and what came until 250 ms is not counted: the first that is takes 55 ms.
    let served = served(250 * MS, stalling);
    assert_eq!((served.finished, served.unfinished), (75_000, 0));
    let worst = served.latencies.0.max() as f64;
    assert!((worst / 55e6 - 1.0).abs() < 0.002, "{worst}");
    assert!(served.is_kept());
}

#[test]
fn gaps_are_exponential_and_come_at_the_rate_asked_for() {
    let arrivals = Arrivals::random(7);
    let at: Vec<f64> = (0..=3 * GAPS).map(|index| arrivals.at(index)).collect();
    assert!((at[3 * GAPS] / (3 * GAPS) as f64 - 1.0).abs() < 1e-9);
    let gaps: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|&gap| gap >= 0.0));
    // The standard deviation of an exponential is its mean, and 1 in e of the gaps is longer.
    let variance = gaps.iter().map(|gap| (gap - 1.0).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!((variance - 1.0).abs() < 0.15, "{variance}");
    let longer = gaps.iter().filter(|&&gap| gap > 1.0).count() as f64 / gaps.len() as f64;
    assert!((longer - (-1f64).exp()).abs() < 0.03, "{longer}");
}

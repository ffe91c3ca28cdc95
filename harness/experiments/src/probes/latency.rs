//! How long operations take at a rate that every strategy is asked for alike, and the baseline's knee, which that rate is a
//! share of.
//!
//! A strategy's own saturation would be a rate of its own, at which its latencies compare with nobody's: who does more in
//! a second is asked for more. So the knee is measured once, of the baseline, and recorded; what others make of a share of
//! it is their latency, or that they cannot keep it.

use std::sync::Barrier;
use std::time::Duration;

use contract::ErasedTable;
use model::clock;
use model::probe::{Count, Distribution, ProbeSeen};
use model::random;

use crate::instrumented_record::InstrumentedRecord;
use crate::probes::fixture::Fixture;
use crate::probes::join;
use crate::probes::open_loop::{Arrivals, Schedule, Served, Timeline, serve};

/// As a process table is used: most look, few change. With as many writes, the knee would be that of the writes alone.
const READS_PER_WRITE: f64 = 10.0;
/// Served before anything counts.
const WARM_UP: Duration = Duration::from_millis(1);

/// Between these the knee lies, in reads a second: slower than a channel, and faster than a clock can be read.
const RATES: [f64; 2] = [1e4, 1e8];
/// Bisections of the logarithm of that: the last halves 1.8 %.
const STEPS: u32 = 10;
/// A rate that is kept in one of so many trials is kept: another program may have had a processor in the others.
const TRIALS: u32 = 2;

/// Reads on one thread and writes on another at a rate. The budget is how long that counts.
pub(crate) fn probe(
    fixture: &Fixture,
    reads_per_s: f64,
    budget: Duration,
    outcome: &mut ProbeSeen,
) {
    let [reads, writes] = offer(&fixture.table(), fixture, reads_per_s, budget);
    outcome.add(Count::ScheduleNs, budget.as_nanos() as u64);
    outcome.add(Count::ReadsOffered, reads.finished + reads.unfinished);
    outcome.add(Count::ReadsUnfinished, reads.unfinished);
    outcome.keep(Distribution::Reads, &reads.latencies);
    outcome.add(Count::WritesOffered, writes.finished + writes.unfinished);
    outcome.add(Count::WritesUnfinished, writes.unfinished);
    outcome.keep(Distribution::Writes, &writes.latencies);
}

/// The highest rate that is kept, as what is offered in a second; no reads if none is.
pub(crate) fn knee(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    let table = fixture.table();
    let length = (budget / (STEPS * TRIALS)).saturating_sub(WARM_UP);
    let reads_per_s = highest_kept(|reads_per_s| {
        (0..TRIALS).any(|_| {
            let served = offer(&table, fixture, reads_per_s, length);
            served.iter().all(Served::is_kept)
        })
    });
    outcome.add(Count::ScheduleNs, 1_000_000_000);
    #[expect(clippy::cast_sign_loss, reason = "a rate")]
    outcome.add(Count::ReadsOffered, reads_per_s as u64);
    #[expect(clippy::cast_sign_loss, reason = "a rate")]
    outcome.add(Count::WritesOffered, (reads_per_s / READS_PER_WRITE) as u64);
}

/// The highest of [`RATES`] that is kept, to about 1 %; 0 if none is.
fn highest_kept(mut is_kept: impl FnMut(f64) -> bool) -> f64 {
    let [mut low, mut high] = RATES;
    let mut highest = 0.0;
    for _ in 0..STEPS {
        let rate = (low * high).sqrt();
        if is_kept(rate) {
            (low, highest) = (rate, rate);
        } else {
            high = rate;
        }
    }
    highest
}

/// Reads and writes that come on a schedule, for so long.
fn offer(
    table: &ErasedTable<InstrumentedRecord>,
    fixture: &Fixture,
    reads_per_s: f64,
    length: Duration,
) -> [Served; 2] {
    let (time, together) = (clock::now(), Barrier::new(2));
    let serve = |thread: u64, per_s: f64, operation: &mut dyn FnMut(usize)| {
        let arrivals = Arrivals::random(random::seed(fixture.seed, &[thread]));
        let served = Served::nothing();
        together.wait();
        let from_ns = time.now_ns();
        let counted_from_ns = from_ns + WARM_UP.as_nanos() as u64;
        let schedule = Schedule {
            span_ns: from_ns..counted_from_ns + length.as_nanos() as u64,
            counted_from_ns,
            period_ns: 1e9 / per_s,
            arrivals: &arrivals,
        };
        serve(&time, &schedule, served, operation)
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut handle = table.handle();
            serve(0, reads_per_s, &mut |step| {
                fixture.read(&mut handle, 0, step);
            })
        });
        let mut handle = table.handle();
        let writes = serve(1, reads_per_s / READS_PER_WRITE, &mut |step| {
            fixture.update(&mut handle, 1, step);
        });
        [join(reader), writes]
    })
}

#[cfg(test)]
mod tests {
    use model::probe::Probe;

    use super::*;
    use crate::probes::open_loop::tests::Simulated;

    /// Whether a service that takes so long keeps a rate for as long as 50,000 of it take.
    fn is_kept(service_ns: u64, per_s: f64) -> bool {
        let schedule = Schedule {
            span_ns: 0..50_000 * service_ns,
            counted_from_ns: 0,
            period_ns: 1e9 / per_s,
            arrivals: &Arrivals::random(1),
        };
        let operation = |_| Simulated::pass_ns(service_ns);
        serve(
            &Simulated::at_zero(),
            &schedule,
            Served::nothing(),
            operation,
        )
        .is_kept()
    }

    #[test]
    fn the_knee_of_a_planted_service_is_one_operation_per_service() {
        for service_ns in [200, 1_000, 20_000] {
            let knee = highest_kept(|rate| is_kept(service_ns, rate));
            let times = knee * service_ns as f64 / 1e9;
            // At most 1 % above what can be served; below it the last requests may have come together.
            assert!((0.9..1.03).contains(&times), "{service_ns} ns: {times}");
        }
        assert!(highest_kept(|_| false) <= 0.0);
    }

    #[test]
    fn who_is_slower_cannot_keep_a_share_of_the_knee() {
        let knee = highest_kept(|rate| is_kept(1_000, rate));
        assert!(is_kept(1_000, 0.8 * knee));
        assert!(!is_kept(2_000, 0.8 * knee));
        assert!(is_kept(2_000, 0.2 * knee));
    }

    #[test]
    fn a_rate_is_offered_as_it_was_asked_for_and_every_request_is_accounted_for() {
        let make = crate::instrumented_record::strategy("mutex/std").expect("it is registered");
        let mut outcome = ProbeSeen::new(Probe::LowLoad, "", 0);
        let (fixture, budget) = (Fixture::new(make, 1), Duration::from_millis(40));
        probe(&fixture, 50_000.0, budget, &mut outcome);
        let reads = outcome.counts[&Count::ReadsOffered];
        assert!((1_700..2_300).contains(&reads), "{reads}");
        let writes = outcome.counts[&Count::WritesOffered];
        assert!((120..280).contains(&writes), "{writes}");
        let counted = outcome.histograms[&Distribution::Reads].len();
        assert_eq!(counted, reads.cast_unsigned());
    }
}

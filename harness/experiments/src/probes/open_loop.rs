//! The two ways to ask for operations: one after the other, and on a schedule.
//!
//! In a closed loop an operation that stalls delays the next request, so a stall of 100 ms is one slow
//! operation among a million fast ones ("coordinated omission", Gil Tene). In an open loop requests
//! come when they come: each is charged from its intended start, and a stall is seen by all that came
//! meanwhile. Here every arrival is one operation, looked at on its own; a clock read per operation
//! (20 to 40 ns) is part of service time and saturation, and so the floor of what can be seen.

use std::ops::Range;

use model::probe::Histogram;

use crate::probes::timeline::Timeline;

/// When requests come.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// From the first one until none comes any more.
    pub(crate) span_ns: Range<u64>,
    /// The time from one to the next.
    pub(crate) period_ns: f64,
}

impl Schedule {
    /// When request `index` comes.
    #[inline]
    fn arrival_ns(&self, index: u64) -> u64 {
        #[expect(clippy::cast_sign_loss, reason = "a time after the start")]
        let after = (index as f64 * self.period_ns) as u64;
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

/// Serves a schedule: operation after operation, each begun at its time or as soon as the one before
/// it is done.
pub(crate) fn serve(
    time: &impl Timeline,
    schedule: &Schedule,
    mut operation: impl FnMut(usize),
) -> Served {
    let mut served = Served::default();
    let mut now_ns = time.now_ns();
    for index in 0.. {
        let arrival_ns = schedule.arrival_ns(index);
        if arrival_ns >= schedule.span_ns.end {
            break;
        }
        if now_ns < schedule.span_ns.end {
            if now_ns < arrival_ns {
                time.wait_until(arrival_ns);
            }
            operation(index as usize);
            now_ns = time.now_ns();
            served.finished += 1;
        } else {
            served.unfinished += 1;
        }
        served.latencies.record(now_ns - arrival_ns);
    }
    served
}

/// Does operation after operation until `until_ns`, at least one. Returns how many, and the end of the
/// last.
pub(crate) fn saturate(
    time: &impl Timeline,
    until_ns: u64,
    mut operation: impl FnMut(usize),
) -> (Served, u64) {
    let mut served = Served::default();
    let mut last_ns = time.now_ns();
    loop {
        operation(served.finished as usize);
        let now_ns = time.now_ns();
        served.finished += 1;
        served.latencies.record(now_ns - last_ns);
        last_ns = now_ns;
        if now_ns >= until_ns {
            return (served, now_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use contract::{Handle, ProcessId, Profile, Record, Strategy};

    use super::*;
    use crate::subject::{Subject, heartbeat};

    const MS: u64 = 1_000_000;
    /// What an operation takes.
    const SERVICE_NS: u64 = 1_000;
    /// What one takes that stalls.
    const STALL_NS: u64 = 100 * MS;
    /// A request every 10 us for one second.
    const SCHEDULE: Schedule = Schedule {
        span_ns: 0..1_000 * MS,
        period_ns: 10_000.0,
    };

    thread_local! {
        static NOW_NS: Cell<u64> = const { Cell::new(0) };
    }

    /// A clock that stands still unless somebody takes time.
    struct Simulated;

    impl Simulated {
        fn at_zero() -> Self {
            NOW_NS.set(0);
            Self
        }

        fn pass_ns(ns: u64) {
            NOW_NS.set(NOW_NS.get() + ns);
        }
    }

    impl Timeline for Simulated {
        fn now_ns(&self) -> u64 {
            NOW_NS.get()
        }

        fn wait_until(&self, at_ns: u64) {
            NOW_NS.set(NOW_NS.get().max(at_ns));
        }
    }

    /// The baseline, whose writes take a microsecond, and each `STALLS_AT`th 100 ms.
    struct Stalling(mutex::StdMutex<Subject>);
    struct StallingHandle<'s>(
        <mutex::StdMutex<Subject> as Strategy<Subject>>::Handle<'s>,
        usize,
    );

    const STALLS_AT: usize = 20_000;

    impl Strategy<Subject> for Stalling {
        const PROFILE: Profile = Profile::locked("test/stalling", "stalls on purpose");
        type Handle<'s> = StallingHandle<'s>;

        fn with_capacity(processes: usize) -> Self {
            Self(mutex::StdMutex::with_capacity(processes))
        }

        fn handle(&self) -> StallingHandle<'_> {
            StallingHandle(self.0.handle(), 0)
        }
    }

    impl Handle<Subject> for StallingHandle<'_> {
        fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&Subject) -> T) -> Option<T> {
            self.0.read(id, f)
        }

        fn insert(&mut self, id: ProcessId, record: Subject) -> Option<Subject> {
            self.0.insert(id, record)
        }

        fn apply(
            &mut self,
            id: ProcessId,
            event: <Subject as Record>::Event,
        ) -> Option<Result<u64, <Subject as Record>::Rejected>> {
            let stalls = self.1 == STALLS_AT;
            self.1 += 1;
            Simulated::pass_ns(if stalls { STALL_NS } else { SERVICE_NS });
            self.0.apply(id, event)
        }

        fn remove(&mut self, id: ProcessId) -> Option<Subject> {
            self.0.remove(id)
        }

        fn scan(&mut self, visit: impl FnMut(ProcessId, &Subject)) {
            self.0.scan(visit);
        }
    }

    const ID: ProcessId = ProcessId(7);

    fn stalling() -> Stalling {
        let table = Stalling::with_capacity(1);
        table.handle().insert(ID, Subject::running(ID));
        table
    }

    #[test]
    fn a_stall_is_charged_to_every_request_that_came_meanwhile() {
        let table = stalling();
        let mut handle = table.handle();
        let time = Simulated::at_zero();
        let served = serve(&time, &SCHEDULE, |step| {
            assert!(matches!(handle.apply(ID, heartbeat(step)), Some(Ok(_))));
        });
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
    }

    /// How many values exceed `value`, to three digits of it.
    fn above(histogram: &Histogram, value: u64) -> u64 {
        histogram.0.len() - histogram.0.count_between(0, value)
    }

    #[test]
    fn a_closed_loop_would_have_hidden_it() {
        let table = stalling();
        let mut handle = table.handle();
        let time = Simulated::at_zero();
        let (served, end_ns) = saturate(&time, SCHEDULE.span_ns.end, |step| {
            assert!(matches!(handle.apply(ID, heartbeat(step)), Some(Ok(_))));
        });
        // One second less the stall, at 1 us each, and the stalled one.
        assert_eq!((served.finished, end_ns), (900_001, SCHEDULE.span_ns.end));
        assert_eq!(above(&served.latencies, SERVICE_NS), 1);
        assert_eq!(served.latencies.0.value_at_quantile(0.999), SERVICE_NS);
    }

    #[test]
    fn what_is_not_begun_at_the_end_is_counted_by_its_age() {
        let time = Simulated::at_zero();
        // 12 us for a request every 10 us: one in six cannot be served.
        let served = serve(&time, &SCHEDULE, |_| Simulated::pass_ns(12_000));
        assert_eq!(served.finished + served.unfinished, 100_000);
        assert_eq!(served.unfinished, 16_666);
        assert_eq!(served.latencies.0.len(), 100_000);
        // The first one left is one sixth of the second old.
        let oldest = served.latencies.0.max() as f64;
        assert!((oldest / 166.67e6 - 1.0).abs() < 0.002, "{oldest}");
    }
}

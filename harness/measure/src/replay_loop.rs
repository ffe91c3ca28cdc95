//! The timed loop that replays a process trace.

use std::time::{Duration, Instant};

use contract::{Handle, Specimen};
use model::clock;
use model::workload::{Operation, Step};

use crate::batch::Batch;
use crate::pace::wait_until;
use crate::progress::Course;
use crate::replay::Replay;
use crate::threads::{ThreadJob, ThreadResult};

/// Carries out an operation; whether the record took the event, if it is one.
#[inline]
fn carry_out<R: Specimen>(handle: &mut impl Handle<R>, operation: &Operation) -> bool {
    let &Operation { id, step, .. } = operation;
    match step {
        Step::Insert => {
            std::hint::black_box(handle.insert(id, R::pending(id)));
            true
        }
        Step::Apply(event) => matches!(handle.apply(id, event), Some(Ok(_))),
        Step::Remove => {
            std::hint::black_box(handle.remove(id));
            true
        }
    }
}

/// When the operations of a trace are due at a speed. One that comes late is carried out at once: a
/// slow table does not make the machine wait.
#[derive(Debug)]
struct Timetable {
    began: Instant,
    /// What is due when it began.
    from_ns: u64,
    /// What a lap takes.
    period_ns: u64,
    speed: f64,
}

impl Timetable {
    /// When the operation at `at_ns` is due that comes after so many laps.
    fn due(&self, laps: u64, at_ns: u64) -> Instant {
        let passed_ns = (laps * self.period_ns + at_ns).saturating_sub(self.from_ns);
        self.began + Duration::from_secs_f64(passed_ns as f64 * 1e-9 / self.speed)
    }
}

/// Replays a process trace, at its times or as fast as it goes. The table is as the trace wants it there.
pub(crate) fn replay<R: Specimen>(
    handle: &mut impl Handle<R>,
    trace: &Replay,
    job: ThreadJob<'_>,
) -> ThreadResult {
    let operations = &trace.operations[..];
    let first = trace.start(job.block).at;
    let (mut at, mut laps, mut misses) = (first, 0, 0);
    let mut course = Course::begin(job.shared, job.index);
    let timetable = job.group.speed.map(|speed| Timetable {
        began: clock::now(),
        from_ns: operations[first].at_ns,
        period_ns: trace.period_ns,
        speed,
    });
    let mut batch = Batch::new(1, timetable.is_some());
    loop {
        let began = batch.is_timed().then(clock::now);
        let end = (at + batch.size).min(operations.len());
        for operation in &operations[at..end] {
            misses += u64::from(!carry_out(handle, operation));
        }
        if let Some(began) = began {
            // A stretch may begin anywhere, and is cut where the trace ends.
            batch.adapt(began.elapsed(), 0);
        }
        let goes_on = course.completed((end - at) as u64);
        (at, laps) = if end == operations.len() {
            (0, laps + 1)
        } else {
            (end, laps)
        };
        if !goes_on {
            return ThreadResult::from_misses(misses, Some(trace.kinds(first, course.end())));
        }
        if let Some(timetable) = &timetable {
            let due = timetable.due(laps, operations[at].at_ns);
            wait_until(due, &job.shared.stop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_replay_is_due_earlier_and_goes_on_after_a_lap() {
        let timetable = Timetable {
            began: clock::now(),
            from_ns: 1_000,
            period_ns: 9_000,
            speed: 10.0,
        };
        let due = |laps, at_ns| timetable.due(laps, at_ns) - timetable.began;
        assert_eq!(due(0, 1_000), Duration::ZERO);
        assert_eq!(due(0, 6_000), Duration::from_nanos(500));
        assert_eq!(due(1, 2_000), Duration::from_micros(1));
    }
}

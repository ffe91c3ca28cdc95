//! Latency under a schedule, at a share of what a closed loop reached.

use std::sync::Barrier;
use std::time::Duration;

use model::probe::{Count, Distribution};

use crate::probes::ground::Ground;
use crate::probes::open_loop::{Schedule, Served, saturate, serve};
use crate::probes::timeline::{Timeline, WallClock};
use crate::probes::{Findings, join};
use crate::subject::MakeTable;

/// The part of the budget in which the saturation is measured.
const CALIBRATION_SHARE: u32 = 4;

pub(crate) fn probe(make: MakeTable, ground: &Ground, load: f64, budget: Duration) -> Findings {
    let table = ground.table(make);
    let together = Barrier::new(2);
    let calibration = budget / CALIBRATION_SHARE;
    let thread = Thread {
        time: WallClock::start(),
        together: &together,
        calibration_ns: calibration.as_nanos() as u64,
        schedule_ns: budget.saturating_sub(calibration).as_nanos() as u64,
        load,
    };
    let (reads, writes) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut handle = table.handle();
            thread.run(|step| ground.read(&mut handle, 0, step))
        });
        let mut handle = table.handle();
        let writes = thread.run(|step| ground.update(&mut handle, 1, step));
        (join(reader), writes)
    });
    let mut findings = Findings::default();
    findings.count(Count::ScheduleNs, thread.schedule_ns);
    findings.count(Count::ReadsOffered, reads.finished + reads.unfinished);
    findings.count(Count::ReadsUnfinished, reads.unfinished);
    findings.keep(Distribution::Reads, reads.latencies);
    findings.count(Count::WritesOffered, writes.finished + writes.unfinished);
    findings.count(Count::WritesUnfinished, writes.unfinished);
    findings.keep(Distribution::Writes, writes.latencies);
    findings
}

/// What both threads do.
#[derive(Clone, Copy)]
struct Thread<'b> {
    time: WallClock,
    together: &'b Barrier,
    calibration_ns: u64,
    schedule_ns: u64,
    load: f64,
}

impl Thread<'_> {
    /// As fast as it can, then on a schedule, each time together with the other.
    fn run(&self, mut operation: impl FnMut(usize)) -> Served {
        let time = &self.time;
        self.together.wait();
        let from_ns = time.now_ns();
        let until_ns = from_ns + self.calibration_ns;
        let (closed, end_ns) = saturate(time, until_ns, &mut operation);
        let period_ns = (end_ns - from_ns) as f64 / closed.finished as f64 / self.load;
        self.together.wait();
        let from_ns = time.now_ns();
        let schedule = Schedule {
            span_ns: from_ns..from_ns + self.schedule_ns,
            period_ns,
        };
        serve(time, &schedule, operation)
    }
}

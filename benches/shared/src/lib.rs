//! Criterion benches of every strategy, through one shared body.
//!
//! Each target under `benches/` names a strategy crate ([`family`]) or the registry
//! ([`each_activity`]); what is timed is the same code for all of them.
//!
//! # What is timed
//!
//! Four [activities](Activity), each a Criterion group, on a table of [`PROCESSES`] records of one
//! cache line. The identifiers are random 64-bit numbers; the order in which they are used is drawn
//! beforehand, too, so the timed loop neither draws nor allocates. One iteration is a
//! [pass](PASS) of 1,024 operations (a scan visits as many records): a read takes a few nanoseconds,
//! which Criterion's own loop must not be added to, and its throughput is then the rate of
//! operations.
//!
//! # Identifiers
//!
//! A benchmark is called `<activity>/<strategy>`, for example `read/mutex/std`, whichever target
//! runs it. So what one target saved, another can compare with. On disk the slash within the
//! strategy's name becomes an underscore: `target/criterion/read/mutex_std/`.
//!
//! # Invariants
//!
//! - Nothing here names a strategy: only the targets do.
//! - Times and sample sizes are set on [`Criterion`] and never on a group: a group's settings would
//!   win over the command line.

mod activity;
mod background;
mod trait_cost;
mod workload;

use std::cell::LazyCell;
use std::time::Duration;

use contract::{Concurrency, Family, ProcessStatus, Profile, Strategy, Visitor};
use criterion::measurement::WallTime;
use criterion::{
    AxisScale, BenchmarkGroup, Criterion, PlotConfiguration, PlottingBackend, Throughput,
};

pub use crate::activity::{Activity, touch};
pub use crate::trait_cost::trait_cost;
pub use crate::workload::{PASS, PROCESSES, Workload};

/// Benches all variants of a strategy crate, in every activity.
pub fn family<F: Family>() {
    each_activity(|group| F::plain(group));
}

/// For each activity, opens its group and lets `show` show it the strategies to bench.
pub fn each_activity(show: impl Fn(&mut Group<'_>)) {
    let workload = Workload::new();
    let mut criterion = criterion().configure_from_args();
    for activity in Activity::ALL {
        show(&mut Group::new(&mut criterion, activity, &workload));
    }
    criterion.final_summary();
}

/// Criterion with the settings of this workspace; add those of the command line to it last.
///
/// A benchmark takes about three seconds, so a crate of three variants stays below a minute.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(50)
        // A tenth of the default: enough for a 95 % interval, and plotting takes time per resample.
        .nresamples(10_000)
        // The default prefers gnuplot where it is installed.
        .plotting_backend(PlottingBackend::Plotters)
}

/// The Criterion group of one activity: benches every strategy that it is shown.
pub struct Group<'c> {
    criterion: BenchmarkGroup<'c, WallTime>,
    activity: Activity,
    workload: &'c Workload,
}

impl<'c> Group<'c> {
    fn new(criterion: &'c mut Criterion, activity: Activity, workload: &'c Workload) -> Self {
        let mut criterion = criterion.benchmark_group(activity.name());
        criterion.throughput(Throughput::Elements(PASS as u64));
        // A channel is a thousand times slower than an atomic load.
        criterion.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
        Self {
            criterion,
            activity,
            workload,
        }
    }
}

impl Visitor<ProcessStatus> for Group<'_> {
    fn visit<S: Strategy<ProcessStatus>>(&mut self) {
        let (activity, workload) = (self.activity, self.workload);
        if activity.threads() > 1 && S::PROFILE.concurrency == Concurrency::OneThread {
            return self.exclude(S::PROFILE, "one thread only");
        }
        // Lazy, so that a benchmark that the command line filters out costs nothing.
        let table: LazyCell<S, _> = LazyCell::new(|| workload.table());
        self.criterion.bench_function(S::PROFILE.name, |bencher| {
            activity.bench(bencher, &*table, workload);
        });
    }

    #[expect(clippy::print_stderr, reason = "part of a command's output")]
    fn exclude(&mut self, profile: Profile, reason: &'static str) {
        eprintln!("{}/{}: n/a: {reason}", self.activity.name(), profile.name);
    }
}

impl std::fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group")
            .field("activity", &self.activity)
            .finish_non_exhaustive()
    }
}

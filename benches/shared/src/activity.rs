//! What is timed: the activities and their loops.

use std::hint::black_box;
use std::time::Duration;

use contract::{Handle, ProcessId, ProcessStatus, Specimen, Strategy};
use criterion::Bencher;

use crate::background;
use crate::workload::{Workload, heartbeat};

/// Time from one write of the background writer to its next: what `pivot` paces its writer with.
const WRITE_EVERY: Duration = Duration::from_micros(10);

/// Something to do with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Read records and touch all of each, with nobody else around.
    Read,
    /// The same while another thread applies a heartbeat every 10 us.
    ReadWhileWriting,
    /// Apply heartbeats.
    Write,
    /// Visit every record and touch all of it.
    Scan,
}

impl Activity {
    /// All activities, in the order they are run.
    pub const ALL: [Self; 4] = [Self::Read, Self::ReadWhileWriting, Self::Write, Self::Scan];

    /// The name of its Criterion group.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWhileWriting => "read-while-writing",
            Self::Write => "write",
            Self::Scan => "scan",
        }
    }

    /// How many threads use the table.
    pub(crate) const fn threads(self) -> usize {
        match self {
            Self::ReadWhileWriting => 2,
            Self::Read | Self::Write | Self::Scan => 1,
        }
    }

    /// Times it. Criterion calls this once per sample.
    pub(crate) fn bench<S: Strategy<ProcessStatus>>(
        self,
        bencher: &mut Bencher<'_>,
        table: &S,
        workload: &Workload,
    ) {
        match self {
            Self::Read => read(bencher, table, workload),
            Self::ReadWhileWriting => {
                background::writing(table, workload, WRITE_EVERY, || {
                    read(bencher, table, workload);
                });
            }
            Self::Write => write(bencher, table, workload),
            Self::Scan => scan(bencher, table),
        }
    }
}

/// What a reader does with a record: loads all of it, where the optimiser can see no use.
#[inline]
pub fn touch(record: &ProcessStatus) {
    black_box(record.touch());
}

/// The timed loop of reads and writes: each iteration walks the next pass of the tape.
fn each_in_pass(
    bencher: &mut Bencher<'_>,
    workload: &Workload,
    mut operation: impl FnMut(usize, ProcessId),
) {
    let mut passes = workload.passes();
    bencher.iter(|| {
        for (step, &id) in passes.next().expect("endless").iter().enumerate() {
            operation(step, id);
        }
    });
}

fn read<S: Strategy<ProcessStatus>>(bencher: &mut Bencher<'_>, table: &S, workload: &Workload) {
    let mut handle = table.handle();
    each_in_pass(bencher, workload, |_, id| {
        handle.read(id, touch);
    });
}

fn write<S: Strategy<ProcessStatus>>(bencher: &mut Bencher<'_>, table: &S, workload: &Workload) {
    let mut handle = table.handle();
    each_in_pass(bencher, workload, |step, id| {
        black_box(handle.apply(id, heartbeat(step)));
    });
}

fn scan<S: Strategy<ProcessStatus>>(bencher: &mut Bencher<'_>, table: &S) {
    let mut handle = table.handle();
    bencher.iter(|| handle.scan(|_, record| touch(record)));
}

//! The status of workers: each reports what it does, anybody looks.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::thread;

use podtable::{CapacityError, SeqTable};

/// What a worker reports. Fields of the same size leave no gaps, which would not compile.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Status {
    jobs_done: u64,
    bytes_read: u64,
    failures: u64,
}

fn work(statuses: &SeqTable<u32, Status>, worker: u32) -> Result<(), CapacityError> {
    statuses.insert(worker, bytemuck::Zeroable::zeroed())?;
    for job in 0..1000 {
        // May be called again if somebody else changes this status meanwhile.
        statuses.update(&worker, |status| {
            status.jobs_done += 1;
            status.bytes_read += 4096;
            status.failures += u64::from(job % 100 == 99);
        });
    }
    Ok(())
}

fn main() -> Result<(), CapacityError> {
    let statuses = SeqTable::with_capacity(8);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let statuses = &statuses;
                scope.spawn(move || work(statuses, worker))
            })
            .collect();
        // A reader of its own, which stores nothing and so holds no worker up.
        let done: u64 = statuses.iter().map(|(_, status)| status.jobs_done).sum();
        println!("{done} jobs done, and counting");
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no worker panics"))
            .collect()
    });
    outcomes.into_iter().collect::<Result<(), _>>()?;
    let mut all: Vec<_> = statuses.iter().collect();
    all.sort_unstable_by_key(|&(worker, _)| worker);
    for (worker, status) in all {
        println!("{worker}: {status:?}");
    }
    Ok(())
}

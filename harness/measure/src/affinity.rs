//! Which processor each thread runs on.
//!
//! Where every thread can have a processor of its own it gets one. Left to the scheduler, two new
//! threads may share one for some milliseconds while the other idles: they then do not meet at all,
//! and what was to measure contention measures time slices. Threads that have to share the processors
//! are left to the scheduler, which is what the row is about. Where a quota and not a mask limits them, all
//! threads share as many as the quota is worth: on more they would run at the same time, and then stop at
//! the same time until the next period of the quota.

use model::environment;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The processors of a scenario's threads: one for each, or where they do not suffice all for all.
#[derive(Clone, Debug)]
pub(crate) struct Affinity {
    processors: Vec<usize>,
    threads: usize,
}

impl Affinity {
    /// For so many threads; `turn` rotates them, so that no processor is always the first thread's.
    pub(crate) fn for_threads(threads: usize, turn: usize) -> Self {
        Self::among(allowed(), environment::cpus(), threads, turn)
    }

    /// Of these processors, of which so many can be busy at the same time.
    fn among(mut processors: Vec<usize>, cpus: usize, threads: usize, turn: usize) -> Self {
        let first = turn % processors.len().max(1);
        processors.rotate_left(first);
        processors.truncate(cpus);
        Self {
            processors,
            threads,
        }
    }

    fn of_thread(&self, index: usize) -> &[usize] {
        if self.threads > self.processors.len() {
            return &self.processors;
        }
        &self.processors[index..=index]
    }

    /// Moves the calling thread, which is this one of them, there. A system that refuses leaves it where it is: the
    /// figures are then noisier and not wrong.
    pub(crate) fn pin(&self, index: usize) {
        let mut set = CpuSet::new();
        let mut processors = self.of_thread(index).iter();
        if processors.all(|&processor| set.set(processor).is_ok()) {
            let _ = sched_setaffinity(Pid::from_raw(0), &set);
        }
    }
}

/// The processors that this process may use.
fn allowed() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    let is_set = |&processor: &usize| set.is_set(processor).unwrap_or(false);
    (0..CpuSet::count()).filter(is_set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_get_different_processors_or_share_all_that_a_quota_is_worth() {
        for turn in 0..5 {
            let affinity = |threads, cpus| Affinity::among((0..16).collect(), cpus, threads, turn);
            let enough = affinity(16, 16);
            let mut taken: Vec<_> = (0..16)
                .flat_map(|thread| enough.of_thread(thread))
                .collect();
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), 16);
            assert_eq!(affinity(17, 16).of_thread(16).len(), 16);
            let limited = affinity(10, 2);
            for thread in 0..10 {
                assert_eq!(limited.of_thread(thread), [turn, turn + 1]);
            }
        }
    }
}

//! Which processor each thread runs on.
//!
//! Where every thread can have a processor of its own it gets one. Left to the scheduler, two new
//! threads may share one for some milliseconds while the other idles: they then do not meet at all,
//! and what was to measure contention measures time slices. Threads that have to share are left to
//! the scheduler, which is what the row is about.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The processors of a scenario's threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Affinity {
    processors: Vec<usize>,
}

impl Affinity {
    /// For so many threads; `turn` rotates them, so that no processor is always the first thread's.
    pub(crate) fn of(threads: usize, turn: usize) -> Self {
        let mut processors = allowed();
        if threads > processors.len() {
            return Self::default();
        }
        let first = turn % processors.len();
        processors.rotate_left(first);
        Self { processors }
    }

    /// Moves the calling thread, which is this one of them, there. A system that refuses leaves it where it is: the
    /// figures are then noisier and not wrong.
    pub(crate) fn pin(&self, index: usize) {
        let mut set = CpuSet::new();
        let processor = self.processors.get(index);
        if processor.is_some_and(|&processor| set.set(processor).is_ok()) {
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
    fn threads_get_different_processors_or_none() {
        let count = allowed().len();
        for turn in 0..5 {
            let affinity = Affinity::of(count, turn);
            let mut taken = affinity.processors;
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), count);
            assert!(Affinity::of(count + 1, turn).processors.is_empty());
        }
    }
}

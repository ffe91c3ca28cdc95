//! What a program gains if one of its locks is replaced: how much of its threads' time the lock takes, and how much of that
//! each strategy leaves.
//!
//! A strategy was measured at full load, without a pause between operations. There an operation of the baseline takes `x`, of
//! which it works for `h` inside, by the workload file; the other `x - h` it waits and locks. A strategy that is `r` times better
//! takes `x / r` and leaves the share `q = (x / r - h) / (x - h)` of that. The work inside stays. A program is not at full load, so what it
//! gains lies in an interval:
//!
//! - **Waiting.** The recording has its share `W` of the threads' time. At full load the lock is never free, and a strategy
//!   shortens each wait. Below it, what holds others up for half as long is also met half as often, so between `q` and
//!   `q²` of `W` are left (Pollaczek and Khinchine: a wait grows with the load times the time left of a hold).
//! - **Readers side by side.** What only lets reads in together spares a read the wait for reads, and no other. At full
//!   load every operation waits for each other kind as often as that comes: if a share `p` reads, for `h_r` each, that is
//!   `p² h_r / h` of the waiting. In the program, whose waits are for the long holds above all, it is the share `s` of the
//!   blocked time, which the recording has. So the first `p² h_r / h` that `q` falls spares up to `s` of `W`, and the others the
//!   rest. Whether a strategy spares these waits or a part of all is not known: the interval has both.
//! - **Waking.** A wait ends when a thread has learned that the lock is free: it spins, or it sleeps and is woken. Strategies differ in
//!   that, and full load hides it: the thread that runs takes the lock again. Of each wait at most [`WAKE_NS`] are that. Where
//!   waits are left, this may vanish or be there twice.
//! - **Locking** takes no time that a recording has; the bound allows [`SHARED_NS`] for it, or what there is. A strategy saves no more of it than
//!   it saves at full load, `x - x / r`. There a line is fetched from another core to lock and to unlock; below full load, another thread
//!   had the line last in at least half of the cases, and it is still there to unlock. So at least a quarter of what locking
//!   takes, `x - h` at most, is there to be saved, and `q` of that is left.
//! - **Slower** at full load is slower by at most as much in the program, and possibly by nothing.
//! - **Side by side** readers of a reader-writer lock take `x <= h` for an operation at full load, so what is not work inside does not
//!   show. A strategy may then save all of the waiting and the locking, or nothing.
//! - **One thread** at full load meets no other. A part that is measured so may lose all of its waits, or none. Readers of a
//!   reader-writer lock may exclude each other with the strategy: of `N` threads that take it `n` times in the time `T`, each
//!   waits for `(N - 1) (n / T) E[H²] / 2` more, and all together for no longer than the others hold it.
//! - **Processors.** If there are fewer than threads, those that no longer wait may find none: then possibly nothing of `W` is
//!   gained.
//! - **Threads.** The shares are those of the threads of all call sites. They may be the same threads, so at most the shares are
//!   those of the threads that are known to use the lock, as in the bound.
//! - **Chance.** The time waited is a sum over waits; independent ones spread it by the root of the sum of their squares.
//!
//! No strategy gains more than a free lock, the bound of the recording.

use locks::bound::SHARED_NS;
use results::Machine;
use serde::Serialize;

use super::questions::Questions;
use super::recorded::{OPERATION_NS, Program};
use super::workload::{Part, Side, Times, Workload};

/// Waking a thread takes at most so long: 5 to 50 us, if a processor is idle.
pub(super) const WAKE_NS: f64 = 50_000.0;

/// The shares of the threads' time that the operations of a part take at the lock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The part.
    pub side: Side,
    /// Waiting for the lock.
    pub waiting: f64,
    /// How far off that may be by chance, at 99 %.
    pub waiting_error: f64,
    /// What of the waiting may be that a thread is woken, at most.
    pub waking: f64,
    /// What of the blocked time at the lock readers waited for readers, as a share of it.
    pub among_readers: f64,
    /// Holding it.
    pub holding: f64,
    /// Locking and unlocking, at most.
    pub taking: f64,
    /// What readers of a reader-writer lock would wait for each other if it let in one at a time.
    pub excluding: f64,
}

/// What the program gains in throughput by a strategy: 0.1 is a tenth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// The strategy.
    pub strategy: String,
    /// At least.
    pub low: f64,
    /// At most; never more than the bound.
    pub high: f64,
}

/// What was measured of a part at full load.
struct FullLoad {
    /// What an operation of the baseline takes.
    operation_ns: f64,
    /// What of it is work inside.
    inside_ns: f64,
    /// What of the waiting readers wait for readers, as a share of it.
    among_readers: f64,
    /// How many times better the strategy is: the ends of the interval.
    ratio: [f64; 2],
    /// Whether one thread was measured, which waits for no other of its part.
    is_alone: bool,
}

impl FullLoad {
    /// The share of the waiting that is left in the program, if reads are let in together for what is left at full load.
    fn side_by_side(&self, left: f64, share: &Share) -> f64 {
        let others = 1.0 - self.among_readers;
        if self.among_readers <= 0.0 {
            left
        } else if left < others {
            (1.0 - share.among_readers) * left / others
        } else {
            1.0 - share.among_readers * (1.0 - left) / self.among_readers
        }
    }
}

impl Share {
    /// The share of the threads' time that is saved, at least and at most.
    fn saved(&self, load: &FullLoad, is_crowded: bool) -> [f64; 2] {
        let is_hidden = load.operation_ns <= load.inside_ns;
        let rest_ns = if is_hidden {
            SHARED_NS
        } else {
            (load.operation_ns - load.inside_ns).max(1.0)
        };
        // Of an operation that saves so much.
        let locking = |saved_ns: f64| self.taking * (saved_ns / SHARED_NS).min(1.0);
        let waits_most = self.waiting + self.waiting_error;
        let waits_least = if load.is_alone || is_crowded {
            0.0
        } else {
            (self.waiting - self.waiting_error).max(0.0)
        };
        let [mut left_most, mut left_least] = load.ratio.map(|ratio| {
            let saved_ns = load.operation_ns - load.operation_ns / ratio;
            (1.0 - saved_ns / rest_ns).max(0.0)
        });
        if is_hidden {
            (left_most, left_least) = (left_most.max(1.0), 0.0);
        }
        let waits_left = load.side_by_side(left_most, self).max(left_most).min(1.0);
        let mut least = waits_least * (1.0 - waits_left) - self.waking * waits_left;
        least += if left_most > 1.0 {
            locking(rest_ns * (1.0 - left_most))
        } else {
            TAKING_LEAST * locking(rest_ns) * (1.0 - left_most)
        };
        let left_least = left_least.min(1.0);
        let mut waits_left = load.side_by_side(left_least, self).min(left_least).powi(2);
        if load.is_alone {
            least -= self.excluding;
            waits_left = 0.0;
        }
        let waits = waits_most * (1.0 - waits_left) + self.waking * waits_left;
        let most = waits.min(waits_most) + locking(rest_ns * (1.0 - left_least));
        [least, most]
    }
}

/// The least share of what locking takes at full load that it takes in a program.
const TAKING_LEAST: f64 = 0.25;

impl Part {
    /// The share of the waiting at full load in which reads wait for reads.
    fn among_readers(&self) -> f64 {
        let reads = self.reads();
        let read_ns = OPERATION_NS + self.read_times().map_or(0.0, Times::mean);
        (reads * reads * read_ns / (OPERATION_NS + self.inside_ns())).min(1.0)
    }
}

/// What a recorded program gains by a strategy that was measured; nothing if a part was not compared, or by one process alone.
pub fn gain_of(
    program: &Program,
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    strategy: &str,
) -> Option<Gain> {
    let parts = workload.parts();
    let saved = program.shares.iter().map(|share| {
        let mut subjects = questions.subjects.iter();
        let subject = subjects.find(|subject| subject.side == share.side)?;
        let part = parts.iter().find(|part| part.side == share.side)?;
        let ratio = subject.cell(results, strategy)?.ratio.as_ref();
        let ratio = ratio.filter(|ratio| ratio.ci_low < ratio.ci_high)?;
        let load = FullLoad {
            operation_ns: subject.cell(results, &results.baseline)?.median,
            inside_ns: part.inside_ns(),
            among_readers: part.among_readers(),
            ratio: [ratio.ci_low, ratio.ci_high],
            is_alone: subject.threads == 1,
        };
        Some(share.saved(&load, program.is_crowded))
    });
    let saved: Vec<[f64; 2]> = saved.collect::<Option<_>>()?;
    let [low, high] = [0, 1].map(|end| {
        let saved: f64 = saved.iter().map(|interval| interval[end]).sum();
        let saved = if end == 1 {
            saved.max(saved * program.idle)
        } else {
            saved
        };
        // Where nothing is left, all is gained that there is.
        (1.0 / (1.0 - saved).max(0.0) - 1.0).min(program.bound)
    });
    Some(Gain {
        strategy: strategy.to_owned(),
        low,
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Share = Share {
        side: Side::Mixed,
        waiting: 0.2,
        waiting_error: 0.02,
        waking: 0.004,
        among_readers: 0.1,
        holding: 0.3,
        taking: 0.01,
        excluding: 0.03,
    };

    const LOAD: FullLoad = FullLoad {
        operation_ns: 2_000.0,
        inside_ns: 1_000.0,
        among_readers: 0.0,
        ratio: [1.25, 1.6],
        is_alone: false,
    };

    fn assert_saved(share: &Share, load: &FullLoad, is_crowded: bool, expected: [f64; 2]) {
        let saved = share.saved(load, is_crowded);
        let is_it = |end: usize| (saved[end] - expected[end]).abs() < 1e-12;
        assert!(is_it(0) && is_it(1), "{saved:?} instead of {expected:?}");
    }

    #[test]
    fn what_is_left_at_full_load_is_left_of_the_waits_or_less() {
        // 1600 and 1250 ns: 0.6 and 0.25 of what is not work inside.
        let locking = 0.25 * 0.01 * 0.4 - 0.004 * 0.6;
        let most = 0.22 * (1.0 - 0.0625) + 0.004 * 0.0625 + 0.01;
        assert_saved(&SHARE, &LOAD, false, [0.18 * 0.4 + locking, most]);
        // Without a processor for those that wait no longer.
        assert_saved(&SHARE, &LOAD, true, [locking, most]);
        // Shorter than a line's way from core to core: locking takes that.
        let brief = FullLoad {
            operation_ns: 1_050.0,
            ratio: [1.05; 2],
            ..LOAD
        };
        assert_saved(&SHARE, &brief, false, [0.18 + 0.25 * 0.005, 0.22 + 0.005]);
    }

    #[test]
    fn reads_that_are_let_in_together_spare_what_reads_waited_for_reads() {
        // 0.8 of the rest are left, where reads are 0.2 of it.
        let shared = FullLoad {
            among_readers: 0.2,
            ratio: [1.0 / 0.9; 2],
            ..LOAD
        };
        let least = 0.18 * 0.1 + 0.25 * 0.01 * 0.2 - 0.004 * 0.9;
        let most = 0.22 * (1.0 - 0.64) + 0.004 * 0.64 + 0.01;
        assert_saved(&SHARE, &shared, false, [least, most]);
        // Half of that spares half of it.
        let half = FullLoad {
            ratio: [1.0 / 0.95; 2],
            ..shared
        };
        let least = 0.18 * 0.05 + 0.25 * 0.01 * 0.1 - 0.004 * 0.95;
        let most = 0.22 * (1.0 - 0.81) + 0.004 * 0.81 + 0.01;
        assert_saved(&SHARE, &half, false, [least, most]);
    }

    #[test]
    fn what_is_slower_at_full_load_loses_so_much_or_nothing() {
        let slower = FullLoad {
            ratio: [0.8, 0.9],
            ..LOAD
        };
        // 500 ns for each acquisition; 100 take a hundredth of the time.
        assert_saved(&SHARE, &slower, false, [-0.05 - 0.004, 0.004]);
    }

    #[test]
    fn what_takes_no_longer_than_the_work_inside_does_not_show_what_is_saved() {
        // Ten readers that hold the lock together.
        let together = FullLoad {
            operation_ns: 100.0,
            ratio: [1.01, 1.1],
            ..LOAD
        };
        assert_saved(&SHARE, &together, false, [-0.004, 0.22 + 0.01]);
        let slower = FullLoad {
            ratio: [0.8, 0.9],
            ..together
        };
        assert_saved(&SHARE, &slower, false, [-0.004 - 0.01 * 0.25, 0.22 + 0.01]);
    }

    #[test]
    fn one_thread_says_nothing_of_waits() {
        let alone = FullLoad {
            is_alone: true,
            ..LOAD
        };
        let least = 0.25 * 0.01 * 0.4 - 0.004 * 0.6 - 0.03;
        assert_saved(&SHARE, &alone, false, [least, 0.22 + 0.01]);
    }
}

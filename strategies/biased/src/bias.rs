//! When a lock becomes biased to readers: when as many reads as a revocation is worth went by without
//! a write, and not after some time.

use crate::sync::{AtomicU32, Ordering, const_fn};

/// Reads without a write in between that bias a lock, at least and at most.
const NEED: std::ops::RangeInclusive<u32> = if cfg!(all(test, pivot_loom)) {
    1..=1
} else {
    1..=1 << 20
};

/// Reads that bias a new lock.
const FIRST_NEED: u32 = if cfg!(all(test, pivot_loom)) { 1 } else { 8 };

/// Fast reads that a bias has to yield: what a revocation costs, in reads that are slow instead. One
/// more for each thread that it asks.
const YIELD: usize = 4;

/// What a slow read costs.
#[derive(Clone, Copy)]
pub(crate) enum Cost {
    /// Two atomic instructions on a line that this processor has.
    Alone = 1,
    /// Others were inside, or changed the word: the line comes from another processor, more than once.
    Contended = 8,
}

/// The account of one lock: what reads have lost by being slow, and what it takes to make them fast.
///
/// All of it is a hint. Readers count at the same time and may lose a count; nothing is ordered.
pub(crate) struct Bias {
    /// Slow reads since the last write, each as often as its [`Cost`] says.
    slow_reads: AtomicU32,
    /// How many of them switch the bias on.
    need: AtomicU32,
}

impl Bias {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                slow_reads: AtomicU32::new(0),
                need: AtomicU32::new(FIRST_NEED),
            }
        }
    }

    /// Whether one more slow read is to switch the bias on.
    #[inline]
    pub(crate) fn is_earned(&self, cost: Cost) -> bool {
        let slow_reads = self.slow_reads.load(Ordering::Relaxed);
        slow_reads.wrapping_add(cost as u32) >= self.need.load(Ordering::Relaxed)
    }

    /// Counts a slow read.
    #[inline]
    pub(crate) fn count(&self, cost: Cost) {
        let slow_reads = self.slow_reads.load(Ordering::Relaxed);
        let slow_reads = slow_reads.wrapping_add(cost as u32);
        self.slow_reads.store(slow_reads, Ordering::Relaxed);
    }

    /// A write: the reads before it count no more.
    #[inline]
    pub(crate) fn start_again(&self) {
        self.slow_reads.store(0, Ordering::Relaxed);
    }

    /// After a revocation that asked `threads` threads: was the bias worth it? Then the next one is
    /// easier to earn, else harder; or as hard as before, if there `were_more` reads than were counted.
    pub(crate) fn settle(
        &self,
        fast_reads: usize,
        threads: usize,
        were_more: impl FnOnce() -> bool,
    ) {
        let need = self.need.load(Ordering::Relaxed);
        let next = if fast_reads >= YIELD + threads {
            (need / 2).max(*NEED.start())
        } else if were_more() {
            need
        } else {
            (need * 2).min(*NEED.end())
        };
        self.need.store(next, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests {
    use super::*;

    fn slow_reads_until_biased(bias: &Bias) -> u32 {
        let mut reads = 1;
        while !bias.is_earned(Cost::Alone) {
            bias.count(Cost::Alone);
            reads += 1;
        }
        bias.start_again();
        reads
    }

    #[test]
    fn it_takes_eight_reads_in_a_row() {
        let bias = Bias::new();
        for _ in 0..7 {
            assert!(!bias.is_earned(Cost::Alone));
            bias.count(Cost::Alone);
        }
        bias.start_again();
        assert_eq!(slow_reads_until_biased(&bias), 8);
    }

    #[test]
    fn a_contended_read_counts_as_eight() {
        let bias = Bias::new();
        assert!(bias.is_earned(Cost::Contended));
        bias.settle(0, 1, || false);
        assert!(!bias.is_earned(Cost::Contended));
        bias.count(Cost::Contended);
        assert!(bias.is_earned(Cost::Contended));
        bias.start_again();
        assert!(!bias.is_earned(Cost::Contended));
    }

    #[test]
    fn a_bias_that_yields_little_makes_the_next_one_twice_as_dear() {
        let bias = Bias::new();
        bias.settle(4, 1, || false);
        assert_eq!(slow_reads_until_biased(&bias), 16);
        bias.settle(0, 1, || false);
        assert_eq!(slow_reads_until_biased(&bias), 32);
        bias.settle(5, 1, || false);
        assert_eq!(slow_reads_until_biased(&bias), 16);
        bias.settle(4, 1, || true);
        assert_eq!(slow_reads_until_biased(&bias), 16, "nobody knows");
    }

    #[test]
    fn it_never_gets_out_of_reach_nor_for_nothing() {
        let bias = Bias::new();
        for _ in 0..100 {
            bias.settle(0, 1, || false);
        }
        assert_eq!(slow_reads_until_biased(&bias), 1 << 20);
        for _ in 0..100 {
            bias.settle(1 << 30, 1, || false);
        }
        assert_eq!(slow_reads_until_biased(&bias), 1);
    }

    #[test]
    fn more_threads_to_ask_want_more_reads() {
        let bias = Bias::new();
        bias.settle(103, 100, || false);
        assert_eq!(slow_reads_until_biased(&bias), 16);
        bias.settle(104, 100, || false);
        assert_eq!(slow_reads_until_biased(&bias), 8);
    }
}

//! Which keys of a map are used, from a sample: how often there is an entry, how many keys there are, and how much
//! the most frequent ones are used.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::block::next;
use crate::sync::{is_recording, lock};

/// Keys that are counted singly at a time.
const COUNTED: usize = 64;

/// Least hashes that are kept. With 256, the number of distinct keys has a standard error of 6 %.
const LEAST: usize = 256;

/// Shares that are reported.
const TOP: usize = 10;

/// Operations of a thread until one is taken for several.
const EXACT: u32 = 1024;

/// Operations for each that is sampled, on average and in the end.
const SPAN_MEAN: u32 = 16;

/// What is done with a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    /// A lookup that finds no entry.
    Miss,
    /// A lookup that finds one.
    Hit,
    Insert,
    Remove,
}

/// The keys of one map.
#[derive(Debug, Default)]
pub struct Keys(Mutex<Sample>);

/// Counts of operations stand for those that were not sampled, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// By operation.
    pub(crate) operations: [u64; 4],
    /// Space-saving (Metwally, Agrawal and El Abbadi, 2005): hash, count, and how much of it may be of other keys.
    counted: Vec<(u64, u64, u64)>,
    least: BTreeSet<u64>,
}

thread_local! {
    /// Operations until the next sampled one, the span that ends with it, a random number, and all operations so far.
    static COUNTDOWN: Cell<(u32, u32, u32, u32)> = const { Cell::new((1, 1, 0x2545_f491, 0)) };
}

/// How many operations this one stands for, if it is sampled.
#[inline]
fn weight() -> Option<u32> {
    let (left, span, random, total) = COUNTDOWN.get();
    if left > 1 {
        COUNTDOWN.set((left - 1, span, random, total));
        return None;
    }
    Some(drawn(span, random, total))
}

#[cold]
fn drawn(span: u32, mut random: u32, total: u32) -> u32 {
    let total = total.saturating_add(span);
    let mean = if total < EXACT { 1 } else { SPAN_MEAN };
    let next = 1 + next(&mut random) % (2 * mean - 1);
    COUNTDOWN.set((next, next, random, total));
    span
}

impl Keys {
    /// Takes part in the sample, if it is the turn of this operation. `hash` is of the key.
    #[inline]
    pub(crate) fn sample(&self, operation: Operation, hash: impl FnOnce() -> u64) {
        // In a forked child the mutex can be locked for ever.
        if let Some(weight) = weight().filter(|_| is_recording()) {
            // It is the program's code, and may take locks.
            let hash = hash();
            lock(&self.0).add(operation, hash, u64::from(weight));
        }
    }

    pub(crate) fn so_far(&self) -> Sample {
        lock(&self.0).clone()
    }
}

impl Sample {
    fn add(&mut self, operation: Operation, hash: u64, weight: u64) {
        self.operations[operation as usize] += weight;
        self.count(hash, weight);
        self.least.insert(hash);
        if self.least.len() > LEAST {
            self.least.pop_last();
        }
    }

    fn count(&mut self, hash: u64, weight: u64) {
        if let Some(key) = self.counted.iter_mut().find(|key| key.0 == hash) {
            key.1 += weight;
        } else if self.counted.len() < COUNTED {
            self.counted.push((hash, weight, 0));
        } else if let Some(rarest) = self.counted.iter_mut().min_by_key(|key| key.1) {
            *rarest = (hash, rarest.1 + weight, rarest.1);
        }
    }

    /// How many keys were sampled, exactly up to 256, and estimated from the least hashes beyond.
    pub(crate) fn distinct(&self) -> u64 {
        let kept = self.least.len();
        match self.least.last() {
            Some(&greatest) if kept == LEAST => {
                let share = greatest as f64 / u64::MAX as f64;
                ((kept - 1) as f64 / share) as u64
            }
            _ => kept as u64,
        }
    }

    /// The shares of the most frequent keys, descending; what may be of other keys is not in them.
    pub(crate) fn top(&self) -> Vec<f64> {
        let all = self.operations.iter().sum::<u64>().max(1);
        let counted = self.counted.iter();
        let certain = counted.map(|&(_, count, others)| count - others);
        let mut certain: Vec<u64> = certain.collect();
        certain.sort_unstable_by(|a, b| b.cmp(a));
        let top = certain.into_iter().take(TOP);
        top.map(|count| count as f64 / all as f64).collect()
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    fn hash(key: u64) -> u64 {
        // SplitMix64's last steps: even over all bits.
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ mixed >> 31
    }

    #[test]
    fn few_operations_are_all_counted() {
        let keys = Keys::default();
        for key in 0..10 {
            keys.sample(Operation::Insert, || hash(key));
            let lookup = if key < 5 {
                Operation::Hit
            } else {
                Operation::Miss
            };
            keys.sample(lookup, || hash(key));
        }
        keys.sample(Operation::Remove, || hash(3));
        let sample = keys.so_far();
        assert_eq!(sample.operations, [5, 5, 10, 1]);
        assert_eq!(sample.distinct(), 10);
        let top = sample.top();
        assert_eq!(top[..2], [3.0 / 21.0, 2.0 / 21.0]);
    }

    #[test]
    fn a_hash_is_taken_without_the_mutex() {
        let (keys, taken) = (Keys::default(), Cell::new(0));
        for key in 0..64 {
            keys.sample(Operation::Remove, || {
                assert!(keys.0.try_lock().is_ok());
                taken.set(taken.get() + 1);
                hash(key)
            });
        }
        assert!(taken.get() > 0);
    }

    #[test]
    #[cfg(unix)]
    fn a_forked_child_waits_for_no_other_thread() {
        let keys = Keys::default();
        let _held = lock(&keys.0);
        let sample = || (0..64).for_each(|key| keys.sample(Operation::Remove, || hash(key)));
        assert!(crate::tests::returns_in_a_child(sample));
    }

    #[test]
    fn many_operations_are_counted_from_a_sample() {
        let keys = Keys::default();
        // Every fourth lookup is of one key, the others of ten thousand.
        for number in 0..400_000_u64 {
            let key = if number % 4 == 0 { 0 } else { number % 10_000 };
            keys.sample(Operation::Hit, || hash(key));
        }
        let sample = keys.so_far();
        // The countdown is random, with a fixed seed: these figures are the same each time.
        let near = |value: f64, expected: f64| (value / expected - 1.0).abs() < 0.1;
        let hits = sample.operations[Operation::Hit as usize];
        assert!(near(hits as f64, 400_000.0), "{hits}");
        assert!(near(sample.top()[0], 0.25), "{:?}", sample.top());
        assert!(
            (5_500..=9_500).contains(&sample.distinct()),
            "{}",
            sample.distinct()
        );
    }
}

//! How many operations a thread carries out between two looks at its surroundings.

use std::time::Duration;

/// A batch should take about this long: long enough to hide the count and the flag, short against
/// the window.
const BATCH: Duration = Duration::from_micros(10);
/// Once its size is right, one batch in so many is timed: two looks at the clock in some hundred
/// microseconds.
const TIMED_EVERY: u32 = 16;
/// The largest batch of a timed loop; divides the tape.
pub(crate) const BATCH_MAX: usize = 1_024;

/// The size of a thread's batches: a power of two times the smallest, as long as [`BATCH`] allows.
///
/// It follows the thread's speed in both directions and for as long as the thread runs. One batch that
/// took long (the thread lost its processor, or a lock's mood changed) makes it smaller for as long as
/// that lasts and no longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// Operations of the next one.
    pub(crate) size: usize,
    smallest: usize,
    is_fixed: bool,
    /// Batches until the next that is timed.
    until_timed: u32,
}

impl Batch {
    /// Begins with the smallest, a power of two; stays there if it `is_fixed`.
    pub(crate) const fn new(smallest: usize, is_fixed: bool) -> Self {
        Self {
            size: smallest,
            smallest,
            is_fixed,
            until_timed: 0,
        }
    }

    /// Whether the next batch is to be timed; to be asked once before each.
    pub(crate) const fn is_timed(&mut self) -> bool {
        if self.is_fixed {
            return false;
        }
        let is_timed = self.until_timed == 0;
        self.until_timed = self.until_timed.saturating_sub(1);
        is_timed
    }

    /// Takes note of what a timed batch took. The next one begins at `next` on its tape, and must end
    /// before the tape does: it only begins at multiples of its own size.
    pub(crate) fn adapt(&mut self, took: Duration, next: usize) {
        self.until_timed = 0;
        if took < BATCH / 2 && self.size < BATCH_MAX {
            if next.is_multiple_of(self.size * 2) {
                self.size *= 2;
            }
        } else if took > BATCH * 2 && self.size > self.smallest {
            self.size /= 2;
        } else {
            self.until_timed = TIMED_EVERY - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::TAPE_LENGTH;

    const SMALLEST: usize = 1;

    /// Carries out `batches` of operations that take `each`; what they come to.
    fn run(batch: &mut Batch, at: &mut usize, batches: usize, each: Duration) {
        for _ in 0..batches {
            let (is_timed, size) = (batch.is_timed(), batch.size);
            assert!(*at + size <= TAPE_LENGTH, "{size} from {at} on");
            *at = (*at + size) % TAPE_LENGTH;
            if is_timed {
                batch.adapt(each * size as u32, *at);
            }
        }
    }

    #[test]
    fn a_batch_grows_again_after_one_that_took_long() {
        const SHORT: Duration = Duration::from_nanos(1);
        for before in [0, 1, 3, 9, 40, 200] {
            let (mut batch, mut at) = (Batch::new(SMALLEST, false), 0);
            run(&mut batch, &mut at, before, SHORT);
            assert!(batch.is_timed() || before > 0);
            batch.adapt(Duration::from_millis(8), at);
            run(&mut batch, &mut at, 64, SHORT);
            assert_eq!(batch.size, BATCH_MAX, "after {before} short batches");
        }
    }

    #[test]
    fn a_batch_follows_the_speed_both_ways() {
        let (mut batch, mut at) = (Batch::new(SMALLEST, false), 0);
        for (each_ns, sizes) in [(10, 512..=1_024), (1_000, 8..=16), (50, 128..=256)] {
            run(&mut batch, &mut at, 400, Duration::from_nanos(each_ns));
            assert!(sizes.contains(&batch.size), "{each_ns} ns: {batch:?}");
        }
        run(&mut batch, &mut at, 400, Duration::from_millis(3));
        assert_eq!(batch.size, SMALLEST);
    }

    #[test]
    fn a_batch_of_the_right_size_is_seldom_timed() {
        let (mut batch, mut at) = (Batch::new(SMALLEST, false), 0);
        let each = Duration::from_nanos(100);
        run(&mut batch, &mut at, 200, each);
        let mut timed = 0;
        for _ in 0..160 {
            if batch.is_timed() {
                timed += 1;
                batch.adapt(each * batch.size as u32, 0);
            }
        }
        assert_eq!(timed, 10);
    }

    #[test]
    fn a_fixed_batch_is_never_timed() {
        let mut batch = Batch::new(2, true);
        assert!((0..100).all(|_| !batch.is_timed() && batch.size == 2));
    }
}

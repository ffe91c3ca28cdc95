//! Arrivals in windows of time, whose mean and variance tell bursts from a steady flow.
//!
//! Not every arrival is timed. The arrivals between two timed ones are spread evenly over the time between,
//! and the timed one stands where it came. Several threads report late and in any order, so the last windows
//! stay open.

use std::time::Duration;

/// Windows that stay open: as many milliseconds late may a report come.
const OPEN: u64 = 128;

/// Short windows in a long one.
const LONG: u64 = 100;

/// The length of the short window.
pub(crate) const WINDOW: Duration = Duration::from_millis(1);

/// Counts of equally long windows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) windows: u64,
    sum: f64,
    squares: f64,
}

impl Series {
    fn add(&mut self, count: u64) {
        let count = count as f64;
        self.windows += 1;
        self.sum += count;
        self.squares += count * count;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.windows.max(1) as f64
    }

    /// The variance as estimated from a sample; 0 of fewer than two windows.
    pub(crate) fn variance(&self) -> f64 {
        if self.windows < 2 {
            return 0.0;
        }
        let squares = self.squares - self.sum * self.mean();
        (squares / (self.windows - 1) as f64).max(0.0)
    }
}

/// The arrivals at one lock.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals {
    /// The length of a window, in ticks.
    window: u64,
    /// When the first window began, in ticks.
    start: u64,
    /// The number of the oldest open window.
    oldest: u64,
    /// The open windows, each at its number modulo their number.
    open: [u32; OPEN as usize],
    short: Series,
    long: Series,
    /// Arrivals and windows of the long window that is not complete.
    rest: (u64, u64),
}

impl Arrivals {
    pub(crate) fn new(window: u64, start: u64) -> Self {
        Self {
            window,
            start,
            oldest: 0,
            open: [0; OPEN as usize],
            short: Series::default(),
            long: Series::default(),
            rest: (0, 0),
        }
    }

    /// Adds the arrivals after the tick `from`, the last of which came at the tick `to`.
    pub(crate) fn add(&mut self, from: u64, to: u64, count: u64) {
        let Some(before) = count.checked_sub(1) else {
            return;
        };
        let last = self.number(to);
        self.close_until((last + 1).saturating_sub(OPEN));
        self.put(last, 1);
        let from = from.max(self.start).min(to);
        let mut spread = 0;
        for number in self.number(from).max(self.oldest)..last {
            // Those until the end of this window, less those that are spread already.
            let end = self.start + (number + 1) * self.window;
            let share =
                u128::from(before) * u128::from(end - from) / u128::from((to - from).max(1));
            let share = (share as u64).min(before);
            self.put(number, share - spread);
            spread = share;
        }
        self.put(last, before - spread);
    }

    /// The short and the long windows that were complete at the tick `now`.
    pub(crate) fn until(&self, now: u64) -> (Series, Series) {
        let mut closed = self.clone();
        closed.close_until(self.number(now));
        (closed.short, closed.long)
    }

    /// The number of the window of a tick; what is late belongs to the oldest open one.
    fn number(&self, tick: u64) -> u64 {
        tick.saturating_sub(self.start) / self.window
    }

    fn put(&mut self, number: u64, count: u64) {
        let number = number.max(self.oldest);
        let window = &mut self.open[(number % OPEN) as usize];
        *window = window.saturating_add(count as u32);
    }

    /// Closes the windows before that of the number `until`.
    fn close_until(&mut self, until: u64) {
        let kept = until.min(self.oldest + OPEN);
        while self.oldest < kept {
            let count = std::mem::take(&mut self.open[(self.oldest % OPEN) as usize]);
            self.short.add(u64::from(count));
            self.complete(u64::from(count), 1);
            self.oldest += 1;
        }
        // Nothing came in the others, which can be many after a long pause.
        if self.oldest < until {
            let empty = until - self.oldest;
            self.short.windows += empty;
            self.complete(0, empty);
            self.oldest = until;
        }
    }

    /// Adds short windows to the long ones: arrivals in the first of them, none in the others.
    fn complete(&mut self, count: u64, windows: u64) {
        self.rest.0 += count;
        self.rest.1 += windows;
        if self.rest.1 >= LONG {
            self.long.add(self.rest.0);
            self.long.windows += self.rest.1 / LONG - 1;
            self.rest = (0, self.rest.1 % LONG);
        }
    }
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;

    /// The counts of the windows, by adding each and looking at what changed.
    fn sums(arrivals: &Arrivals, windows: u64) -> Vec<u64> {
        let until = |number| arrivals.until(number * arrivals.window).0.sum;
        let sums = (0..windows).map(|number| until(number + 1) - until(number));
        sums.map(|sum| sum as u64).collect()
    }

    #[test]
    fn what_is_not_timed_is_spread_and_the_last_one_is_not() {
        let mut arrivals = Arrivals::new(10, 0);
        // One, after a long pause: there where it came.
        arrivals.add(0, 35, 1);
        assert_eq!(sums(&arrivals, 5), [0, 0, 0, 1, 0]);
        // Ten over two windows and a half, and one at the end.
        arrivals.add(50, 75, 11);
        assert_eq!(sums(&arrivals, 9), [0, 0, 0, 1, 0, 4, 4, 3, 0]);
    }

    #[test]
    fn a_report_from_another_thread_can_be_late() {
        let mut arrivals = Arrivals::new(10, 0);
        arrivals.add(0, 55, 1);
        arrivals.add(0, 25, 1);
        assert_eq!(sums(&arrivals, 6), [0, 0, 1, 0, 0, 1]);
        // Too late: its window is closed, and it belongs to the oldest that is open.
        arrivals.add(0, 10_000, 1);
        let oldest = arrivals.oldest;
        arrivals.add(20, 25, 1);
        assert_eq!(sums(&arrivals, 1001)[oldest as usize], 1);
    }

    #[test]
    fn a_full_window_stays_full() {
        let mut arrivals = Arrivals::new(10, 0);
        arrivals.add(0, 5, u64::from(u32::MAX));
        arrivals.add(0, 5, 2);
        assert_eq!(sums(&arrivals, 1), [u64::from(u32::MAX)]);
    }

    #[test]
    fn long_windows_are_sums_of_short_ones() {
        let mut arrivals = Arrivals::new(10, 0);
        for tick in (5..2000).step_by(10) {
            arrivals.add(tick, tick, 2);
        }
        let (short, long) = arrivals.until(2000);
        assert_eq!((short.windows, long.windows), (200, 2));
        assert_eq!((short.mean(), short.variance()), (2.0, 0.0));
        assert_eq!((long.mean(), long.variance()), (200.0, 0.0));
    }

    #[test]
    fn a_long_pause_is_many_empty_windows() {
        let mut arrivals = Arrivals::new(10, 0);
        arrivals.add(0, 5, 300);
        arrivals.add(5, 10_000_005, 100);
        let (short, long) = arrivals.until(10_000_010);
        assert_eq!((short.windows, long.windows), (1_000_001, 10_000));
        assert!((short.sum - 400.0).abs() < 0.5, "{short:?}");
        assert!((300.0..=400.0).contains(&long.sum), "{long:?}");
    }

    #[test]
    fn bursts_are_told_from_a_steady_flow() {
        let mut bursts = Arrivals::new(10, 0);
        for tick in (5..10_000).step_by(100) {
            bursts.add(tick, tick, 50);
        }
        let (short, _) = bursts.until(10_000);
        assert!((short.mean() - 5.0).abs() < 1e-9, "{short:?}");
        assert!(short.variance() / short.mean() > 40.0, "{short:?}");
        assert!(Series::default().variance() <= 0.0);
    }
}

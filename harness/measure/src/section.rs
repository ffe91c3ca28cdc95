//! Time inside an operation, without a clock in it: a chain of dependent operations.

use std::hint::black_box;
use std::sync::OnceLock;

use contract::work;
use model::clock;

use crate::keys::Keys;

/// How many links of the chain make up a time. None by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section(pub(crate) u64);

#[expect(clippy::cast_sign_loss, reason = "no time is negative")]
impl Section {
    /// About `ns` nanoseconds on this machine, at the speed that it has when the process asks for the
    /// first time.
    pub(crate) fn lasting(ns: f64) -> Self {
        Self((ns / ns_per_link()).round() as u64)
    }

    /// So many times as long, but never none.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self(((self.0 as f64 * factor).round() as u64).max(1))
    }

    /// Spends the time, on a value that the caller has just read; the result depends on all of it.
    #[inline]
    pub(crate) fn spend(self, value: u64) -> u64 {
        work(value, self.0)
    }
}

/// What is spent in an operation beyond what it does to the table. Nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra<'k> {
    /// Time in the section of a read, or in a write while its event is applied.
    pub(crate) section: Section,
    /// The keys of the user, and the entry of one on a tape.
    pub(crate) key: Option<(&'k Keys, u32)>,
}

impl Extra<'_> {
    /// Hashes and compares the key; a value that depends on both.
    #[inline]
    pub(crate) fn look_up(self, value: u64) -> u64 {
        match self.key {
            None => value,
            Some((keys, entry)) => value ^ keys.look_up(entry),
        }
    }

    /// Spends all of it, on a value that the caller has just read.
    #[inline]
    pub(crate) fn spend(self, value: u64) -> u64 {
        self.section.spend(self.look_up(value))
    }
}

/// Links of a calibration: some hundred microseconds, below a slice of the scheduler.
const CALIBRATION_LINKS: u64 = 100_000;
/// The fastest of so many, since whatever disturbs one only makes it slower.
const CALIBRATIONS: usize = 20;

fn ns_per_link() -> f64 {
    static NS: OnceLock<f64> = OnceLock::new();
    *NS.get_or_init(|| {
        let time = |run: usize| {
            let began = clock::now();
            black_box(work(black_box(run as u64), CALIBRATION_LINKS));
            began.elapsed().as_nanos() as f64 / CALIBRATION_LINKS as f64
        };
        // A clock that stands still must not make every section endless.
        let fastest = (0..CALIBRATIONS).map(time).fold(f64::INFINITY, f64::min);
        fastest.max(0.01)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_time_is_twice_the_links() {
        let (short, long) = (Section::lasting(1_000.0), Section::lasting(2_000.0));
        assert!(short.0 > 0);
        assert!(long.0.abs_diff(2 * short.0) <= 1, "{short:?}, {long:?}");
    }

    #[test]
    fn no_time_leaves_the_value() {
        assert_eq!(Section::default().spend(7), 7);
        assert_eq!(Section::lasting(0.0), Section::default());
        assert_ne!(Section(1).spend(7), 7);
    }
}

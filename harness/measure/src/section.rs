//! Time inside a read section, without a clock in it: a chain of dependent operations.

use std::sync::OnceLock;

use model::clock;

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
        chain(value, self.0)
    }
}

/// Each link needs the one before it: a shift, an exclusive or and a multiplication, which no
/// compiler knows how to take together.
#[inline]
fn chain(value: u64, links: u64) -> u64 {
    (0..links).fold(value, |value, _| {
        (value ^ value >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    })
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
            std::hint::black_box(chain(std::hint::black_box(run as u64), CALIBRATION_LINKS));
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
        let (one, two) = (Section::lasting(1_000.0), Section::lasting(2_000.0));
        assert!(one.0 > 0);
        assert!(two.0.abs_diff(2 * one.0) <= 1, "{one:?}, {two:?}");
    }

    #[test]
    fn no_time_leaves_the_value() {
        assert_eq!(Section::default().spend(7), 7);
        assert_eq!(Section::lasting(0.0), Section::default());
        assert_ne!(Section(1).spend(7), 7);
    }
}

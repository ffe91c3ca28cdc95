//! Time inside an operation, without a clock in it: a chain of dependent operations.
//!
//! # A slowdown that is really spent
//!
//! Every eighth of plain reads and updates spends eight times the time that each is to take longer: of a read inside its
//! section, while the strategy holds whatever it holds meanwhile; of an update after it, on the revision that it
//! returned. One in eight, since a fifth of a short read is less than the shortest chain.
//!
//! How long the chains are is found by trying: what a processor overlaps with them is not known
//! beforehand. Alone on its table a thread then takes so many times as long as without them; among
//! others it spends the same chains.

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

/// One operation in so many spends the time for all of them.
const EVERY: usize = 8;

/// Time inside plain reads and updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slowdown(Section);

impl Slowdown {
    /// Spends what the operation at this step is to spend, on a value that it has just read; the result depends
    /// on all of it.
    #[inline]
    pub(crate) fn spend(self, step: usize, value: u64) -> u64 {
        self.at(step).spend(value)
    }

    const fn at(self, step: usize) -> Section {
        if step.is_multiple_of(EVERY) {
            self.0
        } else {
            Section(0)
        }
    }

    /// The slowdown with which operations take `times` as long as without; `pair` says what one takes
    /// alone, in ns, without a slowdown and with one, and `lasting` makes a first guess at the section that
    /// lasts so many ns.
    pub(crate) fn calibrated(
        times: f64,
        lasting: impl Fn(f64) -> Section,
        mut pair: impl FnMut(Self) -> (f64, f64),
    ) -> Self {
        const ATTEMPTS: usize = 6;
        let (plain, _) = pair(Self::default());
        let guess = plain * (times - 1.0) * EVERY as f64;
        let mut slowdown = Self(lasting(guess).times(1.0));
        for _ in 0..ATTEMPTS {
            let (plain, slowed) = pair(slowdown);
            let (wanted, got) = (plain * (times - 1.0), slowed - plain);
            // What a disturbance has hidden or added must not send it far away.
            let correction = if got > 0.0 { wanted / got } else { 2.0 };
            slowdown = Self(slowdown.0.times(correction.clamp(0.5, 2.0)));
        }
        slowdown
    }
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

    /// A machine on which an operation takes `plain_ns` and hides so many ns of every chain.
    fn machine(plain_ns: f64, link_ns: f64, hidden_ns: f64) -> impl Fn(Slowdown) -> (f64, f64) {
        move |slowdown| {
            let chain = (slowdown.0).0 as f64 * link_ns;
            (
                plain_ns,
                plain_ns + (chain - hidden_ns).max(0.0) / EVERY as f64,
            )
        }
    }

    #[test]
    fn it_takes_so_many_times_as_long() {
        for (plain_ns, link_ns, hidden_ns) in [
            (12.0, 1.7, 5.0),
            (12.0, 0.8, 0.0),
            (4.0, 1.2, 2.0),
            (90.0, 1.7, 10.0),
            (20_000.0, 1.7, 0.0),
        ] {
            // Whoever measured what a link takes may have been disturbed.
            for guessed_link_ns in [0.2 * link_ns, link_ns, 5.0 * link_ns] {
                let one_link = Section(1);
                let links = |ns: f64| one_link.times(ns / guessed_link_ns);
                let machine = machine(plain_ns, link_ns, hidden_ns);
                let (plain, slowed) = machine(Slowdown::calibrated(1.2, links, &machine));
                let times = slowed / plain;
                // A link more or less.
                let step = link_ns / EVERY as f64 / plain_ns;
                let off = (times - 1.2).abs();
                assert!(
                    off <= 0.02 + step,
                    "{plain_ns} ns, {guessed_link_ns} ns: {times}"
                );
            }
        }
    }

    #[test]
    fn one_operation_in_eight_spends_the_time_of_all() {
        let slowdown = Slowdown(Section(1));
        let spending = (0..64).filter(|&step| slowdown.at(step) != Section(0));
        assert_eq!(spending.count(), 8);
    }
}

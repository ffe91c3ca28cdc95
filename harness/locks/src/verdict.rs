//! What to do about a lock: the rules.

use serde::Serialize;

use crate::bound::{GAIN_LEAST, WAIT_P99_LEAST_NS, WAITS_LEAST};

/// The share of the blocked time from which on one call site is to blame: most of it.
pub const BLAME_LEAST: f64 = 0.5;

/// The hold from which on a section is long, as those who wait meet it: 1 us. A section of this length takes ten times what handing a lock to
/// another core takes ([`TRANSFER_NS`](crate::bound::TRANSFER_NS)), so its work is what the others wait for. In a shorter one the lock
/// itself is a good part, and there is little work to move.
pub const LONG_NS: f64 = 1_000.0;

/// What to do about a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A free lock would gain next to nothing.
    Leave,
    /// One long section holds up the others: move work out of it.
    Shorten,
    /// The waiting has no single cause, or readers wait for readers: another lock may gain.
    Replace,
}

/// Why a lock matters, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Threads spend much of their time waiting for it, or on locking itself.
    Throughput,
    /// Acquisitions wait for long.
    Latency,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symptoms {
    /// The bound on the gain of throughput.
    pub(crate) gain: f64,
    /// The same by shorter waits alone.
    pub(crate) waiting_gain: f64,
    /// The 99th percentile of the wait over all acquisitions.
    pub(crate) wait_p99_ns: f64,
    pub(crate) contended: u64,
    /// The share of the blocked time that the worst holder is to blame for, and its mean hold as those meet it who
    /// wait: a long one holds up more of them.
    pub(crate) blame: Option<(f64, f64)>,
    /// The share of the blocked time in which a site that only reads waits for another one.
    pub(crate) readers_share: f64,
}

impl Symptoms {
    /// Why the lock matters; `None` if it does not.
    pub(crate) fn reason(&self) -> Option<Reason> {
        if self.gain >= GAIN_LEAST {
            return Some(Reason::Throughput);
        }
        self.has_tail().then_some(Reason::Latency)
    }

    fn has_tail(&self) -> bool {
        self.contended >= WAITS_LEAST && self.wait_p99_ns >= WAIT_P99_LEAST_NS
    }

    pub(crate) fn verdict(&self) -> Verdict {
        if self.reason().is_none() {
            return Verdict::Leave;
        }
        let is_long = |(share, held_ns)| share >= BLAME_LEAST && held_ns >= LONG_NS;
        // A shorter section gains no more than what is waited.
        let waits_matter = self.waiting_gain >= GAIN_LEAST || self.has_tail();
        // Readers need not wait for each other, however long they read.
        if waits_matter && self.blame.is_some_and(is_long) && self.readers_share < BLAME_LEAST {
            Verdict::Shorten
        } else {
            Verdict::Replace
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Symptoms = Symptoms {
        gain: 0.01,
        waiting_gain: 0.01,
        wait_p99_ns: 0.0,
        contended: 1_000,
        blame: Some((0.9, 50_000.0)),
        readers_share: 0.0,
    };

    #[test]
    fn a_lock_below_both_bounds_is_left() {
        assert_eq!(QUIET.verdict(), Verdict::Leave);
        let rare = Symptoms {
            wait_p99_ns: 1e9,
            contended: WAITS_LEAST - 1,
            ..QUIET
        };
        assert_eq!(rare.reason(), None);
    }

    #[test]
    fn either_bound_makes_a_lock_matter() {
        let busy = Symptoms {
            gain: GAIN_LEAST,
            ..QUIET
        };
        assert_eq!(busy.reason(), Some(Reason::Throughput));
        let slow = Symptoms {
            wait_p99_ns: WAIT_P99_LEAST_NS,
            ..QUIET
        };
        assert_eq!(slow.reason(), Some(Reason::Latency));
    }

    #[test]
    fn one_long_section_is_shortened_before_the_lock_is_replaced() {
        let busy = Symptoms {
            gain: 0.5,
            waiting_gain: 0.5,
            ..QUIET
        };
        assert_eq!(busy.verdict(), Verdict::Shorten);
        let others = [
            Symptoms {
                blame: Some((0.9, LONG_NS / 2.0)),
                ..busy
            },
            Symptoms {
                blame: Some((BLAME_LEAST / 2.0, 50_000.0)),
                ..busy
            },
            Symptoms {
                readers_share: 0.8,
                ..busy
            },
            Symptoms {
                blame: None,
                ..busy
            },
            // Locking itself is what it may gain.
            Symptoms {
                waiting_gain: 0.001,
                ..busy
            },
        ];
        for symptoms in others {
            assert_eq!(symptoms.verdict(), Verdict::Replace, "{symptoms:?}");
        }
    }
}

//! Which blocks something else disturbed. Judged by what was seen around them, blind to what they
//! measured, and a whole block at a time: no value is ever left out for being large. Blocks of processors that were moved are
//! kept apart; a [`Series`](super::series::Series) says when they count.

use std::collections::{BTreeMap, HashMap};

use model::sample::{Interference, Line};

use stats::median;

/// More than this share of a block's time given to others by the hypervisor.
const STOLEN_MAX: f64 = 0.05;
/// The calibration spins before and after a block differ by more than this...
const SPINS_APART_MAX: f64 = 0.05;
/// ...and by more than this many times as much as those of the scenario's blocks usually do. With all
/// cores busy, a virtual machine may change its frequency from block to block all the time.
const SPINS_APART_USUAL: f64 = 2.0;
/// More than this many times as many involuntary context switches a slice as the scenario's blocks of
/// as many slices usually have (a strategy that hands over to a thread of its own has many)...
const PREEMPTIONS_MAX: f64 = 2.0;
/// ...and by more than this many: where one is usual, two are no sign.
const PREEMPTIONS_MORE: f64 = 0.5;

/// Handing a line over costs more or less than it usually does in the run by this factor. On the same two processors it
/// varies by tenths; cores of one cache and of two are several times apart, two threads of one core half of that.
const HAND_OFF_APART_MAX: f64 = 1.5;

/// A block: scenario, process and number.
pub(super) type BlockKey<'a> = (&'a str, u32, u32);

/// Why a block is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
pub(super) enum Reason {
    #[strum(to_string = "the hypervisor took more than 5 % of the time")]
    Stolen,
    #[strum(
        to_string = "the calibration spins before and after differ by more than 5 %, and than is usual there"
    )]
    Spins,
    #[strum(
        to_string = "more than twice as many involuntary context switches as usual in the scenario"
    )]
    Preempted,
    #[strum(
        to_string = "the processors were at another distance than usual, at which a line takes 1.5 times longer or shorter from one to the other (these count in a ratio that is worse, similar or better at both distances)"
    )]
    Moved,
}

/// The blocks that are not used like the others, each with the first reason.
pub(super) fn contaminated(lines: &[Line]) -> HashMap<BlockKey<'_>, Reason> {
    let all = || lines.iter().filter_map(Line::try_as_interference_ref);
    let apart = medians(all().map(|one| (one.scenario.as_str(), spins_apart(one))));
    let usual = medians(all().map(|one| ((one.scenario.as_str(), one.slices), preemptions(one))));
    let hand_offs = all().flat_map(|one| one.hand_off_ns).flatten();
    let hand_offs: Vec<f64> = hand_offs.collect();
    let hand_off = usual_hand_off(&hand_offs);
    let dropped = all().filter_map(|interference| {
        let scenario = interference.scenario.as_str();
        let usual = usual[&(scenario, interference.slices)];
        let apart_max = SPINS_APART_MAX.max(SPINS_APART_USUAL * apart[scenario]);
        let stolen_max = STOLEN_MAX * interference.took_ns as f64;
        let reason = if interference.stolen_ns as f64 > stolen_max {
            Reason::Stolen
        } else if spins_apart(interference) > apart_max {
            Reason::Spins
        } else if preemptions(interference) > PREEMPTIONS_MAX * usual + PREEMPTIONS_MORE {
            Reason::Preempted
        } else if is_moved(interference, hand_off) {
            Reason::Moved
        } else {
            return None;
        };
        Some(((scenario, interference.process, interference.block), reason))
    });
    dropped.collect()
}

/// The median of the figures of each key.
fn medians<K: Ord>(figures: impl Iterator<Item = (K, f64)>) -> BTreeMap<K, f64> {
    let mut all: BTreeMap<K, Vec<f64>> = BTreeMap::new();
    for (key, figure) in figures {
        all.entry(key).or_default().push(figure);
    }
    let medians = all.into_iter();
    medians
        .filter_map(|(key, mut figures)| Some((key, median(&mut figures)?)))
        .collect()
}

fn preemptions(interference: &Interference) -> f64 {
    interference.preemptions as f64 / f64::from(interference.slices.max(1))
}

/// The hand-off that most of the others are near: processors stay where they are for seconds, so there are a few values and
/// not all between. Nothing where less than a third are near any.
pub fn usual_hand_off(readings: &[f64]) -> Option<f64> {
    let mut ordered = readings.to_vec();
    ordered.sort_by(f64::total_cmp);
    let below = |end: f64| ordered.partition_point(|&one| one < end);
    let near = |usual: f64| below(usual * HAND_OFF_APART_MAX) - below(usual / HAND_OFF_APART_MAX);
    // From the most distant: of as many, the nearest is taken.
    let usual = ordered.iter().rev().copied();
    let usual = usual.max_by_key(|&one| near(one))?;
    (3 * near(usual) >= readings.len()).then_some(usual)
}

/// Whether two hand-offs were not between the same places.
pub fn is_apart(one: f64, other: f64) -> bool {
    one >= other * HAND_OFF_APART_MAX || one < other / HAND_OFF_APART_MAX
}

/// Whether handing a line over cost other than usual, before the block or after it.
fn is_moved(interference: &Interference, usual: Option<f64>) -> bool {
    let mut readings = interference.hand_off_ns.into_iter().flatten();
    usual.is_some_and(|usual| readings.any(|reading| is_apart(reading, usual)))
}

/// The distance of the spins before and after, as a logarithm.
fn spins_apart(interference: &Interference) -> f64 {
    let spins = interference.spin_after_ns as f64 / interference.spin_before_ns.max(1) as f64;
    spins.ln().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm(block: u32) -> Interference {
        Interference {
            scenario: "s".into(),
            process: 0,
            block,
            slices: 10,
            took_ns: 100_000_000,
            stolen_ns: 0,
            preemptions: 10,
            spin_before_ns: 1_000_000,
            spin_after_ns: 1_010_000,
            hand_off_ns: Some([32.0, 35.0]),
        }
    }

    #[test]
    fn each_disturbance_is_seen_and_calm_is_not_one() {
        let blocks = [
            calm(0),
            calm(1),
            calm(2),
            calm(3),
            Interference {
                stolen_ns: 10_000_000,
                ..calm(4)
            },
            Interference {
                spin_after_ns: 1_200_000,
                ..calm(5)
            },
            Interference {
                preemptions: 26,
                ..calm(6)
            },
            Interference {
                hand_off_ns: Some([32.0, 180.0]),
                ..calm(7)
            },
            Interference {
                hand_off_ns: None,
                ..calm(8)
            },
        ];
        let lines: Vec<Line> = blocks.into_iter().map(Line::Interference).collect();
        let found = contaminated(&lines);
        assert_eq!(found.len(), 4);
        assert_eq!(found[&("s", 0, 4)], Reason::Stolen);
        assert_eq!(found[&("s", 0, 5)], Reason::Spins);
        assert_eq!(found[&("s", 0, 6)], Reason::Preempted);
        assert_eq!(found[&("s", 0, 7)], Reason::Moved);
    }

    #[test]
    fn the_usual_hand_off_is_one_that_was_measured() {
        let usual = |readings: &[f64]| usual_hand_off(readings);
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[32.0, 31.0, 180.0]).map(f64::round), Some(31.0));
        // As many there as here: neither is halfway, and the nearer is taken.
        assert!(usual(&[32.0, 180.0, 32.0, 180.0]).is_some_and(|ns| ns < 40.0));
        assert!(usual(&[180.0, 181.0, 32.0]).is_some_and(|ns| ns > 100.0));
        // No value is usual.
        assert_eq!(usual(&[10.0, 20.0, 40.0, 80.0]), None);
    }
}

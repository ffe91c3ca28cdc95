//! Which blocks something else disturbed. Judged by what was seen around them, blind to what they
//! measured, and a whole block at a time: no value is ever left out for being large.

use std::collections::{BTreeMap, HashMap, HashSet};

use basis::sample::{Interference, Line};

use super::series::BlockKey;
use statistics::median;

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

/// Why a block is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    Stolen,
    Spins,
    Preempted,
}

impl Reason {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Reason::Stolen => "the hypervisor took more than 5 % of the time",
            Reason::Spins => {
                "the calibration spins before and after differ by more than 5 %, and than is usual there"
            }
            Reason::Preempted => {
                "more than twice as many involuntary context switches as usual in the scenario"
            }
        }
    }
}

/// The blocks that are not used, each with the first reason.
pub(crate) fn contaminated(lines: &[Line]) -> HashMap<BlockKey<'_>, Reason> {
    let seen: Vec<&Interference> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Interference(interference) => Some(interference),
            _ => None,
        })
        .collect();
    let mut usual: BTreeMap<(&str, u32), Vec<f64>> = BTreeMap::new();
    let mut spins: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for interference in &seen {
        spins
            .entry(&interference.scenario)
            .or_default()
            .push(spins_apart(interference));
        usual
            .entry((&interference.scenario, interference.slices))
            .or_default()
            .push(preemptions(interference));
    }
    let usual: BTreeMap<(&str, u32), f64> = usual
        .into_iter()
        .filter_map(|(blocks, mut rates)| Some((blocks, median(&mut rates)?)))
        .collect();
    let spins: BTreeMap<&str, f64> = spins
        .into_iter()
        .filter_map(|(scenario, mut apart)| Some((scenario, median(&mut apart)?)))
        .collect();
    seen.into_iter()
        .filter_map(|interference| {
            let key = (
                interference.scenario.as_str(),
                interference.process,
                interference.block,
            );
            let usual = usual[&(interference.scenario.as_str(), interference.slices)];
            let apart = SPINS_APART_USUAL * spins[interference.scenario.as_str()];
            Some((
                key,
                reason(interference, usual, apart.max(SPINS_APART_MAX))?,
            ))
        })
        .collect()
}

/// The keys of contaminated blocks.
pub(crate) fn dropped<'a>(contaminated: &HashMap<BlockKey<'a>, Reason>) -> HashSet<BlockKey<'a>> {
    contaminated.keys().copied().collect()
}

fn preemptions(interference: &Interference) -> f64 {
    interference.preemptions as f64 / f64::from(interference.slices.max(1))
}

/// The distance of the spins before and after, as a logarithm.
fn spins_apart(interference: &Interference) -> f64 {
    let spins = interference.spin_after_ns as f64 / interference.spin_before_ns.max(1) as f64;
    spins.ln().abs()
}

fn reason(interference: &Interference, usual: f64, apart_max: f64) -> Option<Reason> {
    if interference.stolen_ns as f64 > STOLEN_MAX * interference.took_ns as f64 {
        Some(Reason::Stolen)
    } else if spins_apart(interference) > apart_max {
        Some(Reason::Spins)
    } else if preemptions(interference) > PREEMPTIONS_MAX * usual + PREEMPTIONS_MORE {
        Some(Reason::Preempted)
    } else {
        None
    }
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
        ];
        let lines: Vec<Line> = blocks.into_iter().map(Line::Interference).collect();
        let found = contaminated(&lines);
        assert_eq!(found.len(), 3);
        assert_eq!(found[&("s", 0, 4)], Reason::Stolen);
        assert_eq!(found[&("s", 0, 5)], Reason::Spins);
        assert_eq!(found[&("s", 0, 6)], Reason::Preempted);
    }
}

//! Stops one operation twice, lets another thread write at both stops, and judges what it answers.
//!
//! What goes wrong between a thread's own accesses needs no more than a few preemptions (Musuvathi and
//! Qadeer, "Iterative context bounding", PLDI 2007), and some of it needs two: a reader takes an
//! address, its record is replaced and freed, the address is used again for a record of somebody else,
//! and only then does the reader say that it holds it.
//!
//! - Where another thread writes makes a difference to the operation only between two of its accesses
//!   to memory that others can reach; so it is stopped before each of those.
//! - The second stops are those of the way that the operation takes once it was disturbed: retries, too.
//! - The writer is one thread, so that its allocator gives it again what it has just freed.

use std::collections::BTreeSet;

use contract::ProcessId;
use model::stall::{TwoStops, Writes};
use model::trace::Operation;
use trap::Place;

use super::points::Points;
use super::stall_experiment::{StallExperiment, Trip};
use crate::native::processes::{Request, elsewhere, target};

/// The fewest pairs, and the points of a first stop among them.
const PAIRS_MIN: usize = 16;
const FIRST_STOPS_MIN: usize = 8;

/// Tries pairs of stops.
pub(crate) fn search(experiment: &StallExperiment, script: &Script, steps: usize) -> TwoStops {
    let undisturbed = Points::from_recording(&experiment.trip(script, &[]).recording, false);
    let all = undisturbed.accesses();
    let steps = steps / if script.request.0.is_write() { 5 } else { 1 };
    let pairs_max = PAIRS_MIN.max(steps / undisturbed.all.len().max(1));
    let first_stops_max = FIRST_STOPS_MIN.max(pairs_max / 16);
    let mut result = TwoStops {
        stalled: script.request.0,
        writes: script.writes,
        points: all.len() as u64,
        tried: 0,
        blocked: 0,
        untried: 0,
        wrong: 0,
        evidence: None,
    };
    let mut pairs: Vec<[Place; 2]> = Vec::new();
    for (number, &point) in all.iter().enumerate() {
        let left = (all.len() - number - 1) as u64;
        let first = undisturbed.all[point].place;
        if !is_chosen(number, first_stops_max, all.len()) {
            result.untried += left;
            continue;
        }
        let trip = experiment.trip(script, &[first]);
        judge(&mut result, &trip, &undisturbed, &[first]);
        let access_path = Points::from_recording(&trip.recording, false);
        match access_path.at(first) {
            _ if trip.is_blocked => result.blocked += left,
            Some(point) if trip.stops == 1 => {
                let mut seconds = access_path.accesses();
                seconds.retain(|&second| second > point);
                let pair = |second: usize| [first, access_path.all[second].place];
                pairs.extend(seconds.into_iter().map(pair));
            }
            _ => result.untried += left,
        }
    }
    for (number, places) in pairs.iter().enumerate() {
        if !is_chosen(number, pairs_max, pairs.len()) {
            result.untried += 1;
            continue;
        }
        let trip = experiment.trip(script, places);
        judge(&mut result, &trip, &undisturbed, places);
        let is_tried = trip.stops == places.len();
        result.tried += u64::from(is_tried);
        result.untried += u64::from(!is_tried);
    }
    result
}

/// Whether it is among the about `max` that are chosen of so many, here and there, but always the same.
fn is_chosen(number: usize, max: usize, count: usize) -> bool {
    // The golden ratio's fractions are spread evenly (Knuth, TAOCP vol. 3, 6.4).
    let spread = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    count <= max || (spread * count as u64) >> 32 < max as u64
}

/// Counts what no order explains, and keeps the first of it.
fn judge(result: &mut TwoStops, trip: &Trip, undisturbed: &Points, places: &[Place]) {
    let Some(flaw) = &trip.flaw else { return };
    result.wrong += 1;
    result.evidence.get_or_insert_with(|| {
        let stop = |place: &Place| {
            let point = undisturbed.at(*place);
            point.map_or_else(|| "a retry".to_owned(), |point| point.to_string())
        };
        let stops: Vec<String> = places.iter().take(trip.stops).map(stop).collect();
        format!("stopped at {}: {flaw}", stops.join(" and "))
    });
}

/// An operation, and what another thread writes at each of its stops.
pub(crate) struct Script {
    pub(crate) writes: Writes,
    pub(crate) request: Request,
    pub(crate) at_stops: [[Request; 2]; Self::STOPS],
}

impl Script {
    /// How often the operation is stopped, at most.
    pub(crate) const STOPS: usize = 2;

    /// Those that make sense for an operation, where the writer may do so much.
    pub(crate) fn all(operation: Operation, peers: &[Operation]) -> Vec<Self> {
        use Operation::{Apply, Insert, Remove};
        let id = target(operation, 0);
        let is_about_absent = matches!(operation, Operation::ReadMiss | Insert);
        let mut scripts = Vec::new();
        if peers.contains(&Apply) && !is_about_absent {
            let updates = |writes, other| Self {
                writes,
                request: (operation, id),
                at_stops: [[(Apply, id), (Apply, other)]; 2],
            };
            scripts.push(updates(Writes::Updates, target(Operation::ReadHit, 3)));
            scripts.push(updates(Writes::AnotherTable, elsewhere(id)));
        }
        if peers.contains(&Insert) && peers.contains(&Remove) {
            let (present, absent) = (target(Remove, 0), target(Insert, 0));
            scripts.push(Self {
                writes: Writes::Membership,
                request: (operation, if is_about_absent { absent } else { present }),
                at_stops: [
                    [(Remove, present), (Insert, absent)],
                    [(Remove, absent), (Insert, present)],
                ],
            });
        }
        scripts
    }

    /// The processes that it is about.
    pub(crate) fn processes(&self) -> Vec<ProcessId> {
        let written = self.at_stops.iter().flatten().map(|&(_, id)| id);
        let all: BTreeSet<ProcessId> = written.chain([self.request.1]).collect();
        all.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_all_chosen_and_of_many_about_as_many_as_asked() {
        assert!((0..70).all(|number| is_chosen(number, 70, 70)));
        for of in [71, 500, 12_345] {
            let chosen = (0..of).filter(|&number| is_chosen(number, 70, of)).count();
            assert!((60..=80).contains(&chosen), "{chosen} of {of}");
        }
    }
}

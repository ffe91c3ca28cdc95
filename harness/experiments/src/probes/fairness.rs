//! Whether one of two threads that never pause pushes the other aside.

use std::time::Duration;

use model::probe::{Count, Distribution, Probe, ProbeSeen};

use crate::probes::join;
use crate::probes::support::fixture::Fixture;
use crate::probes::support::phases::{EndOnExit, Phases, SLICE, rounds};

const FIRST_ALONE: u32 = 0;
const SECOND_ALONE: u32 = 1;
const TOGETHER: u32 = 2;

/// One reads and one updates, or both update.
pub(crate) fn probe(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    let table = fixture.table();
    let phases = Phases::new();
    let reads = outcome.probe == Probe::FairnessReadWrite;
    let mut lengths = [0; 3];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            phases.perform(&table, [true, false, true], |handle, step| {
                if reads {
                    fixture.read(handle, 0, step);
                } else {
                    fixture.update(handle, 0, step);
                }
            })
        });
        let second = scope.spawn(|| {
            phases.perform(&table, [false, true, true], |handle, step| {
                fixture.update(handle, 1, step);
            })
        });
        let end = EndOnExit(&phases);
        phases.wait_for(2);
        for _ in 0..rounds(budget, 3) {
            for phase in [FIRST_ALONE, SECOND_ALONE, TOGETHER] {
                lengths[phase as usize] += phases.run(phase, SLICE);
            }
        }
        drop(end);
        (join(first), join(second))
    });
    let [first_alone, _, first] = first;
    let [_, second_alone, second] = second;
    outcome.add(Count::FirstAloneNs, lengths[0]);
    outcome.add(Count::FirstAlone, first_alone.completed);
    outcome.add(Count::SecondAloneNs, lengths[1]);
    outcome.add(Count::SecondAlone, second_alone.completed);
    outcome.add(Count::TogetherNs, lengths[2]);
    outcome.add(Count::FirstTogether, first.completed);
    outcome.add(Count::SecondTogether, second.completed);
    let (of_first, of_second) = if reads {
        (Distribution::Reads, Distribution::Writes)
    } else {
        (Distribution::Writes, Distribution::OtherWrites)
    };
    outcome.keep(of_first, &first.waits);
    outcome.keep(of_second, &second.waits);
}

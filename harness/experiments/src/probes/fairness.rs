//! Whether one of two threads that never pause pushes the other aside.

use std::time::Duration;

use model::probe::{Count, Distribution, Probe};

use crate::probes::support::fixture::Fixture;
use crate::probes::support::phases::{EndOnExit, Phases, SLICE, rounds};
use crate::probes::{Findings, join};

const FIRST_ALONE: u32 = 0;
const SECOND_ALONE: u32 = 1;
const TOGETHER: u32 = 2;

/// One reads and one updates, or both update.
pub(crate) fn probe(fixture: &Fixture, probe: Probe, budget: Duration) -> Findings {
    let table = fixture.table();
    let phases = Phases::new();
    let reads = probe == Probe::FairnessReadWrite;
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
    let mut findings = Findings::default();
    findings.count(Count::FirstAloneNs, lengths[0]);
    findings.count(Count::FirstAlone, first_alone.completed);
    findings.count(Count::SecondAloneNs, lengths[1]);
    findings.count(Count::SecondAlone, second_alone.completed);
    findings.count(Count::TogetherNs, lengths[2]);
    findings.count(Count::FirstTogether, first.completed);
    findings.count(Count::SecondTogether, second.completed);
    let (of_first, of_second) = if reads {
        (Distribution::Reads, Distribution::Writes)
    } else {
        (Distribution::Writes, Distribution::OtherWrites)
    };
    findings.keep(of_first, first.waits);
    findings.keep(of_second, second.waits);
    findings
}

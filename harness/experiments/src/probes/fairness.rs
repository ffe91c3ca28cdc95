//! Whether one of two threads that never pause pushes the other aside.

use std::time::Duration;

use model::probe::{Count, Distribution, Situation};

use crate::probes::ground::Ground;
use crate::probes::stage::{EndOnExit, SLICE, Stage, rounds};
use crate::probes::{Findings, join};
use crate::subject::MakeTable;

const FIRST_ALONE: u32 = 0;
const SECOND_ALONE: u32 = 1;
const TOGETHER: u32 = 2;

/// One reads and one updates, or both update.
pub(crate) fn probe(
    make: MakeTable,
    ground: &Ground,
    situation: Situation,
    budget: Duration,
) -> Findings {
    let table = ground.table(make);
    let stage = Stage::new();
    let reads = situation == Situation::FairnessReadWrite;
    let mut lengths = [0; 3];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            stage.perform(&table, [true, false, true], |handle, step| {
                if reads {
                    ground.read(handle, 0, step);
                } else {
                    ground.update(handle, 0, step);
                }
            })
        });
        let second = scope.spawn(|| {
            stage.perform(&table, [false, true, true], |handle, step| {
                ground.update(handle, 1, step);
            })
        });
        let end = EndOnExit(&stage);
        stage.wait_for(2);
        for _ in 0..rounds(budget, 3) {
            for phase in [FIRST_ALONE, SECOND_ALONE, TOGETHER] {
                lengths[phase as usize] += stage.run(phase, SLICE);
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

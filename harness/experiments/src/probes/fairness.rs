//! Whether one of two threads that never pause pushes the other aside.

use std::time::Duration;

use model::probe::{Count, Distribution};

use crate::probes::ground::Ground;
use crate::probes::stage::{EndOnExit, SLICE, Stage, rounds};
use crate::probes::{Findings, join};
use crate::subject::MakeTable;

/// Who competes for the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rivals {
    /// One reads, one updates.
    ReaderAndWriter,
    /// Both update.
    TwoWriters,
}

const FIRST_ALONE: u32 = 0;
const SECOND_ALONE: u32 = 1;
const TOGETHER: u32 = 2;

pub(crate) fn probe(
    make: MakeTable,
    ground: &Ground,
    rivals: Rivals,
    budget: Duration,
) -> Findings {
    let table = ground.table(make);
    let stage = Stage::new();
    let mut lengths = [0; 3];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            let mut handle = table.handle();
            stage.perform([true, false, true], |step| match rivals {
                Rivals::ReaderAndWriter => ground.read(&mut handle, 0, step),
                Rivals::TwoWriters => ground.update(&mut handle, 0, step),
            })
        });
        let second = scope.spawn(|| {
            let mut handle = table.handle();
            stage.perform([false, true, true], |step| {
                ground.update(&mut handle, 1, step);
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
        let first = join(first);
        let second = join(second);
        (first, second)
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
    match rivals {
        Rivals::ReaderAndWriter => {
            findings.keep(Distribution::Reads, first.waits);
            findings.keep(Distribution::Writes, second.waits);
        }
        Rivals::TwoWriters => {
            findings.keep(Distribution::Writes, first.waits);
            findings.keep(Distribution::OtherWrites, second.waits);
        }
    }
    findings
}

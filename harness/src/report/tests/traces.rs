//! Traces of invented strategies, and a machine to predict from.

use model::calibration::{Between, Calibration};
use model::trace::{
    Conflict, Counts, Footprint, Operation, Pair, Path, SharedLines, State, Touch, TraceSeen, Usage,
};

/// What a line costs on the invented machine.
pub(crate) fn calibration() -> Calibration {
    Calibration {
        cpus: 2,
        locked_ns: 5.0,
        between: Some(Between {
            hand_off_ns: [30.0, 35.0, 40.0],
            run_length: 3.0,
            contended_ns: 30.0,
        }),
    }
}

/// A strategy that takes a lock and gives it back, alone or not: the table's, or that of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Table,
    Record,
    Nothing,
}

/// What the trace of such a strategy says.
pub(crate) fn traced(strategy: &str, lock: Lock) -> TraceSeen {
    let footprint = |state, counts| Footprint {
        operation: Operation::ReadHit,
        state,
        counts,
        is_cut_short: false,
        called: Vec::new(),
    };
    let counts = Counts {
        instructions: 100,
        ..Counts::default()
    };
    let pairs = [Operation::ReadHit, Operation::Apply]
        .into_iter()
        .flat_map(|operation| [true, false].map(|same| pair(operation, same, lock)));
    TraceSeen {
        strategy: strategy.into(),
        records: 16,
        layouts: 1,
        footprints: vec![
            footprint(State::Quiescent, Some(counts)),
            footprint(State::GuardHeld, (lock == Lock::Nothing).then_some(counts)),
        ],
        pairs: pairs.collect(),
        died: None,
    }
}

fn pair(operation: Operation, same_process: bool, lock: Lock) -> Pair {
    let meet = lock == Lock::Table || lock == Lock::Record && same_process;
    let touch = |after, usage| Touch {
        after,
        line: 0,
        offset: 8,
        usage,
    };
    let touches = vec![
        touch(30, Usage::CompareExchange),
        touch(50, Usage::Exchange),
    ];
    let path = Path {
        touches: if meet { touches } else { Vec::new() },
        instructions: 100,
        is_cut_short: false,
    };
    let shared = SharedLines {
        both_write: u64::from(meet),
        ..SharedLines::default()
    };
    Pair {
        first: operation,
        second: operation,
        same_process,
        conflict: if meet {
            Conflict::BothWrite
        } else {
            Conflict::Nothing
        },
        at_64: shared,
        at_128: shared,
        blame: Vec::new(),
        paths: Some([path.clone(), path]),
    }
}

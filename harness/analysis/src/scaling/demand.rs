//! What a trace says of two threads that do the same operation.

use model::calibration::Calibration;
use model::trace::{Footprint, Operation, Pair, Path, State, TraceSeen};
use predict::path::Cost;
use predict::scaling::{ByRecord, Workload, keeps};

/// Whoever takes longer for an instruction, on average, is taken to wait for somebody. Chosen on one
/// machine, where copies of a whole table take 1.9 and callers of an actor 4 to 38: not a law.
const NS_PER_INSTRUCTION_MAX: f64 = 2.5;

/// The two ways of an operation, with what it costs.
///
/// # Errors
///
/// Why the trace says nothing of the time.
pub(super) fn workload(
    trace: &TraceSeen,
    operation: Operation,
    alone_ns: f64,
    calibration: &Calibration,
) -> Result<Workload, String> {
    if let Some(why) = why_idle(trace, operation, alone_ns) {
        return Err(why);
    }
    let with_paths = |same_process| {
        let pair = trace.pair(operation, operation, same_process)?;
        Some((pair, pair.paths.as_ref()?))
    };
    let same = with_paths(true);
    let apart = with_paths(false).or(same);
    let (pair_apart, apart) = apart.ok_or("the trace has no ways of two threads through it")?;
    let by_record = same.and_then(|(same, _)| by_record(same, pair_apart));
    let locked_ns = calibration.locked_ns;
    let cost = Cost {
        alone_ns,
        locked_ns,
    };
    let waits = waits(trace, operation);
    Ok(Workload::new(
        apart,
        by_record,
        cost,
        waits,
        keeps(calibration),
    ))
}

/// Whether most of an operation's time is not its own.
pub(super) fn why_idle(trace: &TraceSeen, operation: Operation, alone_ns: f64) -> Option<String> {
    let counts = trace.counts(operation, State::Quiescent)?;
    let instructions = counts.instructions + counts.allocator_instructions;
    (alone_ns > NS_PER_INSTRUCTION_MAX * instructions as f64).then(|| {
        format!(
            "alone it takes {alone_ns:.0} ns for {instructions} instructions: most of that is waiting for a thread of \
             the strategy's own, which the trace does not see"
        )
    })
}

/// Whether who finds a word taken waits: seen of reads, beside a guard; taken for granted of writes,
/// which exclude each other wherever they lock at all.
fn waits(trace: &TraceSeen, operation: Operation) -> bool {
    let held_up = |footprint: &Footprint| {
        let is_meant = (footprint.operation, footprint.state) == (operation, State::GuardHeld);
        is_meant && footprint.counts.is_none()
    };
    operation.is_write() || trace.footprints.iter().any(held_up)
}

/// Lines that both write only if they are about the same record.
fn by_record(same: &Pair, apart: &Pair) -> Option<ByRecord> {
    let lines = same.at_64.both().saturating_sub(apart.at_64.both());
    let visits = |pair: &Pair| pair.paths.as_ref().map_or(0, visits);
    let accesses = visits(same).saturating_sub(visits(apart)) as f64;
    (lines > 0).then_some(ByRecord {
        lines: lines as f64,
        accesses: accesses.max(lines as f64),
    })
}

/// How often the first comes to a line that both write, coming from another one.
fn visits([first, second]: &[Path; 2]) -> usize {
    let by_second = second.written();
    let by_first = first.written();
    let is_shared = |line: &u32| by_first.contains(line) && by_second.contains(line);
    let mut lines: Vec<u32> = first.touches.iter().map(|touch| touch.line).collect();
    lines.dedup();
    lines.iter().filter(|line| is_shared(line)).count()
}

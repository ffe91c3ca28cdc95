//! Identifiers and records to check with, and looking at a record that a strategy lends.

use contract::{Change, Event, Handle, ProcessId, Specimen};

use crate::verdict::{Breach, Promise};
use crate::yielding_record::give_way;

/// Identifiers that are awkward for some table: sentinels (0, all ones), the sign bit, equal low
/// bits (1, 1 + 2^8, 1 + 2^16, 1 + 2^32), equal high bits, neighbours.
pub(crate) const IDS: [ProcessId; 10] = [
    ProcessId(0),
    ProcessId(1),
    ProcessId(u64::MAX),
    ProcessId(1 + (1 << 8)),
    ProcessId(1 + (1 << 16)),
    ProcessId(1 + (1 << 32)),
    ProcessId(1 << 63),
    ProcessId(2),
    ProcessId(u64::MAX - 1),
    ProcessId(0x0dd0_ca75_b0b0_1e55),
];

/// The `n`th of a sequence of distinct identifiers without visible order.
pub(crate) const fn scattered(n: u64) -> ProcessId {
    // Odd, hence a bijection; from Steele and Vigna's table of spectrally good multipliers.
    ProcessId(n.wrapping_add(1).wrapping_mul(0xd134_2543_de82_ef95))
}

/// The event that is legal for ever once a process runs; `stamp` makes it tell itself apart.
pub(crate) const fn heartbeat(stamp: u64) -> Event {
    let change = Change::Heartbeat {
        cpu_ns: stamp.wrapping_mul(3),
        rss_bytes: stamp << 12,
    };
    Event::at(stamp, change)
}

/// A running process at `revision`, at least 1.
pub(crate) fn running<R: Specimen>(id: ProcessId, revision: u64) -> R {
    let mut record = R::pending(id);
    drive(&mut record, Change::Start);
    advance(&mut record, revision - 1);
    record
}

/// Applies `count` heartbeats.
pub(crate) fn advance<R: Specimen>(record: &mut R, count: u64) {
    for _ in 0..count {
        let event = heartbeat(record.revision());
        record
            .apply_in_place(&event)
            .expect("a running process takes heartbeats");
    }
}

/// Applies `change`, which the state of `record` allows.
pub(crate) fn drive<R: Specimen>(record: &mut R, change: Change) {
    let event = Event::at(record.revision(), change);
    record
        .apply_in_place(&event)
        .unwrap_or_else(|rejected| panic!("the check is wrong: {rejected}"));
}

/// A record in few words: enough to tell records apart that differ in what a check controls.
pub(crate) fn brief<R: Specimen>(record: &R) -> String {
    format!("{} at revision {}", record.state(), record.revision())
}

/// [`brief`], or `nothing`.
pub(crate) fn brief_or_nothing<R: Specimen>(record: Option<&R>) -> String {
    record.map_or_else(|| "nothing".to_owned(), brief)
}

/// Two records that should be equal and are not: briefly, and in full if the brief forms agree.
pub(crate) fn difference<R: Specimen>(actual: Option<&R>, expected: Option<&R>) -> String {
    let (given, wanted) = (brief_or_nothing(actual), brief_or_nothing(expected));
    if given == wanted {
        format!("{actual:?} instead of {expected:?}")
    } else {
        format!("{given} instead of {wanted}")
    }
}

/// Fails unless `record` is whole and belongs to `id`.
pub(crate) fn whole<R: Specimen>(id: ProcessId, record: &R) -> Result<(), Breach> {
    record.examine(id).map_err(|flaw| {
        Promise::Whole.broken(format!("{id} gave {}: {flaw}\n{record:?}", brief(record)))
    })
}

/// How a reader uses a record that it was lent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gaze {
    /// It looks once.
    Glance,
    /// It looks, lets others run, and looks again: writers meet a reader in the middle.
    Linger,
}

/// The revision of `id`'s record as a read shows it; `None` when there is no record.
pub(crate) fn observe<R: Specimen>(
    handle: &mut impl Handle<R>,
    id: ProcessId,
    gaze: Gaze,
) -> Result<Option<u64>, Breach> {
    let mut called = false;
    let outcome = handle.read(id, |record| {
        called = true;
        whole(id, record)?;
        if gaze == Gaze::Linger {
            let before = record.clone();
            give_way();
            // Hidden from the optimizer, which may assume that a shared reference is steady.
            let after = std::hint::black_box(record);
            if *after != before {
                return Err(Promise::Steady.broken(format!(
                    "{id} was {} and became {} before the reader let go of it",
                    brief(&before),
                    brief(after)
                )));
            }
        }
        Ok(record.revision())
    });
    match outcome {
        None if called => {
            Err(Promise::NotCalled
                .broken(format!("read of {id} called the closure and returned None")))
        }
        None => Ok(None),
        Some(revision) => revision.map(Some),
    }
}

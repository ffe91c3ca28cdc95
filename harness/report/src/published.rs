//! What the report that started this published: the one place for its figures beside the scenarios'
//! `published` fields.
//!
//! Source: the report "put the process table behind a channel" and its later notes, measured in Go;
//! its machine is not known, so only its ratios can be compared, never its nanoseconds.

use model::scenario::Published;

use super::format;

/// What a read of the report's two designs allocated.
pub(super) struct ReadAllocation {
    pub(super) design: &'static str,
    pub(super) bytes: f64,
    pub(super) allocations: f64,
}

/// The mutex's read and the channel's.
pub(super) const READ_ALLOCATION: [ReadAllocation; 2] = [
    ReadAllocation {
        design: "mutex",
        bytes: 0.0,
        allocations: 0.0,
    },
    ReadAllocation {
        design: "channel",
        bytes: 144.0,
        allocations: 3.0,
    },
];

/// The factors as the report prints them: mutex, channel, slower by. The first is cut off rather
/// than rounded, so it cannot be computed.
const SLOWER_BY: [(f64, f64, f64); 3] = [
    (31.51, 1631.0, 51.7),
    (69.47, 1074.0, 15.5),
    (22.51, 1512.0, 67.2),
];

/// By which factor the report says that the channel is slower.
pub(super) fn slower_by(published: &Published) -> String {
    let same = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let printed = SLOWER_BY
        .iter()
        .find(|(mutex, channel, _)| {
            same(*mutex, published.mutex) && same(*channel, published.channel)
        })
        .map(|&(_, _, factor)| factor);
    format::times(printed.unwrap_or(published.channel / published.mutex))
}

/// A published figure with all its digits: `1,631`, `31.51`.
pub(super) fn figure(value: f64) -> String {
    if value >= 1_000.0 {
        format::thousands(value)
    } else {
        format!("{value}")
    }
}

/// What the team's later notes say of a pivot, by the family that stands for it here.
const LATER_NOTES: [(&str, &str); 2] = [
    (
        "epoch",
        "Later notes, in Go: 0.54, 0.24 and 0.51 ns for the three rows, 29.6x, 289x and 44x faster \
         than the mutex, at 80 B and 1 allocation per write.",
    ),
    (
        "concurrent-map",
        "Later notes, in Go: 22.45 ns per lookup in `sync.Map`, 71.39 ns in a map behind a mutex.",
    ),
];

/// What was published about a family beside the table.
pub(super) fn note(family: &str) -> Option<&'static str> {
    LATER_NOTES
        .iter()
        .find(|(of, _)| *of == family)
        .map(|&(_, note)| note)
}

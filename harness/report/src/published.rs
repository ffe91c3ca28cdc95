//! What the report that started this published: the one place for its figures beside the scenarios'
//! `published` fields.
//!
//! Source: the report "put the process table behind a channel" and its later notes, measured in Go;
//! its machine is not known, so only its ratios can be compared, never its nanoseconds.

use model::scenario::Published;
use serde::Serialize;

use super::format;

/// What a read of the report's two designs allocated.
#[derive(Serialize)]
pub(super) struct ReadAllocation {
    design: &'static str,
    bytes: f64,
    allocations: f64,
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
    let is_it = |(mutex, channel, _): &&(f64, f64, f64)| {
        same(*mutex, published.mutex) && same(*channel, published.channel)
    };
    let computed = published.channel / published.mutex;
    let printed = SLOWER_BY.iter().find(is_it);
    format::times(printed.map_or(computed, |(_, _, factor)| *factor))
}

/// A published figure with all its digits: `1,631`, `31.51`.
pub(super) fn figure(value: f64) -> String {
    if value >= 1_000.0 {
        format::thousands(value)
    } else {
        format!("{value}")
    }
}

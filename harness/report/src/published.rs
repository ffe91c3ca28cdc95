//! What the report that started this published: the one place for its figures beside the scenarios'
//! `published` fields, and what its reads allocated, which `memory.md.j2` has.
//!
//! Source: the report "put the process table behind a channel" and its later notes, measured in Go;
//! its machine is not known, so only its ratios can be compared, never its nanoseconds.

use model::scenario::Published;

use super::format;

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

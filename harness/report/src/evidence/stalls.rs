//! Which operations wait while a thread is stopped in the middle of one.

use model::stall::{StallPair, StallSeen};
use model::trace::Operation;

use super::super::format;
use super::super::view::{Cell, Group, Row, Table, Tone};
use super::matrix;

/// The worst that happens to peers of a kind, for the overview.
pub(super) fn worst(stall: Option<&StallSeen>, is_meant: impl Fn(Operation) -> bool) -> Cell {
    let worst = stall.and_then(|stall| worst_of(stall, is_meant));
    let Some(worst) = worst else {
        return Cell::absent("not tried");
    };
    let cell = Cell::figure(percent(worst.share()));
    match worst.blocked_by_strategy() {
        0 => cell,
        _ => cell.detail(format!("in {}", worst.stalled)),
    }
}

/// The pair with the largest share of blocked points, the first of those that are equal.
pub(super) fn worst_of(
    stall: &StallSeen,
    is_meant: impl Fn(Operation) -> bool,
) -> Option<&StallPair> {
    let meant = stall.pairs.iter().filter(|pair| is_meant(pair.peer));
    meant.reduce(|worst, pair| {
        if pair.share() > worst.share() {
            pair
        } else {
            worst
        }
    })
}

/// At what share of an operation's points another is blocked.
pub(super) fn matrix(stall: &StallSeen) -> Table {
    let pairs = &stall.pairs;
    let stalled = matrix::among(|operation| pairs.iter().any(|pair| pair.stalled == operation));
    let peers = matrix::among(|operation| pairs.iter().any(|pair| pair.peer == operation));
    matrix::matrix([stalled, peers], |stalled, peer, same_process| {
        stall.pair(stalled, peer, same_process).map(cell)
    })
}

fn cell(pair: &StallPair) -> Cell {
    let text = match (pair.blocked_by_strategy(), pair.in_allocator) {
        (0, 0) => ".".into(),
        (0, _) => "a".into(),
        _ => percent(pair.share()).trim_end_matches(" %").to_owned(),
    };
    match (pair.wrong, pair.blocked_by_strategy(), pair.in_allocator) {
        (0, 0, 0) => Cell::text(text),
        (0, 0, _) => Cell::verdict(text, Tone::Open),
        (0, ..) => Cell::verdict(text, Tone::Bad),
        _ => Cell::verdict(text + "!", Tone::Bad),
    }
}

/// Where each operation blocks others: peers that wait in the same stretch of it, for the same, have a row together.
pub(super) fn blocked(stall: &StallSeen) -> Table {
    let mut stretches: Vec<Vec<&StallPair>> = Vec::new();
    let place = |pair: &StallPair| {
        let by_strategy = pair.blocked_by_strategy() > 0;
        let held_by = pair.held_by.clone();
        (pair.stalled, pair.first, pair.last, held_by, by_strategy)
    };
    for pair in stall.pairs.iter().filter(|pair| pair.blocked > 0) {
        let mut known = stretches.iter_mut();
        match known.find(|stretch| place(stretch[0]) == place(pair)) {
            Some(stretch) => stretch.push(pair),
            None => stretches.push(vec![pair]),
        }
    }
    let rows = stretches.iter().map(|pairs| {
        let pair = pairs[0];
        let peers = matrix::among(|operation| pairs.iter().any(|pair| pair.peer == operation));
        let peers: Vec<&str> = peers.into_iter().map(Operation::title).collect();
        let share = pairs.iter().map(|pair| pair.share()).fold(0.0, f64::max);
        let in_allocator = pairs.iter().map(|pair| pair.in_allocator).max();
        let point = |point: Option<u64>| point.map_or_else(Cell::default, Cell::number);
        let cells = vec![
            Cell::text(peers.join(", ")),
            Cell::figure(percent(share)),
            point(pair.first),
            point(pair.last),
            Cell::number(pair.points),
            Cell::text(pair.held_by.clone().unwrap_or_default()),
            point(in_allocator),
        ];
        Row::new(format::sentence(pair.stalled.title()), cells)
    });
    Table::of([Group::new("", rows)])
}

/// What no order of two operations explains.
pub(super) fn wrong(stall: &StallSeen) -> Table {
    let pairs = stall.pairs.iter().filter(|pair| pair.wrong > 0);
    let rows = pairs.map(|pair| {
        let evidence = pair.evidence.clone().unwrap_or_default();
        let cells = vec![
            Cell::text(pair.peer.title()),
            Cell::number(pair.wrong),
            Cell::text(evidence).judged("FORBIDDEN", Tone::Bad),
        ];
        Row::new(format::sentence(pair.stalled.title()), cells)
    });
    Table::of([Group::new("", rows)])
}

/// What operations answered that were stopped twice.
pub(super) fn two_stops(stall: &StallSeen) -> Table {
    let rows = stall.two_stops.iter().map(|stops| {
        let evidence = stops.evidence.as_ref();
        let cells = vec![
            Cell::text(stops.writes.to_string()),
            Cell::number(stops.points),
            Cell::number(stops.tried),
            Cell::number(stops.blocked),
            Cell::number(stops.untried),
            evidence.map_or_else(
                || Cell::text("none"),
                |evidence| Cell::text(evidence).judged("FORBIDDEN", Tone::Bad),
            ),
        ];
        Row::new(format::sentence(stops.stalled.title()), cells)
    });
    Table::of([Group::new("", rows)])
}

/// A share that rounds to nothing but is not nothing: `<1 %`.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 1.0 => "<1 %".into(),
        _ => format::percent(share),
    }
}

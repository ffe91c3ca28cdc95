//! What stalls show of the claims: one thread stopped before each of its instructions, and what
//! another could do meanwhile.

use basis::stall::{StallPair, TwoStops};
use basis::trace::Operation;

use super::Seen;
use super::waits::Waits;
use crate::results::Grade;

/// Who had to wait of those that a claim of progress is about; nothing if none of them tried.
///
/// The claim about reads is for while others write, those about writes are for while others read and
/// write. The system's allocator is apart from all of them.
pub(super) fn waits(property: &str, stalls: &[&StallPair]) -> Option<Waits> {
    let is_meant: fn(&StallPair) -> bool = match property {
        "reads" => |pair| is_read(pair.peer) && pair.stalled.is_write(),
        "updates" => |pair| pair.peer == Operation::Apply,
        "inserts and removes" => |pair| matches!(pair.peer, Operation::Insert | Operation::Remove),
        _ => return None,
    };
    let meant = || stalls.iter().filter(|pair| is_meant(pair));
    let points: u64 = meant().map(|pair| pair.points).sum();
    (points > 0).then(|| Waits {
        tried: format!("at {points} points that another thread was stopped at"),
        held_up: meant()
            .filter(|pair| pair.blocked_by_strategy() > 0)
            .map(|pair| held_up_at(pair))
            .collect(),
    })
}

const fn is_read(operation: Operation) -> bool {
    matches!(operation, Operation::ReadHit | Operation::ReadMiss)
}

/// `read hit at 43 of 50 points of apply to the same process`.
pub(crate) fn held_up_at(pair: &StallPair) -> String {
    let process = if pair.same_process {
        "the same"
    } else {
        "another"
    };
    format!(
        "{} at {} of {} points of {}, {process} process",
        pair.peer,
        pair.blocked_by_strategy(),
        pair.points,
        pair.stalled
    )
}

/// Whether anybody saw what no order of the two operations explains; nothing if nobody looked.
pub(super) fn seen(property: &str, stalls: &[&StallPair]) -> Option<Seen> {
    if property != "read consistency" {
        return None;
    }
    let points: u64 = stalls.iter().map(|pair| pair.points).sum();
    let mut wrong = stalls.iter().filter(|pair| pair.wrong > 0);
    let Some(first) = wrong.next() else {
        return (points > 0).then(|| Seen {
            observed: "as claimed".into(),
            grade: Grade::Acceptable,
            evidence: format!("at {points} points that another thread was stopped at"),
        });
    };
    let what = first.evidence.as_deref().unwrap_or("no order explains it");
    let more = match wrong.count() {
        0 => String::new(),
        more => format!("; and in {more} more pairs of operations"),
    };
    Some(Seen {
        observed: "less than claimed".into(),
        grade: Grade::Forbidden,
        evidence: format!(
            "{} at {} of {} points of {}: {what}{more}",
            first.peer, first.wrong, first.points, first.stalled
        ),
    })
}

/// What operations answered that were stopped twice while another thread wrote; nothing if none were.
pub(super) fn answered(property: &str, two_stops: &[&TwoStops]) -> Option<Seen> {
    let is_of = |two: &&&TwoStops| match property {
        "read consistency" => two.stalled != Operation::Scan,
        "scan consistency" => two.stalled == Operation::Scan,
        _ => false,
    };
    let looked = || two_stops.iter().filter(is_of);
    let tried: u64 = looked().map(|two| two.tried).sum();
    if let Some(wrong) = looked().find(|two| two.wrong > 0) {
        let what = wrong.evidence.as_deref().unwrap_or("no order explains it");
        return Some(Seen {
            observed: "less than claimed".into(),
            grade: Grade::Forbidden,
            evidence: format!("{} beside {}: {what}", wrong.stalled, wrong.writes),
        });
    }
    (tried > 0).then(|| Seen {
        observed: "as claimed".into(),
        grade: Grade::Acceptable,
        evidence: format!("at {tried} pairs of stops with another thread's writes at each"),
    })
}

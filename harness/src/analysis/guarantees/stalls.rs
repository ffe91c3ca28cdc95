//! What stalls show of the claims of consistency: what operations answer while a thread is stopped, or after they were.

use basis::trace::Operation;

use super::Seen;
use crate::analysis::evidence::Evidence;

/// Whether anybody saw what no order of the two operations explains; nothing if nobody looked.
pub(super) fn by_peers(evidence: &Evidence<'_>) -> Option<Seen> {
    let points: u64 = evidence.stalls().map(|pair| pair.points).sum();
    let mut wrong = evidence.stalls().filter(|pair| pair.wrong > 0);
    let Some(first) = wrong.next() else {
        let evidence = format!("at {points} points that another thread was stopped at");
        return (points > 0).then(|| Seen::as_claimed(evidence));
    };
    let what = first.evidence.as_deref().unwrap_or("no order explains it");
    let more = match wrong.count() {
        0 => String::new(),
        more => format!("; and in {more} more pairs of operations"),
    };
    Some(Seen::less_than_claimed(format!(
        "{} at {} of {} points of {}: {what}{more}",
        first.peer, first.wrong, first.points, first.stalled
    )))
}

/// What operations answered that were stopped twice while another thread wrote; nothing if none were.
pub(super) fn answered(evidence: &Evidence<'_>, is_meant: fn(Operation) -> bool) -> Option<Seen> {
    let all = || evidence.two_stops().filter(|two| is_meant(two.stalled));
    if let Some(wrong) = all().find(|two| two.wrong > 0) {
        let what = wrong.evidence.as_deref().unwrap_or("no order explains it");
        let evidence = format!("{} beside {}: {what}", wrong.stalled, wrong.writes);
        return Some(Seen::less_than_claimed(evidence));
    }
    let tried: u64 = all().map(|two| two.tried).sum();
    let evidence = format!("at {tried} pairs of stops with another thread's writes at each");
    (tried > 0).then(|| Seen::as_claimed(evidence))
}

//! Who had to wait for a thread that did not go on, and what that says of a claim of progress.

use basis::claims::Claim;
use basis::fault::{Deed, Fate, Fault};
use basis::stall::StallPair;
use contract::Progress;

use super::Seen;
use crate::analysis::evidence::Evidence;
use crate::results::Grade;

/// The faults in which somebody who is not there any more could be waited for.
const STANDSTILLS: [Fault; 6] = [
    Fault::ReaderStalls,
    Fault::UpdaterStalls,
    Fault::ResizerStalls,
    Fault::ReaderGone,
    Fault::WriterGone,
    Fault::OverlappingReaders,
];

/// What was seen of those whom a claim of progress is about: by what they do under faults, and in which pairs of
/// operations. Nothing if none of them tried. The system's allocator is apart from all claims.
pub(super) fn seen(
    claim: Claim,
    evidence: &Evidence<'_>,
    deeds: &[Deed],
    is_meant: fn(&StallPair) -> bool,
) -> Option<Seen> {
    let (mut tried, mut held_up) = (Vec::new(), Vec::new());
    let mut attempts = 0;
    for seen in STANDSTILLS
        .iter()
        .filter_map(|fault| evidence.under(*fault))
    {
        for (deed, attempt) in deeds
            .iter()
            .filter_map(|deed| seen.meanwhile.get_key_value(deed))
        {
            attempts += attempt.tries;
            if attempt.fate == Fate::HeldUp {
                held_up.push(format!("{deed} by {}", seen.fault));
            }
        }
    }
    if attempts > 0 {
        tried.push(format!("{attempts} times while another thread stood still"));
    }
    let pairs = || evidence.stalls().filter(|pair| is_meant(pair));
    let points: u64 = pairs().map(|pair| pair.points).sum();
    if points > 0 {
        tried.push(format!(
            "at {points} points that another thread was stopped at"
        ));
        let blocked = pairs().filter(|pair| pair.blocked_by_strategy() > 0);
        held_up.extend(blocked.map(held_up_at));
    }
    if tried.is_empty() {
        return None;
    }
    let blocks = claim == Claim::Progress(Progress::Blocking);
    let (observed, grade, evidence) = match (held_up.is_empty(), blocks) {
        (true, false) => ("never held up", Grade::Acceptable, tried.join("; ")),
        (true, true) => ("never held up", Grade::Interesting, tried.join("; ")),
        (false, true) => ("held up", Grade::Acceptable, held_up.join(", ")),
        (false, false) => ("held up", Grade::Forbidden, held_up.join(", ")),
    };
    Some(Seen {
        observed: observed.into(),
        grade,
        evidence,
    })
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

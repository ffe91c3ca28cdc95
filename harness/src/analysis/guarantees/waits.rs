//! Who had to wait for somebody that did not go on, and what that says of a claim of progress.

use contract::Progress;

use super::Seen;
use crate::results::Grade;

/// What was tried while others stood still, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// How often it was tried.
    pub(super) tried: String,
    /// Where it was held up.
    pub(super) held_up: Vec<String>,
}

/// Grades a claim of progress; nothing if nobody tried.
pub(super) fn graded(claim: &str, waits: impl IntoIterator<Item = Option<Waits>>) -> Option<Seen> {
    let waits: Vec<Waits> = waits.into_iter().flatten().collect();
    if waits.is_empty() {
        return None;
    }
    let held_up: Vec<&str> = waits
        .iter()
        .flat_map(|waits| waits.held_up.iter().map(String::as_str))
        .collect();
    let tried: Vec<&str> = waits.iter().map(|waits| waits.tried.as_str()).collect();
    let blocks = claim == Progress::Blocking.to_string();
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

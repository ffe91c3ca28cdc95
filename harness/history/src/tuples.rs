//! Values that hold their key: Jepsen's independent tuples, `[key value]`.
//!
//! Jepsen tests many objects in one history by such pairs, and nothing else in it says that they are no
//! plain values. What asks without a value is the only sign: Jepsen calls a read with `[key nil]`, and
//! nobody calls one of a single object with a pair. Where that sign is missing and values are pairs all
//! the same, the user must say what they are: taken wrongly, a right history is a violation.

use super::event::Call;
use super::value::Value;

/// What the values of a history are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Plain,
    Tuples,
    /// They are pairs, and may be either.
    Unclear,
}

/// What the values of these calls are.
pub(super) fn recognise(calls: &[Call]) -> Values {
    // Whose key stands elsewhere has none in its value.
    if calls.iter().any(|call| !call.key.is_nil()) {
        return Values::Plain;
    }
    let mut asked = calls.iter().filter(|call| !call.asked.is_nil()).peekable();
    if asked.peek().is_none() || asked.any(|call| !can_be_tuple(&call.f, &call.asked)) {
        return Values::Plain;
    }
    let has_key = |call: &Call| {
        let key = call.asked.pair().map(|(key, _)| key);
        let answered = call.answered().filter(|answer| !answer.is_nil());
        key.is_some() && answered.is_none_or(|answer| answer.pair().map(|(key, _)| key) == key)
    };
    let mut questions = calls.iter().filter(|call| asks_nothing(&call.f)).peekable();
    let is_certain = questions.peek().is_some()
        && questions.all(|call| call.asked.pair().is_some_and(|(_, value)| value.is_nil()))
        && calls.iter().all(has_key);
    if is_certain {
        Values::Tuples
    } else {
        Values::Unclear
    }
}

/// Whether a call of a single object has no value.
fn asks_nothing(f: &str) -> bool {
    ["read", "get", "dequeue", "acquire", "release", "remove"].contains(&f)
}

/// Whether the value of a call may hold a key. A compare-and-swap of a single object has a pair, too, and
/// so have two steps of a transaction.
fn can_be_tuple(f: &str, value: &Value) -> bool {
    match (f, value.pair()) {
        (_, None) => false,
        ("cas", Some((_, inner))) => inner.pair().is_some(),
        ("txn", Some((key, _))) => key.list().is_none(),
        _ => true,
    }
}

/// Moves the keys out of the values.
///
/// # Errors
///
/// The first value that is no tuple, as `fault` words it with its line.
pub(super) fn part<E>(calls: &mut [Call], fault: impl Fn(u64, String) -> E) -> Result<(), E> {
    for call in calls {
        let (key, asked) = match (call.asked.pair(), call.key.is_nil()) {
            (Some((key, value)), true) => (key.clone(), value.clone()),
            (Some(_), false) => {
                let what = "an event has a key beside [key, value]".to_owned();
                return Err(fault(call.at, what));
            }
            (None, _) => {
                let what = call.asked.mismatch("a value is [key, value] here");
                return Err(fault(call.at, what));
            }
        };
        if let Some((at, answer)) = &mut call.answer {
            match answer.pair() {
                Some((of, value)) if *of == key => *answer = value.clone(),
                None if answer.is_nil() => {}
                _ => {
                    let what = format!(
                        "a value is [key, value] here, and the key that of the call, {}: not {}",
                        key.shown(),
                        answer.shown()
                    );
                    return Err(fault(*at, what));
                }
            }
        }
        (call.key, call.asked) = (key, asked);
    }
    Ok(())
}

//! Queues into which every value is put once: decided without a search.
//!
//! Henzinger, Sezgin and Vafeiadis (Aspect-Oriented Linearizability Proofs, CONCUR 2013): such a history
//! is linearizable unless it has one of few patterns. A value is taken that nobody has put in, or twice,
//! or before it was put in; of two values the one put in later is taken before the other, in a queue
//! that has an order; or a queue is found empty while some value must have been in it all the time.

use rustc_hash::FxHashMap;

use crate::models::{QueueAction, Value};
use crate::operation::{NEVER, Operation};

/// Which value a queue gives first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest.
    Fifo,
    /// Any.
    None,
}

/// A value's time in the queue.
#[derive(Clone, Copy)]
struct Stay {
    enqueue: usize,
    /// Never, if it was never taken.
    dequeue: Option<usize>,
}

/// A time throughout which a value must have been in the queue: after its enqueue has returned, before
/// its dequeue is called.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
    stay: Stay,
}

/// Checks a history of a queue that is empty at first: the operations that cannot all be right, as
/// indices into the history; none if it is linearizable. Takes time in proportion to n log n. `None` if
/// that is not enough to decide: a value was put in twice, or an answer is needed that is not known.
pub fn check<V: Value>(history: &[Operation<QueueAction<V>>], order: Order) -> Option<Vec<usize>> {
    let stays = match stays(history) {
        Ok(stays) => stays,
        Err(Undecided) => return None,
    };
    let conflict = match stays {
        Ok(stays) => conflict(history, &stays, order),
        Err(conflict) => Some(conflict),
    };
    let has_unknown = || {
        history
            .iter()
            .any(|operation| operation.action == QueueAction::Take)
    };
    match conflict {
        // Whoever took nobody knows what can have made room.
        Some(_) if has_unknown() => None,
        conflict => Some(conflict.unwrap_or_default()),
    }
}

/// A value was put in twice.
struct Undecided;

type Conflict = Vec<usize>;

/// When each value was in the queue.
fn stays<V: Value>(
    history: &[Operation<QueueAction<V>>],
) -> Result<Result<Vec<Stay>, Conflict>, Undecided> {
    let mut stays: FxHashMap<&V, Stay> = FxHashMap::default();
    for (enqueue, operation) in history.iter().enumerate() {
        if let QueueAction::Enqueue(value) = &operation.action {
            let stay = Stay {
                enqueue,
                dequeue: None,
            };
            if stays.insert(value, stay).is_some() {
                return Err(Undecided);
            }
        }
    }
    for (dequeue, operation) in history.iter().enumerate() {
        let QueueAction::Dequeue(value) = &operation.action else {
            continue;
        };
        let Some(stay) = stays.get_mut(value) else {
            return Ok(Err(vec![dequeue]));
        };
        if operation.ret < history[stay.enqueue].call {
            return Ok(Err(vec![stay.enqueue, dequeue]));
        }
        if let Some(first) = stay.dequeue.replace(dequeue) {
            return Ok(Err(vec![stay.enqueue, first, dequeue]));
        }
    }
    let mut stays: Vec<Stay> = stays.into_values().collect();
    // What was perhaps never put in, and never taken, need not have been.
    stays.retain(|stay| stay.dequeue.is_some() || history[stay.enqueue].is_complete());
    stays.sort_unstable_by_key(|stay| (history[stay.enqueue].call, stay.enqueue));
    Ok(Ok(stays))
}

fn conflict<V>(
    history: &[Operation<QueueAction<V>>],
    stays: &[Stay],
    order: Order,
) -> Option<Conflict> {
    let mut spans: Vec<Span> = stays
        .iter()
        .map(|&stay| Span {
            from: history[stay.enqueue].ret,
            to: stay.dequeue.map_or(NEVER, |index| history[index].call),
            stay,
        })
        .collect();
    spans.sort_unstable_by_key(|span| (span.from, span.stay.enqueue));
    let overtaken = match order {
        Order::Fifo => overtaken(history, stays, &spans),
        Order::None => None,
    };
    overtaken.or_else(|| never_empty(history, &spans))
}

/// A value that was put in after another had been, and taken before anybody began to take that one.
fn overtaken<V>(
    history: &[Operation<QueueAction<V>>],
    stays: &[Stay],
    spans: &[Span],
) -> Option<Conflict> {
    let mut earlier = spans.iter().peekable();
    let mut last: Option<&Span> = None;
    for stay in stays {
        let put_in = history[stay.enqueue].call;
        while let Some(span) = earlier.next_if(|span| span.from < put_in) {
            if last.is_none_or(|last| last.to < span.to) {
                last = Some(span);
            }
        }
        let Some(dequeue) = stay.dequeue else {
            continue;
        };
        if let Some(last) = last.filter(|last| history[dequeue].ret < last.to) {
            let first = [last.stay.enqueue, stay.enqueue, dequeue];
            return Some(first.into_iter().chain(last.stay.dequeue).collect());
        }
    }
    None
}

/// A look that found the queue empty though at any time of it some value must have been there.
fn never_empty<V>(history: &[Operation<QueueAction<V>>], spans: &[Span]) -> Option<Conflict> {
    let lasting: Vec<&Span> = spans.iter().filter(|span| span.from < span.to).collect();
    // Spans that overlap, as one, with the first and the last of them. At the instant where one ends and
    // the next begins nothing need be there.
    let mut filled: Vec<(u64, u64, usize)> = Vec::new();
    for (index, span) in lasting.iter().enumerate() {
        match filled.last_mut() {
            Some((_, to, _)) if span.from < *to => *to = span.to.max(*to),
            _ => filled.push((span.from, span.to, index)),
        }
    }
    for (index, look) in history.iter().enumerate() {
        if !matches!(look.action, QueueAction::Empty) {
            continue;
        }
        let before = filled.partition_point(|(from, ..)| *from < look.call);
        let Some(&(_, to, first)) = before.checked_sub(1).map(|last| &filled[last]) else {
            continue;
        };
        if look.ret < to {
            return Some(covering(look.call, look.ret, &lasting[first..], index));
        }
    }
    None
}

/// Few spans that cover the time of a look, and the look.
fn covering(call: u64, ret: u64, spans: &[&Span], look: usize) -> Conflict {
    let mut conflict = vec![look];
    let mut left = spans.iter().copied().peekable();
    let mut last: Option<&Span> = None;
    let mut at = call;
    while at <= ret {
        let begun = std::iter::from_fn(|| left.next_if(|span| span.from < at));
        last = last.into_iter().chain(begun).max_by_key(|span| span.to);
        let Some(span) = last.filter(|span| span.to > at) else {
            break;
        };
        conflict.push(span.stay.enqueue);
        conflict.extend(span.stay.dequeue);
        at = span.to;
    }
    conflict
}
